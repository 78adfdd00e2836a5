//! The admin API over real sockets.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "admin"]
mod administration {
    mod access;
    mod canary;
    mod conditions;
    mod console;
    mod document;
    mod feed_tokens;
    mod records;
    mod refusals;
}
