//! The authorization server over real sockets: endpoints of both profiles, pages as a browser sees them, and checks that
//! settle what they leave open; each refusal beside a twin that is let through.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "identity"]
mod identity {
    pub(crate) mod scene;

    mod endpoints;
    mod flow;
    mod pages;
    mod personal;
    mod proofs;
    mod settled;
}
