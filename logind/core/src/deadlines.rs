//! When something has to be looked at again, soonest first.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::names::{SessionId, Uid, VtNumber};
use crate::time::Moment;

/// Whose deadline it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A session that waits for its directory, or ends.
    Session(SessionId),
    /// A user without sessions.
    User(Uid),
    /// A virtual terminal that waits for a getty.
    Vt(VtNumber),
}

/// At most one deadline a subject. All work is logarithmic in their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deadlines {
    by_time: BTreeSet<(Moment, Subject)>,
    by_subject: BTreeMap<Subject, Moment>,
}

impl Deadlines {
    /// Sets the subject's deadline, in place of the one it had.
    pub(crate) fn set(&mut self, subject: Subject, at: Moment) {
        self.clear(&subject);
        self.by_time.insert((at, subject.clone()));
        self.by_subject.insert(subject, at);
    }

    /// Takes the subject's deadline away.
    pub(crate) fn clear(&mut self, subject: &Subject) {
        if let Some(at) = self.by_subject.remove(subject) {
            self.by_time.remove(&(at, subject.clone()));
        }
    }

    /// The soonest.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes out all that have come by `now`, soonest first.
    pub(crate) fn due(&mut self, now: Moment) -> Vec<Subject> {
        let mut due = Vec::new();
        while let Some((at, _)) = self.by_time.first() {
            if at.monotonic > now.monotonic {
                break;
            }
            if let Some((_, subject)) = self.by_time.pop_first() {
                self.by_subject.remove(&subject);
                due.push(subject);
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_one_deadline_the_last_that_was_set() {
        let mut deadlines = Deadlines::default();
        let at = |monotonic| Moment { monotonic, realtime: 0 };
        let (one, root) = (Subject::User(Uid::ROOT), Uid::ROOT);
        deadlines.set(one.clone(), at(1));
        deadlines.set(one.clone(), at(5));
        assert_eq!(deadlines.next(), Some(at(5)));
        assert_eq!(deadlines.due(at(4)), []);
        assert_eq!(deadlines.due(at(5)), [Subject::User(root)]);
        assert_eq!(deadlines, Deadlines::default());
        deadlines.set(one.clone(), at(1));
        deadlines.clear(&one);
        assert_eq!(deadlines, Deadlines::default());
    }
}
