//! `dist/install`, which `make install` calls: everything has its place, nothing of the administrator's is overwritten.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist");
const BUS_POLICY: &str = "usr/share/dbus-1/system.d/org.freedesktop.login1.conf";
const POLKIT_POLICY: &str = "usr/share/polkit-1/actions/org.freedesktop.login1.policy";

/// Where ours lies if what is there is kept.
const KEPT: &str = "usr/local/share/session-rs";

fn install(destdir: &Path, init: &str) -> Output {
    let mut command = Command::new(Path::new(DIST).join("install"));
    command.arg(destdir).args(["/usr/local", init]).output().expect("dist/install runs")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else if !entry.is_symlink() {
            found.push(entry);
        }
    }
    found
}

#[test]
fn every_init_gets_scripts_that_a_shell_can_read_and_no_place_is_left_open() {
    for init in ["", "sysvinit", "systemd", "openrc", "runit", "s6", "dinit"] {
        let root = tempfile::tempdir().expect("a folder");
        let output = install(root.path(), init);
        assert!(output.status.success(), "{init}: {output:?}");
        for file in files(root.path()) {
            let text = fs::read_to_string(&file).expect("a text");
            assert!(!text.contains("@LIBEXEC@"), "{} has a place left open", file.display());
            if text.starts_with("#!") {
                let check = Command::new("sh").arg("-n").arg(&file).output().expect("sh runs");
                assert!(check.status.success(), "{}: {check:?}", file.display());
            }
        }
        for read_by_others in
            [BUS_POLICY, POLKIT_POLICY, "usr/lib/ttys.d/50-lines.conf", "usr/lib/tmpfiles.d/session-rs.conf"]
        {
            assert!(root.path().join(read_by_others).exists(), "{init}: no {read_by_others}");
        }
    }
}

#[test]
fn systemd_gets_drop_ins_that_are_in_force_only_once_they_are_copied() {
    let root = tempfile::tempdir().expect("a folder");
    assert!(install(root.path(), "systemd").status.success());
    for read_by_systemd in ["etc/systemd", "usr/lib/systemd", "usr/local/lib/systemd"] {
        assert!(!root.path().join(read_by_systemd).exists(), "{read_by_systemd}");
    }
    for unit in ["getty@", "serial-getty@", "console-getty", "container-getty@"] {
        let drop_in = root.path().join(KEPT).join(format!("systemd/{unit}.service.d/session-rs.conf"));
        let text = fs::read_to_string(drop_in).expect("a drop-in");
        // Without the empty one, ours would be a second command of the unit.
        let ours = "[Service]\nExecStart=\nExecStart=-/usr/local/libexec/session-rs/getty ";
        assert!(text.contains(ours), "{unit}: {text}");
    }
}

#[test]
fn runit_keeps_in_run_what_it_knows_of_a_service_unless_it_has_a_folder_already() {
    let root = tempfile::tempdir().expect("a folder");
    let supervised = |service: &str| root.path().join("etc/sv").join(service).join("supervise");
    fs::create_dir_all(supervised("session-rs-gettys")).expect("a folder");
    for _ in ["once", "again"] {
        assert!(install(root.path(), "runit").status.success());
        for service in ["session-rs-logind", "session-rs-records"] {
            let link = fs::read_link(supervised(service)).expect("a link");
            assert_eq!(link, Path::new("/run/runit").join(format!("supervise.{service}")));
        }
        assert!(!supervised("session-rs-gettys").is_symlink(), "the service may be running");
    }
}

#[test]
fn a_file_of_the_administrators_is_kept_and_ours_put_aside() {
    let root = tempfile::tempdir().expect("a folder");
    let stack = root.path().join("etc/pam.d/login");
    fs::create_dir_all(root.path().join("etc/pam.d")).expect("a folder");
    fs::write(&stack, "mine\n").expect("a file");
    assert!(install(root.path(), "").status.success());
    assert_eq!(fs::read_to_string(&stack).expect("a text"), "mine\n");
    let ours = fs::read_to_string(root.path().join(KEPT).join("etc/pam.d/login")).expect("a text");
    assert!(ours.contains("pam_session_rs.so"), "{ours}");
}

