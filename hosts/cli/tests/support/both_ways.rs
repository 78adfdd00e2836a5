//! The two ways to a store: by oneself, and through the server that holds it.

use super::Folder;
use super::server::Server;

/// Runs a scenario in both ways. The server goes with the second one.
pub(crate) fn in_both_ways(scenario: impl Fn(&Folder)) {
    scenario(&Folder::with_store());
    let folder = Folder::with_store();
    let server = Server::start(&folder, &[]);
    scenario(&folder);
    assert!(
        folder.path("tollgate.redb.sock").exists(),
        "the server was there all along"
    );
    drop(server);
}
