//! The places for connections, and who gives one up when all are taken.
//!
//! Slow and idle clients cost a server nothing but their places, so those are what they could take from others. When a
//! connection comes and finds none, the ones that have let the server wait longest are asked to leave: nothing has come
//! from them that could be answered, whether a head, a body or their reading of an answer is what is late. One with a
//! request that the server works at is never asked, and one that answers come from is asked last.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::Id;

use super::progress::Progress;

/// How long a connection can let the server wait before it has to leave. Below that, newcomers wait instead, so that a
/// flood of them takes no place from those who came a moment ago.
const PATIENCE: Duration = Duration::from_millis(250);

/// The part of all places that is made free at once, so that looking for them costs each newcomer little.
const SHARE: usize = 64;

/// Which connections have a place.
pub(super) struct Places {
    most: usize,
    /// Those that were not asked to leave.
    taken: HashMap<Id, Progress>,
    leaving: usize,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: HashMap::new(),
            leaving: 0,
        }
    }

    /// Whether another connection has to wait.
    pub(super) fn are_full(&self) -> bool {
        self.len() >= self.most
    }

    /// Connections that are there.
    pub(super) fn len(&self) -> usize {
        self.taken.len() + self.leaving
    }

    /// The connection that the task `id` drives takes a place.
    pub(super) fn take(&mut self, id: Id, progress: Progress) {
        self.taken.insert(id, progress);
    }

    /// The connection that the task `id` drove is gone.
    pub(super) fn give_back(&mut self, id: Id) {
        if self.taken.remove(&id).is_none() {
            self.leaving = self.leaving.saturating_sub(1);
        }
    }

    /// Asks the connections that have let the server wait longest to leave, unless some are about to.
    pub(super) fn make_room(&mut self) {
        if self.leaving > 0 {
            return;
        }
        let waits = |(id, progress): (&Id, &Progress)| Some((progress.waits_for()?, *id));
        let mut waiting: Vec<(Duration, Id)> = self.taken.iter().filter_map(waits).collect();
        waiting.retain(|(time, _)| *time >= PATIENCE);
        let wanted = (self.most / SHARE).max(1);
        if let Some(last) = waiting.len().checked_sub(wanted + 1) {
            // The longest waits stand at the end.
            waiting.select_nth_unstable_by_key(last, |(time, _)| *time);
            waiting.drain(..=last);
        }
        for (_, id) in waiting {
            if let Some(progress) = self.taken.remove(&id) {
                progress.ask_to_leave();
                self.leaving += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    /// Connections that came so long ago, as many as are named, and the task of each.
    struct Crowd {
        tasks: JoinSet<()>,
        places: Places,
        all: Vec<(Id, Progress)>,
    }

    impl Crowd {
        fn new(most: usize) -> Self {
            Self {
                tasks: JoinSet::new(),
                places: Places::new(most),
                all: Vec::new(),
            }
        }

        fn come(&mut self) -> Progress {
            let progress = Progress::new();
            let id = self.tasks.spawn(std::future::pending()).id();
            self.places.take(id, progress.clone());
            self.all.push((id, progress.clone()));
            progress
        }

        /// Which of all were asked to leave, by their number.
        fn asked(&self) -> Vec<usize> {
            let stays = |id: &Id| self.places.taken.contains_key(id);
            (0..self.all.len()).filter(|at| !stays(&self.all[*at].0)).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_lets_the_server_wait_longest_leaves_and_no_more_until_they_have() {
        let mut crowd = Crowd::new(3);
        for _ in 0..3 {
            crowd.come();
            tokio::time::advance(PATIENCE).await;
        }
        assert!(crowd.places.are_full());
        drop(crowd.all[0].1.begin());
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [1], "the first has had an answer since");
        crowd.all[1].1.asked_to_leave().await;
        crowd.places.make_room();
        assert_eq!((crowd.asked(), crowd.places.len()), (vec![1], 3));
        crowd.places.give_back(crowd.all[1].0);
        assert!(!crowd.places.are_full());
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_leaves_who_has_come_just_now_or_has_a_request_under_way() {
        let mut crowd = Crowd::new(2);
        let (busy, _fresh) = (crowd.come(), crowd.come());
        let under_way = busy.begin();
        tokio::time::advance(PATIENCE - Duration::from_millis(1)).await;
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [0; 0]);
        tokio::time::advance(Duration::from_millis(1)).await;
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [1]);
        crowd.places.give_back(crowd.all[1].0);
        drop(under_way);
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [1], "its answer has only now gone out");
        tokio::time::advance(PATIENCE).await;
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [0, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_places_are_made_free_at_once() {
        let mut crowd = Crowd::new(4 * SHARE);
        for _ in 0..4 * SHARE {
            crowd.come();
            tokio::time::advance(Duration::from_millis(2)).await;
        }
        tokio::time::advance(PATIENCE).await;
        crowd.places.make_room();
        assert_eq!(crowd.asked(), [0, 1, 2, 3]);
    }
}
