//! The accounts: the host's system accounts, root, alice and bob, with passwords that are their names.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use tests::people::{ALICE, BOB, Person, ROOT};

use crate::error::{Error, Tried};

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
const SHADOW: &str = "/etc/shadow";
const SYSTEM: u32 = 999;
const NOBODY: u32 = 65534;

/// The groups that files are given to.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// `utmp`.
    pub(crate) utmp: u32,
}

/// One account or group as its line has it; the third field is the number.
#[derive(Clone, Debug)]
struct Entry(Vec<String>);

impl Entry {
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<String> = line.split(':').map(str::to_owned).collect();
        fields.get(2)?.parse::<u32>().ok()?;
        Some(Self(fields))
    }

    fn name(&self) -> &str {
        &self.0[0]
    }

    fn number(&self) -> Option<u32> {
        self.0.get(2)?.parse().ok()
    }

    // People of the host's are not wanted; its system accounts own files and run daemons.
    fn is_of_the_system(&self) -> bool {
        self.number().is_some_and(|number| (1..=SYSTEM).contains(&number) || number == NOBODY)
    }
}

/// Writes passwd, group and shadow, and makes the homes.
pub(crate) fn write() -> Result<Accounts, Error> {
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let mut groups = system_entries(GROUP)?;
    for (name, usual) in [("tty", 5), ("utmp", 43), ("shadow", 42), ("messagebus", 102)] {
        ensure(&mut groups, name, usual, |number| format!("{name}:x:{number}:"));
    }
    let mut users = system_entries(PASSWD)?;
    let bus = number(&groups, "messagebus")?;
    ensure(&mut users, "messagebus", 102, |number| format!("messagebus:x:{number}:{bus}::/:/bin/false"));

    let people = [&ROOT, &ALICE, &BOB];
    let lines = people.map(|person| passwd_line(person, shell)).into_iter().chain(users.iter().map(line));
    fs::write(PASSWD, lines.collect::<String>()).tried("write", PASSWD)?;
    let lines = people.map(|person| format!("{}:x:{}:\n", person.name, person.uid)).into_iter();
    fs::write(GROUP, lines.chain(groups.iter().map(line)).collect::<String>()).tried("write", GROUP)?;
    let lines = people.map(|person| shadow_line(person.name, person.hash)).into_iter();
    let locked = users.iter().map(|user| shadow_line(user.name(), "*"));
    write_shadow(&lines.chain(locked).collect::<String>(), number(&groups, "shadow")?)?;
    for person in [&ALICE, &BOB] {
        make_home(person)?;
    }
    Ok(Accounts { utmp: number(&groups, "utmp")? })
}

fn system_entries(file: &str) -> Result<Vec<Entry>, Error> {
    let text = fs::read(file).tried("read", file)?;
    let text = String::from_utf8_lossy(&text);
    let wanted = |entry: &Entry| entry.is_of_the_system() && ![ALICE.name, BOB.name].contains(&entry.name());
    Ok(text.lines().filter_map(Entry::parse).filter(wanted).collect())
}

// Adds an entry that the host lacks under its usual number, or the next that is free.
fn ensure(entries: &mut Vec<Entry>, name: &str, usual: u32, new: impl Fn(u32) -> String) {
    if entries.iter().any(|entry| entry.name() == name) {
        return;
    }
    let taken = |number: &u32| entries.iter().any(|entry| entry.number() == Some(*number));
    let free = (usual..=SYSTEM).find(|number| !taken(number));
    entries.extend(free.and_then(|number| Entry::parse(&new(number))));
}

fn number(entries: &[Entry], name: &'static str) -> Result<u32, Error> {
    let number = entries.iter().find(|entry| entry.name() == name).and_then(Entry::number);
    number.ok_or_else(|| Error::NoAccount { file: GROUP.into(), name })
}

fn line(entry: &Entry) -> String {
    entry.0.join(":") + "\n"
}

fn passwd_line(person: &Person, shell: &str) -> String {
    let Person { name, uid, home, .. } = person;
    format!("{name}:x:{uid}:{uid}:{name}:{home}:{shell}\n")
}

fn shadow_line(name: &str, hash: &str) -> String {
    format!("{name}:{hash}:20000:0:99999:7:::\n")
}

// unix_chkpwd is set-group-id shadow on some systems and set-user-id root on others.
fn write_shadow(text: &str, group: u32) -> Result<(), Error> {
    fs::write(SHADOW, text).tried("write", SHADOW)?;
    fs::set_permissions(SHADOW, Permissions::from_mode(0o640)).tried("protect", SHADOW)?;
    chown(SHADOW, Some(0), Some(group)).tried("protect", SHADOW)
}

fn make_home(person: &Person) -> Result<(), Error> {
    let home = person.home;
    fs::remove_dir_all(home).or_else(super::files::absent).tried("remove", home)?;
    fs::create_dir_all(home).tried("make", home)?;
    fs::set_permissions(home, Permissions::from_mode(0o700)).tried("protect", home)?;
    chown(home, Some(person.uid), Some(person.uid)).tried("give away", home)
}
