//! The feed over HTTP: loaded in pages, followed by polls, refused to strangers.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "feed"]
mod followed {
    mod asking;
    mod doubt;
    mod fold;
    mod following;
    mod polls;
    mod refusals;
}