#[test]
fn no_log_is_rotated_by_two_files() {
    for theirs in ["etc/logrotate.d/wtmp", "etc/logrotate.conf"] {
        let root = tempfile::tempdir().expect("a folder");
        let ours = root.path().join("etc/logrotate.d/session-rs");
        assert!(install(root.path(), "").status.success());
        let text = fs::read_to_string(&ours).expect("a text");
        fs::remove_file(&ours).expect("a file");
        fs::write(root.path().join(theirs), "/var/log/wtmp {\n    monthly\n}\n").expect("a file");
        assert!(install(root.path(), "").status.success());
        assert!(!ours.exists(), "{theirs} has it already");
        assert_eq!(
            fs::read_to_string(root.path().join(KEPT).join("etc/logrotate.d/session-rs")).expect("a text"),
            text
        );
    }
}

#[test]
fn a_second_installation_puts_nothing_beside_what_is_unchanged() {
    for init in ["sysvinit", "systemd", "openrc", "runit", "s6", "dinit"] {
        let root = tempfile::tempdir().expect("a folder");
        assert!(install(root.path(), init).status.success());
        let (once, again) = (files(root.path()).len(), install(root.path(), init));
        assert!(again.status.success());
        assert_eq!(files(root.path()).len(), once, "{init}: {again:?}");
    }
}

#[test]
fn each_tool_completes_in_each_shell_and_another_packages_completion_is_kept() {
    let root = tempfile::tempdir().expect("a folder");
    let (programs, share) = (root.path().join("usr/local/libexec/session-rs"), root.path().join("usr/local/share"));
    fs::create_dir_all(&programs).expect("a folder");
    let tools = ["last", "lastb", "lastlog", "utmpdump", "utmp-record"];
    for tool in tools {
        let program = programs.join(tool);
        fs::write(&program, format!("#!/bin/sh\necho \"$* of {tool} of session-rs\"\n")).expect("a program");
        fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("a program that runs");
    }
    let theirs = share.join("bash-completion/completions/last");
    fs::create_dir_all(theirs.parent().expect("a folder")).expect("a folder");
    fs::write(&theirs, "complete -F _last_module last\n").expect("a file");
    let help = "Usage: it\\n -s, --shell SHELL\\n              run it\\n -V, --version  tell\\n";
    for program in ["getty", "login", "logind"].map(|name| programs.join(name)) {
        fs::write(&program, format!("#!/bin/sh\n[ $1 = --help ] && printf '{help}'\n")).expect("a program");
        fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("a program that runs");
    }
    for _ in ["once", "again"] {
        assert!(install(root.path(), "").status.success());
    }
    for (file, line) in [
        ("bash-completion/completions/getty", "complete -F _getty getty"),
        ("bash-completion/completions/login", "\tCOMPREPLY=($(compgen -u -- \"$cur\"))"),
        ("zsh/site-functions/_logind", "\t'*'{-s,--shell}'[run it]:SHELL:_files' \\"),
        ("fish/vendor_completions.d/getty.fish", "complete -c getty -s V -l version -d 'tell'"),
    ] {
        let text = fs::read_to_string(share.join(file)).expect("a completion");
        assert!(text.contains("of session-rs") && text.lines().any(|found| found == line), "{text}");
    }
    assert_eq!(fs::read_to_string(&theirs).expect("a text"), "complete -F _last_module last\n");
    for tool in tools {
        let bash = if tool == "last" {
            "session-rs/completions/last.bash"
        } else {
            &format!("bash-completion/completions/{tool}")
        };
        for (shell, file) in [
            ("bash", bash),
            ("zsh", &format!("zsh/site-functions/_{tool}")),
            ("fish", &format!("fish/vendor_completions.d/{tool}.fish")),
        ] {
            let text = fs::read_to_string(share.join(file)).expect("a completion");
            assert_eq!(text, format!("--completion {shell} of {tool} of session-rs\n"));
        }
    }
}

