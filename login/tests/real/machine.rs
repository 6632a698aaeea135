//! A private machine: its own /etc, /run, /var/log and /home in a mount namespace around the real login.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tempfile::TempDir;
use utmp::{Files, Record};

use crate::seat::Seat;

/// Passwords are `alices-secret` and so on; the hashes have few rounds, for speed.
const SHADOW: &str = "\
root:$6$rounds=1000$saltsalt$Bt5Irjr/.3nQmy6A.zQ4pu.SFG/5r4FjOCpy4x3pKDnnX..eMcGzIRp.G3ZYq.rZzZT.W8JBVO6aAWEibXd6c/:20000::::::
alice:$6$rounds=1000$saltsalt$mEMNp8oCJJHaDHvRYGXnxcqHB6BCa4uv4N8nw6VMU/1AMpxjbaky83q0zHwxUgRe0D2buxBG1S.m57RqEx4Ra.:20000::::::
bob:$6$rounds=1000$saltsalt$13UNbzRP1I06a0LQdL3UUxeaFLzzlZl18NI2Q9sOnZTUhQav4YJza3iu4A3Aw1AMGhM5xAu1fsgL2mEh1INQN0:20000::::::
";

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
alice:x:1000:1000:Alice:/home/alice:/bin/sh
bob:x:1001:1001:Bob:/home/bob:/bin/sh
";

const GROUP: &str = "\
root:x:0:
tty:x:5:
utmp:x:43:
games:x:60:alice,root
alice:x:1000:
bob:x:1001:
friends:x:2000:alice,bob
";

/// No delays but those a test asks for.
const LOGIN_DEFS: &str = "FAIL_DELAY 0\nTTYPERM 0620\nTTYGROUP tty\nENV_PATH PATH=/usr/bin:/bin\n";

/// The least that is a real login.
pub(crate) const STACK: &str = "\
auth required pam_unix.so nodelay
account required pam_unix.so
password required pam_unix.so sha512 rounds=1000
session required pam_unix.so
";

/// Puts the folders of the machine in the place of the host's, for one process and its children.
const ENTER: &str = r#"
set -e
machine=$1; shift
mount --make-rprivate /
mount --bind "$machine/kmsg" /dev/kmsg
if [ -e /dev/log ]; then mount --bind "$machine/kmsg" /dev/log; fi
for folder in run home root; do mount --bind "$machine/$folder" /$folder; done
mount --bind "$machine/log" /var/log
mount --bind "$machine/etc" /etc
exec "$@"
"#;

