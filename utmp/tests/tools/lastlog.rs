//! lastlog beside shadow's, which knows the system's files alone: it is run in a mount namespace that has ours there.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use utmp::{Files, LastLogin, Text, Time};

use crate::made::{self, T};

const OURS: &str = env!("CARGO_BIN_EXE_lastlog");

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nbin:x:2:2::/:/bin/false\n\
    vi:x:1002:1002::/:/bin/sh\nmax:x:5000:1::/:/bin/sh\nan-overly-long-user-name:x:1003:1::/:/x\ndup:x:1002:1::/:/x\n";

fn system() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["etc", "var/log"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    fs::write(dir.path().join("etc/passwd"), PASSWD).unwrap();
    let files = Files::under(dir.path());
    fs::write(&files.lastlog, "").unwrap();
    let now = Time::now().seconds;
    let long = "a.very.long.host.name.example.org.which.is.longer.than.the.column";
    for (uid, seconds, line, host) in [
        (0, T, "tty1", ""),
        (1, now - 3 * 86_400, "pts/0", long),
        (2, 1, "a-very-long-line", "h"),
        (1002, now - 60, "pts/1", "192.0.2.1"),
    ] {
        let login = LastLogin { time: Time::from_seconds(seconds), line: Text::new(line), host: Text::new(host) };
        files.record_lastlog(uid, &login).unwrap();
    }
    dir
}

fn ours(root: &Path, arguments: &[&str]) -> Output {
    made::run(OURS, "Asia/Tokyo", &[&["-R", root.to_str().unwrap()], arguments].concat())
}

/// shadow's, with the users and the lastlog under `root` in the place of the system's.
fn theirs(root: &Path, arguments: &[&str]) -> Output {
    let script = "mount --bind \"$0/etc/passwd\" /etc/passwd && mount --bind \"$0/var/log/lastlog\" /var/log/lastlog && \
                  exec /usr/bin/lastlog \"$@\"";
    Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .arg(root)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("TZ", "Asia/Tokyo")
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn can_compare() -> bool {
    let root = rustix::process::geteuid().is_root();
    let found =
        root && Path::new("/usr/bin/lastlog").exists() && theirs(system().path(), &["-u", "0"]).status.success();
    if !found {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        writeln!(std::io::stderr(), "skipped: {test}: no lastlog of shadow, or no mount namespaces").unwrap();
    }
    found
}

#[test]
fn lastlog_prints_what_shadow_prints() {
    if !can_compare() {
        return;
    }
    let dir = system();
    for arguments in [
        &[][..],
        &["-u", "root"],
        &["-u", "1002"],
        &["-u", "1-1002"],
        &["-u", "-1"],
        &["-u", "1002-"],
        &["-u", "2-1"],
        &["-u", "99999"],
        &["-u", "5000"],
        &["-b", "1"],
        &["-b", "0"],
        &["-t", "2"],
        &["-t", "30", "-b", "1"],
        &["--time=4", "--user=0-"],
    ] {
        let (ours, theirs) = (ours(dir.path(), arguments), theirs(dir.path(), arguments));
        assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&theirs.stdout), "{arguments:?}");
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}");
    }
}

#[test]
fn lastlog_refuses_what_shadow_refuses_with_its_words() {
    if !can_compare() {
        return;
    }
    let dir = system();
    for arguments in [
        &["-u", "nobodyx"][..],
        &["-u", "1-x"],
        &["-C"],
        &["-S"],
        &["-C", "-S", "-u", "root"],
        &["-x"],
        &["-t", "abc"],
        &["more"],
        &["-u"],
    ] {
        let first = |output: &Output| {
            // getopt names the program by its path.
            let told = String::from_utf8_lossy(&output.stderr).replace("/usr/bin/lastlog", "lastlog");
            told.lines().next().unwrap_or_default().to_owned()
        };
        let (ours, theirs) = (ours(dir.path(), arguments), theirs(dir.path(), arguments));
        assert_eq!(first(&ours), first(&theirs), "{arguments:?}");
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}");
    }
}

#[test]
fn a_last_login_is_set_and_forgotten_as_shadow_does() {
    let dir = system();
    let files = Files::under(dir.path());
    assert!(ours(dir.path(), &["-S", "-u", "max"]).status.success());
    let login = files.last_login(5000).unwrap().unwrap();
    assert!((login.time.seconds - Time::now().seconds).abs() < 100);
    assert_eq!((login.line, login.host), (Text::new("lastlog"), Text::new("localhost")));
    assert!(ours(dir.path(), &["-C", "-u", "0-2"]).status.success());
    for uid in 0..3 {
        assert_eq!(files.last_login(uid).unwrap(), None);
    }
    if can_compare() {
        assert!(theirs(dir.path(), &["-S", "-u", "root"]).status.success());
        assert_eq!(files.last_login(0).unwrap().unwrap().line, "lastlog");
    }
}

#[test]
fn a_root_that_is_not_absolute_is_refused() {
    let output = made::run(OURS, "UTC", &["-R", "tmp"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.starts_with(b"lastlog: invalid chroot path 'tmp', only absolute paths are supported."));
}
