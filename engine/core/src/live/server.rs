//! What the server says, as a check carries it.

use core::net::IpAddr;

use crate::foreign::ForeignForms;
use crate::index::UserWords;
use crate::live::LiveView;
use crate::live::cold::{self, Standing};
use crate::live::routes::{self, Routed};
use crate::record::Limit;

/// The server's words are laid out as a user's; its two switches stand where a user's operations stand, and the forms of
/// foreign tokens where the generation stands.
pub(super) const AUTHTOKEN_IN_URL: u8 = 1;
pub(super) const ALLOW_PREFLIGHT: u8 = 2;

pub(super) fn authtoken_in_url(server: UserWords) -> bool {
    server.operations().bits() & AUTHTOKEN_IN_URL != 0
}

pub(super) fn allow_preflight(server: UserWords) -> bool {
    server.operations().bits() & ALLOW_PREFLIGHT != 0
}

pub(super) fn foreign_tokens(server: UserWords) -> ForeignForms {
    ForeignForms::from_bits(server.generation() as u8)
}

/// What the server says, read at one moment.
#[derive(Clone, Copy)]
pub(crate) struct ServerFacts {
    words: UserWords,
    /// How the global rules see the peer.
    pub(crate) standing: Standing,
    /// What the path asks for.
    pub(crate) routed: Routed,
}

impl ServerFacts {
    /// Of a server that nothing was said about.
    const NOTHING: Self = Self {
        words: UserWords::NOBODY,
        standing: Standing::Neither,
        routed: Routed::USUAL,
    };

    /// The same facts in another place, made field by field: whoever hands these on leaves the first where they are, in registers.
    #[inline]
    pub(crate) fn again(&self) -> Self {
        let Self {
            words,
            standing,
            routed,
        } = self;
        Self {
            words: words.again(),
            standing: *standing,
            routed: *routed,
        }
    }

    pub(crate) fn authtoken_in_url(&self) -> bool {
        authtoken_in_url(self.words)
    }

    pub(crate) fn allow_preflight(&self) -> bool {
        allow_preflight(self.words)
    }

    pub(crate) fn foreign_tokens(&self) -> ForeignForms {
        foreign_tokens(self.words)
    }

    pub(crate) fn external_issuers(&self) -> u32 {
        self.words.epoch()
    }

    pub(crate) fn per_hour(&self) -> Limit {
        self.words.per_hour()
    }

    pub(crate) fn concurrent(&self) -> Limit {
        self.words.concurrent()
    }
}

impl LiveView {
    /// The server's facts for a request, consistently.
    // Always inlined: facts are handed on in registers.
    #[inline(always)]
    pub(crate) fn server_facts(&self, peer: Option<IpAddr>, path: &[u8]) -> ServerFacts {
        let server = &self.0.server;
        loop {
            let glance = server.glance();
            let facts = match server.met(&glance, &self.0.cold) {
                Some((words, run)) => ServerFacts {
                    words,
                    standing: cold::standing(run, peer),
                    routed: if words.has_routes() {
                        routes::find(run, cold::routes_at(run), path)
                    } else {
                        Routed::USUAL
                    },
                },
                None => ServerFacts::NOTHING,
            };
            if server.confirms(&glance) {
                return facts;
            }
        }
    }

    /// A mark of the server's facts as they are now, for [`LiveView::is_still`].
    pub(crate) fn server_mark(&self) -> u64 {
        self.0.server.mark()
    }

    /// Whether the server's facts have not changed since the mark, as seen by whoever has read a record since.
    pub(crate) fn is_still(&self, mark: u64) -> bool {
        self.0.server.is_still(mark)
    }

    /// Whether the rules for everybody ban `peer`, so that it is to see nothing at all.
    pub fn bans(&self, peer: IpAddr) -> bool {
        matches!(self.server_facts(Some(peer), b"").standing, Standing::Banned)
    }

    /// Which external issuers are trusted.
    pub(crate) fn external_issuers(&self) -> u32 {
        self.server_facts(None, b"").external_issuers()
    }
}
