//! Help that teaches: every verb has an example, and every example is one that can be typed.

use clap::{Command, CommandFactory as _};

use super::*;

/// Every verb that does something, with the words that lead to it.
fn verbs() -> Vec<(String, Command)> {
    fn walk(words: &str, command: &Command, found: &mut Vec<(String, Command)>) {
        for verb in command.get_subcommands() {
            let words = format!("{words} {}", verb.get_name());
            if verb.has_subcommands() {
                walk(&words, verb, found);
            } else {
                found.push((words, verb.clone()));
            }
        }
    }
    let mut found = Vec::new();
    walk("tollgate", &Arguments::command(), &mut found);
    found
}

/// The words of a command, as a shell splits it. What comes behind a pipe or an arrow is none of ours.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let line = line.split(['|', '>', '<']).next().unwrap_or_default();
    for letter in line.trim().chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().unwrap().push(letter),
        }
    }
    words
}

fn examples(help: &str) -> Vec<&str> {
    help.lines()
        .filter(|line| line.starts_with("  tollgate "))
        .map(str::trim)
        .collect()
}

#[test]
fn every_verb_has_an_example_of_itself() {
    let verbs = verbs();
    let names: Vec<&str> = verbs.iter().map(|(words, _)| words.as_str()).collect();
    for expected in [
        "tollgate init",
        "tollgate serve",
        "tollgate user add",
        "tollgate authtoken expire",
        "tollgate backup",
    ] {
        assert!(names.contains(&expected), "{names:?}");
    }
    for (words, verb) in &verbs {
        let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        let own = examples(&help)
            .into_iter()
            .filter(|example| example.starts_with(words.as_str()))
            .count();
        assert!(own > 0, "{words} has no example of itself");
    }
}

#[test]
fn every_example_can_be_typed() {
    let mut help: Vec<String> = verbs()
        .iter()
        .filter_map(|(_, verb)| Some(verb.get_after_help()?.to_string()))
        .collect();
    help.push(Arguments::command().get_after_help().unwrap().to_string());
    let mut typed = 0;
    for example in help.iter().flat_map(|help| examples(help)) {
        let parsed = Arguments::typed(split(example).into_iter().map(Into::into)).map(|_| ());
        assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        typed += 1;
    }
    assert!(typed > 25, "{typed} examples were found");
    assert!(
        Arguments::try_parse_from(split("tollgate user fly")).is_err_and(|error| error.exit_code() == 2),
        "the twin"
    );
}

#[test]
fn every_verb_says_what_its_exit_codes_mean() {
    fn walk(command: &Command) {
        for verb in command.get_subcommands().filter(|verb| !verb.has_subcommands()) {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Exit code"), "{}: {help}", verb.get_name());
        }
        command.get_subcommands().for_each(walk);
    }
    let described = Arguments::described();
    walk(&described);
    let own = described.get_after_help().unwrap().to_string();
    assert_eq!(own.matches("Exit codes:").count(), 1, "{own}");
}

#[test]
fn every_noun_leads_on_to_a_verb() {
    let described = Arguments::described();
    let mut nouns = 0;
    for noun in described.get_subcommands().filter(|noun| noun.has_subcommands()) {
        let help = noun.get_after_help().map(ToString::to_string).unwrap_or_default();
        let line = help.strip_prefix("Each verb has examples: ").unwrap_or_default();
        let error = Arguments::typed(split(line).into_iter().map(Into::into)).err().unwrap();
        assert_eq!(
            error.kind(),
            clap::error::ErrorKind::DisplayHelp,
            "{}: {help}",
            noun.get_name()
        );
        nouns += 1;
    }
    assert!(nouns >= 6, "{nouns}");
}

#[test]
fn how_many_and_since_when_are_read_as_people_write_them() {
    assert_eq!("all".parse(), Ok(Last::All));
    assert_eq!("7".parse(), Ok(Last::Count(7)));
    for odd in ["0", "-1", "some", ""] {
        assert!(
            odd.parse::<Last>().is_err_and(|words| words.contains("such as 50")),
            "{odd}"
        );
    }
    let moment = "2027-01-31T12:00:00Z";
    assert_eq!(moment.parse(), Ok(Since::Moment(moment.to_owned())));
    assert_eq!("90m".parse(), Ok(Since::Ago(std::time::Duration::from_secs(5_400))));
    for odd in ["yesterday", "2027-01-31", ""] {
        assert!(odd.parse::<Since>().is_err_and(|words| words.contains("24h")), "{odd}");
    }
}

#[test]
fn what_other_systems_write_for_no_limit_is_answered_with_advice() {
    for text in ["0", "-1"] {
        for flag in ["--per-hour", "--concurrent"] {
            let parsed = Arguments::try_parse_from(["tollgate", "user", "add", "alice", flag, text]);
            let words = parsed.err().unwrap().to_string();
            assert!(words.contains("`unlimited`") && words.contains("--inactive"), "{words}");
        }
    }
    for text in ["1", "unlimited", "inherit"] {
        let parsed = Arguments::try_parse_from(["tollgate", "user", "add", "alice", "--per-hour", text]);
        assert!(
            parsed.is_ok_and(|arguments| matches!(arguments.verb, Verb::User(_))),
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for line in [
        "tollgate user add a:b",
        "tollgate user add alice --operations READ",
        "tollgate user add alice --per-hour many",
        "tollgate user set alice --active --inactive",
        "tollgate authtoken issue alice --expires-at tomorrow",
        "tollgate authtoken issue alice --expires-in 0s",
        "tollgate authtoken issue alice --expires-in 1d --expires-at 2030-01-01T00:00:00Z",
        "tollgate authtoken revoke x",
        "tollgate network trust 10.0.0",
        "tollgate network trust 10.0.0.0/8 --user ''",
        "tollgate serve --listen 8480",
        "tollgate check --ip localhost",
    ] {
        let parsed = Arguments::try_parse_from(split(line)).map(|_| ());
        assert!(parsed.is_err_and(|error| error.exit_code() == 2), "{line}");
    }
}