/// A machine of its own for one test.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    /// A machine with the users root, alice and bob; nothing if this process may not make one.
    pub(crate) fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can make a mount namespace");
            return None;
        }
        // Users look into the machine's files, whatever umask the tests are run with.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        let machine = Self { folder: tempfile::tempdir().expect("a folder") };
        for (file, text) in [
            ("etc/passwd", PASSWD),
            ("etc/shadow", SHADOW),
            ("etc/group", GROUP),
            ("etc/login.defs", LOGIN_DEFS),
            ("etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"),
            ("etc/security/limits.conf", ""),
            ("etc/security/pam_env.conf", ""),
            ("etc/environment", ""),
            ("etc/pam.d/login", STACK),
            ("etc/pam.d/remote", STACK),
            ("etc/pam.d/other", "auth required pam_deny.so\naccount required pam_deny.so\n"),
            ("run/utmp", ""),
            ("log/wtmp", ""),
            ("log/btmp", ""),
            ("log/lastlog", ""),
            ("kmsg", ""),
        ] {
            machine.write(file, text);
        }
        for (name, uid) in [("alice", 1000), ("bob", 1001)] {
            let home = machine.path("home").join(name);
            fs::create_dir_all(&home).expect("a home");
            std::os::unix::fs::chown(&home, Some(uid), Some(uid)).expect("it is theirs");
        }
        fs::create_dir_all(machine.path("root")).expect("a home");
        fs::set_permissions(machine.path("etc/shadow"), fs::Permissions::from_mode(0o600)).expect("it is hidden");
        Some(machine)
    }

    /// Where `file` of the machine is on the host.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Writes `file` of the machine.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Adds lines to `file`.
    pub(crate) fn add(&self, file: &str, text: &str) {
        let before = fs::read_to_string(self.path(file)).expect("a file");
        self.write(file, &(before + text));
    }

    /// Has a stack begin with `lines`, in which `HOSTILE` stands for a module that does what a bad one may do
    /// (`hostile_module.c`).
    pub(crate) fn begin_stack_with(&self, lines: &str) {
        let module = self.path("run/hostile_module.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/hostile_module.c");
        let mut compiler = Command::new("cc");
        let built = compiler.args(["-Wall", "-shared", "-fPIC", "-o"]).arg(&module).args([source, "-lpam"]).status();
        assert!(built.expect("a compiler").success());
        self.write("etc/pam.d/login", &format!("{}\n{STACK}", lines.replace("HOSTILE", "/run/hostile_module.so")));
    }

    /// login on a new terminal, as getty would start it.
    pub(crate) fn login(&self, arguments: &[&str]) -> Seat {
        self.run(&[&[env!("CARGO_BIN_EXE_login")], arguments].concat())
    }

    /// A command on a new terminal, in the machine.
    pub(crate) fn run(&self, command: &[&str]) -> Seat {
        Seat::start(self.command(command))
    }

    /// The command that runs `command` in the machine, with a session and a terminal of its own, in the same process.
    pub(crate) fn command(&self, command: &[&str]) -> Command {
        let mut entered = Command::new("setsid");
        entered
            .args(["--ctty", "unshare", "--mount", "sh", "-c", ENTER, "enter"])
            .arg(self.folder.path())
            .args(command);
        entered
    }

    fn files(&self) -> Files {
        Files {
            utmp: self.path("run/utmp"),
            wtmp: self.path("log/wtmp"),
            btmp: self.path("log/btmp"),
            lastlog: self.path("log/lastlog"),
            ..Files::under(self.folder.path())
        }
    }

    /// The records in utmp.
    pub(crate) fn utmp(&self) -> Vec<Record> {
        self.files().utmp_records().expect("utmp is read").collect()
    }

    /// Writes to utmp what another program may have written.
    pub(crate) fn write_utmp(&self, record: &Record) {
        self.files().put(record).map(drop).expect("utmp is written");
    }

    /// The records in wtmp.
    pub(crate) fn wtmp(&self) -> Vec<Record> {
        self.files().wtmp_since(0).expect("wtmp is read")
    }

    /// The records in btmp.
    pub(crate) fn btmp(&self) -> Vec<Record> {
        let files = Files { wtmp: self.path("log/btmp"), ..self.files() };
        files.wtmp_since(0).expect("btmp is read")
    }

    /// Waits until `check` is so, of which a file of the machine may be the one to tell.
    pub(crate) fn until(&self, check: impl Fn() -> bool) {
        let changes = Inotify::init(InitFlags::IN_CLOEXEC).expect("an inotify");
        changes.add_watch(&self.path("log"), AddWatchFlags::IN_MODIFY).expect("a watch");
        while !check() {
            let mut ready = [PollFd::new(&changes, PollFlags::IN)];
            let is_changed = poll(&mut ready, Some(&Timespec { tv_sec: 60, tv_nsec: 0 })).expect("poll") > 0;
            assert!(is_changed, "nothing was written");
            changes.read_events().expect("it tells");
        }
    }

    /// What `last`, `who` and their like of other people's say of a file of the machine.
    pub(crate) fn judged_by(&self, program: &str, arguments: &[&str], file: &str) -> String {
        let output = Command::new(program)
            .env("LC_ALL", "C")
            .args(arguments)
            .arg(self.path(file))
            .output()
            .expect("the judge is installed");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// All that was logged.
    pub(crate) fn log(&self) -> Vec<u8> {
        fs::read(self.path("kmsg")).expect("the log is read")
    }
}
