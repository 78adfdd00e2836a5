//! The heaviest of many, by the algorithm called Space-Saving (Metwally, Agrawal, El Abbadi, 2005): a newcomer takes the
//! place of the lightest and inherits its count, so whoever has more than one in `ROOM` of all counts is surely there.

/// Users that one sketch holds.
pub(super) const ROOM: usize = 64;

/// Users, and what was counted of them. `S` says whom else a count is about than the number of a user.
pub(super) struct Sketch<S>(Vec<Count<S>>);

/// What was counted of one user.
pub(super) struct Count<S> {
    pub(super) user: u64,
    /// As it came with the latest decision.
    pub(super) subject: S,
    pub(super) checks: u32,
    pub(super) denied: u32,
}

impl<S> Default for Sketch<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S> Sketch<S> {
    pub(super) fn count(&mut self, user: u64, subject: S, denied: bool) {
        let mut lightest: Option<&mut Count<S>> = None;
        let full = self.0.len() >= ROOM;
        for count in &mut self.0 {
            if count.user == user {
                count.subject = subject;
                count.add(denied);
                return;
            }
            if full && lightest.as_ref().is_none_or(|lightest| count.checks < lightest.checks) {
                lightest = Some(count);
            }
        }
        match lightest {
            Some(lightest) => {
                lightest.user = user;
                lightest.subject = subject;
                lightest.denied = 0;
                lightest.add(denied);
            }
            None => {
                let mut count = Count {
                    user,
                    subject,
                    checks: 0,
                    denied: 0,
                };
                count.add(denied);
                self.0.push(count);
            }
        }
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = &Count<S>> {
        self.0.iter()
    }
}

impl<S> Count<S> {
    fn add(&mut self, denied: bool) {
        self.checks = self.checks.saturating_add(1);
        self.denied = self.denied.saturating_add(u32::from(denied));
    }
}
