//! Which route a path takes, for people to be told. The check decides by itself; where it finds a path ambiguous, this is not asked.

use std::cmp::Ordering;

use percent_encoding::percent_decode_str;
use tollgate::Route;

/// The most specific route that `path` meets.
pub(super) fn route_of<'r>(routes: &'r [Route], path: &str) -> Option<&'r Route> {
    let met = routes.iter().filter(|route| meets(route.pattern.as_str(), path));
    met.max_by(|one, other| specificity(one.pattern.as_str(), other.pattern.as_str()))
}

fn meets(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut segments) = (pattern.split('/').skip(1), path.split('/').skip(1));
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some("**"), _) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(literal), Some(segment)) if percent_decode_str(literal).eq(percent_decode_str(segment)) => {}
            (_, _) => return false,
        }
    }
}

/// At the first segment in which two patterns differ, a literal is more specific than `*`, and `*` than `**`.
fn specificity(one: &str, other: &str) -> Ordering {
    let rank = |segment: &str| match segment {
        "**" => 0,
        "*" => 1,
        _ => 2,
    };
    let pairs = one.split('/').zip(other.split('/'));
    let ranks = pairs.map(|(one, other)| rank(one).cmp(&rank(other)));
    ranks.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_is_told() {
        let patterns = ["/**", "/API/**", "/API/*/items", "/API/7/**", "/health"];
        let routes: Vec<Route> = patterns
            .iter()
            .map(|text| Route::usual(text.parse().unwrap()))
            .collect();
        for (path, expected) in [
            ("/", "/**"),
            ("/API", "/API/**"),
            ("/API/8/items", "/API/*/items"),
            ("/API/7/items", "/API/7/**"),
            ("/API/8/other", "/API/**"),
            ("/%68ealth", "/health"),
            ("/healthy", "/**"),
        ] {
            let found = route_of(&routes, path).map(|route| route.pattern.as_str());
            assert_eq!(found, Some(expected), "{path}");
        }
        assert!(route_of(&routes[4..], "/other").is_none());
    }
}
