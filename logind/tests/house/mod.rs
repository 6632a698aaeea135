//! Namespaces in which a logind can be started, killed and started again.

mod door;

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use door::Door;
pub(crate) use door::Opened;

/// The user whose sessions are opened, and the group.
pub(crate) const ALICE: u32 = 4711;

const LOGIND: &str = env!("CARGO_BIN_EXE_logind");

/// How the cgroups are mounted that logind finds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cgroups {
    /// cgroup2 at /sys/fs/cgroup.
    Unified,
    /// cgroup2 at /sys/fs/cgroup/unified.
    Hybrid,
    /// Nothing at /sys/fs/cgroup.
    NotMounted,
    /// cgroup2, in which nothing can be made.
    ReadOnly,
    /// cgroup2, and a /proc that hides PID 1.
    Hidden,
}

/// The namespaces, the cgroup subtree they see, and the logind in them.
pub(crate) struct House {
    cgroup: PathBuf,
    keeper: Child,
    logind: Option<Child>,
}

/// Prepares what a logind sees. Nothing of it outlives the namespaces.
const PREPARE: &str = r#"
set -e
mount -t tmpfs tmpfs /run
(cat /etc/passwd; echo 'alice:x:4711:4712::/:/bin/sh') > /run/passwd
mount --bind /run/passwd /etc/passwd
for log in /dev/log /dev/kmsg; do
    if [ -e $log ]; then mount --bind /dev/null $log; fi
done
umount -R /sys/fs/cgroup
case $1 in
    Unified) mount -t cgroup2 cgroup2 /sys/fs/cgroup ;;
    Hidden)
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
        mount -t tmpfs tmpfs /proc/1 ;;
    ReadOnly) mount -t cgroup2 -o ro cgroup2 /sys/fs/cgroup ;;
    Hybrid)
        mount -t tmpfs tmpfs /sys/fs/cgroup
        mkdir /sys/fs/cgroup/unified
        mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
esac
printf '[Login]\nRuntimeDirectorySize=1M\n%s\n' "$2" > /run/logind.conf
echo
exec cat
"#;

const COVER: &str = "
exec 9<>/dev/fuse || exit
mkdir -p -m 755 /run/user
mkdir -p -m 700 /run/user/4711 && chown 4711:4712 /run/user/4711
mount -i -t fuse -o fd=9,rootmode=40000,user_id=4711,group_id=4712,allow_other fuse /run/user/4711 || exit
echo covered
exec cat
";

impl House {
    /// Namespaces with these cgroups, and a logind.conf with `config`. Needs root, and cgroup2.
    pub(crate) fn build(cgroups: Cgroups, config: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unified = Path::new("/sys/fs/cgroup/cgroup.procs").exists();
        let point = if unified { "/sys/fs/cgroup" } else { "/sys/fs/cgroup/unified" };
        let cgroup = Path::new(point).join(format!("session-rs-test-{}-{count}", std::process::id()));
        fs::create_dir(&cgroup).expect("cgroup2, and root");
        let mut keeper = Command::new("sh")
            .args(["-c", "echo 0 > $0/cgroup.procs && exec unshare -m -C --propagation private sh -c \"$@\""])
            .arg(&cgroup)
            .args([PREPARE, "prepare", &format!("{cgroups:?}"), config])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        wait_for_line(&mut keeper);
        Self { cgroup, keeper, logind: None }
    }

    /// Starts logind, and waits until it is ready.
    pub(crate) fn start_logind(&mut self) {
        let mut logind = self.logind_command().stderr(Stdio::null()).spawn().expect("a shell");
        wait_for_line(&mut logind);
        self.logind = Some(logind);
    }

    /// Starts logind as a supervisor does that knows nothing of the descriptor of `--ready-fd`, and waits until it is ready.
    pub(crate) fn start_logind_without_descriptor(&mut self) {
        let name = format!("session-rs-test-{}", self.keeper.id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixDatagram::bind_addr(&address).expect("a socket");
        listener.set_read_timeout(Some(PATIENCE)).expect("a time");
        let mut command = self.logind_command();
        let logind = command.arg("--ready-fd=99").env("NOTIFY_SOCKET", format!("@{name}")).stderr(Stdio::null());
        self.logind = Some(logind.spawn().expect("a shell"));
        let mut message = [0; 32];
        let length = loop {
            match listener.recv(&mut message) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {} // this process was stopped for a while (signal(7))
                length => break length.expect("it is ready in time"),
            }
        };
        assert_eq!(&message[..length], b"READY=1");
    }

    /// Starts logind in a cgroup, as a shell of a session would, and waits until it is ready.
    pub(crate) fn start_logind_from(&mut self, cgroup: &str) {
        let inside = cgroup.strip_prefix("/sys/fs/cgroup/").expect("a cgroup");
        let mut command = Command::new("sh");
        command.args(["-c", "echo 0 > $0/cgroup.procs && exec \"$@\""]).arg(self.cgroup.join(inside));
        let command_of_logind = self.logind_command();
        command.arg(command_of_logind.get_program()).args(command_of_logind.get_args());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut logind = command.spawn().expect("a shell");
        wait_for_line(&mut logind);
        self.logind = Some(logind);
    }

    /// The cgroup of logind, as those inside see it.
    pub(crate) fn cgroup_of_logind(&self) -> String {
        let logind = self.logind.as_ref().expect("it runs").id();
        self.look(&["sh", "-c", &format!("sed -n 's/^0:://p' /proc/{logind}/cgroup")])
    }

