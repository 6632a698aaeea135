//! Other people's programs run in the sandbox from where they were unpacked.

use rustix::process::Signal;
use tests::outcome::Outcome;
use tests::process::Process;
use tests::{ensure, init, peers, run};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(elogind_answers_its_own_loginctl_and_systemds, "--bare", "--logind=elogind"),
    inside!(a_killed_elogind_comes_back, "--bare", "--logind=elogind"),
    inside!(libsystemd_can_be_asked, "--bare"),
];

fn elogind_answers_its_own_loginctl_and_systemds() -> Outcome {
    run::output(peers::elogind_loginctl()?.arg("list-seats"))?.well()?.saying("seat0")?;
    run::output(peers::systemd_loginctl()?.args(["-M", ".host", "list-seats"]))?.well()?.saying("seat0")?;
    Ok(())
}

fn a_killed_elogind_comes_back() -> Outcome {
    let pid = init::pid("logind")?;
    let elogind = Process::find(pid)?;
    elogind.signal(Signal::KILL)?;
    elogind.ended()?;
    init::ready("logind")?;
    ensure!(init::pid("logind")? != pid, "elogind has the number of the killed one");
    run::output(peers::elogind_loginctl()?.arg("list-seats"))?.well()?.saying("seat0")?;
    Ok(())
}

fn libsystemd_can_be_asked() -> Outcome {
    let ran = run::output(peers::judge("sd_login")?.arg("1"))?.well()?;
    ensure!(ran.stdout.lines().all(|line| line.contains('=')), "{}", ran.stdout);
    Ok(())
}
