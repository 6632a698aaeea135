//! What a caller's environment, a credential that is none, a swapped node and a name full of escapes cannot do. What a name
//! or a link cannot do is in `names` and `lines`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{GETTY, Getty, Person, Room};

/// A login that tells its arguments and the variables that could make another login trust somebody.
const TELLS_TRUST: &str = "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done\n\
                           echo \" credentials=${CREDENTIALS_DIRECTORY-none}.\"\n";

/// A room with the credential of an automatic login for root, and its folder as the getty sees it.
fn room_with_credential() -> (Room, PathBuf) {
    let room = Room::with_login(TELLS_TRUST);
    let folder = room.path("run/credentials/getty@x.service");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("agetty.autologin"), "alice\n").unwrap();
    for made in ["run", "run/credentials", "run/credentials/getty@x.service"] {
        fs::set_permissions(room.path(made), Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(folder.join("agetty.autologin"), Permissions::from_mode(0o400)).unwrap();
    (room, folder)
}

const FOLDER: &str = "/run/credentials/getty@x.service";

/// A getty with these `variables`, started by process 1 or not.
fn getty(room: &Room, person: &Person, is_service: bool, variables: &[(&str, &str)], options: &[&str]) -> Getty {
    let login = room.login();
    let getty = [&[GETTY, "-l", login.to_str().unwrap()], options, &[person.line()]].concat();
    // The shell has something left to do, so it stays process 1 and the getty is its child.
    let service = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "\"$@\"; exit $?", "sh"];
    let words: Vec<_> = if is_service { [&service[..], &getty].concat() } else { getty };
    let words: Vec<_> = words.into_iter().map(std::ffi::OsStr::new).collect();
    let mut command = room.command("env", &words);
    Getty::spawn(command.envs(variables.iter().copied()))
}

#[test]
fn a_credential_of_the_service_manager_logs_in() {
    let (room, _) = room_with_credential();
    let mut person = Person::new();
    let _getty = getty(&room, &person, true, &[("CREDENTIALS_DIRECTORY", FOLDER)], &[]);
    let shown = person.sees("credentials=");
    assert!(shown.contains("alice (automatic login)") && shown.contains("<-f><--><alice>"), "{shown}");
    person.sees(FOLDER);
}

/// With this credential, a name is asked for, and login does not trust it.
fn asks(room: &Room, is_service: bool, folder: &str, options: &[&str]) -> String {
    let mut person = Person::new();
    let _getty = getty(room, &person, is_service, &[("CREDENTIALS_DIRECTORY", folder)], options);
    person.sees("login: ");
    person.types("bob\r");
    let shown = person.sees("credentials=");
    assert!(shown.contains("<--><bob>") && !shown.contains("<-f>"), "{shown}");
    person.sees(".\r\n")
}

#[test]
fn credentials_of_a_caller_that_is_not_the_service_manager_count_for_nothing_cve_2026_28372() {
    let (room, folder) = room_with_credential();
    assert_eq!(asks(&room, false, FOLDER, &[]), "none.\r\n");
    let own = folder.display().to_string(); // anybody's folder, by its name outside
    for folder in
        [own.as_str(), "/run/credentials/../credentials/getty@x.service", "/run/credentials/getty@x.service/.", ""]
    {
        assert_eq!(asks(&room, true, folder, &[]), "none.\r\n", "{folder}");
    }
}

#[test]
fn credentials_that_others_could_have_written_count_for_nothing() {
    let (room, folder) = room_with_credential();
    fs::set_permissions(&folder, Permissions::from_mode(0o775)).unwrap();
    asks(&room, true, FOLDER, &[]);
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    chown(folder.join("agetty.autologin"), Some(65534), None).unwrap();
    asks(&room, true, FOLDER, &[]);
    fs::rename(folder.join("agetty.autologin"), folder.join("elsewhere")).unwrap();
    chown(folder.join("elsewhere"), Some(0), None).unwrap();
    symlink("elsewhere", folder.join("agetty.autologin")).unwrap();
    asks(&room, true, FOLDER, &[]);
    fs::rename(&folder, room.path("run/credentials/other")).unwrap();
    symlink("other", &folder).unwrap();
    asks(&room, true, FOLDER, &[]);
}

#[test]
fn a_credential_never_logs_in_whoever_comes_from_a_host() {
    let (room, _) = room_with_credential();
    asks(&room, true, FOLDER, &["-H", "evil.example"]);
    asks(&room, true, FOLDER, &["-E"]);
}

