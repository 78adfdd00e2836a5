//! The admin API over real sockets.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "admin"]
mod administration {
    mod access;
    mod canary;
    mod clients;
    mod conditions;
    mod console;
    mod document;
    mod feed_tokens;
    mod grants;
    mod people;
    mod records;
    mod refusals;
}
