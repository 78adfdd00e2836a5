//! A real nginx asks Tollgate about every request before it lets it through to an upstream.
//!
//! The configuration is the one that the repository offers for copying, with ports put in. Between client and upstream
//! stand three programs that each have ideas of their own about header fields, paths and status codes, so nothing here
//! looks at any of them alone: a test sends bytes to nginx and looks at what the client gets and at what, if anything,
//! reaches the upstream.
//!
//! - `places`: a valid token passes from every place where it may stand, and the upstream learns whose it is.
//! - `refusals`: every reason to deny that a proxy can bring about gives its status, and nothing reaches the upstream.
//! - `forgeries`: what a client writes into the fields that proxies write has no effect.
//! - `paths`: what was decided on is what the upstream gets, however the path is written.
//! - `outages`: without an answer nobody passes, and an orderly stop loses none.

mod nginx {
    mod world;

    mod places;
    mod refusals;
    mod forgeries;
    mod paths;
    mod outages;
}

use tollgate_tests::nginx::OFFERED;

#[test]
fn the_readme_shows_the_configuration_that_is_tested() {
    let readme = include_str!("../README.md");
    let (_, shown) = readme.split_once("```nginx\n").expect("a block for nginx");
    let (shown, _) = shown.split_once("```").unwrap();
    let (comment, offered) = OFFERED.split_once('\n').unwrap();
    assert!(comment.starts_with("# For a `server` block"), "{comment}");
    assert_eq!(shown, offered);
}
