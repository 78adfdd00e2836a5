//! The configuration as it came out, with where each value comes from.

use serde_json::{Map, Value, json};

use super::knobs::KNOBS;
use super::{Config, Source};

impl Source {
    fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// Every knob with its value and its source: a file that sets all of them just so, or an object of objects.
pub(crate) fn shown(config: &Config, as_json: bool) -> String {
    if as_json {
        let one = |knob: &super::knobs::Knob| {
            let from = config.source(knob.key).word();
            (
                knob.key.to_owned(),
                json!({ "value": (knob.show)(config), "from": from }),
            )
        };
        let all: Map<String, Value> = KNOBS.iter().map(one).collect();
        return Value::Object(all).to_string();
    }
    let mut text = String::new();
    let mut table = "";
    for knob in KNOBS {
        let (of, name) = knob.key.split_once('.').unwrap_or(("", knob.key));
        if of != table {
            text.push_str(&format!("\n[{of}]\n"));
            table = of;
        }
        let from = config.source(knob.key).word();
        // JSON's strings, numbers, switches and lists of strings are TOML's too.
        match (knob.show)(config) {
            Value::Null => text.push_str(&format!("# {name} is not set\n")),
            value => text.push_str(&format!("{name} = {value}  # {from}\n")),
        }
    }
    text
}
