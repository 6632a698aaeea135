//! lastlog: one record a user, at the place his uid gives it in a sparse file (glibc's `struct lastlog`, lastlog(8)).

use zerocopy::native_endian::{I64, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::record::Time;
use crate::text::Text;

/// A user's last login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastLogin {
    /// When.
    pub time: Time,
    /// On which line.
    pub line: Text<32>,
    /// Where from; empty if from here.
    pub host: Text<256>,
}

#[cfg(not(any(
    target_env = "musl",
    target_arch = "aarch64",
    target_arch = "s390x",
    target_arch = "loongarch64"
)))]
use Short as Native;

#[cfg(any(target_env = "musl", target_arch = "aarch64", target_arch = "s390x", target_arch = "loongarch64"))]
use Long as Native;

/// Bytes of a user's record on this machine: 292, or 296 where its seconds have 64 bits.
pub(crate) const SIZE: usize = size_of::<Native>();

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Short {
    seconds: U32,
    line: [u8; 32],
    host: [u8; 256],
}

#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Long {
    seconds: I64,
    line: [u8; 32],
    host: [u8; 256],
}

const _: () = assert!(size_of::<Short>() == 292);
const _: () = assert!(size_of::<Long>() == 296);

/// Where the record of `uid` begins.
pub(crate) fn offset(uid: u32) -> u64 {
    u64::from(uid) * SIZE as u64
}

impl LastLogin {
    /// The record as this machine's file holds it.
    pub(crate) fn to_bytes(&self) -> [u8; SIZE] {
        zerocopy::transmute!(Native::from(self))
    }

    /// The record that stands in `bytes`; any bytes are one.
    pub(crate) fn from_bytes(bytes: &[u8; SIZE]) -> Self {
        let raw: &Native = zerocopy::transmute_ref!(bytes);
        let time = Time::from_seconds(raw.seconds.get().into());
        Self { time, line: Text::from_field(raw.line), host: Text::from_field(raw.host) }
    }
}

impl From<&LastLogin> for Short {
    fn from(login: &LastLogin) -> Self {
        let seconds = login.time.seconds.clamp(0, u32::MAX.into()) as u32;
        Self { seconds: seconds.into(), line: *login.line.field(), host: *login.host.field() }
    }
}

impl From<&LastLogin> for Long {
    fn from(login: &LastLogin) -> Self {
        Self { seconds: login.time.seconds.into(), line: *login.line.field(), host: *login.host.field() }
    }
}
