//! Many lines, one process: what people see, what their logins begin with, what stays when the keeper goes.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use utmp::{Kind, Record, Time};

use crate::harness::{GETTY, Getty, PATIENCE, Person, Room, gone, replace, until};

/// A login that stays until it is told something, and is told by whom it was called.
const STAYS: &str = "#!/bin/sh\necho \"for $2\"\nread -r word\necho \"bye $word\"\n";

/// A keeper of the lines of `people`, with `options`; its login is the room's.
pub(crate) fn keeper(room: &Room, people: &[&Person], options: &[&str]) -> Getty {
    let lines = people.iter().map(|person| person.line()).collect::<Vec<_>>().join(",");
    let words = ["--lines", &lines].into_iter().chain(options.iter().copied());
    start(room, words)
}

/// A keeper with this command line.
pub(crate) fn start<'a>(room: &Room, words: impl IntoIterator<Item = &'a str>) -> Getty {
    let (login, words): (_, Vec<&str>) = (room.login(), words.into_iter().collect());
    let mut all = vec![OsStr::new("-l"), login.as_os_str()];
    all.extend(words.iter().map(OsStr::new));
    Getty::spawn(&mut room.command(GETTY, &all))
}

/// The processes that `keeper` has started and that are there.
fn children(keeper: &Getty) -> Vec<i32> {
    let pid = keeper.pid();
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    text.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn send(keeper: &Getty, signal: Signal) {
    kill(Pid::from_raw(keeper.pid()), signal).unwrap();
}

/// What is told next. A wait that has a deadline ends early when this process is stopped for a while (signal(7)).
fn heard(listener: &UnixDatagram) -> String {
    let mut message = [0; 128];
    loop {
        match listener.recv(&mut message) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            length => return String::from_utf8(message[..length.unwrap()].to_vec()).unwrap(),
        }
    }
}

/// Gives a name at the prompt.
pub(crate) fn answer(person: &mut Person, name: &str) {
    person.sees("login: ");
    person.types(format!("{name}\r"));
}

#[test]
fn each_line_has_a_prompt_and_whoever_answers_a_login_of_their_own() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new(), Person::new()];
    let keeper = keeper(&room, &people.each_ref(), &[]);
    people[2].sees("login: ");
    assert_eq!(children(&keeper), [0; 0], "a prompt that nobody answers is no process");
    for (person, name) in people.iter_mut().rev().skip(1).zip(["bob", "alice"]) {
        answer(person, name);
    }
    people[2].types("carol\r");
    for (person, name) in people.iter_mut().zip(["alice", "bob", "carol"]) {
        person.sees(&format!("for {name}"));
    }
    assert_eq!(children(&keeper).len(), 3);
    for (person, name) in people.iter_mut().zip(["alice", "bob", "carol"]) {
        person.types(format!("{name}\r"));
        person.sees(&format!("bye {name}"));
        person.sees("login: ");
    }
    assert_eq!(children(&keeper), [0; 0]);
}

#[test]
fn a_name_is_typed_as_at_a_getty_of_one_line() {
    let room = Room::new();
    let mut person = Person::new();
    let _keeper = keeper(&room, &[&person], &["--nohostname"]);
    person.sees("\r\nlogin: ");
    person.types("x\x7f-froot\r");
    person.sees("does not begin with");
    person.sees("login: ");
    person.types("\r");
    person.sees("login: ");
    person.types("alicf\x7fe\x1b[A\r");
    person.sees("<--><alice>.");
    // A key that asks to leave brings a new prompt.
    person.sees("login: ");
    person.types("\x04");
    answer(&mut person, "bob");
    person.sees("<--><bob>.");
}

