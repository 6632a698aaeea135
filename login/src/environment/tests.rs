//! Whose variables reach the shell.

use std::path::PathBuf;

use nix::unistd::{Gid, Uid};
use prompt::LoginName;

use super::*;

fn alice() -> Account {
    Account {
        name: LoginName::parse(b"alice").expect("a name"),
        uid: Uid::from_raw(1000),
        gid: Gid::from_raw(1000),
        home: PathBuf::from("/home/alice"),
        shell: PathBuf::from("/bin/sh"),
    }
}

fn caller(variables: &[(&str, &str)]) -> CallerEnvironment {
    CallerEnvironment(
        variables.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect(),
    )
}

fn shells(caller: &CallerEnvironment, keeps_all: bool, of_pam: &[&str]) -> Vec<String> {
    let of_pam: Vec<_> = of_pam.iter().map(|variable| CString::new(*variable).expect("no NUL")).collect();
    let request = Request { keeps_environment: keeps_all, ..Request::default() };
    in_strings(&caller.for_shell(&alice(), &Settings::default(), &request, &of_pam))
}

fn in_strings(environment: &Environment) -> Vec<String> {
    environment.to_c_strings().into_iter().map(|variable| variable.into_string().expect("UTF-8")).collect()
}

#[test]
fn the_environment_is_made_from_nothing() {
    let stranger =
        caller(&[("LD_PRELOAD", "/tmp/x.so"), ("USER", "-froot"), ("CREDENTIALS_DIRECTORY", "/tmp"), ("A", "b")]);
    let expected = [
        "HOME=/home/alice",
        "LOGNAME=alice",
        "MAIL=/var/mail/alice",
        "PATH=/usr/local/bin:/bin:/usr/bin",
        "SHELL=/bin/sh",
        "TERM=dumb",
        "USER=alice",
    ];
    assert_eq!(shells(&stranger, false, &[]), expected);
}

#[test]
fn the_terminals_type_is_kept_unless_it_is_a_path() {
    assert!(shells(&caller(&[("TERM", "xterm-256color")]), false, &[]).contains(&"TERM=xterm-256color".to_owned()));
    for hostile in ["/tmp/terminfo", "../x", "a b", "\x1b[2J"] {
        assert!(shells(&caller(&[("TERM", hostile)]), true, &[]).contains(&"TERM=dumb".to_owned()), "{hostile:?}");
    }
}

#[test]
fn a_kept_environment_steers_neither_loader_nor_shell() {
    let stranger = caller(&[
        ("LANG", "C.UTF-8"),
        ("LD_PRELOAD", "/tmp/x.so"),
        ("BASH_ENV", "/tmp/x"),
        ("BASH_FUNC_ls%%", "() { rm; }"),
        ("ENV", "/tmp/x"),
        ("IFS", "/"),
        ("HOME", "/tmp"),
        ("PATH", "/tmp"),
        ("USER", "root"),
        ("XDG_SESSION_ID", "/tmp"),
        ("XDG_RUNTIME_DIR", "/tmp"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/tmp/bus"),
    ]);
    let kept = shells(&stranger, true, &[]);
    assert!(kept.contains(&"LANG=C.UTF-8".to_owned()));
    assert!(kept.contains(&"USER=alice".to_owned()) && kept.contains(&"HOME=/home/alice".to_owned()));
    assert!(
        !kept
            .iter()
            .any(|variable| variable.contains("/tmp") || variable.starts_with("IFS") || variable.contains("rm;"))
    );
}

#[test]
fn pam_has_the_last_word_and_keeps_its_equals_signs() {
    let shells =
        shells(&caller(&[]), false, &["XDG_SESSION_ID=7", "PATH=/opt/bin", "LS_COLORS=di=34:ln=35", "EMPTY=", "noise"]);
    for expected in ["XDG_SESSION_ID=7", "PATH=/opt/bin", "LS_COLORS=di=34:ln=35", "EMPTY="] {
        assert!(shells.contains(&expected.to_owned()), "{expected}");
    }
    assert_eq!(shells.iter().filter(|variable| variable.starts_with("PATH=")).count(), 1);
}

#[test]
fn root_has_its_own_path() {
    let root = Account { uid: Uid::from_raw(0), ..alice() };
    let environment = caller(&[]).for_shell(&root, &Settings::default(), &Request::default(), &[]);
    let path = CString::new(format!("PATH={}", crate::paths::ROOT_PATH)).expect("no NUL");
    assert!(environment.to_c_strings().contains(&path));
}

#[test]
fn the_command_line_sets_what_is_neither_the_accounts_nor_the_loaders() {
    let variable = |text: &str| Variable::parse(text.as_bytes()).expect("a variable");
    let forbidden = [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "_RLD_LIST",
        "BASH_ENV",
        "ENV",
        "HOME",
        "IFS",
        "KRB_CONF",
        "LIBPATH",
        "MAIL",
        "NLSPATH",
        "PATH",
        "SHELL",
        "SHLIB_PATH",
        "SHELLOPTS",
        "PS4",
    ];
    let mut variables =
        vec![variable("LANG=C.UTF-8"), variable("EMPTY="), variable("TERM=vt220"), variable("USER=root")];
    variables.extend(forbidden.map(|name| variable(&format!("{name}=/tmp/x"))));
    variables.push(variable("TERM=/tmp/x"));
    assert!(variables[..4].iter().all(Variable::is_allowed) && !variables[4..].iter().any(Variable::is_allowed));
    let request = Request { variables, ..Request::default() };
    let shells = in_strings(&caller(&[("TERM", "linux")]).for_shell(&alice(), &Settings::default(), &request, &[]));
    for expected in ["LANG=C.UTF-8", "EMPTY=", "TERM=vt220", "USER=alice", "HOME=/home/alice"] {
        assert!(shells.contains(&expected.to_owned()), "{expected}");
    }
    assert!(!shells.iter().any(|variable| variable.contains("/tmp")), "{shells:?}");
}

#[test]
fn the_safelist_lets_through_what_it_names_and_is_harmless() {
    let settings = crate::defs::tests::parsed("LOGIN_ENV_SAFELIST LANG,LD_PRELOAD,HOME\n");
    let stranger = caller(&[("LANG", "C"), ("LANGUAGE", "de"), ("LD_PRELOAD", "/tmp/x.so"), ("HOME", "/tmp")]);
    let shells = in_strings(&stranger.for_shell(&alice(), &settings, &Request::default(), &[]));
    assert!(shells.contains(&"LANG=C".to_owned()) && shells.contains(&"HOME=/home/alice".to_owned()));
    assert!(!shells.iter().any(|variable| variable.contains("/tmp") || variable.starts_with("LANGUAGE")));
}

#[test]
fn who_comes_from_elsewhere_has_the_hosts_name() {
    let request = Request { host: Host::parse(b"pc.example.org").ok(), ..Request::default() };
    let shells = in_strings(&caller(&[]).for_shell(&alice(), &Settings::default(), &request, &[]));
    assert!(shells.contains(&"REMOTEHOST=pc.example.org".to_owned()));
}

#[test]
fn the_manual_names_what_is_never_kept() {
    let manual = include_str!("../../../docs/man/login.1.scd");
    let section = manual.split("# ENVIRONMENT").nth(1).and_then(|rest| rest.split("\n# ").next()).expect("a section");
    let section = section.replace('\\', "");
    for name in NEVER_KEPT.iter().chain(&NEVER_KEPT_PREFIXES) {
        let name = String::from_utf8_lossy(name);
        assert!(section.contains(&format!("*{name}*")), "{name}");
    }
}
