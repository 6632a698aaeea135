//! The virtual terminal an X server runs on: who answers at its socket, and that process' terminal.

use std::time::Duration;

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;

use crate::deadline::Deadline;
use crate::names::VtNumber;
use crate::paths;
use crate::proc;
use crate::socket::Socket;

/// The major device number of virtual terminals (`TTY_MAJOR` in linux/major.h).
const TTY_MAJOR: u32 = 4;

/// How long to wait for an X server to have room for us. It is there or it is not; but whoever opened its socket could
/// keep that full, and the login's time is not theirs.
const PATIENCE: Duration = Duration::from_millis(100);

/// The virtual terminal of the X server that serves `display`, for a login of `uid`.
///
/// Anybody may open a socket named like an X server's, so only the word of root's or the person's own counts. None as
/// well where there is no server, or none on a virtual terminal.
pub(crate) fn vt_of_display(display: &str, uid: u32, deadline: Deadline) -> Option<VtNumber> {
    let number = display_number(display)?;
    let socket = Socket::connect(&format!("{}{number}", paths::X_SOCKET_PREFIX), deadline.at_most(PATIENCE)).ok()?;
    let server = Server::of(&socket)?;
    if server.uid != 0 && server.uid != uid {
        return None;
    }
    vt_of_stat(&proc::read(&paths::process_stat(server.pid)).ok()?)
}

/// The process that serves a socket.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    pid: u32,
    uid: u32,
}

impl Server {
    /// Whoever listens at the other end (`SO_PEERCRED`, unix(7)); none if it is outside of our PID namespace. Its pid is 0
    /// then, which rustix' type for it cannot hold.
    fn of(socket: &Socket) -> Option<Self> {
        let peer = getsockopt(socket, PeerCredentials).ok()?;
        let pid = u32::try_from(peer.pid()).ok().filter(|&pid| pid != 0)?;
        Some(Self { pid, uid: peer.uid() })
    }
}

/// The number in `:7` or `:7.0`; none for a display on another machine.
fn display_number(display: &str) -> Option<u32> {
    let number = display.strip_prefix(':')?;
    let number = number.split_once('.').map_or(number, |(number, _)| number);
    if number.bytes().all(|b| b.is_ascii_digit()) { number.parse().ok() } else { None }
}

/// The virtual terminal that controls a process, from its `/proc/PID/stat` (proc_pid_stat(5), `tty_nr`).
fn vt_of_stat(stat: &[u8]) -> Option<VtNumber> {
    // The process chose its own name, which may hold anything, so the fields are counted from its end.
    let name_end = stat.iter().rposition(|&b| b == b')')?;
    let fields = str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let device = fields.split_ascii_whitespace().nth(4)?.parse::<i32>().ok()?.cast_unsigned();
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
    if major == TTY_MAJOR { VtNumber::new(minor) } else { None }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::process::{Command, id};

    use super::*;

    const WHERE: &str = "SOCKET_OF_A_SERVER";

    fn server_at(path: &str) -> Option<Server> {
        Server::of(&Socket::connect(path, Deadline::after(Duration::from_secs(20))).expect("a listener"))
    }

    #[test]
    fn a_server_outside_of_our_pid_namespace_is_none() {
        if let Ok(path) = std::env::var(WHERE) {
            return assert_eq!(server_at(&path), None);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("X0");
        let _listener = UnixListener::bind(&path).expect("a socket");
        let uid = rustix::process::geteuid().as_raw();
        assert_eq!(server_at(path.to_str().expect("a path of ours")), Some(Server { pid: id(), uid }));
        if uid != 0 {
            return println!("skipped: needs root for a pid namespace");
        }
        let mut inside = Command::new("unshare");
        inside.args(["--pid", "--fork"]).arg(std::env::current_exe().expect("this program"));
        inside.args(["--exact", "display::tests::a_server_outside_of_our_pid_namespace_is_none"]);
        let output = inside.env(WHERE, path).output().expect("unshare");
        assert!(output.status.success(), "{output:?}");
    }

    #[test]
    fn a_display_of_this_machine_has_a_number() {
        assert_eq!(display_number(":0"), Some(0));
        assert_eq!(display_number(":12.1"), Some(12));
        for display in ["", ":", "0", "host:0", ":x", ":+1", ":-1", ":1/../../etc", ":99999999999"] {
            assert_eq!(display_number(display), None, "{display}");
        }
    }

    #[test]
    fn the_terminal_is_found_behind_a_name_that_lies() {
        let vt = |stat: &str| vt_of_stat(stat.as_bytes()).map(VtNumber::get);
        assert_eq!(vt("812 (Xorg) S 800 812 812 1031 812 4194560"), Some(7));
        assert_eq!(vt("812 (X) S 1 1 1 1025 (y) S 800 812 812 1031 812"), Some(7));
        assert_eq!(vt("812 (Xorg) S 800 812 812 0 -1"), None);
        assert_eq!(vt("812 (Xorg) S 800 812 812 34816 812"), None, "a pseudo-terminal");
        assert_eq!(vt("812 (Xorg) S 800 812 812 1024 812"), None, "tty0");
        assert_eq!(vt("812 (Xorg) S 800"), None);
        assert_eq!(vt(""), None);
    }
}
