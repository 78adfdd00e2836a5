//! From a line to a route, and back.

use tollgate::{Audience, PathPattern, Route, SchemeSet};

use super::fields::{field, required, switch};
use super::line::Line;

/// The route that a line is about.
pub(super) fn route(line: &Line) -> Result<Route, String> {
    let usual = Route::usual(required::<PathPattern>("route", line.route.as_deref())?);
    Ok(Route {
        schemes: field::<SchemeSet>("schemes", line.schemes.as_deref())?.unwrap_or(usual.schemes),
        scopes: field("scopes", line.scopes.as_deref())?.unwrap_or_default(),
        audience: field::<Audience>("audiences", line.audiences.as_deref())?,
        anonymous: switch("anonymous", line.anonymous.as_deref())?.unwrap_or(usual.anonymous),
        pattern: usual.pattern,
    })
}

/// The line that says what a route says.
pub(super) fn route_line(route: &Route) -> Line {
    Line {
        route: Some(route.pattern.to_string()),
        schemes: Some(route.schemes.to_string()),
        scopes: Some(route.scopes.to_string()).filter(|scopes| !scopes.is_empty()),
        audiences: route.audience.as_ref().map(Audience::to_string),
        anonymous: Some(route.anonymous.to_string()),
        ..Line::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(pattern: &str) -> Line {
        Line {
            route: Some(pattern.to_owned()),
            ..Line::default()
        }
    }

    #[test]
    fn a_route_comes_back_as_it_was() {
        let usual = Route::usual("/API/**".parse().unwrap());
        for there in [
            usual.clone(),
            Route {
                schemes: "bearer,password".parse().unwrap(),
                scopes: "js_api write".parse().unwrap(),
                audience: Some("https://api.example".parse().unwrap()),
                anonymous: true,
                ..usual
            },
        ] {
            assert_eq!(route(&route_line(&there)).unwrap(), there);
        }
    }

    #[test]
    fn a_pattern_alone_is_a_usual_route_and_nonsense_is_named() {
        assert_eq!(route(&line("/a")).unwrap(), Route::usual("/a".parse().unwrap()));
        assert!(route(&line("a")).unwrap_err().starts_with("route: "));
        for (field, wrong) in [
            (
                "schemes",
                Line {
                    schemes: Some("digest".to_owned()),
                    ..line("/a")
                },
            ),
            (
                "anonymous",
                Line {
                    anonymous: Some("perhaps".to_owned()),
                    ..line("/a")
                },
            ),
        ] {
            let fault = route(&wrong).unwrap_err();
            assert!(fault.starts_with(field), "{fault}");
        }
    }
}
