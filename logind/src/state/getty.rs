//! The file of a getty that logind started: `/run/session-rs/gettys/LINE`, so that the next logind starts no second one.

use logind_core::leader::Leader;

use super::session::number;
use super::text::{Broken, Fields, Writer};

/// What the file of a getty says.
pub(super) fn write(process: Leader, boot: &str) -> Vec<u8> {
    let mut file = Writer::new();
    file.plain("PID", process.pid)
        .plain("START_TIME", process.start_time)
        .optional("PIDFDID", process.pidfs_id)
        .plain("BOOT_ID", boot);
    file.into_bytes()
}

/// The process that the file of a getty names.
///
/// # Errors
/// The first thing in it that cannot be.
pub(super) fn read(bytes: &[u8], boot: &str) -> Result<Leader, Broken> {
    let fields = Fields::parse(bytes)?;
    if fields.text("BOOT_ID") != boot {
        return Err(Broken::OtherBoot);
    }
    Ok(Leader {
        pid: fields.required("PID", number)?,
        start_time: fields.required("START_TIME", number)?,
        pidfs_id: fields.optional("PIDFDID", number)?,
    })
}
