//! The files as other programs, crashes and full disks see them.

#[cfg(test)]
mod crowd;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod judges;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod power_cut;
#[cfg(test)]
mod program;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod room;
#[cfg(test)]
mod support;
#[cfg(test)]
mod torn;
