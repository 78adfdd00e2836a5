//! Crash tests.
mod crash {
    pub(crate) mod random;
    pub(crate) mod image;
    pub(crate) mod journal;
    pub(crate) mod fault;
    pub(crate) mod locks;
    pub(crate) mod disk;
    mod plain_redb;
}
