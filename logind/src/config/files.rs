//! Which files the configuration is in, and in what order.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::paths;

/// The files to read, first to last: later ones override earlier ones.
pub(super) fn of_the_machine() -> Vec<PathBuf> {
    in_directories(paths::CONFIG_DIRECTORIES.map(Path::new).as_slice())
}

/// The main file of the first directory that has one, then the drop-ins of all in the order of their names. Of drop-ins
/// with one name only that of the earliest directory counts, so a link to /dev/null masks one.
fn in_directories(directories: &[&Path]) -> Vec<PathBuf> {
    let main = directories.iter().map(|directory| directory.join(paths::CONFIG_FILE)).find(|file| file.exists());
    let mut drop_ins: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for directory in directories {
        let entries = match std::fs::read_dir(directory.join(paths::CONFIG_DROP_INS)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                tracing::warn!(directory = %directory.display(), error = %error, "cannot list the configuration");
                continue;
            }
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if Path::new(&name).extension().is_some_and(|extension| extension == "conf") {
                drop_ins.entry(name).or_insert_with(|| entry.path());
            }
        }
    }
    main.into_iter().chain(drop_ins.into_values()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_drop_in_is_masked_by_its_name_and_ordered_by_it() {
        let machine = tempfile::tempdir().expect("a directory");
        let (etc, usr) = (machine.path().join("etc"), machine.path().join("usr"));
        for directory in [&etc, &usr] {
            fs::create_dir_all(directory.join(paths::CONFIG_DROP_INS)).expect("a directory");
        }
        for file in ["usr/logind.conf", "usr/logind.conf.d/20-b.conf", "usr/logind.conf.d/10-a.conf"] {
            fs::write(machine.path().join(file), "").expect("a file");
        }
        fs::write(etc.join("logind.conf.d/20-b.conf"), "").expect("a file");
        fs::write(etc.join("logind.conf.d/30-c.conf~"), "").expect("a file");
        let found = in_directories(&[&etc, &usr]);
        let expected =
            [usr.join("logind.conf"), usr.join("logind.conf.d/10-a.conf"), etc.join("logind.conf.d/20-b.conf")];
        assert_eq!(found, expected);
    }
}
