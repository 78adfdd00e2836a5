//! What the suites share: populations of users and tokens, the floor that a check is held against, and a stopwatch that
//! compares cases within one run.

mod population;
mod floor;
mod asking;
mod outcome;
mod access;
mod singly;
mod stopwatch;
mod table;
mod wire;

pub use access::Access;
pub use asking::{Asking, Carrier};
pub use floor::{Footprint, bare_digest};
pub use outcome::Outcomes;
pub use population::{
    Bearer, KEY, NOW, PEER, Plan, Population, Scatter, admitted, request, server_record, token_record, user_record,
};
pub use singly::{singly, timer_alone};
pub use stopwatch::{Case, Figure, Rounds, compare, gain_of_threads};
pub use table::{Table, ratio};
pub use wire::answer;
