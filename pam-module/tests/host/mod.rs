//! A C program that loads the module through libpam, in a mount namespace with its own /run, user and PAM services.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

/// The person who logs in.
pub(crate) const ALICE: u32 = 4711;

/// Where logind listens.
pub(crate) const SOCKET: &str = "/run/session-rs/login1";

/// Names the built module to a test that runs itself again in a namespace.
const INSIDE: &str = "MODULE_UNDER_TEST";

/// Runs `body` in a mount namespace with a /run of its own, if this may be done here. `name` is the calling test's.
pub(crate) fn in_a_namespace(name: &str, body: impl FnOnce(&Host)) {
    if let Some(module) = std::env::var_os(INSIDE) {
        return body(&Host::new(Path::new(&module)));
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: needs root for a mount namespace");
        return;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--propagation", "private"]).arg(std::env::current_exe().expect("this program"));
    let output = unshare.args(["--exact", name, "--nocapture"]).env(INSIDE, built_module()).output().expect("unshare");
    // Said only where it matters: it ends in a count of its own, which would be counted again.
    let said = || [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{name}: {}\n{}", output.status, said());
}

/// The module, built as it is shipped but for the optimization: its crate is no library that a test could link.
fn built_module() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().expect("this program");
        let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
        let name = profile.file_name().and_then(|name| name.to_str()).expect("a profile");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--locked",
            "--package",
            "pam-module",
            "--profile",
            if name == "debug" { "dev" } else { name },
        ]);
        cargo.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        cargo.arg("--target-dir").arg(profile.parent().expect("a target folder"));
        let output = cargo.output().expect("cargo");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        profile.join("libpam_session_rs.so")
    })
}

/// The prepared namespace.
pub(crate) struct Host {
    folder: PathBuf,
}

impl Host {
    fn new(module: &Path) -> Self {
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"]));
        let folder = PathBuf::from("/run/test");
        for path in ["/run/session-rs", "/run/dbus", "/run/user", "/run/test", "/run/test/services"] {
            fs::create_dir(path).expect("a folder of our own");
        }
        // libpam complains where the service for all others is missing.
        fs::write(folder.join("services/other"), "session required pam_deny.so\n").expect("a service of our own");
        let mut passwd = fs::read("/etc/passwd").expect("/etc/passwd");
        passwd.extend(format!("alice:x:{ALICE}:{ALICE}::/:/bin/sh\n").bytes());
        fs::write(folder.join("passwd"), passwd).expect("a file of our own");
        run(Command::new("mount").args(["--bind", "/run/test/passwd", "/etc/passwd"]));
        fs::copy(module, folder.join("pam_session_rs.so")).expect("the module");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/host.c");
        let program = folder.join("host");
        run(Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-rdynamic", "-o"])
            .arg(program)
            .args([source, "-lpam", "-pthread"]));
        Self { folder }
    }

    /// The module's file.
    pub(crate) fn module(&self) -> PathBuf {
        self.folder.join("pam_session_rs.so")
    }

    /// The folder of PAM services.
    pub(crate) fn services(&self) -> PathBuf {
        self.folder.join("services")
    }

    /// The host program, about to do `action` for alice, with these arguments for the module.
    pub(crate) fn command(&self, arguments: &str, action: &str) -> Command {
        let mut command = Command::new("timeout");
        command.arg("120").arg(self.folder.join("host"));
        self.arguments(&mut command, arguments, action);
        command
    }

    /// As [`Host::command`], started by alice and set-user-id root.
    pub(crate) fn set_user_id_command(&self, arguments: &str, action: &str) -> Command {
        let program = self.folder.join("host");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).expect("our own program");
        let uid = ALICE.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &uid, "--regid", &uid, "--clear-groups"]).arg(program);
        self.arguments(&mut command, arguments, action);
        command
    }

    fn arguments(&self, command: &mut Command, arguments: &str, action: &str) {
        let module = self.module();
        let module = module.display();
        let kinds = ["auth", "account", "password"];
        let others: String =
            kinds.map(|kind| format!("{kind} required {module}\n{kind} required pam_permit.so\n")).concat();
        // Where a test does not say how long logind may take, a slow machine may take its time.
        let patience = if arguments.contains("timeout=") { "" } else { "timeout=60" };
        let own = format!("session required {module} {arguments} {patience}\n");
        let service = format!("{own}session required pam_permit.so\n{others}");
        fs::write(self.services().join("service"), service).expect("a service of our own");
        command.arg(self.services()).args(["service", "alice", action]);
        // Whoever runs the tests may sit at a seat, or have a bus of their own.
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    }

    /// alice's runtime directory, as logind would have made it.
    pub(crate) fn make_runtime_directory(&self) {
        let path = runtime_directory();
        fs::create_dir(&path).expect("a folder of our own");
        chown(&path, Some(ALICE), Some(ALICE)).expect("given to alice");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("hers alone");
    }
}

/// Where alice's runtime directory is.
pub(crate) fn runtime_directory() -> PathBuf {
    PathBuf::from(format!("/run/user/{ALICE}"))
}

/// What a program printed, line by line; it must have ended well.
pub(crate) fn lines(command: &mut Command) -> Vec<String> {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("the program");
    let text = String::from_utf8_lossy(&stdout);
    assert!(status.success() && stderr.is_empty(), "{status}\n{text}\n{}", String::from_utf8_lossy(&stderr));
    text.lines().map(str::to_owned).collect()
}

/// Starts a program that is spoken with.
pub(crate) fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program")
}

/// The lines that begin with `word`, without it.
pub(crate) fn after<'l>(lines: &'l [String], word: &str) -> Vec<&'l str> {
    let mut found: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).collect();
    found.sort_unstable();
    found
}

fn run(command: &mut Command) {
    assert!(command.status().is_ok_and(|status| status.success()), "{command:?}");
}
