//! Other people's programs through the private door, with no bus anywhere.

use std::process::Command;

use super::house::{ALICE, BOB, House, MANAGER, busctl, call, graphical, login, login_at, put, run};

fn property(house: &House, path: &str, interface: &str, name: &str) -> String {
    let interface = format!("org.freedesktop.login1.{interface}");
    let arguments = ["get-property", "org.freedesktop.login1", path, &interface, name];
    run(&mut busctl(&house.address(), &arguments)).expect("a value")
}

#[test]
fn busctl_lists_sessions_users_and_seats() {
    let house = House::open();
    let at_vt = house.login(login_at(3, ALICE, 70_001));
    assert_eq!(at_vt.as_str(), "c1");
    house.login(login(BOB, 70_002));
    let ask = |member| run(&mut call(&house.address(), member, &[])).expect(member);
    assert_eq!(
        ask("ListSessions"),
        "a(susso) 2 \"c1\" 4711 \"alice\" \"seat0\" \"/org/freedesktop/login1/session/c1\" \
         \"c2\" 4712 \"bob\" \"\" \"/org/freedesktop/login1/session/c2\""
    );
    assert_eq!(
        ask("ListSessionsEx"),
        "a(sussussbto) 2 \"c1\" 4711 \"alice\" \"seat0\" 70001 \"user\" \"tty3\" false 0 \
         \"/org/freedesktop/login1/session/c1\" \"c2\" 4712 \"bob\" \"\" 70002 \"background\" \"\" false 0 \
         \"/org/freedesktop/login1/session/c2\""
    );
    assert_eq!(
        ask("ListUsers"),
        "a(uso) 2 4711 \"alice\" \"/org/freedesktop/login1/user/_4711\" \
         4712 \"bob\" \"/org/freedesktop/login1/user/_4712\""
    );
    assert_eq!(ask("ListSeats"), "a(so) 1 \"seat0\" \"/org/freedesktop/login1/seat/seat0\"");
    let by_name = run(&mut call(&house.address(), "GetSession", &["s", "c1"]));
    assert_eq!(by_name.as_deref(), Ok("o \"/org/freedesktop/login1/session/c1\""));
}

#[test]
fn a_session_s_properties_are_what_its_login_said() {
    let house = House::open();
    house.login(login_at(3, ALICE, 70_011));
    let session = |name| property(&house, "/org/freedesktop/login1/session/c1", "Session", name);
    for (name, value) in [
        ("Id", "s \"c1\""),
        ("User", "(uo) 4711 \"/org/freedesktop/login1/user/_4711\""),
        ("Name", "s \"alice\""),
        ("Timestamp", "t 1700000005000000"),
        ("TimestampMonotonic", "t 5000000"),
        ("VTNr", "u 3"),
        ("Seat", "(so) \"seat0\" \"/org/freedesktop/login1/seat/seat0\""),
        ("TTY", "s \"tty3\""),
        ("Remote", "b false"),
        ("Service", "s \"login\""),
        ("Scope", "s \"session-c1.scope\""),
        ("Leader", "u 70011"),
        ("LeaderPIDFDId", "t 77"),
        ("Audit", "u 4294967295"),
        ("Type", "s \"tty\""),
        ("Class", "s \"user\""),
        ("Active", "b false"),
        ("State", "s \"online\""),
        ("CanLock", "b true"),
        ("LockedHint", "b false"),
    ] {
        assert_eq!(session(name), value, "{name}");
    }
    let user = |name| property(&house, "/org/freedesktop/login1/user/_4711", "User", name);
    assert_eq!(user("Sessions"), "a(so) 1 \"c1\" \"/org/freedesktop/login1/session/c1\"");
    assert_eq!(user("Display"), "(so) \"c1\" \"/org/freedesktop/login1/session/c1\"");
    assert_eq!(user("RuntimePath"), "s \"/run/user/4711\"");
    let seat = |name| property(&house, "/org/freedesktop/login1/seat/seat0", "Seat", name);
    assert_eq!(seat("ActiveSession"), "(so) \"\" \"/\"");
    assert_eq!(seat("CanTTY"), "b true");
    assert_eq!(seat("CanMultiSession"), "b true"); // for old programs: not introspected, not in GetAll
    assert_eq!(property(&house, MANAGER, "Manager", "NCurrentSessions"), "t 1");
    assert_eq!(property(&house, MANAGER, "Manager", "KillExcludeUsers"), "as 1 \"root\"");
}