#[test]
fn a_credential_that_names_an_option_logs_nobody_in() {
    for name in ["-froot", "", "a b", "root\nmore", "\u{1b}[2J"] {
        let (room, folder) = room_with_credential();
        fs::set_permissions(folder.join("agetty.autologin"), Permissions::from_mode(0o600)).unwrap();
        fs::write(folder.join("agetty.autologin"), name).unwrap();
        asks(&room, true, FOLDER, &[]);
    }
}

#[test]
fn the_callers_user_is_nobody_here_cve_2026_24061() {
    let room = Room::with_login("#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done\necho .\n");
    let mut person = Person::new();
    let variables = [("USER", "-froot"), ("LOGNAME", "root"), ("TERM", "-froot"), ("LOGIN_TIMEOUT", "0")];
    let _getty = getty(&room, &person, false, &variables, &[]);
    person.sees("login: ");
    person.types("alice\r");
    let shown = person.sees(".\r\n");
    assert!(shown.ends_with("<--><alice>.\r\n") && !shown.contains("root"), "{shown}");
}

#[test]
fn a_node_that_is_swapped_all_the_time_never_leads_to_another_terminal() {
    let (room, victim) = (Room::new(), Person::new());
    let held = victim.open();
    rustix::fs::fchown(&held, Some(rustix::fs::Uid::from_raw(65534)), None).unwrap();
    let (node, link) = (room.path("shm/node"), room.path("shm/link"));
    fs::write(&node, "").unwrap();
    symlink(victim.path(), &link).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                rustix::fs::renameat_with(rustix::fs::CWD, &node, rustix::fs::CWD, &link, exchange).unwrap();
            }
        });
        for _ in 0..30 {
            let mut getty = room.getty(&[], "shm/node", &[]);
            getty.complaint("\n");
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(rustix::termios::tcgetattr(&held).is_ok(), "the victim's line was hung up");
    assert_eq!(rustix::fs::fstat(&held).unwrap().st_uid, 65534, "the victim's line was taken");
}

#[test]
fn escapes_in_a_name_reach_neither_login_nor_who_nor_another_screen() {
    let (room, mut person) = (Room::new(), Person::new());
    let _getty = room.getty(&["-H", "box"], person.line(), &[]);
    person.sees("login: ");
    person.types("\x1b]0;owned\x07al\x1b[2Ji\x1b[31mce\u{9b}5m\u{202e}\r");
    let shown = person.sees("login: "); // a name that turns the direction of text is refused
    assert!(!shown.contains('\x1b') && !shown.contains('\x07') && !shown.contains('\u{9b}'), "{shown:?}");
    person.types("\x1b]0;owned\x07al\x1b[2Jice\r");
    let shown = person.sees("<--><alice>.");
    assert!(!shown.contains('\x1b') && !shown.contains('\x07'), "{shown:?}");
    for record in room.files().utmp_records().unwrap().chain(room.wtmp()) {
        for text in [record.user.as_bytes(), record.host.as_bytes(), record.line.as_bytes()] {
            assert!(text.iter().all(|byte| byte.is_ascii_graphic()), "{text:?}");
        }
    }
}

#[test]
fn a_host_cannot_steer_a_terminal_or_be_an_option_of_login() {
    for host in ["-froot", "a b", "\x1b[2J", ""] {
        let room = Room::new();
        let mut getty = room.getty(&["-E", "-H", host], "no-such-line", &[]);
        assert_eq!(getty.status(), Some(1), "{host:?}");
    }
}

#[test]
fn a_line_that_its_last_user_stopped_has_its_prompt() {
    for options in [&[][..], &["--lines"]] {
        let (room, mut person) = (Room::new(), Person::new());
        let left = person.open();
        rustix::termios::tcflow(&left, rustix::termios::Action::OOff).unwrap();
        let _getty = room.getty(options, person.line(), &[]);
        person.sees("login: ");
        person.types("alice\r");
        person.sees("<--><alice>.");
    }
}

#[test]
fn a_line_whose_last_user_left_another_discipline_has_its_prompt() {
    // TIOCSETD with N_NULL.
    let script = "use Fcntl; sysopen(F, shift, O_RDWR | O_NOCTTY) or die; ioctl(F, 0x5423, $n = pack('i', 27)) or die";
    for options in [&[][..], &["--lines"]] {
        let (room, mut person) = (Room::new(), Person::new());
        let left = person.open();
        let set = std::process::Command::new("perl").args(["-e", script]).arg(person.path()).status();
        assert!(set.unwrap().success());
        assert!(rustix::termios::tcgetattr(&left).is_err());
        let _getty = room.getty(options, person.line(), &[]);
        person.sees("login: ");
        person.types("alice\r");
        person.sees("<--><alice>.");
    }
}
