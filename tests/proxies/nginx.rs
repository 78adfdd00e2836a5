//! What is true of nginx alone, and what needs no proxy to be seen.

use tollgate_tests::http::Request;
use tollgate_tests::proxy::NGINX;

use super::world::World;
use super::{forgeries, outages};

#[test]
fn the_readme_shows_the_configuration_that_is_tested() {
    let readme = include_str!("../../README.md");
    let (_, shown) = readme.split_once("```nginx\n").expect("a block for nginx");
    let (shown, _) = shown.split_once("```").unwrap();
    let comment = NGINX.offered.lines().take_while(|line| line.starts_with('#')).count();
    let offered: Vec<&str> = NGINX.offered.lines().skip(comment).collect();
    assert_eq!(shown.lines().collect::<Vec<_>>(), offered);
}

/// The place where nginx asks Tollgate cannot be asked from outside, under any of its names.
#[test]
fn the_inner_location_is_closed() {
    let world = World::start(&NGINX);
    let (_, token) = world.user("alice", &[]);
    for target in [
        "/_tollgate",
        "/_tollgate?a",
        "//_tollgate",
        "/%5ftollgate",
        "/a/../_tollgate",
        "/./_tollgate",
    ] {
        world.refuses(target, 404, &Request::get(target).bearer(&token));
    }
    world.refuses("the name of a named location", 401, &Request::get("/@refused"));
    assert_eq!(
        world
            .passes("its neighbour", &Request::get("/_tollgate/").bearer(&token))
            .target,
        "/_tollgate/"
    );
}

#[test]
fn whoever_asks_past_the_proxy_speaks_only_for_themselves() {
    let world = World::start(&NGINX);
    forgeries::check_asking_past_the_proxy(&world);
}

#[test]
fn an_orderly_stop_under_load_answers_whatever_it_has_decided() {
    let mut world = World::start(&NGINX);
    outages::check_orderly_stop(&mut world);
}
