//! Routes as words of the server's run: a tree of segments, read in place.
//!
//! Layout, all places counted from the first word: how many routes there are and where the root is; the place of each
//! route's body; then bodies and nodes. A body is a word of switches and counts, then texts: the pattern, the audience if there
//! is one, and the scopes. A text is its length in bytes and its bytes. A node is a word that counts its literals and names the routes that end there, the
//! place of what stands behind a star, and one word for each literal, in the order of their loose readings: the places of
//! the loose text and of the node behind. The text as it was written stands behind the loose one.

mod plan;
mod find;

use alloc::string::String;
use alloc::vec::Vec;

use crate::client::Audience;
use crate::index::Run;
use crate::route::{Route, Scheme, SchemeSet};
use crate::scope::ScopeSet;

pub(crate) use find::find;
pub(crate) use plan::plan;

/// What a path asks for, in one word that a check carries in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Routed(u64);

const ANONYMOUS: u64 = 1 << 8;
const HAS_AUDIENCE: u64 = 1 << 9;
const AMBIGUOUS: u64 = 1 << 10;
const SCOPES_SHIFT: u32 = 16;
const PLACE_SHIFT: u32 = 32;

impl Routed {
    /// What holds where no route says otherwise.
    pub(crate) const USUAL: Self = Self(SchemeSet::USUAL.bits() as u64);
    /// The path can be read in two ways.
    pub(crate) const AMBIGUOUS: Self = Self(AMBIGUOUS | Self::USUAL.0);

    pub(crate) fn is_ambiguous(self) -> bool {
        self.0 & AMBIGUOUS != 0
    }

    pub(crate) fn schemes(self) -> SchemeSet {
        SchemeSet::from_bits(self.0 as u8)
    }

    pub(crate) fn takes(self, scheme: Scheme) -> bool {
        self.schemes().contains(scheme)
    }

    pub(crate) fn is_anonymous(self) -> bool {
        self.0 & ANONYMOUS != 0
    }

    /// Whether everybody passes and nothing is taken, so that what was presented is not looked at.
    pub(crate) fn asks_nobody(self) -> bool {
        self.is_anonymous() && self.schemes().is_empty()
    }

    pub(crate) fn has_audience(self) -> bool {
        self.0 & HAS_AUDIENCE != 0
    }

    pub(crate) fn scopes(self) -> u32 {
        (self.0 >> SCOPES_SHIFT) as u32 & 0xff
    }

    /// Where the body stands in the run; zero where there is none.
    pub(crate) fn place(self) -> u32 {
        (self.0 >> PLACE_SHIFT) as u32
    }

    /// The body at `place`.
    pub(super) fn of_body(run: Run<'_>, place: u32) -> Self {
        Self(run.word(place) & u64::from(u32::MAX) | u64::from(place) << PLACE_SHIFT)
    }
}

fn body_word(route: &Route) -> u64 {
    let flag = |set: bool, bit: u64| if set { bit } else { 0 };
    u64::from(route.schemes.bits())
        | flag(route.anonymous, ANONYMOUS)
        | flag(route.audience.is_some(), HAS_AUDIENCE)
        | (route.scopes.len() as u64) << SCOPES_SHIFT
}

/// A text in a run.
#[derive(Clone, Copy)]
struct Text<'r> {
    run: Run<'r>,
    place: u32,
}

impl<'r> Text<'r> {
    fn len(self) -> u32 {
        // A torn read may find any number here; no text is longer.
        (self.run.word(self.place) as u32).min(1_024)
    }

    fn bytes(self) -> impl Iterator<Item = u8> + use<'r> {
        let Self { run, place } = self;
        (0..self.len()).map(move |at| (run.word(place + 1 + at / 8) >> (at % 8 * 8)) as u8)
    }

    fn is(self, bytes: &[u8]) -> bool {
        self.len() as usize == bytes.len() && self.bytes().eq(bytes.iter().copied())
    }

    /// The text behind this one.
    fn next(self) -> Self {
        Self {
            place: self.place + 1 + self.len().div_ceil(8),
            ..self
        }
    }

    /// Empty where a torn read left no UTF-8.
    fn to_text(self) -> String {
        String::from_utf8(self.bytes().collect()).unwrap_or_default()
    }
}