#[test]
fn a_login_begins_with_what_a_getty_of_one_line_gives_it() {
    let script = "#!/bin/sh
        while read -r key value; do case $key in Sig[PBIC]*) echo $key $value;; esac; done </proc/$$/status
        read -r pid name state parent group session terminal foreground rest </proc/$$/stat
        [ $pid = $group ] && [ $pid = $session ] && [ $pid = $foreground ] && echo leads
        echo terminal $terminal
        for n in 0 1 2 3 4 5 6 7 8 9 11 12 13 14; do readlink /proc/$$/fd/$n; done
        stty -a
        env -u OLDPWD | grep -v -e ^_= -e ^NOTIFY | sort
        echo END\n";
    let room = Room::with_login(script);
    let mut person = Person::new();
    let mut beginning = |getty: &dyn Fn(&Person) -> Getty| {
        let _getty = getty(&person);
        answer(&mut person, "alice");
        person.sees("alice\r\n");
        person.sees("END")
    };
    let alone = beginning(&|person| room.getty(&[], person.line(), &[]));
    let many = beginning(&|person| keeper(&room, &[person], &[]));
    assert!(alone.contains("leads"), "{alone}");
    assert_eq!(many, alone);
}

#[test]
fn a_keeper_has_no_controlling_terminal_and_a_login_no_file_but_its_three() {
    let room = Room::with_login(
        // The shell reads its script by 10.
        "#!/bin/sh
        for n in 0 1 2 3 4 5 6 7 8 9 11 12 13 14 15 16; do [ ! -e /proc/$$/fd/$n ] || printf \"$n \"; done
        echo END; read -r word\n",
    );
    let mut people = [Person::new(), Person::new()];
    let keeper = keeper(&room, &people.each_ref(), &[]);
    for person in &mut people {
        answer(person, "alice");
        person.sees("alice\r\n");
        assert_eq!(person.sees("END"), "0 1 2 END");
    }
    let stat = fs::read_to_string(format!("/proc/{}/stat", keeper.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
    assert_eq!(fields[4], "0", "it has a controlling terminal: {stat}");
    let open: BTreeSet<String> = fs::read_dir(format!("/proc/{}/fd", keeper.pid()))
        .unwrap()
        .filter_map(|file| fs::read_link(file.unwrap().path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    assert!(open.iter().all(|target| !target.contains("/pts/")), "a line that somebody is on is still open: {open:?}");
}

#[test]
fn a_killed_keeper_leaves_the_logins_and_the_next_waits_for_them() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new()];
    let first = keeper(&room, &people.each_ref(), &[]);
    answer(&mut people[0], "alice");
    people[0].sees("for alice");
    people[1].sees("login: ");
    let login = children(&first)[0];
    drop(first); // SIGKILL
    let next = keeper(&room, &people.each_ref(), &[]);
    people[1].sees("login: ");
    assert_eq!(children(&next), [0; 0]);
    people[0].types("now\r");
    assert!(!people[0].sees("bye now").contains("login: "), "a second prompt came on the line of a login");
    people[0].sees("login: ");
    gone(login);
    answer_at(&mut people[1], "bob");
    people[1].sees("for bob");
}

#[test]
fn a_killed_keeper_leaves_whoever_types_a_name() {
    let room = Room::with_login(STAYS);
    let mut person = Person::new();
    let first = keeper(&room, &[&person], &[]);
    person.sees("login: ");
    person.types("ali");
    person.sees("ali");
    drop(first);
    let _next = keeper(&room, &[&person], &[]);
    person.types("ce\r");
    assert!(!person.sees("for alice").contains("login: "));
    person.types("now\r");
    person.sees("bye now");
    answer(&mut person, "bob");
    person.sees("for bob");
}

#[test]
fn without_the_register_utmp_tells_who_is_on_a_line() {
    // A login records itself, as the real one does.
    let room = Room::with_login(STAYS);
    let mut person = Person::new();
    let first = keeper(&room, &[&person], &[]);
    answer(&mut person, "alice");
    person.sees("for alice");
    let record = room.files().on_line(person.line().as_bytes()).unwrap().unwrap();
    assert_eq!((record.kind, record.pid), (Kind::LoginProcess, children(&first)[0]));
    drop(first);
    fs::remove_dir_all(room.path("run/session-rs")).unwrap();
    let _next = keeper(&room, &[&person], &[]);
    person.types("now\r");
    assert!(!person.sees("bye now").contains("login: "));
    person.sees("login: ");
}

#[test]
fn a_session_whose_login_has_closed_the_line_is_on_it_by_its_terminal() {
    // util-linux's login gives the line up once the shell has it.
    let room = Room::with_login(
        "#!/bin/sh
        line=$(tty)
        trap '' HUP
        setsid -c sh -c 'echo \"for $1\"; read -r word; echo \"bye $word\"' sh \"$2\" <$line >$line 2>&1 &
        exec <&- >&- 2>&-
        wait\n",
    );
    let mut person = Person::new();
    let first = keeper(&room, &[&person], &[]);
    answer(&mut person, "alice");
    person.sees("for alice");
    drop(first);
    fs::remove_dir_all(room.path("run/session-rs")).unwrap();
    let login = room.files().on_line(person.line().as_bytes()).unwrap().unwrap().pid;
    let files = format!("/proc/{login}/fd");
    let has_line = || {
        fs::read_dir(&files)
            .unwrap()
            .any(|file| fs::read_link(file.unwrap().path()).is_ok_and(|to| to == person.path()))
    };
    until(|| (!has_line()).then_some(()));
    let mut other = Person::new();
    let _next = keeper(&room, &[&person, &other], &[]);
    other.sees("login: ");
    person.types("now\r");
    assert!(!person.sees("bye now").contains("login: "));
    person.sees("login: ");
}

#[test]
fn an_end_that_is_asked_for_takes_the_prompts_and_leaves_the_logins() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new(), Person::new()];
    let mut keeper = keeper(&room, &people.each_ref(), &[]);
    answer(&mut people[0], "alice");
    people[0].sees("for alice");
    people[1].sees("login: ");
    people[1].types("bo");
    people[1].sees("bo");
    people[2].sees("login: ");
    let there = children(&keeper);
    send(&keeper, Signal::SIGTERM);
    assert_eq!(keeper.status(), Some(0));
    people[0].types("later\r");
    people[0].sees("bye later");
    for pid in there {
        gone(pid);
    }
    let kind = |person: &Person| room.files().on_line(person.line().as_bytes()).unwrap().unwrap().kind;
    assert_eq!(kind(&people[2]), Kind::DeadProcess);
}

