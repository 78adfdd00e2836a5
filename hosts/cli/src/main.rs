//! The `tollgate` binary.
//!
//! Two stages: [`arguments`] is what was typed, and can be wrong without a look at the world; [`request`] and the verbs
//! beside it are what it means. Whether a server holds the store or not, one request goes to one function of the HTTP
//! host and one answer comes back.

mod arguments;
mod exit;
mod print;
mod password;
mod request;
mod reach;
mod fields;
mod columns;
mod table;
mod list;
mod audit;
mod pages;
#[cfg(feature = "top")]
mod top;
mod init;
mod import;
mod export;
mod dev;
mod config;
mod logs;
mod serve;

use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;

use arguments::{Arguments, Verb};
use exit::{Exit, Failure};
use reach::Reach;

/// The store where none is named.
const STORE: &str = "tollgate.redb";

fn main() -> ExitCode {
    let arguments = match Arguments::typed(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error),
    };
    match run(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            print::failure(&failure, arguments.json);
            failure.exit.into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let Arguments { data, json, verb } = arguments;
    if let Verb::Serve(serve) = verb {
        return serve::serve(data.as_deref(), serve, *json);
    }
    let data = data.as_deref().unwrap_or(Path::new(STORE));
    match verb {
        Verb::Init(new) => init::init(data, new, *json),
        Verb::Import(file) => import::import(data, file, *json),
        Verb::Export(file) => export::export(data, file, *json),
        Verb::Completions { shell } => Ok(pages::completions(*shell)),
        Verb::Man { folder } => pages::man(folder.as_deref(), *json),
        #[cfg(feature = "top")]
        Verb::Top(top) => top::top(data, top, *json),
        Verb::Audit(verb) => audit::audit(data, verb, *json),
        verb => list::answer(&mut Reach::to(data), verb, *json),
    }
}

/// Help and version go to standard output and are no fault; anything else is one of usage.
fn not_understood(error: &clap::Error) -> ExitCode {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if is_help {
        print::out(&error.render().ansi().to_string());
        Exit::Done.into()
    } else if wants_json {
        let words = error.render().to_string();
        // What follows the first paragraph is for people.
        let words = words
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        print::failure(&Failure::usage(words), true);
        Exit::Usage.into()
    } else {
        print::note(&error.render().ansi().to_string());
        Exit::Usage.into()
    }
}
