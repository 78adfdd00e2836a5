//! A store whose lists have more than one page.

use tollgate::{AddUser, Engine, IssueAuthtoken, UserName};

use super::Folder;

/// Tokens of the one user.
pub(crate) const TOKENS: usize = 2_345;

/// A store with a user of many tokens.
pub(crate) fn crowded() -> Folder {
    let folder = Folder::with_store();
    let engine = Engine::open(folder.path("tollgate.redb")).unwrap();
    let user: UserName = "alice".parse().unwrap();
    engine.execute(AddUser::named(user.clone())).unwrap();
    let issue = || IssueAuthtoken {
        user: user.clone(),
        expires_at: None,
        not_before: None,
    };
    let submitted: Vec<_> = (0..TOKENS).map(|_| engine.submit(issue()).unwrap()).collect();
    for submitted in submitted {
        submitted.wait().unwrap();
    }
    engine.close();
    folder
}
