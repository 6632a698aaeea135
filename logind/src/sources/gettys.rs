//! The gettys that logind started: when one has ended, and its child is buried.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::Child;

use logind_core::Event;
use logind_core::event::VtNews;
use logind_core::names::VtNumber;

use super::poller::{GETTYS, Interest, Poller};
use crate::effects::getty::give_up;

/// What is watched of each.
#[derive(Debug, Default)]
pub(super) struct Gettys(BTreeMap<VtNumber, (OwnedFd, Option<Child>)>);

impl Gettys {
    /// Watches the process that `pidfd` pins, a getty on `vt`: our child, unless a logind before this one started it.
    pub(super) fn watch(
        &mut self,
        poller: &Poller,
        vt: VtNumber,
        pidfd: OwnedFd,
        child: Option<Child>,
    ) -> io::Result<()> {
        if let Err(error) = poller.add(&pidfd, token(vt), Interest::Readable) {
            if let Some(child) = child {
                give_up(child);
            }
            return Err(error);
        }
        self.0.insert(vt, (pidfd, child));
        Ok(())
    }

    /// What it means that `token` is ready: the getty has ended, as what it became.
    pub(super) fn ended(&mut self, poller: &Poller, of: u64) -> Option<Event> {
        let vt = *self.0.keys().find(|&&vt| token(vt) == of)?;
        let (pidfd, child) = self.0.remove(&vt)?;
        poller.remove(pidfd.as_fd());
        let status = child.map(|mut child| child.try_wait());
        match status {
            Some(Ok(Some(status))) => tracing::info!(vt = vt.get(), %status, "the getty of a terminal has ended"),
            Some(Err(error)) => tracing::warn!(vt = vt.get(), %error, "the getty of a terminal has ended, somehow"),
            Some(Ok(None)) | None => tracing::info!(vt = vt.get(), "the getty of a terminal has ended"),
        }
        Some(Event::Vt(vt, VtNews::GettyExited))
    }
}

/// A getty's token.
fn token(vt: VtNumber) -> u64 {
    GETTYS | u64::from(vt.get())
}
