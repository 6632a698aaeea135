//! The system bus comes, goes and comes again, and may have another owner of our name.

use std::fs;
use std::process::{Command, Stdio};

use super::client::{on_bus, runtime};
use super::house::{ALICE, House, call, login, run};

#[test]
fn a_bus_that_was_lost_is_found_again() {
    let mut house = House::open();
    house.login(login(ALICE, 90_001));
    for _ in 0..3 {
        house.start_bus();
        let user = run(&mut call(&house.bus_address(), "GetUser", &["u", "4711"]));
        assert_eq!(user.as_deref(), Ok("o \"/org/freedesktop/login1/user/_4711\""));
        house.kill_bus();
        let user = run(&mut call(&house.address(), "GetUser", &["u", "4711"]));
        assert_eq!(user.as_deref(), Ok("o \"/org/freedesktop/login1/user/_4711\""));
    }
}

#[test]
fn our_name_is_taken_when_another_leaves_it() {
    let mut house = House::open();
    house.start_bus();
    runtime().block_on(async {
        let other = House::open();
        let link = other.folder().join("bus");
        std::os::unix::fs::symlink(house.folder().join("bus"), &link).expect("the same bus");
        let seats = async |client: &zbus::Connection| {
            let owner = client.call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "GetNameOwner",
                &"org.freedesktop.login1",
            );
            owner.await.expect("an owner").body().deserialize::<String>().expect("a name")
        };
        let client = on_bus(&house.bus_address()).await;
        let first = seats(&client).await;
        house.stop();
        other.wait_for_bus(true);
        assert_ne!(seats(&client).await, first);
        fs::remove_file(link).expect("the link");
    });
}

#[test]
fn loginctl_works_without_any_bus() {
    let house = House::open();
    house.login(login(ALICE, 90_011));
    let loginctl = |verb: &str| {
        let mut command = Command::new("loginctl");
        command.args(["-M", ".host", "--no-pager", "--no-legend", verb]).stdin(Stdio::null());
        run(command.env("DBUS_SYSTEM_BUS_ADDRESS", house.address())).expect(verb)
    };
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(loginctl("list-sessions"))[..3], ["c1", "4711", "alice"]);
    assert_eq!(words(loginctl("list-users"))[..2], ["4711", "alice"]);
    assert_eq!(words(loginctl("list-seats")), ["seat0"]);
}
