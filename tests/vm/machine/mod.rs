//! The machine: a disk of its own, QEMU, and what somebody before it and inside it can do.

mod agent;
mod console;
mod keys;
mod monitor;
mod people;
pub(crate) mod qemu;

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tests::outcome::{Failure, Outcome};
use tests::process::Process;
use tests::{paths::MACHINE_MESSAGES, run};

use crate::image::Image;
use crate::paths;
use agent::Agent;
pub(crate) use agent::Said;
pub(crate) use console::Console;
pub(crate) use monitor::Monitor;
use qemu::Running;

/// How long one thing may take inside: an emulated processor on a busy one is slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// How long a boot up to the last prompt or a shutdown may take.
const BOOT: Duration = Duration::from_secs(300);
/// Our programs, inside.
pub(crate) const PROGRAMS: &str = tests::paths::PROGRAMS;

/// A machine that is up.
#[derive(Debug)]
pub(crate) struct Machine {
    image: Image,
    without: &'static [&'static str],
    place: File,
    qemu: Process,
    monitor: Monitor,
    agent: Agent,
    /// The serial line, whose getty is root's door.
    pub(crate) console: Console,
    /// Names this boot.
    pub(crate) boot: String,
}

impl Machine {
    /// Boots a machine with a fresh disk, up to the prompts.
    ///
    /// # Errors
    /// That it does not boot.
    pub(crate) fn start(image: Image, without: &'static [&'static str], place: File) -> Outcome<Self> {
        let disk = paths::folder()?.join(paths::DISK);
        run::output(Command::new("cp").arg("--sparse=always").arg(image.root()).arg(disk))?.well()?;
        let log = File::create(paths::folder()?.join(paths::CONSOLE_LOG))?;
        let Running { process, monitor, agent, console } = Running::start(&image, without, &place)?;
        let (agent, console) = (Agent::expected_on(agent), Console::read(console, log)?);
        let mut machine = Self { image, without, place, qemu: process, monitor, agent, console, boot: String::new() };
        machine.await_boot()?;
        Ok(machine)
    }

    /// Cuts the power.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn cut_power(&mut self) -> Outcome {
        self.qemu.signal(Signal::KILL)?;
        self.qemu.status().map(drop)
    }

    /// Shuts down as root does with the power switch's command, and waits until the power is off.
    ///
    /// # Errors
    /// That it does not come to that.
    pub(crate) fn power_off(&mut self) -> Outcome {
        self.agent.hand_over("/sbin/poweroff")?;
        if !self.qemu.ended_within(BOOT)? {
            return Err(Failure::new("the machine does not shut down"));
        }
        self.qemu.status().map(drop)
    }

    /// Switches the power on again: the disk is as it was.
    ///
    /// # Errors
    /// That it does not boot.
    pub(crate) fn power_on(&mut self) -> Outcome {
        let log = File::options().append(true).open(paths::folder()?.join(paths::CONSOLE_LOG))?;
        let Running { process, monitor, agent, console } = Running::start(&self.image, self.without, &self.place)?;
        self.qemu = process;
        self.monitor = monitor;
        self.agent = Agent::expected_on(agent);
        self.console = Console::read(console, log)?;
        self.await_boot()
    }

    /// Reboots, and waits for the prompts.
    ///
    /// # Errors
    /// That it does not come up again.
    pub(crate) fn reboot(&mut self) -> Outcome {
        self.agent.hand_over("/sbin/reboot")?;
        self.await_boot()
    }

    /// Runs a script inside, as root and outside any session, and gives what it printed, without the end of its last line.
    ///
    /// # Errors
    /// That it failed or does not end, with all it said.
    pub(crate) fn sh(&mut self, script: &str) -> Outcome<String> {
        Ok(self.run(script)?.well()?.trim_end().to_owned())
    }

    /// Runs a script inside, whatever its exit status.
    ///
    /// # Errors
    /// That it does not end.
    pub(crate) fn run(&mut self, script: &str) -> Outcome<Said> {
        self.agent.run(script, PATIENCE + PATIENCE)
    }

    /// Tries a script inside until it succeeds, for what nothing announces, and gives what it printed.
    ///
    /// # Errors
    /// What its last run said.
    pub(crate) fn until(&mut self, script: &str) -> Outcome<String> {
        let seconds = PATIENCE.as_secs();
        self.sh(&format!("{PROGRAMS}/vm-agent until {seconds} '{}'", script.replace('\'', "'\\''")))
    }

    /// Presses keys at once, by QEMU's names: `ctrl-alt-f2`.
    ///
    /// # Errors
    /// That there is no such key.
    pub(crate) fn press(&mut self, keys: &str) -> Outcome {
        self.monitor.press(keys)
    }

    /// What the machine's programs sent to its log.
    ///
    /// # Errors
    /// That there is none.
    pub(crate) fn messages(&mut self) -> Outcome<String> {
        self.sh(&print_log())
    }

    /// Its init.
    pub(crate) fn init(&self) -> &'static str {
        self.image.init
    }

    /// What it lacks.
    pub(crate) fn without(&self) -> &'static [&'static str] {
        self.without
    }

    /// Lets init forget how often it has started each getty: after ten within two minutes sysvinit's starts none for five
    /// (init(8)), and on a fast machine people come and go that quickly.
    ///
    /// # Errors
    /// That init is not told.
    pub(crate) fn renew_patience_of_init(&mut self) -> Outcome {
        self.sh("[ ! -e /etc/inittab ] || telinit q").map(drop)
    }

    /// Sees that nobody is logged in any more, and goes to the first terminal.
    ///
    /// # Errors
    /// Who or what is left.
    pub(crate) fn settle(&mut self) -> Outcome {
        self.renew_patience_of_init()?;
        self.go_to(1)?;
        self.until(
            "set -- /run/systemd/sessions/* && { [ ! -e \"$1\" ] || { echo \"sessions are left: $*\"; false; }; }",
        )?;
        Ok(())
    }

    /// Ends every session, whoever's it is.
    ///
    /// # Errors
    /// What is left.
    pub(crate) fn clear(&mut self) -> Outcome {
        self.sh("kill -9 $(sed -n 's/^LEADER=//p' /run/systemd/sessions/*[0-9]) || :")?;
        self.settle()
    }

    fn await_boot(&mut self) -> Outcome {
        self.boot = self.agent.await_boot(BOOT)?;
        // init has come to the gettys once its scripts are done.
        let seconds = BOOT.as_secs();
        let script = format!("{PROGRAMS}/vm-agent prompt 1 {seconds} 'login: '");
        self.agent.run(&script, BOOT + PATIENCE)?.well()?;
        Ok(())
    }
}

