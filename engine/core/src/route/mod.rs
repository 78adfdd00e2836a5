//! Routes: what a path asks of whoever calls.

mod scheme;
mod path;
mod pattern;

pub(crate) use path::{ClearPath, Segments, loose};
pub use pattern::{ParsePatternError, PathPattern};
pub use scheme::{ParseSchemeError, Scheme, SchemeSet};

use alloc::vec::Vec;

use crate::client::Audience;
use crate::scope::ScopeSet;

/// What is asked of a request for some paths.
///
/// Of several routes that are about a path, the most specific one decides: segment by segment from the left, a literal goes
/// before `*`, and `*` before `**`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Which paths this is about.
    pub pattern: PathPattern,
    /// Which credentials are taken.
    pub schemes: SchemeSet,
    /// Scopes that the token must carry, all of them.
    pub scopes: ScopeSet,
    /// For whom the token must be meant.
    pub audience: Option<Audience>,
    /// Whether a request without a credential passes. One that presents a credential is checked all the same.
    pub anonymous: bool,
}

impl Route {
    /// The greatest number of routes.
    pub const MOST: usize = 256;

    /// Puts this route among others, which stand in the order of their patterns; one that is [alike](PathPattern::is_alike) goes.
    pub fn insert_into(self, routes: &mut Vec<Self>) {
        self.pattern.remove_from(routes);
        let at = routes.partition_point(|route| route.pattern < self.pattern);
        routes.insert(at, self);
    }

    /// A route that takes what is taken where there is none.
    pub fn usual(pattern: PathPattern) -> Self {
        Self {
            pattern,
            schemes: SchemeSet::USUAL,
            scopes: ScopeSet::NONE,
            audience: None,
            anonymous: false,
        }
    }
}