#[test]
fn a_login_that_dies_at_once_does_not_spin() {
    let room = Room::new();
    let times = room.path("times");
    fs::write(room.login(), format!("#!/bin/sh\ndate +%s%N >>{}\nexit 1\n", times.display())).unwrap();
    let (quick, mut other) = (Person::new(), Person::new());
    let folder = room.path("ttys");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a.conf"), format!("{} \"-a alice\"\n{}\n", quick.line(), other.line())).unwrap();
    let _keeper = start(&room, ["--lines-from", folder.to_str().unwrap()]);
    other.sees("login: ");
    let seen = until(|| {
        let text = fs::read_to_string(&times).unwrap_or_default();
        let times: Vec<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (times.len() >= 6).then_some(times)
    });
    // Three ends are free; then the line waits one second, two, four.
    for (at, least) in [(4, 1), (5, 2)] {
        let waited = Duration::from_nanos(seen[at] - seen[at - 1]);
        assert!(waited >= Duration::from_millis(least * 1000 - 100), "start {at} came after {waited:?}");
    }
    answer_at(&mut other, "bob");
    other.sees("login: ");
}

#[test]
fn who_logs_in_and_out_again_quickly_never_waits_for_the_prompt() {
    let room = Room::with_login(STAYS);
    let mut person = Person::new();
    let keeper = keeper(&room, &[&person], &[]);
    for _ in 0..10 {
        // Were these ends that follow each other too fast, the last prompt would come later than anybody here waits.
        answer(&mut person, "alice");
        person.sees("for alice");
        let login = children(&keeper)[0];
        let record = Record::user_process(person.line().as_bytes(), login, b"alice", Time::now());
        room.files().update(&record).unwrap();
        person.types("out\r");
        person.sees("bye out");
    }
    person.sees("login: ");
}