/// The texts of a body: pattern, audience (empty where there is none), and all scopes.
fn texts(run: Run<'_>, routed: Routed) -> (Text<'_>, Option<Text<'_>>, impl Iterator<Item = Text<'_>>) {
    let pattern = Text {
        run,
        place: routed.place() + 1,
    };
    let behind = pattern.next();
    let (audience, first) = if routed.has_audience() {
        (Some(behind), behind.next())
    } else {
        (None, behind)
    };
    let scopes = core::iter::successors(Some(first), |text| Some(text.next()));
    (pattern, audience, scopes.take(routed.scopes() as usize))
}

/// Whether `own` holds every scope that is asked for.
pub(crate) fn holds_scopes(run: Run<'_>, routed: Routed, own: &ScopeSet) -> bool {
    let (.., mut scopes) = texts(run, routed);
    scopes.all(|scope| own.iter().any(|own| scope.is(own.as_str().as_bytes())))
}

/// Whether the audience that is named, if one is, is among `own`.
pub(crate) fn is_meant(run: Run<'_>, routed: Routed, own: &[Audience]) -> bool {
    let (_, audience, _) = texts(run, routed);
    audience.is_none_or(|named| own.iter().any(|own| named.is(own.as_str().as_bytes())))
}

/// The pattern of the body at `place`. Allocates.
pub(crate) fn pattern_text(run: Run<'_>, place: u32) -> String {
    let (pattern, ..) = texts(run, Routed::of_body(run, place));
    pattern.to_text()
}

/// The scopes that are asked for, blank-separated. Allocates.
pub(crate) fn scope_text(run: Run<'_>, routed: Routed) -> String {
    let (.., scopes) = texts(run, routed);
    scopes.map(Text::to_text).collect::<Vec<_>>().join(" ")
}

/// All routes of a run, in the order of their patterns; one that a torn read has spoilt is left out. Allocates.
pub(crate) fn routes(run: Run<'_>, base: u32) -> Vec<Route> {
    let count = (run.word(base) as u32).min(Route::MOST as u32);
    let body = |at: u32| Routed::of_body(run, base.wrapping_add(run.word(base + 1 + at) as u32));
    let mut routes: Vec<Route> = (0..count).filter_map(|at| route(run, body(at))).collect();
    routes.sort_by(|one, other| one.pattern.cmp(&other.pattern));
    routes
}

fn route(run: Run<'_>, routed: Routed) -> Option<Route> {
    let (pattern, audience, _) = texts(run, routed);
    Some(Route {
        pattern: pattern.to_text().parse().ok()?,
        schemes: routed.schemes(),
        scopes: scope_text(run, routed).parse().ok()?,
        audience: match audience {
            Some(text) => Some(text.to_text().parse().ok()?),
            None => None,
        },
        anonymous: routed.is_anonymous(),
    })
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use crate::digest::DigestKey;
    use crate::live::LiveView;
    use crate::record::ServerRecord;
    use crate::route::Route;

    #[test]
    fn the_route_that_a_path_takes_is_told_by_its_pattern() {
        let (view, mut writer) = LiveView::new(DigestKey::new([7; 32]));
        let route_of = |view: &LiveView, path: &str| view.route_pattern(path.as_bytes());
        assert_eq!(route_of(&view, "/API"), None, "there are none");
        let mut set = |patterns: &[&str]| {
            let routes = patterns
                .iter()
                .map(|text| Route::usual(text.parse().unwrap()))
                .collect();
            writer
                .set_server(&ServerRecord {
                    routes,
                    ..ServerRecord::default()
                })
                .unwrap();
        };
        set(&["/**", "/API/**", "/API/*/items", "/API/7/**", "/health"]);
        for (path, expected) in [
            ("/", Some("/**")),
            ("/API", Some("/API/**")),
            ("/API/8/items", Some("/API/*/items")),
            ("/API/7/items", Some("/API/7/**")),
            ("/API/8/other", Some("/API/**")),
            ("/healthy", Some("/**")),
            ("/api/8", None),
            ("/API//8", None),
        ] {
            assert_eq!(route_of(&view, path).as_deref(), expected, "{path}");
        }
        set(&["/health"]);
        assert_eq!(route_of(&view, "/other"), None);
    }
}
