//! What is made of the description of the command line itself: completions for shells, and manual pages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use crate::arguments::Arguments;
use crate::exit::{Exit, Failure};
use crate::print;

/// Prints what `shell` needs to complete commands.
pub(crate) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::described(), "tollgate", &mut script);
    print::raw(&script);
    Exit::Done
}

/// Prints the main page, or writes the pages of all verbs to `folder`.
pub(crate) fn man(folder: Option<&Path>, as_json: bool) -> Result<Exit, Failure> {
    let mut command = Arguments::described();
    command.build();
    let Some(folder) = folder else {
        print::raw(&page(&command).map_err(|error| cannot_write(Path::new("-"), &error))?);
        return Ok(Exit::Done);
    };
    let mut written = Vec::new();
    write_pages(&command, folder, &mut written)?;
    if as_json {
        let pages: Vec<_> = written.iter().map(|path| json!({ "id": path })).collect();
        print::out(&json!(pages).to_string());
    } else {
        print::out(&format!(
            "Wrote {} pages to {}. Next: man -l {}",
            written.len(),
            folder.display(),
            folder.join("tollgate.1").display()
        ));
    }
    Ok(Exit::Done)
}

/// Writes the page of a command, and those of its verbs.
fn write_pages(command: &Command, folder: &Path, written: &mut Vec<PathBuf>) -> Result<(), Failure> {
    // Built, a verb has the names of those that lead to it before its own, with hyphens between.
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    let text = page(command).and_then(|text| fs::write(&path, text));
    text.map_err(|error| cannot_write(&path, &error))?;
    written.push(path);
    let mut verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    verbs.try_for_each(|verb| write_pages(verb, folder, written))
}

/// A page whose examples keep their lines.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let version = format!("tollgate {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(version).manual("Tollgate");
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.get_subcommands().next().is_some() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut examples = Roff::new();
    examples.control("SH", ["EXAMPLES"]);
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().filter(|line| !matches!(*line, "Example:" | "Examples:"));
    for block in lines
        .collect::<Vec<_>>()
        .chunk_by(|one, other| is_example(one) == is_example(other))
    {
        let as_is = block.first().is_some_and(|line| is_example(line));
        if as_is {
            examples.control("nf", []);
        }
        for line in block {
            if line.is_empty() {
                examples.control("PP", []);
            } else {
                examples.text([roman(*line)]);
            }
        }
        if as_is {
            examples.control("fi", []);
        }
    }
    examples.to_writer(&mut text)?;
    Ok(text)
}

fn is_example(line: &str) -> bool {
    line.starts_with("  ")
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let words = format!(
        "expected to write the manual page {}, but: {error}: name a folder that is there",
        path.display()
    );
    Failure::trouble("cannot_write", words)
}
