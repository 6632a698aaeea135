//! Where a process runs: the session and the user that its cgroup's path names, below the cgroup that everybody's is below.

use std::io;

use logind_core::names::{SessionId, Uid};

use super::read_proc;

/// Where a process runs: its session and owner by the names of its cgroup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The session in whose scope it runs.
    pub(crate) session: Option<SessionId>,
    /// The user in whose slice it runs.
    pub(crate) owner: Option<Uid>,
}

/// The cgroup below which `user.slice` lies, without a slash at the end: the cgroup of PID 1 without the leaf that an
/// init makes for itself. Empty for the root of the tree or of our cgroup namespace. libsystemd finds it the same way.
///
/// None where nobody tells: the kernel has no cgroups, or PID 1 is hidden (`hidepid=`, proc(5)). Then nobody is in any
/// session's scope.
#[derive(Clone, Debug)]
pub(crate) struct Base(Option<String>);

impl Base {
    /// Finds it, once, at start.
    pub(crate) fn find() -> Self {
        let table = read_proc(1, "cgroup").inspect_err(|error| {
            tracing::warn!(error = %error, "cannot read /proc/1/cgroup");
        });
        Self(table.ok().map(|table| base_of(unified_cgroup(&table).unwrap_or_default()).to_owned()))
    }

    /// Its path in the tree, if it is known.
    pub(crate) fn path(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The session and the owner of process `pid`, from /proc/PID/cgroup alone.
    ///
    /// # Errors
    /// `ESRCH` if there is no such process.
    pub(crate) fn place_of(&self, pid: u32) -> io::Result<Place> {
        let Some(base) = self.path() else { return Ok(Place::default()) };
        Ok(unified_cgroup(&read_proc(pid, "cgroup")?).map(|path| place_in(base, path)).unwrap_or_default())
    }
}

fn base_of(path: &str) -> &str {
    if path.starts_with("/..") {
        return ""; // PID 1 is outside of our cgroup namespace
    }
    let leaves = ["/init.scope", "/system.slice", "/system"];
    leaves.iter().find_map(|leaf| path.strip_suffix(leaf)).unwrap_or(path).trim_end_matches('/')
}

/// The path in the line of the unified hierarchy of a /proc/PID/cgroup (cgroups(7)).
fn unified_cgroup(table: &str) -> Option<&str> {
    table.lines().find_map(|line| line.strip_prefix("0::"))
}

/// The session and owner that a cgroup below `base` means, by libsystemd's rules: the last of the leading slices names
/// the user, the first component after them the session. What comes deeper may be made by the user, so means nothing.
fn place_in(base: &str, path: &str) -> Place {
    let Some(inside) = path.strip_prefix(base).filter(|rest| rest.starts_with('/')) else {
        return Place::default();
    };
    let mut place = Place::default();
    for component in inside.split('/').filter(|component| !component.is_empty()) {
        // systemd puts `_` before a name that a file of the kernel could have.
        let unit = component.strip_prefix('_').unwrap_or(component);
        if !is_slice(unit) {
            place.session = between(unit, "session-", ".scope").and_then(SessionId::new);
            break;
        }
        place.owner = between(unit, "user-", ".slice").and_then(parse_uid);
    }
    place
}

/// Whether `unit` is a valid slice name (systemd.slice(5)).
fn is_slice(unit: &str) -> bool {
    let Some(name) = unit.strip_suffix(".slice") else { return false };
    let legal = |b: u8| b.is_ascii_alphanumeric() || b":-_.\\".contains(&b);
    let dashes = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    unit.len() < 256 && !name.is_empty() && name.bytes().all(legal) && (name == "-" || !dashes)
}

fn between<'a>(unit: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    unit.strip_prefix(prefix)?.strip_suffix(suffix)
}

/// A user id as decimal digits and nothing else.
pub(crate) fn parse_uid(digits: &str) -> Option<Uid> {
    let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| canonical).and_then(Uid::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(session: Option<&str>, owner: Option<u32>) -> Place {
        Place { session: session.and_then(SessionId::new), owner: owner.and_then(Uid::new) }
    }

    #[test]
    fn a_scope_in_a_slice_names_session_and_owner() {
        assert_eq!(place_in("", "/user.slice/user-1000.slice/session-c1.scope"), place(Some("c1"), Some(1000)));
        assert_eq!(place_in("", "/user.slice/user-1000.slice/session-1.scope/deep"), place(Some("1"), Some(1000)));
        assert_eq!(place_in("/ct", "/ct/user.slice/user-0.slice/session-c2.scope"), place(Some("c2"), Some(0)));
        assert_eq!(place_in("", "/user.slice/dev.slice/user-7.slice/user@7.service/app"), place(None, Some(7)));
    }

    #[test]
    fn what_a_user_can_name_places_nobody() {
        let own = "/user.slice/user-1000.slice/session-c1.scope";
        let forged = format!("{own}/user.slice/user-0.slice/session-c9.scope");
        assert_eq!(place_in("", &forged), place(Some("c1"), Some(1000)));
        assert_eq!(place_in("", "/cron/user.slice/user-0.slice/session-c9.scope"), Place::default());
        assert_eq!(place_in("/ct", "/ct2/user.slice/user-5.slice/session-c1.scope"), Place::default());
        assert_eq!(place_in("", "/user.slice/user-+5.slice/session-.scope"), Place::default());
        assert_eq!(place_in("", "/user.slice/user-05.slice/x"), Place::default());
        assert_eq!(place_in("", "/../user.slice/user-5.slice/session-c1.scope"), Place::default());
        assert_eq!(place_in("", "/user.slice/user-4294967295.slice"), Place::default());
    }

    #[test]
    fn the_base_is_where_pid_1_lives_without_its_leaf() {
        assert_eq!(base_of("/"), "");
        assert_eq!(base_of("/init.scope"), "");
        assert_eq!(base_of("/docker/ab12"), "/docker/ab12");
        assert_eq!(base_of("/docker/ab12/init.scope"), "/docker/ab12");
        assert_eq!(base_of("/../other"), "");
    }
}
