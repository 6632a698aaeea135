//! Many lines, one process: nobody on one line disturbs another, or whoever comes next on the same.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::termios::{Action, tcflow};

use crate::harness::{GETTY, Getty, Person, Room, until};
use crate::many::{answer, keeper, start};

const STAYS: &str = "#!/bin/sh\necho \"for $2\"\nread -r word\n";

#[test]
fn a_line_that_takes_no_output_holds_up_no_other() {
    let room = Room::new();
    let (mut full, mut other) = (Person::new(), Person::new());
    let issue = room.path("issue");
    fs::write(&issue, "x".repeat(60_000)).unwrap();
    let folder = room.path("ttys");
    fs::create_dir(&folder).unwrap();
    let rows = format!("{} \"-f {}\"\n{}\n", full.line(), issue.display(), other.line());
    fs::write(folder.join("a.conf"), rows).unwrap();
    let _keeper = start(&room, ["--lines-from", folder.to_str().unwrap()]);
    answer(&mut other, "bob");
    other.sees("<--><bob>.");
    other.sees("login: ");
    // Once its terminal is read, the rest comes.
    answer(&mut full, "alice");
    full.sees("<--><alice>.");
}

#[test]
fn who_types_on_a_line_that_takes_no_output_is_heard_when_it_does() {
    let room = Room::new();
    let (mut full, mut other) = (Person::new(), Person::new());
    let issue = room.path("issue");
    fs::write(&issue, "x".repeat(60_000)).unwrap();
    let folder = room.path("ttys");
    fs::create_dir(&folder).unwrap();
    let rows = format!("{} \"-f {}\"\n{}\n", full.line(), issue.display(), other.line());
    fs::write(folder.join("a.conf"), rows).unwrap();
    let _keeper = start(&room, ["--lines-from", folder.to_str().unwrap()]);
    other.sees("login: ");
    full.pushes("alice\r");
    other.types("bob\r");
    other.sees("<--><bob>.");
    full.sees("login: ");
    full.sees("<--><alice>.");
}

#[test]
fn a_line_that_is_stopped_holds_up_no_other_and_is_started_for_the_next_prompt() {
    let room = Room::with_login(STAYS);
    let (mut stopped, mut other) = (Person::new(), Person::new());
    let _keeper = keeper(&room, &[&stopped, &other], &[]);
    answer(&mut stopped, "alice");
    stopped.sees("for alice");
    tcflow(stopped.open(), Action::OOff).unwrap();
    answer(&mut other, "bob");
    other.sees("for bob");
    stopped.types("x\r");
    stopped.sees("login: ");
    tcflow(stopped.open(), Action::OOff).unwrap();
    stopped.types("alice");
    other.types("x\r");
    answer(&mut other, "carol");
    other.sees("for carol");
    tcflow(stopped.open(), Action::OOn).unwrap();
    stopped.sees("alice");
}

#[test]
fn a_line_that_fails_whoever_writes_to_it_waits_longer_and_longer_and_holds_up_no_other() {
    if Command::new("strace").arg("-V").output().is_err() {
        return println!("skipped: no strace");
    }
    let room = Room::new();
    let (broken, mut other) = (Person::new(), Person::new());
    let (trace, path, login) = (room.path("trace"), broken.path(), room.login());
    let lines = format!("{},{}", broken.line(), other.line());
    let mut words = vec!["-DDD".as_ref(), "-o".as_ref(), trace.as_os_str(), "-P".as_ref(), path.as_os_str()];
    words.extend(["-e", "trace=write", "-e", "inject=write:error=EIO", GETTY, "--lines", &lines].map(OsStr::new));
    words.extend(["-l".as_ref(), login.as_os_str()]);
    let started = Instant::now();
    let _keeper = Getty::spawn(&mut room.command("strace", &words));
    answer(&mut other, "bob");
    other.sees("<--><bob>.");
    let failures = || fs::read_to_string(&trace).unwrap_or_default().matches("EIO").count();
    let failed = until(|| Some(failures()).filter(|&failed| failed > 3));
    assert!(started.elapsed() > Duration::from_secs(6), "{failed} times");
    answer(&mut other, "carol");
    other.sees("<--><carol>.");
}

#[test]
fn a_megabyte_of_noise_disturbs_no_other_line() {
    let room = Room::with_login(STAYS);
    let (mut noisy, mut other) = (Person::new(), Person::new());
    let keeper = keeper(&room, &[&noisy, &other], &[]);
    noisy.sees("login: ");
    let noise: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect();
    let (first, second) = noise.split_at(noise.len() / 2);
    noisy.types(first);
    answer(&mut other, "bob");
    other.sees("for bob");
    noisy.types(second);
    let status = fs::read_to_string(format!("/proc/{}/io", keeper.pid())).unwrap();
    let read = status.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
    assert!(read.parse::<u64>().unwrap() < 200_000, "the keeper itself reads what is typed: {read}");
    noisy.types("\x15alice\r");
    noisy.sees("for alice");
}

