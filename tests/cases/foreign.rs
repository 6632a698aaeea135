//! Other people's PAM modules, unmodified, register sessions with our logind: systemd's and elogind's.

use std::path::PathBuf;

use tests::outcome::Outcome;
use tests::people::ALICE;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, peers, process, stack};

use crate::case::{Case, inside};
use crate::watched;

pub(crate) const CASES: &[Case] = &[
    inside!(systemds_module_opens_a_session_of_ours),
    inside!(eloginds_module_opens_a_session_of_ours),
    inside!(systemds_module_can_claim_no_seat_from_elsewhere),
    inside!(eloginds_module_can_claim_no_seat_from_elsewhere),
    inside!(systemds_module_says_nothing_of_su_inside_a_session),
    inside!(eloginds_module_says_nothing_of_su_inside_a_session),
];

#[derive(Clone, Copy)]
enum Module {
    Systemds,
    Eloginds,
}

impl Module {
    fn path(self) -> Outcome<PathBuf> {
        match self {
            Self::Systemds => peers::pam_module("libpam-systemd", "pam_systemd.so"),
            Self::Eloginds => peers::pam_module("libpam-elogind", "pam_elogind.so"),
        }
    }

    fn put_into(self, service: &str) -> Outcome {
        stack::put_in_our_place(service, &self.path()?)
    }
}

fn opens_a_session(module: Module) -> Outcome {
    let before = process::all()?;
    module.put_into("login")?;
    let mut visit = Visit::begin(&ALICE)?;
    let session = visit.session()?;
    ensure!(!session.is_empty(), "no session:\n{}", visit.terminal.screen());
    ensure_eq!(visit.shell("echo $XDG_RUNTIME_DIR $XDG_SESSION_TYPE $XDG_SESSION_CLASS")?, "/run/user/4001 tty user");
    ensure_eq!(visit.shell("test -w $XDG_RUNTIME_DIR && echo writable")?, "writable");
    let shell: u32 = visit.shell("echo $$")?.parse()?;
    ensure_eq!(process::cgroup(shell)?, format!("/user.slice/user-{}.slice/session-{session}.scope", ALICE.uid));
    let (line, leader) = (visit.terminal.line().to_owned(), visit.login.pid().to_string());
    let expected = [
        ("UID", &*ALICE.uid.to_string()),
        ("TTY", &line),
        ("LEADER", &leader),
        ("SERVICE", "login"),
        ("STATE", "active"),
        ("CLASS", "user"),
    ];
    visit::state_is(&visit::file(&session), &expected)?;
    ensure_eq!(visit.leave()?, 0);
    visit::gone(&session)?;
    visit::as_before(&before)
}

fn systemds_module_opens_a_session_of_ours() -> Outcome {
    opens_a_session(Module::Systemds)
}

fn eloginds_module_opens_a_session_of_ours() -> Outcome {
    opens_a_session(Module::Eloginds)
}

fn claims_no_seat(module: Module) -> Outcome {
    let before = process::all()?;
    let path = module.path()?.display().to_string();
    watched::stack(&path)?;
    watched::run(&["-I", "rhost=192.0.2.1", "-I", "tty=tty1", "-E", "XDG_SEAT=seat0", "-E", "XDG_VTNR=1"])?;
    visit::state_is(watched::STATE, &[("REMOTE", "1"), ("REMOTE_HOST", "192.0.2.1"), ("SEAT", ""), ("VTNR", "")])?;
    visit::as_before(&before)
}

fn systemds_module_can_claim_no_seat_from_elsewhere() -> Outcome {
    claims_no_seat(Module::Systemds)
}

fn eloginds_module_can_claim_no_seat_from_elsewhere() -> Outcome {
    claims_no_seat(Module::Eloginds)
}

fn says_nothing_of_su(module: Module) -> Outcome {
    let before = process::all()?;
    for service in ["login", "su-l"] {
        module.put_into(service)?;
    }
    let mut visit = Visit::begin(&ALICE)?;
    let known = visit::sessions()?;
    visit.terminal.enter("su - bob")?;
    visit.terminal.expect("assword: ")?;
    visit.terminal.enter("bob")?;
    visit.terminal.expect("$ ")?;
    ensure_eq!(visit.shell("id -un")?, "bob");
    ensure_eq!(visit.session()?, "");
    ensure_eq!(visit::sessions()?, known);
    visit.terminal.enter("exit")?;
    visit.terminal.expect("$ ")?;
    ensure_eq!(visit.leave()?, 0);
    visit::as_before(&before)
}

fn systemds_module_says_nothing_of_su_inside_a_session() -> Outcome {
    says_nothing_of_su(Module::Systemds)
}

fn eloginds_module_says_nothing_of_su_inside_a_session() -> Outcome {
    says_nothing_of_su(Module::Eloginds)
}
