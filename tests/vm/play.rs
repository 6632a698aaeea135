//! The machine to play with: the terminal is its serial line, and this program in another terminal its keyboard and screen.

use std::process::{Command, ExitCode};

use tests::outcome::{Failure, Outcome};
use tests::run;

use crate::image::Image;
use crate::machine::{self, qemu};
use crate::{paths, programs, runner};

/// Boots the machine and waits until it is off.
///
/// # Errors
/// That it cannot be started.
pub(crate) fn play(init: &'static str, without: &[String]) -> Outcome<ExitCode> {
    runner::enter_folder()?;
    let image = Image::current(init)?;
    programs::make(init)?;
    let _place = qemu::take_place()?;
    run::output(Command::new("cp").arg("--sparse=always").arg(image.root()).arg(paths::DISK))?.well()?;
    let without: Vec<&str> = without.iter().map(String::as_str).collect();
    let mut qemu = qemu::command(&image, &without)?;
    qemu.args(["-chardev", "stdio,id=console,signal=off"]);
    for name in [paths::MONITOR, paths::AGENT] {
        qemu.args(["-chardev", &format!("socket,id={name},path={name},server=on,wait=off")]);
    }
    let program = std::env::current_exe()?;
    let program = program.display();
    println!(
        "A Debian with {init} boots, slowly. This terminal is its serial line: log in as root, alice or bob; the\n\
         password is the name. `poweroff` as root ends it. Its keyboard and its screens are to be had from another\n\
         terminal, as root:\n  \
         {program} --screen 1           what tty1 shows\n  \
         {program} --keys ctrl-alt-f2   press keys\n  \
         {program} --type alice         press the keys for a word and return\n  \
         {program} --run 'ps -ef'       run a script in it, as root"
    );
    let status = qemu.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Presses keys of the machine being played with.
///
/// # Errors
/// That there is no such machine, or no such key.
pub(crate) fn press(keys: &str) -> Outcome {
    machine::monitor_of_another()?.press(keys)
}

/// Presses the keys for a text and the return key.
///
/// # Errors
/// That there is no such machine, or no key for a character.
pub(crate) fn type_text(text: &str) -> Outcome {
    machine::monitor_of_another()?.type_text(&format!("{text}\n"))
}

/// Prints what a virtual terminal of the machine being played with shows.
///
/// # Errors
/// That there is no such machine or terminal.
pub(crate) fn show(vt: &str) -> Outcome {
    let number: u8 = vt.parse().map_err(|_| Failure::new(format!("{vt} is no virtual terminal's number")))?;
    let screen = machine::ask_another(&format!("{}/vm-agent screen {number}", machine::PROGRAMS))?;
    print!("{screen}");
    Ok(())
}
