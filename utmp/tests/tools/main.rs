//! The tools, beside the ones they stand in for.

#[cfg(test)]
mod compared;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod lastlog;
#[cfg(test)]
mod made;
#[cfg(test)]
mod ours;
#[cfg(test)]
#[path = "../shared/random.rs"]
mod random;
