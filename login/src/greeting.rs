//! What is shown before the shell: what login.defs asks for and no PAM module has shown.

mod last_login;
mod mail;
mod motd;
mod said;

use std::io;
use std::path::Path;

use utmp::LastLogin;

use crate::account::Account;
use crate::defs::Settings;
use crate::terminal::Terminal;
pub(crate) use said::Said;

/// What a person is greeted with, found out before the session began.
pub(crate) struct Greeting {
    /// What modules have shown already.
    pub(crate) said: Said,
    /// The login before this one, if it is to be shown.
    pub(crate) last_login: Option<LastLogin>,
}

impl Greeting {
    /// Greets the user: last login, message of the day, mail. Runs as the user: these files may be anywhere, also on a
    /// disk that only the user may wait for.
    ///
    /// # Errors
    /// If the line is gone.
    pub(crate) fn show(&self, terminal: &Terminal, account: &Account, settings: &Settings) -> io::Result<()> {
        if let Some(login) = self.last_login.as_ref().filter(|_| !self.said.has_last_login()) {
            terminal.show(&last_login::line(login))?;
        }
        for path in &settings.motd {
            let messages = motd::messages(Path::new(path));
            for message in messages.iter().flatten().filter(|message| !self.said.contains(message)) {
                terminal.show(message)?;
            }
            if settings.shows_first_motd_only && messages.is_some() {
                break;
            }
        }
        if settings.checks_mail && !self.said.has_mail() {
            terminal.show(mail::line(&mail::mailbox(account, &settings.mailbox)).as_bytes())?;
        }
        Ok(())
    }
}