#[test]
fn another_programs_policy_is_kept_and_ours_replaced() {
    for name in [BUS_POLICY, POLKIT_POLICY] {
        let root = tempfile::tempdir().expect("a folder");
        let policy = root.path().join(name);
        assert!(install(root.path(), "").status.success());
        let ours = fs::read_to_string(&policy).expect("a text");
        fs::write(&policy, format!("{ours}<!-- older -->\n")).expect("a file");
        assert!(install(root.path(), "").status.success());
        assert_eq!(fs::read_to_string(&policy).expect("a text"), ours, "an older one of ours");
        fs::write(&policy, "<vendor>The systemd Project</vendor>\n").expect("a file");
        assert!(install(root.path(), "").status.success());
        assert_eq!(fs::read_to_string(&policy).expect("a text"), "<vendor>The systemd Project</vendor>\n");
        assert_eq!(fs::read_to_string(root.path().join(KEPT).join(name)).expect("a text"), ours);
    }
}

#[test]
fn another_packages_manual_page_is_kept_and_ours_replaced() {
    if Command::new("scdoc").arg("-v").output().is_err() {
        println!("skipped: no scdoc");
        return;
    }
    let root = tempfile::tempdir().expect("a folder");
    let share = root.path().join("usr/local/share");
    fs::create_dir_all(share.join("man/man1")).expect("a folder");
    fs::write(share.join("man/man1/last.1.gz"), "theirs").expect("a file");
    for _ in ["once", "again"] {
        assert!(install(root.path(), "").status.success());
    }
    assert_eq!(fs::read_to_string(share.join("man/man1/last.1.gz")).expect("a text"), "theirs");
    assert!(!share.join("man/man1/last.1").exists(), "it would be shown in place of theirs");
    for page in ["session-rs/man/man1/last.1", "man/man1/lastb.1", "man/man8/getty.8"] {
        let text = fs::read_to_string(share.join(page)).expect("a page");
        assert!(text.contains("of session-rs"), "{page}");
    }
    assert!(!share.join("session-rs/man/man8/getty.8").exists(), "ours is replaced where it is");
}

#[test]
fn every_init_but_systemd_which_has_its_own_can_start_logind() {
    for init in ["sysvinit", "openrc", "runit", "s6", "dinit"] {
        let root = tempfile::tempdir().expect("a folder");
        assert!(install(root.path(), init).status.success());
        let starts =
            |file: &PathBuf| fs::read_to_string(file).expect("a text").contains("/usr/local/libexec/session-rs/logind");
        assert!(files(&root.path().join("etc")).iter().any(starts), "{init}");
    }
}

#[test]
fn an_init_without_files_is_said_to_have_none() {
    let root = tempfile::tempdir().expect("a folder");
    let output = install(root.path(), "launchd");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("launchd"));
}

#[test]
fn the_bus_is_given_no_way_to_start_a_logind() {
    for init in ["", "sysvinit", "systemd", "openrc", "runit", "s6", "dinit"] {
        let root = tempfile::tempdir().expect("a folder");
        assert!(install(root.path(), init).status.success());
        assert!(files(root.path()).iter().all(|file| file.extension().is_none_or(|end| end != "service")), "{init}");
    }
}

#[test]
fn a_stack_of_ours_locks_nobody_out_who_only_cannot_be_registered() {
    for service in ["login", "remote"] {
        let stack = fs::read_to_string(Path::new(DIST).join("pam.d").join(service)).expect("a stack");
        let control = |module: &str| {
            let line = stack.lines().find(|line| line.ends_with(module)).expect("a line");
            line.split_whitespace().take(2).collect::<Vec<_>>()
        };
        // A missing module is passed over because of the dash.
        assert_eq!(control("pam_session_rs.so"), ["-session", "optional"], "{service}");
        // A user namespace may refuse the login uid.
        assert_eq!(control("pam_loginuid.so"), ["session", "optional"], "{service}");
    }
}
