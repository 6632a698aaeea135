//! Somebody at the machine's keyboard, before its screen: going to a virtual terminal, logging in, working, leaving.

use tests::outcome::Outcome;
use tests::people::Person;

use super::{Machine, PATIENCE, PROGRAMS};

/// Where what is typed lies ready inside, so that little need be typed: anybody may write here.
const DESK: &str = "/run/desk";

impl Machine {
    /// Goes to a virtual terminal by its keys, and waits until it is in front.
    ///
    /// # Errors
    /// That it does not come to the front.
    pub(crate) fn go_to(&mut self, vt: u8) -> Outcome {
        self.press(&format!("ctrl-alt-f{vt}"))?;
        self.await_front(vt)
    }

    /// Waits until a virtual terminal is in front.
    ///
    /// # Errors
    /// Which is instead.
    pub(crate) fn await_front(&mut self, vt: u8) -> Outcome {
        self.sh(&format!("{PROGRAMS}/vm-agent front {vt} {}", PATIENCE.as_secs())).map(drop)
    }

    /// Waits until `text` stands before the cursor of a virtual terminal.
    ///
    /// # Errors
    /// What the screen shows instead.
    pub(crate) fn await_prompt(&mut self, vt: u8, text: &str) -> Outcome {
        self.sh(&format!("{PROGRAMS}/vm-agent prompt {vt} {} '{text}'", PATIENCE.as_secs())).map(drop)
    }

    /// Types `text` and the return key at the virtual terminal in front.
    ///
    /// # Errors
    /// That a character has no key.
    pub(crate) fn enter(&mut self, text: &str) -> Outcome {
        self.monitor.type_text(&format!("{text}\n"))
    }

    /// Goes to a virtual terminal and logs in there, up to the shell's prompt.
    ///
    /// # Errors
    /// That a question or the prompt does not come.
    pub(crate) fn log_in(&mut self, vt: u8, person: &Person) -> Outcome {
        self.go_to(vt)?;
        self.await_prompt(vt, "login: ")?;
        self.enter(person.name)?;
        self.await_prompt(vt, "Password: ")?;
        self.enter(person.name)?;
        self.await_prompt(vt, prompt(person))
    }

    /// Leaves the shell of a virtual terminal and waits for the next getty's prompt.
    ///
    /// # Errors
    /// That it does not come.
    pub(crate) fn log_out(&mut self, vt: u8) -> Outcome {
        self.go_to(vt)?;
        self.enter("exit")?;
        self.await_prompt(vt, "login: ")
    }

    /// Runs a script in the shell of the virtual terminal, and gives what it printed.
    ///
    /// # Errors
    /// That it does not end or fails.
    pub(crate) fn shell(&mut self, vt: u8, script: &str) -> Outcome<String> {
        self.lay_out(script)?;
        self.go_to(vt)?;
        self.enter(&format!(". {DESK}/s"))?;
        self.pick_up(script)
    }

    /// Logs in over the serial line, up to the shell's prompt.
    ///
    /// # Errors
    /// That a question or the prompt does not come.
    pub(crate) fn log_in_over_the_wire(&mut self, person: &Person) -> Outcome {
        self.console.forget();
        self.console.send("\r")?;
        self.console.expect("login: ")?;
        self.console.send(format!("{}\r", person.name))?;
        self.console.expect("Password: ")?;
        self.console.send(format!("{}\r", person.name))?;
        self.console.expect(prompt(person))
    }

    /// Mistypes the password on the serial line, and is told so.
    ///
    /// # Errors
    /// That a question or the answer does not come.
    pub(crate) fn be_refused_over_the_wire(&mut self, person: &Person) -> Outcome {
        self.console.forget();
        self.console.send("\r")?;
        self.console.expect("login: ")?;
        self.console.send(format!("{}\r", person.name))?;
        self.console.expect("Password: ")?;
        self.console.send("mistyped\r")?;
        self.console.expect("Login incorrect")?;
        self.console.expect("login: ")
    }

    /// Leaves the shell on the serial line and waits for the next getty's prompt.
    ///
    /// # Errors
    /// That it does not come.
    pub(crate) fn log_out_over_the_wire(&mut self) -> Outcome {
        self.console.forget();
        self.console.send("exit\r")?;
        self.console.expect("login: ")
    }

    /// Runs a script in the shell on the serial line, and gives what it printed.
    ///
    /// # Errors
    /// That it does not end or fails.
    pub(crate) fn shell_over_the_wire(&mut self, script: &str) -> Outcome<String> {
        self.lay_out(script)?;
        self.console.send(format!(". {DESK}/s\r"))?;
        self.pick_up(script)
    }

    fn lay_out(&mut self, script: &str) -> Outcome {
        self.sh(&format!(
            "mkdir -p -m 1777 {DESK} && rm -f {DESK}/* && cat >{DESK}/s <<'END_OF_WHAT_IS_TYPED'\n\
             ( {script}\n) >{DESK}/out 2>&1; echo $? >{DESK}/new; mv {DESK}/new {DESK}/status\n\
             END_OF_WHAT_IS_TYPED\n"
        ))
        .map(drop)
    }

    fn pick_up(&mut self, script: &str) -> Outcome<String> {
        let ended =
            self.until(&format!("test -e {DESK}/status")).map_err(|e| e.during(format!("in a shell: {script}")));
        ended?;
        self.sh(&format!("cat {DESK}/out; exit $(cat {DESK}/status)"))
            .map(|said| said.trim_end().to_owned())
            .map_err(|e| e.during(format!("in a shell: {script}")))
    }
}

fn prompt(person: &Person) -> &'static str {
    if person.uid == 0 { "# " } else { "$ " }
}
