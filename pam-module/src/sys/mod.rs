//! All that is unsafe: libpam's calls to us, ours to it, and the environment's reading.

mod entry;
pub(crate) mod environment;
pub(crate) mod pam;
