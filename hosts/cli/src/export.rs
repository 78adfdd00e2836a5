//! `tollgate export`: everything but secrets, to a file or to standard output.

use std::fs::{self, File};
use std::io;
use std::path::{Path, absolute};

use tollgate_http::control::transfer::Format;
use tollgate_http::control::{Answer, ExportedShown, Request};

use crate::arguments::{ExportFile, FileFormat};
use crate::exit::{Exit, Failure};
use crate::print;
use crate::reach::Reach;

/// Exports the store. Whoever holds it writes the file, so that it is of one moment also while a server runs.
pub(crate) fn export(store: &Path, export: &ExportFile, as_json: bool) -> Result<Exit, Failure> {
    let ExportFile { to, format } = export;
    let format = format.map_or_else(|| Format::of(to), FileFormat::format);
    if to == Path::new("-") {
        return to_standard_output(store, format);
    }
    let exported = ask(store, to, format)?;
    if as_json {
        print::out(&print::json(&Answer::Exported(exported))?);
        return Ok(Exit::Done);
    }
    let ExportedShown {
        path,
        users,
        authtokens,
        networks,
        settings,
        clients,
        routes,
    } = exported;
    print::out(&format!(
        "Exported {users} users, {clients} clients, {authtokens} authtokens, {routes} routes, {networks} network rules and {settings} settings to {}. Tokens and secrets are digests under this store's key: to import them elsewhere, bring the key file along. Passwords, profiles, personal access tokens, issuers and what was granted stay here; `tollgate backup` copies everything.",
        path.display()
    ));
    Ok(Exit::Done)
}

fn ask(store: &Path, to: &Path, format: Format) -> Result<ExportedShown, Failure> {
    // The server may stand in another folder.
    let to = absolute(to).map_err(|error| Failure::usage(error.to_string()))?;
    if to.to_str().is_none() {
        return Err(Failure::usage("expected the path of the export in UTF-8"));
    }
    let csv = format == Format::Csv;
    match Reach::to(store).ask(Request::Export { to, csv })? {
        Answer::Exported(exported) => Ok(exported),
        _ => Err(Failure::trouble("not_understood", "the server answered something else")),
    }
}

/// By way of a file beside the store, which has room for it and belongs to the same owner.
fn to_standard_output(store: &Path, format: Format) -> Result<Exit, Failure> {
    let trouble = |error: io::Error| Failure::trouble("unwritable", error.to_string());
    let mut path = store.as_os_str().to_owned();
    path.push(format!(".export-{}", std::process::id()));
    let path = Path::new(&path);
    let exported = ask(store, path, format);
    let copied = exported.and_then(|_| {
        let mut file = File::open(path).map_err(trouble)?;
        print::copy(&mut file).map_err(trouble)
    });
    let _ = fs::remove_file(path);
    copied.map(|()| Exit::Done)
}
