//! Debian's polkitd as the judge of what one person may do to another's session.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tests::outcome::{Failure, Outcome};
use tests::people::{ALICE, BOB};
use tests::process::Process;
use tests::terminal::start_as_init;
use tests::visit::{self, Visit};
use tests::{ensure, peers, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[inside!(polkitd_judges_what_one_person_may_do_to_anothers_session)];

const PACKAGES: [&str; 4] = ["libduktape207", "libpolkit-gobject-1-0", "libpolkit-agent-1-0", "polkitd"];
const POLICY: &str = include_str!("../../dist/polkit-1/actions/org.freedesktop.login1.policy");

/// bob may lock anybody's session; the rest is as the policy says.
const RULES: &str = r#"polkit.addRule(function(action, subject) {
    if (action.id == "org.freedesktop.login1.lock-sessions" && subject.user == "bob") { return polkit.Result.YES; }
});
"#;

fn polkitd_judges_what_one_person_may_do_to_anothers_session() -> Outcome {
    let _polkitd = start()?;
    let (mut alice, mut bob) = (Visit::begin(&ALICE)?, Visit::begin(&BOB)?);
    let (hers, his) = (alice.session()?, bob.session()?);
    let mut says = |door: &str, member: &str, session: &str| {
        let call = format!(
            "{door} busctl --allow-interactive-authorization=no call org.freedesktop.login1 /org/freedesktop/login1 \
             org.freedesktop.login1.Manager {member} s {session} 2>&1 && echo done"
        );
        bob.shell(&call)
    };
    let own_door = "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/session-rs/login1";
    let expect = |said: String, text: &str| -> Outcome {
        ensure!(said.contains(text), "not {text:?}, but {said:?}");
        Ok(())
    };
    expect(says("", "LockSession", &hers)?, "done")?; // a rule says yes
    expect(says("", "UnlockSession", &his)?, "done")?; // his own
    // The policy wants an administrator's password of who sits at no seat.
    expect(says("", "TerminateSession", &hers)?, "Interactive auth")?;
    expect(says("", "ActivateSession", &hers)?, "Interactive auth")?;
    // This polkitd knows no pidfds: root and own only.
    expect(says(own_door, "LockSession", &hers)?, "denied")?;
    expect(says(own_door, "TerminateSession", &hers)?, "denied")?;
    expect(says(own_door, "LockSession", &his)?, "done")?;
    visit::is_active(&hers)?;
    alice.leave()?;
    bob.leave()?;
    visit::nothing_left()
}

/// Puts polkitd, its account and the policy we ship in their places, and starts it as an init does.
fn start() -> Outcome<Process> {
    for package in PACKAGES {
        peers::install(package)?;
    }
    let mut accounts = fs::read_to_string("/etc/passwd")?;
    if !accounts.contains("\npolkitd:") {
        accounts += "polkitd:x:992:65534::/:/usr/sbin/nologin\n";
        fs::write("/etc/passwd", accounts)?;
    }
    for folder in ["/etc/polkit-1", "/etc/polkit-1/rules.d"] {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    fs::write("/etc/polkit-1/rules.d/10-case.rules", RULES)?;
    fs::write("/usr/share/polkit-1/actions/org.freedesktop.login1.policy", POLICY)?;
    // The inside's bus reads the policies of /etc alone.
    let policy = "dbus-1/system.d/org.freedesktop.PolicyKit1.conf";
    fs::copy(Path::new("/usr/share").join(policy), Path::new("/etc").join(policy))?;
    let driver = ["call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"];
    tests::run::output(visit::busctl().args(driver).arg("ReloadConfig"))?.well()?;
    let log = fs::File::create("/var/log/polkitd.log")?;
    let polkitd = start_as_init(Command::new(program()?).arg("--no-debug").stderr(log))?;
    wait::until("polkitd is on the bus", || {
        let asked = visit::busctl().args(driver).args(["NameHasOwner", "s", "org.freedesktop.PolicyKit1"]).output()?;
        Ok(String::from_utf8_lossy(&asked.stdout).contains("true").then_some(()))
    })?;
    Ok(polkitd)
}

fn program() -> Outcome<&'static str> {
    let places = ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"];
    let found = places.into_iter().find(|place| Path::new(place).exists());
    found.ok_or_else(|| Failure::new("Debian's package polkitd holds no polkitd"))
}
