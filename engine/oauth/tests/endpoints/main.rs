//! The endpoints as their callers see them, over a store and a clock of the test's own.

#[cfg(test)]
mod scene;

#[cfg(test)]
mod password;
#[cfg(test)]
mod client_credentials;
#[cfg(test)]
mod code;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod presented;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod register;
#[cfg(test)]
mod settle;
