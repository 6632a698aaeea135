//! What stands in the inside's /etc, and the few files elsewhere that a machine is made with.

mod accounts;
mod bus;
mod files;
mod pam;
mod records;

pub(crate) use files::HOSTNAME;

use crate::error::Error;
use crate::host::Host;
use crate::options::Options;

/// Writes all of it; the host's files are only covered.
pub(crate) fn write(options: &Options, host: &Host) -> Result<(), Error> {
    files::forget_the_host()?;
    files::write(options)?;
    let accounts = accounts::write()?;
    pam::write((!options.bare).then_some(host.module))?;
    bus::write()?;
    records::write(&accounts)
}
