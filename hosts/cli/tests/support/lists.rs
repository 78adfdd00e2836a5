//! What was printed, taken apart.

use serde_json::Value;

/// The members of an object, in the order in which they were printed.
pub(crate) fn keys(printed: &str) -> Vec<&str> {
    let members = printed.lines().filter_map(|line| line.strip_prefix("  \""));
    members.filter_map(|line| line.split('"').next()).collect()
}

/// One column of a list.
pub(crate) fn column<'a>(list: &'a Value, key: &str) -> Vec<&'a Value> {
    list.as_array().unwrap().iter().map(|object| &object[key]).collect()
}
