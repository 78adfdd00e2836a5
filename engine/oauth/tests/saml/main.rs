//! Assertions that signers have made whom we did not write, and what attackers make of them.

#[cfg(test)]
mod minting;
#[cfg(test)]
mod draft;

#[cfg(test)]
mod accepted;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod claims;
