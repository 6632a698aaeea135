//! Who may do what, by the uid the kernel names, through both doors.

use super::house::{House, as_user, busctl, call, graphical, run};

/// Two users that every system has: dbus-daemon lets nobody in whom the user database does not know.
const ALICE: u32 = 1;
const BOB: u32 = 2;

#[test]
fn another_user_s_session_is_not_one_s_own() {
    let mut house = House::open();
    house.start_bus();
    house.login(graphical(ALICE, 70_101));
    house.login(graphical(ALICE, 70_102));
    for (address, id) in [(house.address(), "c1"), (house.bus_address(), "c2")] {
        let path = format!("/org/freedesktop/login1/session/{id}");
        for (member, arguments) in [
            ("TerminateSession", &["s", id][..]),
            ("KillSession", &["ssi", id, "all", "15"]),
            ("TerminateUser", &["u", "1"]),
            ("KillUser", &["ui", "1", "15"]),
            ("TerminateSeat", &["s", "seat0"]),
            ("LockSession", &["s", id]),
            ("LockSessions", &[]),
            ("ReleaseSession", &["s", id]),
        ] {
            let refused = run(&mut as_user(call(&address, member, arguments), BOB)).expect_err(member);
            assert!(refused.contains("denied"), "{member}: {refused}");
        }
        let session = |member: &str, arguments: &[&str]| {
            let words = ["call", "org.freedesktop.login1", &path, "org.freedesktop.login1.Session", member];
            let mut command = busctl(&address, &words);
            command.args(arguments);
            command
        };
        for (member, arguments) in
            [("Terminate", &[][..]), ("Kill", &["si", "all", "9"]), ("SetIdleHint", &["b", "true"]), ("Lock", &[])]
        {
            run(&mut as_user(session(member, arguments), BOB)).expect_err(member);
        }
        run(&mut as_user(session("SetLockedHint", &["b", "true"]), ALICE)).expect("her own");
        run(&mut as_user(call(&address, "TerminateSession", &["s", id]), ALICE)).expect("her own");
        run(&mut call(&address, "GetSession", &["s", id])).expect_err("it is gone");
    }
}

#[test]
fn only_root_opens_sessions() {
    let mut house = House::open();
    house.start_bus();
    let arguments = ["uusssssussbssa(sv)", "0", "0", "x", "", "", "", "", "0", "", "", "false", "", "", "0"];
    for address in [house.address(), house.bus_address()] {
        let refused = run(&mut as_user(call(&address, "CreateSession", &arguments), ALICE)).expect_err("refused");
        assert!(refused.contains("denied"), "{refused}");
    }
}

#[test]
fn nothing_can_be_set() {
    let house = House::open();
    let path = "/org/freedesktop/login1";
    let set = |name: &str| {
        let interface = "org.freedesktop.login1.Manager";
        let words = ["set-property", "org.freedesktop.login1", path, interface, name, "b", "true"];
        run(&mut busctl(&house.address(), &words)).expect_err("refused")
    };
    assert!(set("KillUserProcesses").contains("not writable"));
    assert!(set("EnableWallMessages").contains("Unknown property"));
}

#[test]
fn signals_out_of_range_are_refused() {
    let house = House::open();
    house.login(graphical(ALICE, 70_111));
    for signal in ["0", "65", "-1"] {
        let refused = run(&mut call(&house.address(), "KillSession", &["ssi", "c1", "all", "--", signal]));
        let refused = refused.expect_err("refused");
        assert!(refused.contains("Invalid signal"), "{refused}");
    }
    let refused = run(&mut call(&house.address(), "KillSession", &["ssi", "c1", "some", "15"])).expect_err("refused");
    assert!(refused.contains("Invalid kill whom"), "{refused}");
}
