//! The files as other programs, crashes and full disks see them.

#[cfg(test)]
mod judges;
#[cfg(test)]
mod support;