// Nothing on the disk of a machine that is given up is wanted any more.
impl Drop for Machine {
    fn drop(&mut self) {
        let is_down = self.qemu.ended_within(Duration::ZERO);
        if matches!(is_down, Ok(true)) {
            return;
        }
        if let Err(Failure::Failed(why) | Failure::Skipped(why)) = self.cut_power() {
            eprintln!("vm: QEMU cannot be ended: {why}");
        }
    }
}

/// Copies what there is to see of a machine to a folder: what came over the serial line, and the log if it still answers.
///
/// # Errors
/// That the folder cannot be written.
pub(crate) fn keep_logs(machine: Option<&mut Machine>, folder: &std::path::Path) -> Outcome {
    fs::create_dir_all(folder)?;
    fs::copy(paths::folder()?.join(paths::CONSOLE_LOG), folder.join(paths::CONSOLE_LOG))?;
    if let Some(machine) = machine {
        let logs = machine.agent.run(&print_log(), Duration::from_secs(30)).and_then(Said::well);
        fs::write(folder.join("messages"), logs.unwrap_or_else(|_| "the machine does not answer\n".to_owned()))?;
    }
    Ok(())
}

/// The monitor of the machine that somebody plays with.
///
/// # Errors
/// That nobody does.
pub(crate) fn monitor_of_another() -> Outcome<Monitor> {
    Monitor::meet(connect(paths::MONITOR)?)
}

/// Runs a script inside the machine that somebody plays with, and gives what it printed.
///
/// # Errors
/// That nobody does, or what the script says.
pub(crate) fn ask_another(script: &str) -> Outcome<String> {
    Agent::expected_on(connect(paths::AGENT)?).run(script, PATIENCE)?.well()
}

// The agent's, or systemd's where the agent keeps none.
fn print_log() -> String {
    format!("cat {MACHINE_MESSAGES} 2>/dev/null || journalctl --boot --no-pager --quiet")
}

fn connect(name: &str) -> Outcome<UnixStream> {
    std::env::set_current_dir(paths::folder()?)?;
    UnixStream::connect(name).map_err(|error| Failure::from(error).during("is a machine being played with?"))
}
