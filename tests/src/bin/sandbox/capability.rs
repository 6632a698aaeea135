//! The capabilities that nothing inside has: those that would reach the host's kernel past every namespace.

use rustix::thread::{
    CapabilitySet, capabilities, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
};

use crate::error::{Error, Tried};

const DROPPED: [CapabilitySet; 5] = [
    CapabilitySet::SYS_TIME,
    CapabilitySet::SYS_BOOT,
    CapabilitySet::SYS_MODULE,
    CapabilitySet::SYS_RAWIO,
    CapabilitySet::MKNOD,
];

/// Gives them up for good: no program started from here can have them again, whatever its file says.
pub(crate) fn drop_for_good() -> Result<(), Error> {
    let tried = "the capabilities";
    clear_ambient_capability_set().tried("give up", tried)?;
    for capability in DROPPED {
        remove_capability_from_bounding_set(capability).tried("give up", tried)?;
    }
    let mut sets = capabilities(None).tried("read", tried)?;
    for capability in DROPPED {
        sets.effective.remove(capability);
        sets.permitted.remove(capability);
        sets.inheritable.remove(capability);
    }
    set_capabilities(None, sets).tried("give up", tried)
}
