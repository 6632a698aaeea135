//! What carries one effect out each: cgroups, signals, runtime directories, life lines, virtual terminals.

pub(crate) mod cgroup;
pub(crate) mod getty;
mod hierarchy;
pub(crate) mod kill;
pub(crate) mod life_line;
pub(crate) mod runtime_directory;
mod tree;
pub(crate) mod vt;
pub(crate) mod witnesses;