#[test]
fn what_a_login_left_running_reads_no_other_name() {
    let room = Room::new();
    let stolen = room.path("stolen");
    let script = format!(
        "#!/bin/sh\n(trap '' HUP; exec >/dev/null 2>&1; while read -r word; do echo \"$word\" >>{0}; done; echo end >>{0}) </dev/tty &
        read -r first <{1}\nchmod 0666 \"$(tty)\"\necho \"for $2.\"\nkill -KILL $$\n",
        stolen.display(),
        room.path("go").display()
    );
    fs::write(room.login(), script).unwrap();
    nix::unistd::mkfifo(&room.path("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut person = Person::new();
    let _keeper = keeper(&room, &[&person], &[]);
    answer(&mut person, "alice");
    person.sees("alice\r\n");
    fs::write(room.path("go"), "go\n").unwrap();
    person.sees("for alice.");
    person.sees("login: ");
    let node = fs::metadata(person.path()).unwrap();
    assert_eq!((node.uid(), node.mode() & 0o777), (0, 0o620), "others could open the line");
    person.types("bob\r");
    person.sees("bob\r\n");
    fs::write(room.path("go"), "go\n").unwrap();
    person.sees("for bob.");
    let stolen = until(|| fs::read_to_string(&stolen).ok().filter(|text| text.contains("end")));
    assert!(!stolen.contains("bob"), "{stolen}");
}

#[test]
fn files_that_others_may_write_are_not_believed_and_take_no_line_away() {
    let room = Room::new();
    let (mut trusted, mut evil) = (Person::new(), Person::new());
    let folder = room.path("ttys");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("good.conf"), format!("{}\n", trusted.line())).unwrap();
    let keeper = start(&room, ["--lines-from", folder.to_str().unwrap()]);
    trusted.sees("login: ");
    fs::write(folder.join("bobs.conf"), format!("{} \"-l /bin/false\"\n", evil.line())).unwrap();
    chown(folder.join("bobs.conf"), Some(4002), None).unwrap();
    fs::set_permissions(folder.join("good.conf"), Permissions::from_mode(0o666)).unwrap();
    kill(Pid::from_raw(keeper.pid()), Signal::SIGHUP).unwrap();
    trusted.types("alice\r");
    trusted.sees("<--><alice>.");
    trusted.sees("login: ");
    assert_eq!(room.files().on_line(evil.line().as_bytes()).unwrap(), None, "bob has his line");
    evil.pushes("x");
}

#[test]
fn a_keeper_that_was_stopped_goes_on_where_it_was() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new()];
    let keeper = keeper(&room, &people.each_ref(), &[]);
    answer(&mut people[0], "alice");
    people[0].sees("for alice");
    people[1].sees("login: ");
    kill(Pid::from_raw(keeper.pid()), Signal::SIGSTOP).unwrap();
    people[0].types("x\r");
    people[1].types("bob\r");
    kill(Pid::from_raw(keeper.pid()), Signal::SIGCONT).unwrap();
    people[1].sees("for bob");
    people[0].sees("login: ");
}

#[test]
fn a_register_that_lies_keeps_no_line_without_a_prompt() {
    let room = Room::new();
    let mut people = [Person::new(), Person::new(), Person::new()];
    let register = room.path("run/session-rs/getty");
    fs::create_dir_all(&register).unwrap();
    fs::set_permissions(&register, Permissions::from_mode(0o700)).unwrap();
    let file = |person: &Person| register.join(person.line().replace('/', "%2F"));
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let own = std::process::id();
    fs::write(file(&people[0]), format!("{own} 1 {boot}")).unwrap();
    fs::write(file(&people[1]), format!("1 0 {boot}")).unwrap();
    fs::write(file(&people[2]), "\0\0\0\0").unwrap();
    let _keeper = keeper(&room, &people.each_ref(), &[]);
    for person in &mut people {
        answer(person, "alice");
        person.sees("<--><alice>.");
    }
}

#[test]
fn a_lock_on_utmp_that_is_never_given_up_keeps_no_line_without_a_prompt() {
    let room = Room::new();
    let mut people = [Person::new(), Person::new()];
    fs::write(room.path("run/utmp"), "").unwrap();
    let utmp = fs::File::open(room.path("run/utmp")).unwrap();
    rustix::fs::fcntl_lock(&utmp, rustix::fs::FlockOperation::NonBlockingLockShared).unwrap();
    let _keeper = keeper(&room, &people.each_ref(), &[]);
    for person in &mut people {
        answer(person, "alice");
        person.sees("<--><alice>.");
        person.sees("login: ");
    }
}

#[test]
fn utmp_cannot_say_that_somebody_is_on_a_line_who_is_not() {
    let room = Room::new();
    let mut person = Person::new();
    // A process of somebody's that lives and has not got the line, under a name of their choice.
    let liar = utmp::Record::user_process(
        person.line().as_bytes(),
        std::process::id().cast_signed(),
        b"root",
        utmp::Time::now(),
    );
    room.files().update(&liar).unwrap();
    let _keeper = keeper(&room, &[&person], &[]);
    answer(&mut person, "alice");
    person.sees("<--><alice>.");
}
