//! How long a run may take altogether.

use std::process;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// Ends this program as failed after `time`, and QEMU with it, unless what is returned is dropped before.
pub(crate) fn exit_after(time: Duration) -> Sender<()> {
    let (kept, gone) = mpsc::channel();
    thread::spawn(move || {
        if gone.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
            println!("vm: failed: the run takes longer than {} minutes", time.as_secs() / 60);
            process::exit(1);
        }
    });
    kept
}
