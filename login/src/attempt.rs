//! The attempts to log in: who it is, and whether they may.

use nix::unistd::User;
use prompt::LoginName;
use thiserror::Error;
use tracing::{error, warn};

use crate::defs::Settings;
use crate::pam::{Item, PamError, PamReturnCode, Transaction};
use crate::records::Records;
use crate::talk::Talk;
use crate::terminal::Terminal;

/// Stands in records for a name that belongs to nobody: it may be a password typed too early.
const UNKNOWN: &str = "(unknown)";

/// Why nobody is logged in.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    #[error("the person has left")]
    Left,
    #[error("no attempt succeeded")]
    TooManyTries,
    #[error("PAM can let nobody in here")]
    Broken(#[source] PamError),
    #[error("the account may not log in now")]
    Account(#[source] PamError),
    #[error("the expired password was not changed")]
    Password(#[source] PamError),
}

/// Authenticates whoever is at the line, with as many tries as the settings give.
///
/// Every failure is recorded, also that of somebody who answered a question and left at the next; the person learns nothing but
/// "Login incorrect", unless the settings keep a name that is somebody's. Otherwise a name that was given is used for the first
/// try only.
///
/// # Errors
/// [`Refusal::Left`] or [`Refusal::TooManyTries`]; the person has been told what there is to tell.
/// [`Refusal::Broken`] if it is PAM that failed and not the person, who has not been told.
pub(crate) fn authenticate(
    transaction: &mut Transaction<Talk>,
    terminal: &Terminal,
    settings: &Settings,
    records: &Records,
) -> Result<(), Refusal> {
    for attempt in 1..=settings.tries {
        if let Err(error) = transaction.delay_failure(settings.fail_delay) {
            warn!(%error, "failures are not delayed");
        }
        let Err(failure) = transaction.authenticate() else { return Ok(()) };
        let (has_left, has_tried) =
            (transaction.conversation().is_over(), transaction.conversation_mut().has_answered());
        if has_tried || !has_left {
            record_failure(transaction, settings, records, attempt, &failure);
            terminal.linger(failure.delay); // after the record, which nobody escapes by not waiting
        }
        if has_left {
            return Err(Refusal::Left);
        }
        if is_the_machines(failure.code) {
            return Err(Refusal::Broken(failure));
        }
        let is_kept = settings.keeps_name && failure.code != PamReturnCode::User_Unknown;
        let told: &[u8] = if is_kept { b"Password incorrect\r\n\r\n" } else { b"Login incorrect\r\n\r\n" };
        if let Err(error) = terminal.show(told) {
            warn!(%error, "the line is gone");
            return Err(Refusal::Left);
        }
        if !is_worth_another_try(failure.code) {
            break;
        }
        if !is_kept && let Err(error) = transaction.set(Item::User, None) {
            error!(%error, "cannot ask for another name");
            break;
        }
    }
    Err(Refusal::TooManyTries)
}

/// Whether the account may log in now; also for who needed no password (CVE-2006-7108). An expired password is
/// changed on the spot.
///
/// # Errors
/// [`Refusal::Account`] or [`Refusal::Password`], with PAM's reason; [`Refusal::Broken`] if it is PAM that failed.
pub(crate) fn check_account(transaction: &mut Transaction<Talk>) -> Result<(), Refusal> {
    match transaction.check_account() {
        Err(expired) if expired.code == PamReturnCode::New_Authtok_Reqd => {
            transaction.change_expired_token().map_err(Refusal::Password)
        }
        Err(broken) if is_the_machines(broken.code) => Err(Refusal::Broken(broken)),
        checked => checked.map_err(Refusal::Account),
    }
}

/// The codes that tell of PAM's own state, whoever asks and whatever they answer (`pam(3)`): a module that is missing, a
/// stack that cannot be read, no memory.
fn is_the_machines(code: PamReturnCode) -> bool {
    matches!(
        code,
        PamReturnCode::Open_Err
            | PamReturnCode::Symbol_Err
            | PamReturnCode::Service_Err
            | PamReturnCode::System_Err
            | PamReturnCode::Buf_Err
            | PamReturnCode::Abort
            | PamReturnCode::Module_Unknown
    )
}

/// The codes after which another password or another name may do better (util-linux's login).
fn is_worth_another_try(code: PamReturnCode) -> bool {
    matches!(
        code,
        PamReturnCode::Auth_Err
            | PamReturnCode::User_Unknown
            | PamReturnCode::Cred_Insufficient
            | PamReturnCode::Authinfo_Unavail
            // An answer that PAM could not have been given whole, and what pam_get_authtok(3) makes of that.
            | PamReturnCode::Conv_Err
            | PamReturnCode::AuthTok_Err
    )
}

fn record_failure(
    transaction: &Transaction<Talk>,
    settings: &Settings,
    records: &Records,
    attempt: u32,
    failure: &PamError,
) {
    let name = transaction.item(Item::User).and_then(|name| LoginName::parse(name.as_bytes()).ok());
    let name = match &name {
        Some(name) if settings.records_unknown_names || is_known(name) => name.as_str(),
        _ => UNKNOWN,
    };
    warn!(line = %records.line(), user = name, host = records.host(), attempt, reason = %failure, "login failed");
    records.failed(name);
}

fn is_known(name: &LoginName) -> bool {
    matches!(User::from_name(name.as_str()), Ok(Some(_)))
}