#[test]
fn what_is_not_there_is_said_by_name() {
    let house = House::open();
    let complaint = |command: &mut Command| run(command).expect_err("a complaint");
    let session = complaint(&mut call(&house.address(), "GetSession", &["s", "nope"]));
    assert_eq!(session, "Call failed: No session 'nope' known");
    let user = complaint(&mut call(&house.address(), "GetUser", &["u", "4711"]));
    assert_eq!(user, "Call failed: User ID 4711 is not logged in or lingering");
    let method = complaint(&mut call(&house.address(), "Inhibit", &["ssss", "sleep", "me", "so", "block"]));
    assert!(method.contains("Unknown method"), "{method}");
    let arguments = complaint(&mut call(&house.address(), "GetUser", &["s", "4711"]));
    assert!(arguments.contains("Invalid arguments 's'"), "{arguments}");
    let path = ["introspect", "org.freedesktop.login1", "/org/freedesktop/login1/session/nope"];
    assert!(complaint(&mut busctl(&house.address(), &path)).contains("Unknown object"));
}

#[test]
fn gdbus_calls_reads_and_introspects() {
    let house = House::open();
    house.login(login(ALICE, 70_021));
    let gdbus = |words: &[&str], path: &str| {
        let mut command = Command::new("gdbus");
        command.args([words[0], "--address", &house.address(), "--dest", "org.freedesktop.login1"]);
        run(command.args(["--object-path", path]).args(&words[1..])).expect("an answer")
    };
    let seats = gdbus(&["call", "--method", "org.freedesktop.login1.Manager.ListSeats"], MANAGER);
    assert_eq!(seats, "([('seat0', objectpath '/org/freedesktop/login1/seat/seat0')],)");
    let tree = gdbus(&["introspect", "--recurse"], "/org/freedesktop/login1");
    for part in ["CreateSessionWithPIDFD", "node /org/freedesktop/login1/session/c1", "LockedHint = false;"] {
        assert!(tree.contains(part), "{part} is not in {tree}");
    }
    assert!(!tree.contains("session/self"), "this process has no session: {tree}");
    assert!(!tree.contains("CanMultiSession"), "only old programs know of it: {tree}");
}

#[test]
fn self_and_auto_are_the_caller_s() {
    let house = House::open();
    let own = house.login(login(ALICE, 70_031));
    let display = house.login(graphical(ALICE, 70_032));
    // The shell takes busctl's place, so its number is the caller's.
    let answer = |place: &dyn Fn(u32), words: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "read go; exec busctl --address=\"$0\" call org.freedesktop.login1 $1"]);
        command.args([house.address().as_str(), words]).stdin(std::process::Stdio::piped());
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("a shell");
        place(child.id());
        drop(child.stdin.take());
        let output = child.wait_with_output().expect("its end");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    };
    let in_session = |pid| put(pid, Some(&own), ALICE);
    let in_slice = |pid| put(pid, None, ALICE);
    let nowhere = |_| {};
    let get = |name: &str| format!("{MANAGER} org.freedesktop.login1.Manager {name}");
    let (own_path, display_path) =
        ("o \"/org/freedesktop/login1/session/c1\"", "o \"/org/freedesktop/login1/session/c2\"");
    assert_eq!(display.as_str(), "c2");
    assert_eq!(answer(&in_session, &get("GetSession s self")), own_path);
    assert_eq!(answer(&in_session, &get("GetSession s auto")), own_path);
    assert_eq!(answer(&in_session, &get("GetSessionByPID u 0")), own_path);
    assert_eq!(answer(&in_slice, &get("GetSession s auto")), display_path);
    assert_eq!(answer(&in_slice, &get("GetSession s self")), "");
    assert_eq!(answer(&in_slice, &get("GetUser u 4294967295")), "o \"/org/freedesktop/login1/user/_4711\"");
    assert_eq!(answer(&nowhere, &get("GetSession s auto")), "");
    let properties = "org.freedesktop.DBus.Properties Get ss org.freedesktop.login1.Session Id";
    let id = |path: &str| format!("/org/freedesktop/login1/session/{path} {properties}");
    assert_eq!(answer(&in_session, &id("self")), "v s \"c1\"");
    assert_eq!(answer(&in_slice, &id("auto")), "v s \"c2\"");
    assert_eq!(answer(&in_slice, &id("self")), "");
    let introspect = "/org/freedesktop/login1/session org.freedesktop.DBus.Introspectable Introspect";
    let nodes = answer(&in_slice, introspect);
    assert!(nodes.contains("auto") && !nodes.contains("self"), "{nodes}");
}

#[test]
fn a_machine_is_known_by_its_id() {
    let house = House::open();
    let peer = ["call", "org.freedesktop.login1", "/anywhere", "org.freedesktop.DBus.Peer", "GetMachineId"];
    let id = run(&mut busctl(&house.address(), &peer));
    assert_eq!(id.as_deref(), Ok("s \"0123456789abcdef0123456789abcdef\""));
}
