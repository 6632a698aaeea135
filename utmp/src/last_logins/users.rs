//! Which users are meant: all there are, one by name or uid, or those of a range of uids.

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use nix::unistd::{Uid, User as Account};

/// A user, as far as his last login goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct User {
    pub(crate) name: Vec<u8>,
    pub(crate) uid: u32,
}

/// Who the `LOGIN` of the option `--user` means.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Meant {
    /// A user's name or uid.
    One(User),
    /// Uids.
    Range(RangeInclusive<u32>),
    /// A uid that nobody has.
    Nobody,
}

/// Those in the passwd(5) file at `path`, in its order.
pub(crate) fn all(path: &Path) -> io::Result<Vec<User>> {
    Ok(listed(&fs::read(path)?))
}

fn listed(passwd: &[u8]) -> Vec<User> {
    passwd.split(|byte| *byte == b'\n').filter_map(entry).collect()
}

fn entry(line: &[u8]) -> Option<User> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
    let uid = str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
    Some(User { name, uid })
}

/// Understands `text`. With `users` given, these are all there are; else the system's user database is asked.
pub(crate) fn meant(text: &str, users: Option<&[User]>) -> Option<Meant> {
    if let Some(user) = by_name(text, users) {
        return Some(Meant::One(user));
    }
    let range = range(text)?;
    if range.start() != range.end() {
        return Some(Meant::Range(range));
    }
    Some(by_uid(*range.start(), users).map_or(Meant::Nobody, Meant::One))
}

fn by_name(name: &str, users: Option<&[User]>) -> Option<User> {
    match users {
        Some(users) => users.iter().find(|user| user.name == name.as_bytes()).cloned(),
        None => Account::from_name(name).ok().flatten().map(User::from),
    }
}

fn by_uid(uid: u32, users: Option<&[User]>) -> Option<User> {
    match users {
        Some(users) => users.iter().find(|user| user.uid == uid).cloned(),
        None => Account::from_uid(Uid::from_raw(uid)).ok().flatten().map(User::from),
    }
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self { name: account.name.into_bytes(), uid: account.uid.as_raw() }
    }
}

/// `5`, `5-7`, `-7`, `5-`.
fn range(text: &str) -> Option<RangeInclusive<u32>> {
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    match text.split_once('-') {
        None => number(text).map(|uid| uid..=uid),
        Some(("", "")) => None,
        Some(("", to)) => Some(0..=number(to)?),
        Some((from, "")) => Some(number(from)?..=u32::MAX),
        Some((from, to)) => Some(number(from)?..=number(to)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, uid: u32) -> User {
        User { name: name.into(), uid }
    }

    #[test]
    fn users_are_those_with_a_name_and_a_number() {
        let passwd = b"root:x:0:0::/root:/bin/sh\n\n#no\n+::::::\nbob:x:1000:\nbad:x:-1:\nhuge:x:4294967296:\n";
        assert_eq!(listed(passwd), [user("root", 0), user("bob", 1000)]);
    }

    #[test]
    fn a_name_counts_before_a_number() {
        let users = [user("root", 0), user("7", 70), user("seven", 7)];
        let meant = |text| meant(text, Some(&users));
        assert_eq!(meant("7"), Some(Meant::One(user("7", 70))));
        assert_eq!(meant("0"), Some(Meant::One(user("root", 0))));
        assert_eq!(meant("9"), Some(Meant::Nobody));
        assert_eq!(meant("3-9"), Some(Meant::Range(3..=9)));
        assert_eq!(meant("-9"), Some(Meant::Range(0..=9)));
        assert_eq!(meant("3-"), Some(Meant::Range(3..=u32::MAX)));
        for nothing in ["", "-", "x", "1-x", "+1", "1-2-3", "4294967296"] {
            assert_eq!(meant(nothing), None, "{nothing}");
        }
    }
}
