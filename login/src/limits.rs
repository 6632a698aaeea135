//! The limits on resources (`setrlimit(2)`): login's own, by which neither its caller nor its user's configuration keeps a
//! record from being written, and those the shell is to have.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// The soft limit on cores under which the kernel makes none at all: no file is that small, and 1 exactly keeps it from a
/// program that takes cores through a pipe as well (do_coredump in linux/fs/coredump.c).
const NO_CORE: u64 = 1;

/// More bytes than there are.
const ENDLESS: u64 = (usize::MAX as u64 >> 1) - 1;

/// The least that login needs to come to its end: processor time in seconds, bytes of files, of memory and of stack, and
/// open files. Numbers that nobody else sets, so that a limit which still has one is known to be of login's making.
const NEEDS: [(Resource, u64); 6] = [
    (Resource::Cpu, 4_000_000_007),
    (Resource::Fsize, ENDLESS),
    (Resource::As, ENDLESS),
    (Resource::Data, ENDLESS),
    (Resource::Stack, (8 << 20) - 4099),
    (Resource::Nofile, 1021),
];

/// All limits that login has for itself, and what the shell gets in their place.
pub(crate) struct Limits(Vec<Limit>);

struct Limit {
    resource: Resource,
    /// What this process has, as the kernel tells.
    own: Rlimit,
    /// What the shell gets.
    shells: Rlimit,
}

impl Limits {
    /// Takes login's limits, and remembers the caller's for the shell.
    pub(crate) fn take() -> Self {
        withhold_from_tracers();
        let resources = NEEDS.into_iter().map(|(resource, _)| resource).chain([Resource::Core]);
        Self(resources.map(Limit::take).collect())
    }

    /// Whether login has what it needs: a container may not raise what its caller has forbidden.
    pub(crate) fn suffice(&self) -> bool {
        self.0.iter().all(|limit| own(limit.resource, limit.own) == limit.own)
    }

    /// Takes login's limits again, once PAM has opened the session: what modules have set is the shell's. They may also have
    /// changed ids, which makes a process dumpable as `fs.suid_dumpable` has it.
    pub(crate) fn take_again(&mut self) {
        withhold_from_tracers();
        for limit in &mut self.0 {
            limit.take_again();
        }
        if !self.suffice() {
            warn!("the user's limits hold for the records of this session too, and may keep some from being written");
        }
    }

    /// Gives this process, which is to become the shell, the shell's.
    pub(crate) fn give_to_shell(&self) {
        for limit in &self.0 {
            set(limit.resource, limit.shells);
        }
    }
}

impl Limit {
    fn take(resource: Resource) -> Self {
        let shells = getrlimit(resource);
        Self { resource, own: taken(resource, shells), shells }
    }

    /// Whatever is not login's own any more has been set for the shell.
    fn take_again(&mut self) {
        let found = getrlimit(self.resource);
        let set = |found, own, shells| if found == own { shells } else { found };
        self.shells.maximum = set(found.maximum, self.own.maximum, self.shells.maximum);
        let current = set(found.current, self.own.current, self.shells.current);
        self.shells.current = least(current, self.shells.maximum);
        self.own = taken(self.resource, found);
    }
}

/// Gives this process its own limit on `resource`, of which `found` is in force; what it has then, which is less where a
/// container may not raise what is forbidden.
fn taken(resource: Resource, found: Rlimit) -> Rlimit {
    let own = own(resource, found);
    if own != found && setrlimit(resource, own).is_err() {
        set(resource, Rlimit { current: found.maximum, ..found });
    }
    getrlimit(resource)
}

/// The limit that login has for itself where `found` is in force: no cores, which could hold a password, and no less than it
/// needs of anything else.
fn own(resource: Resource, found: Rlimit) -> Rlimit {
    match NEEDS.iter().find(|(needed, _)| *needed == resource) {
        Some(&(_, need)) if found.current.is_some_and(|limit| limit < need) => {
            Rlimit { current: Some(need), maximum: found.maximum.map(|maximum| maximum.max(need)) }
        }
        None if found.maximum.is_none_or(|maximum| maximum >= NO_CORE) => Rlimit { current: Some(NO_CORE), ..found },
        _ => found,
    }
}

/// Keeps the user from tracing this process, and the kernel from a core of it.
fn withhold_from_tracers() {
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        warn!(%error, "a core of login can be made");
    }
}

fn set(resource: Resource, limit: Rlimit) {
    if let Err(error) = setrlimit(resource, limit) {
        warn!(?resource, error = %io::Error::from(error), "a limit cannot be set");
    }
}

/// The smaller of two limits, of which none is the largest.
fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(current: Option<u64>, maximum: Option<u64>) -> Rlimit {
        Rlimit { current, maximum }
    }

    #[test]
    fn login_has_what_it_needs_and_no_core() {
        assert_eq!(own(Resource::Nofile, limit(Some(5), Some(9))), limit(Some(1021), Some(1021)));
        assert_eq!(own(Resource::Nofile, limit(Some(5), None)), limit(Some(1021), None));
        for enough in [limit(Some(1024), Some(4096)), limit(None, None)] {
            assert_eq!(own(Resource::Nofile, enough), enough);
        }
        assert_eq!(own(Resource::Core, limit(None, None)), limit(Some(1), None));
        assert_eq!(own(Resource::Core, limit(Some(0), Some(0))), limit(Some(0), Some(0)));
    }

    #[test]
    fn the_shell_gets_the_callers_limit_unless_a_module_has_set_one() {
        let resource = Resource::Core; // of which a process may have any
        let before = getrlimit(resource);
        let mut untouched = Limit::take(resource);
        untouched.take_again();
        assert_eq!(untouched.shells, before);
        let mut touched = Limit { resource, own: limit(Some(7), Some(1 << 40)), shells: limit(None, None) };
        touched.take_again();
        assert_eq!(touched.shells, getrlimit(resource));
        set(resource, before);
    }
}
