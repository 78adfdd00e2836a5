//! The admin API over real sockets.

#[cfg(test)]
mod support;

#[cfg(test)]
#[path = "admin"]
mod administration {
    mod console;
    mod records;
}
