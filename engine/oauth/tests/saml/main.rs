//! Assertions that signers have made whom we did not write, and what attackers make of them.

#[cfg(test)]
mod minting;
#[cfg(test)]
mod draft;

#[cfg(test)]
#[path = "../endpoints/scene.rs"]
#[allow(dead_code, reason = "each binary of tests uses some of it")]
mod scene;

#[cfg(test)]
mod accepted;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod grants;
