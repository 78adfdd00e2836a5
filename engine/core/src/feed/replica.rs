//! A live view that is filled from records instead of from a store.

use crate::digest::DigestKey;
use crate::feed::record::{FeedRecord, Rule};
use crate::live::{Freshness, LiveView, LiveWriter, ViewError};
use crate::permit::HeldPermit;
use crate::record::ServerRecord;
use crate::settle::{Settled, Unsettled};

/// The state that a follower has been told of, and the one writer of its view.
///
/// Nobody passes before [`Replica::set_freshness`] says until when this may be believed.
pub struct Replica {
    writer: LiveWriter,
    server: ServerRecord,
    server_moved: bool,
}

impl Replica {
    /// Nothing yet.
    pub fn new(key: DigestKey) -> Self {
        let (_, writer) = LiveView::new(key);
        writer.set_freshness(Freshness::Never);
        Self {
            writer,
            server: ServerRecord::default(),
            server_moved: false,
        }
    }

    /// What checks ask.
    pub fn view(&self) -> &LiveView {
        self.writer.view()
    }

    /// How many users and tokens there are.
    pub fn counts(&self) -> (u64, u64) {
        self.writer.counts()
    }

    /// Says until when this may be believed.
    pub fn set_freshness(&self, freshness: Freshness) {
        self.writer.set_freshness(freshness);
    }

    /// Takes over a record. What it says of the server is seen after [`Replica::show_server`], because rules come by the
    /// thousand and are shown all at once.
    ///
    /// # Errors
    ///
    /// [`ViewError`]; the view is as it was then. [`ViewError::UnknownUser`] is harmless while a snapshot is loaded, and
    /// means that something was missed afterwards.
    pub fn apply(&mut self, record: &FeedRecord) -> Result<(), ViewError> {
        match record {
            // A view has one key from its beginning.
            FeedRecord::Key(_) => {}
            FeedRecord::PutUser(user) => self.writer.put_user(user)?,
            FeedRecord::RemoveUser(id) => self.writer.remove_user(*id),
            FeedRecord::PutToken(token) => self.writer.put_token(token)?,
            FeedRecord::RemoveToken { id: _, digest } => self.writer.remove_token(digest),
            FeedRecord::PerHour(limit) => self.server_mut().per_hour = *limit,
            FeedRecord::Concurrent(limit) => self.server_mut().concurrent = *limit,
            FeedRecord::AuthtokenInUrl(on) => self.server_mut().authtoken_in_url = *on,
            FeedRecord::AllowPreflight(on) => self.server_mut().allow_preflight = *on,
            FeedRecord::ForeignTokens(forms) => self.server_mut().foreign_tokens = *forms,
            FeedRecord::AddRule(Rule { banned, range }) => {
                let networks = &mut self.server_mut().networks;
                let list = if *banned {
                    &mut networks.banned
                } else {
                    &mut networks.trusted
                };
                range.insert_into(list);
            }
            FeedRecord::RemoveRule(Rule { banned, range }) => {
                let networks = &mut self.server_mut().networks;
                let list = if *banned {
                    &mut networks.banned
                } else {
                    &mut networks.trusted
                };
                range.remove_from(list);
            }
            FeedRecord::PutAuthority(authority) => self.writer.put_authority(authority)?,
            FeedRecord::PutRoute(route) => route.clone().insert_into(&mut self.server_mut().routes),
            FeedRecord::RemoveRoute(pattern) => pattern.remove_from(&mut self.server_mut().routes),
            FeedRecord::ExternalIssuers(number) => self.server_mut().external_issuers = *number,
        }
        Ok(())
    }

    /// Remembers a proof, as [`LiveWriter::remember`].
    pub fn remember(&mut self, unsettled: &Unsettled, settled: &Settled) {
        self.writer.remember(unsettled, settled);
    }

    /// Shows what records have said of the server since the last time.
    pub fn show_server(&mut self) -> Result<(), ViewError> {
        if self.server_moved {
            self.writer.set_server(&self.server)?;
            self.server_moved = false;
        }
        Ok(())
    }

    /// Takes over the hourly counts of a view of the same users, so that a new snapshot refunds nothing.
    pub fn take_windows_of(&mut self, before: &LiveView) {
        before.for_each_window(|user, word| self.writer.restore_window(user, word));
    }

    /// Counts a request that is under way by a permit of the view before this one.
    pub(super) fn adopt(&self, held: &HeldPermit) -> Option<HeldPermit> {
        let position = self.writer.position_of(held.subject()?.user)?;
        held.moved_to(self.view(), position)
    }

    fn server_mut(&mut self) -> &mut ServerRecord {
        self.server_moved = true;
        &mut self.server
    }
}