#[test]
fn a_reload_adds_changes_and_removes_lines_and_touches_no_login() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new(), Person::new(), Person::new()];
    let folder = room.path("ttys");
    fs::create_dir(&folder).unwrap();
    let names: Vec<String> = people.iter().map(|person| person.line().to_owned()).collect();
    let say = |text: String| fs::write(folder.join("a.conf"), text).unwrap();
    say(format!("{}\n{}\n{}\n", names[0], names[1], names[2]));
    let keeper = start(&room, ["--lines-from", folder.to_str().unwrap(), "--nohostname"]);
    for (person, name) in people.iter_mut().zip(["alice", "bob"]) {
        answer(person, name);
        person.sees("for ");
    }
    people[2].sees("login: ");
    let logins = children(&keeper);
    // The first is removed while somebody is there; the second and third change, the fourth is new.
    say(format!("{} \"-N -i\"\n{} -i\n{}\n", names[1], names[2], names[3]));
    send(&keeper, Signal::SIGHUP);
    people[3].sees("login: ");
    people[2].sees("login: ");
    assert_eq!(children(&keeper), logins);
    people[0].types("x\r");
    people[0].sees("bye x");
    people[1].types("y\r");
    people[1].sees("bye y\r\n");
    assert_eq!(people[1].sees("login: "), "login: ", "neither a new line nor an issue");
    // A mistake takes no line away; the line that is new is there all the same.
    say(format!("{}\n../mistake\n", names[0]));
    send(&keeper, Signal::SIGHUP);
    people[0].sees("login: ");
    answer_at(&mut people[3], "dave");
    people[3].sees("for dave");
    // Without the mistake, lines go with their prompts.
    say(format!("{}\n", names[0]));
    send(&keeper, Signal::SIGHUP);
    until(|| {
        let record = room.files().on_line(names[2].as_bytes()).unwrap().unwrap();
        (record.kind == Kind::DeadProcess).then_some(())
    });
    let left = room.files().utmp_records().unwrap().filter(|record| record.kind == Kind::LoginProcess);
    assert_eq!(
        left.map(|record| record.line.to_string()).collect::<BTreeSet<_>>(),
        [names[0].clone(), names[3].clone()].into()
    );
}

/// Types a name where the prompt has been seen.
fn answer_at(person: &mut Person, name: &str) {
    person.types(format!("{name}\r"));
}

#[test]
fn those_who_wait_for_readiness_are_told_when_every_line_has_its_prompt() {
    let room = Room::with_login("#!/bin/sh\necho \"told $NOTIFY_SOCKET.\"\n");
    let mut people = [Person::new(), Person::new()];
    let socket = room.path("notify");
    let listener = UnixDatagram::bind(&socket).unwrap();
    listener.set_read_timeout(Some(PATIENCE)).unwrap();
    let file = room.path("ready");
    let lines = format!("{},{}", people[0].line(), people[1].line());
    let script = "exec \"$0\" --ready-fd 7 -l \"$1\" --lines \"$2\" 7>\"$3\"";
    let login = room.login();
    let words: Vec<&OsStr> =
        [OsStr::new("-c"), script.as_ref(), GETTY.as_ref(), login.as_ref(), lines.as_ref(), file.as_ref()].into();
    let keeper = Getty::spawn(room.command("sh", &words).env("NOTIFY_SOCKET", &socket));
    let next = || heard(&listener);
    assert_eq!(next(), "READY=1");
    assert_eq!(fs::read_to_string(&file).unwrap(), "\n");
    answer(&mut people[0], "alice");
    people[0].sees("told .");
    send(&keeper, Signal::SIGHUP);
    assert!(next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(next(), "READY=1");
    send(&keeper, Signal::SIGTERM);
    assert_eq!(next(), "STOPPING=1");
}

#[test]
fn a_supervisor_that_does_not_wait_for_readiness_gets_its_prompts() {
    let (room, mut person) = (Room::new(), Person::new());
    let _keeper = keeper(&room, &[&person], &["--ready-fd", "99"]);
    answer(&mut person, "alice");
    person.sees("<--><alice>.");
}

#[test]
fn every_line_has_a_record_of_its_own() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new()];
    let keeper = keeper(&room, &people.each_ref(), &[]);
    people[1].sees("login: ");
    answer(&mut people[0], "alice");
    people[0].sees("for alice");
    let records: Vec<_> = room.files().utmp_records().unwrap().collect();
    assert_eq!(records.len(), 2);
    for (record, (person, pid)) in records.iter().zip(people.iter().zip([children(&keeper)[0], keeper.pid()])) {
        assert_eq!((record.kind, record.pid), (Kind::LoginProcess, pid));
        assert_eq!(record.line.to_string(), person.line());
        assert_eq!(record.user.to_string(), "LOGIN");
    }
}