    /// What a second logind says before it ends.
    pub(crate) fn start_another(&self) -> String {
        let output = self.logind_command().output().expect("a shell");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn logind_command(&self) -> Command {
        let mut command = Command::new("sh");
        let script = "exec nsenter -t $0 -m -C \"$@\" 3>&1 >/dev/null";
        let options = ["--config", "/run/logind.conf", "--ready-fd=3"];
        command.args(["-c", script, &self.keeper.id().to_string(), LOGIND]).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Asks logind to read its configuration again.
    pub(crate) fn reload_logind(&self) {
        let logind = self.logind.as_ref().expect("it runs").id().to_string();
        self.look(&["kill", "-HUP", &logind]);
    }

    /// Kills logind as if by kill -9.
    pub(crate) fn kill_logind(&mut self) {
        let mut logind = self.logind.take().expect("it runs");
        logind.kill().expect("it runs");
        logind.wait().expect("its end");
    }

    /// Starts a process that can lead a session, outside of every session. It is in a cgroup that those inside see: out of
    /// any other the kernel lets them move nobody, if the host's cgroup2 is mounted as systemd does it (cgroups(7),
    /// nsdelegate).
    pub(crate) fn leader(&self) -> Leader {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("cat");
        let outside = self.cgroup.join("outside");
        fs::create_dir_all(&outside).expect("it is ours");
        fs::write(outside.join("cgroup.procs"), child.id().to_string()).expect("it runs");
        let stdin = child.stdin.take();
        Leader(child, stdin)
    }

    /// Connects to logind's own door.
    pub(crate) async fn door(&self) -> Door {
        let root = format!("/proc/{}/root", self.keeper.id());
        Door::open(&format!("{root}{}", logind_api::SOCKET_PATH)).await
    }

    /// What a program inside prints; it must succeed.
    pub(crate) fn look(&self, command: &[&str]) -> String {
        let keeper = self.keeper.id().to_string();
        let output = Command::new("nsenter").args(["-t", &keeper, "-m", "-C"]).args(command).output().expect("nsenter");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Covers alice's runtime directory, as she can (fusermount3(1), `allow_other`), with a file system whose daemon never
    /// answers, until the process ends. None if there is no fuse to be had.
    pub(crate) fn cover_runtime_directory(&self) -> Option<Leader> {
        let keeper = self.keeper.id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["-t", &keeper, "-m", "-C", "sh", "-c", COVER]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut daemon = command.spawn().expect("nsenter");
        let mut line = String::new();
        BufReader::new(daemon.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("its word");
        let stdin = daemon.stdin.take();
        let daemon = Leader(daemon, stdin);
        (line == "covered\n").then_some(daemon)
    }

    /// What libsystemd says of a process.
    pub(crate) fn judge(&self, leader: &Leader) -> String {
        self.look(&[judge().to_str().expect("a path"), &leader.0.id().to_string()])
    }

    /// No session, user or slice is left.
    pub(crate) fn is_empty(&self) {
        assert_eq!(self.left(), "");
    }

    /// Soon no session, user or slice is left.
    pub(crate) fn becomes_empty(&self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && !self.left().is_empty() {}
        self.is_empty();
    }

    fn left(&self) -> String {
        let files = "ls -A /run/systemd/sessions/ /run/systemd/users/ /run/user/ | grep -v -e ':$' -e '^$'";
        let cgroups = "find /sys/fs/cgroup -name 'user-*.slice'";
        self.look(&["sh", "-c", &format!("{files}; {cgroups}")])
    }
}

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

impl Drop for House {
    fn drop(&mut self) {
        if self.logind.is_some() {
            self.kill_logind();
        }
        drop(self.keeper.stdin.take());
        self.keeper.wait().expect("its end");
        fs::write(self.cgroup.join("cgroup.kill"), "1").expect("it is ours");
        let events = || fs::read_to_string(self.cgroup.join("cgroup.events")).unwrap_or_default();
        while events().contains("populated 1") {
            std::thread::yield_now(); // the kernel ends them
        }
        remove_cgroup(&self.cgroup);
    }
}

fn remove_cgroup(cgroup: &Path) {
    for entry in fs::read_dir(cgroup).expect("it is there").flatten() {
        if entry.file_type().expect("its type").is_dir() {
            remove_cgroup(&entry.path());
        }
    }
    fs::remove_dir(cgroup).expect("it is empty");
}

/// A process that can lead a session.
pub(crate) struct Leader(pub(crate) Child, Option<ChildStdin>);

impl Leader {
    /// Lets it end.
    pub(crate) fn end(mut self) {
        self.1.take();
        self.has_ended();
    }

    /// Waits until it has ended.
    pub(crate) fn has_ended(&mut self) {
        self.0.wait().expect("its end");
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.1.take();
        self.0.wait().expect("its end");
    }
}

fn wait_for_line(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "\n", "it ended early");
}

/// The program that asks libsystemd, compiled once.
fn judge() -> &'static Path {
    static JUDGE: OnceLock<PathBuf> = OnceLock::new();
    JUDGE.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/judges/sd_login.c");
        let judge = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sd_login");
        let status = Command::new("cc").arg("-o").args([&judge, &source]).arg("-lsystemd").status().expect("cc");
        assert!(status.success(), "libsystemd's headers are there");
        judge
    })
}
