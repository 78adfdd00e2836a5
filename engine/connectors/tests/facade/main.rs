//! The façade as its callers see it, over a store in memory, a clock of the test's own and a third party on a real socket.

#[cfg(test)]
mod scene;
#[cfg(test)]
mod third;

#[cfg(test)]
mod renewal;
#[cfg(test)]
mod single_flight;
#[cfg(test)]
mod redemption;
#[cfg(test)]
mod ways;