#[test]
fn a_line_that_need_not_be_there_is_waited_for_and_the_others_are_not_held_up() {
    let room = Room::new();
    let mut person = Person::new();
    let folder = room.path("ttys");
    fs::create_dir(&folder).unwrap();
    let text = format!("shm/none - - onifexists\nttyNONE\nconsole0 - - onifconsole\nnull\n{}\n", person.line());
    fs::write(folder.join("a.conf"), text).unwrap();
    let keeper = start(&room, ["--lines-from", folder.to_str().unwrap()]);
    answer(&mut person, "alice");
    person.sees("<--><alice>.");
    drop(keeper);
}

#[test]
fn two_keepers_do_not_fight_for_a_line() {
    let room = Room::with_login(STAYS);
    let (mut shared, mut own) = (Person::new(), Person::new());
    let first = keeper(&room, &[&shared], &[]);
    shared.sees("login: ");
    let _second = keeper(&room, &[&shared, &own], &[]);
    own.sees("login: ");
    answer_at(&mut shared, "alice");
    assert!(!shared.sees("for alice").contains("login: "), "the second has prompted too");
    drop(first);
    shared.types("x\r");
    shared.sees("bye x");
    shared.sees("login: ");
}

#[test]
fn a_keeper_of_nothing_waits_to_be_told_of_a_line() {
    for is_there in [true, false] {
        let room = Room::new();
        let mut person = Person::new();
        let folder = room.path("ttys");
        let make = || fs::create_dir(&folder).unwrap();
        if is_there {
            make();
        }
        let socket = room.path("notify");
        let listener = UnixDatagram::bind(&socket).unwrap();
        listener.set_read_timeout(Some(PATIENCE)).unwrap();
        let words = [OsStr::new("--lines-from"), folder.as_os_str()];
        let keeper = Getty::spawn(room.command(GETTY, &words).env("NOTIFY_SOCKET", &socket));
        assert_eq!(heard(&listener), "READY=1");
        if !is_there {
            make();
        }
        fs::write(folder.join("a.conf"), format!("{} \"-l {}\"\n", person.line(), room.login().display())).unwrap();
        send(&keeper, Signal::SIGHUP);
        answer(&mut person, "alice");
        person.sees("<--><alice>.");
    }
}

#[test]
fn a_wrong_command_line_is_told() {
    for words in [
        &["--lines", ""][..],
        &["--lines", "tty1,../x"],
        &["--ready-fd", "9", "tty1"],
        &["--lines", "tty1", "9", "x", "y"],
    ] {
        let output = Command::new(GETTY).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("getty: "));
    }
}

#[test]
fn an_issue_that_changes_is_shown_again_on_every_line_that_nobody_types_on() {
    let room = Room::with_login(STAYS);
    let mut people = [Person::new(), Person::new(), Person::new()];
    let issue = room.path("issue");
    fs::write(&issue, "first\n").unwrap();
    let issue_option = issue.to_str().unwrap();
    let keeper = keeper(&room, &people.each_ref(), &["-f", issue_option]);
    answer(&mut people[0], "alice");
    people[0].sees("for alice");
    for person in &mut people[1..] {
        person.sees("first");
        person.sees("login: ");
    }
    fs::write(&issue, "second\n").unwrap();
    for person in &mut people[1..] {
        person.sees("second");
        person.sees("login: ");
    }
    assert_eq!(children(&keeper).len(), 1);
    answer_at(&mut people[1], "bob");
    people[1].sees("for bob");
    people[0].types("x\r");
    assert_eq!(people[0].sees("login: ").matches("second").count(), 1);
    // What does not change the text is not shown.
    replace(&issue, "second\n");
    replace(&issue, "third\n");
    assert!(!people[2].sees("third").contains("second"));
}
