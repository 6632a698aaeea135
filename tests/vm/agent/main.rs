//! The agent: what a scenario has inside the virtual machine. Its init starts it, it runs the scripts that come over a
//! port of the machine's, outside any session, and it looks at the virtual terminals.

mod log;
mod screen;
mod serve;
mod sys;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use tests::outcome::{Failure, Outcome};
use tests::wait::Deadline;

const USAGE: &str = "\
usage: vm-agent serve             run what comes over the port, and keep what is sent to /dev/log if nobody does
       vm-agent screen VT         print what is on a virtual terminal
       vm-agent prompt VT S TEXT  wait S seconds at most until TEXT stands before the cursor
       vm-agent front VT S        wait S seconds at most until the terminal is in front
       vm-agent until S SCRIPT    wait S seconds at most until the script succeeds
       vm-agent spoil VT          leave it in graphics mode, and its keyboard raw
       vm-agent mode VT           print the modes of the terminal and its keyboard
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match carry_out(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(why) | Failure::Skipped(why)) => {
            eprintln!("vm-agent: {why}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(words: &[&str]) -> Outcome {
    match *words {
        ["serve"] => serve::serve()?,
        ["screen", vt] => print!("{}", screen::Screen::open(vt)?.read()?),
        ["prompt", vt, seconds, text] => {
            screen::await_screen(vt, deadline(seconds)?, text, |screen| screen.before_cursor().ends_with(text))?;
        }
        ["front", vt, seconds] => terminal::await_front(vt, deadline(seconds)?)?,
        ["until", seconds, script] => serve::until(deadline(seconds)?, script)?,
        ["spoil", vt] => terminal::spoil(vt)?,
        ["mode", vt] => println!("{}", terminal::mode(vt)?),
        _ => return Err(Failure::new(format!("it is used so:\n{USAGE}"))),
    }
    Ok(())
}

fn deadline(seconds: &str) -> Outcome<Deadline> {
    let seconds = seconds.parse().map_err(|_| Failure::new(format!("{seconds} is no number of seconds")))?;
    Ok(Deadline::after(Duration::from_secs(seconds)))
}
