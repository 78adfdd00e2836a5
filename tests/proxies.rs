//! Real proxies ask Tollgate about every request before they let it through to an upstream.
//!
//! Each configuration is the one that the repository offers for copying, with ports put in. Between client and upstream
//! stand three programs that each have ideas of their own about header fields, paths and status codes, so nothing here
//! looks at any of them alone: a test sends bytes to the proxy and looks at what the client gets and at what, if anything,
//! reaches the upstream. The cases are written once and run in front of each proxy.
//!
//! - `places`: a valid token passes from every place where it may stand, and the upstream learns whose it is.
//! - `refusals`: every reason to deny that a proxy can bring about gives its status, and nothing reaches the upstream.
//! - `forgeries`: what a client writes into the fields that proxies write has no effect.
//! - `paths`: what was decided on is what the upstream gets, however the path is written.
//! - `outages`: without an answer nobody passes, and an orderly stop loses none.

mod proxies {
    pub(crate) mod world;

    pub(crate) mod places;
    pub(crate) mod refusals;
    pub(crate) mod forgeries;
    pub(crate) mod paths;
    pub(crate) mod outages;

    mod nginx;
}

use proxies::world::World;

/// Runs each case in front of each proxy, every time in a world of its own.
macro_rules! in_front {
    ($cases:tt $($proxy:ident $kind:ident,)*) => { $(in_front!(@ $proxy $kind $cases);)* };
    (@ $proxy:ident $kind:ident { $($module:ident::$case:ident,)* }) => {
        mod $proxy {
            $(
                #[test]
                fn $case() {
                    super::check_case(&tollgate_tests::proxy::$kind, |world| super::proxies::$module::$case(world));
                }
            )*
        }
    };
}

fn check_case(kind: &'static tollgate_tests::proxy::Kind, case: impl FnOnce(&mut World)) {
    let mut world = World::start(kind);
    case(&mut world);
    assert!(world.proxy.is_running(), "{}", world.proxy.output());
}

in_front! {
    {
        places::a_valid_token_passes_from_each_place_and_the_upstream_learns_whose_it_is,
        places::a_token_in_the_query_passes_where_the_setting_lets_it,
        places::a_token_beside_another_name_is_unknown,
        places::a_name_that_no_header_field_can_carry_arrives_escaped,
        refusals::invalid_tokens_are_refused_alike_and_their_twins_pass,
        refusals::what_is_no_single_credential_is_refused,
        refusals::addresses_pass_by_the_rules_for_them,
        refusals::methods_pass_by_the_operations_of_the_user,
        refusals::a_preflight_passes_where_the_setting_lets_it,
        refusals::the_hourly_limit_refuses_with_its_status_and_says_when_to_come_back,
        refusals::what_a_failed_commit_was_about_is_refused_until_a_restart,
        refusals::the_concurrent_limit_counts_questions_and_not_the_requests_behind_them,
        forgeries::an_identity_that_the_client_writes_never_reaches_the_upstream,
        forgeries::a_forwarded_address_that_the_client_writes_changes_nothing,
        forgeries::a_method_that_the_client_only_writes_changes_nothing,
        forgeries::a_forwarded_uri_that_the_client_writes_changes_nothing,
        forgeries::a_request_id_that_the_client_writes_names_nothing,
        forgeries::a_proxy_that_is_not_trusted_lets_nobody_through,
        paths::what_was_decided_on_is_what_arrives_however_it_is_spelt,
        paths::each_proxy_reads_targets_in_its_own_way,
        paths::the_host_in_an_absolute_target_changes_nothing,
        outages::while_the_server_is_down_nobody_passes_and_after_that_everybody_does_as_before,
        outages::an_orderly_stop_lets_nothing_through_unasked,
    }
    nginx NGINX,
    caddy CADDY,
    oldest_caddy OLDEST_CADDY,
    envoy_http ENVOY_HTTP,
    envoy_grpc ENVOY_GRPC,
    haproxy HAPROXY,
}
