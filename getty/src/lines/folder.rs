//! The files that name lines: which count, and whether they are to be believed.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;
use thiserror::Error;

use crate::paths;

/// Why a file or a folder does not count.
#[derive(Debug, Error)]
pub(crate) enum Unusable {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: Errno,
    },
    /// Somebody else than root may change it, and would choose what is run as root.
    #[error("{} is not believed: it belongs to somebody else than root, or group or others may write to it", .0.display())]
    NotRoots(PathBuf),
    /// It is a device, a pipe or a socket.
    #[error("{} is neither a file nor a folder", .0.display())]
    NoFile(PathBuf),
    /// It is longer than any list of lines.
    #[error("{} is longer than {MOST} bytes", .0.display())]
    TooLong(PathBuf),
    /// It is not UTF-8.
    #[error("{} is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
}

/// The longest file that is read.
const MOST: u64 = 64 * 1024;

/// A file that names lines, with its path for messages.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Text {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) rows: String,
}

/// The files that `source` stands for below the root folder `root`, in the order of their names.
///
/// A path with a `/` is a file or a folder of `*.conf`. A name without one is that of a folder in /etc, /run and
/// /usr/lib: of files with the same name the first folder's counts, and an empty one or a link to /dev/null hides the
/// others (UAPI configuration files specification).
pub(crate) fn texts(source: &Path, root: &Path) -> Vec<Result<Text, Unusable>> {
    let mut chosen = BTreeMap::<OsString, Result<Option<Text>, Unusable>>::new();
    let mut problems = Vec::new();
    for place in places(source, root) {
        match look(&place.path) {
            Ok(None) if place.may_be_absent => {}
            Ok(None) => problems.push(Err(Unusable::Unreadable { path: place.path, source: Errno::NOENT })),
            Ok(Some(Found::File(file))) => {
                let name = source.as_os_str().to_owned();
                chosen.entry(name).or_insert_with(|| text(file, place.path));
            }
            Ok(Some(Found::Folder(folder))) => match names_in(&folder) {
                Ok(names) => {
                    for name in names {
                        let path = place.path.join(&name);
                        chosen.entry(name.clone()).or_insert_with(|| member(&folder, &name, path));
                    }
                }
                Err(source) => problems.push(Err(Unusable::Unreadable { path: place.path, source })),
            },
            Err(unusable) => problems.push(Err(unusable)),
        }
    }
    problems.extend(chosen.into_values().filter_map(Result::transpose));
    problems
}

/// Somewhere to look.
struct Place {
    path: PathBuf,
    may_be_absent: bool,
}

fn places(source: &Path, root: &Path) -> Vec<Place> {
    if source.as_os_str().as_bytes().contains(&b'/') {
        return vec![Place { path: source.to_owned(), may_be_absent: false }];
    }
    let below = |folder: &str| root.join(folder.trim_start_matches('/')).join(source);
    paths::CONFIGURATION_ROOTS.map(|folder| Place { path: below(folder), may_be_absent: true }).into()
}

/// What lies at a path.
enum Found {
    File(OwnedFd),
    Folder(OwnedFd),
}

const FLAGS: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// What lies at `path`, if root alone may change it; none if nothing does.
fn look(path: &Path) -> Result<Option<Found>, Unusable> {
    let failed = |source| Unusable::Unreadable { path: path.to_owned(), source };
    let file = match openat(CWD, path, FLAGS, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let stat = fstat(&file).map_err(failed)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory if is_roots(&stat) => Ok(Some(Found::Folder(file))),
        FileType::Directory => Err(Unusable::NotRoots(path.to_owned())),
        _ => Ok(Some(Found::File(file))),
    }
}

/// The names of the files that count: hidden ones, and those that an editor or a packager put beside one, do not.
fn names_in(folder: &OwnedFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name.ends_with(b".conf") && !name.starts_with(b".") {
            names.push(OsString::from_vec(name));
        }
    }
    Ok(names)
}

/// The file `name` in `folder`; none if it hides others of its name and says nothing.
fn member(folder: impl AsFd, name: &OsStr, path: PathBuf) -> Result<Option<Text>, Unusable> {
    match openat(folder, name, FLAGS, Mode::empty()) {
        Ok(file) => text(file, path),
        Err(source) => Err(Unusable::Unreadable { path, source }),
    }
}

fn text(file: OwnedFd, path: PathBuf) -> Result<Option<Text>, Unusable> {
    let stat = match fstat(&file) {
        Ok(stat) => stat,
        Err(source) => return Err(Unusable::Unreadable { path, source }),
    };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if !is_roots(&stat) => return Err(Unusable::NotRoots(path)),
        FileType::RegularFile => {}
        FileType::CharacterDevice if is_null(&stat) => return Ok(None),
        _ => return Err(Unusable::NoFile(path)),
    }
    let mut bytes = Vec::new();
    if let Err(e) = File::from(file).take(MOST + 1).read_to_end(&mut bytes) {
        return Err(Unusable::Unreadable { path, source: Errno::from_io_error(&e).unwrap_or(Errno::IO) });
    }
    if bytes.len() as u64 > MOST {
        return Err(Unusable::TooLong(path));
    }
    match String::from_utf8(bytes) {
        Ok(rows) => Ok(Some(Text { path, rows })),
        Err(_) => Err(Unusable::NotUtf8(path)),
    }
}

/// Whether nobody but root may change it.
fn is_roots(stat: &Stat) -> bool {
    stat.st_uid == 0 && stat.st_mode & 0o022 == 0
}

/// /dev/null (`null(4)`).
fn is_null(stat: &Stat) -> bool {
    (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)) == (1, 3)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        }
        root
    }

    /// What counts of `source`, and how much of it was refused.
    fn read(source: impl AsRef<Path>, root: &Path) -> (String, usize) {
        let (texts, problems): (Vec<_>, Vec<_>) = texts(source.as_ref(), root).into_iter().partition(Result::is_ok);
        (texts.into_iter().map(|text| text.unwrap().rows).collect(), problems.len())
    }

    fn is_root() -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            println!("skipped: only root has files that are believed");
        }
        is_root
    }

    #[test]
    fn of_files_with_one_name_the_administrators_counts() {
        if !is_root() {
            return;
        }
        let root = root(&[
            ("usr/lib/ttys.d/10-a.conf", "usr-a "),
            ("usr/lib/ttys.d/30-c.conf", "usr-c "),
            ("run/ttys.d/20-b.conf", "run-b "),
            ("run/ttys.d/30-c.conf", "run-c "),
            ("etc/ttys.d/30-c.conf", "etc-c "),
            ("etc/ttys.d/30-c.conf~", "no "),
            ("etc/ttys.d/.30-d.conf", "no "),
            ("etc/ttys.d/README", "no "),
        ]);
        assert_eq!(read("ttys.d", root.path()), ("usr-a run-b etc-c ".to_owned(), 0));
    }

    #[test]
    fn a_link_to_dev_null_or_an_empty_file_hides_the_distributions() {
        if !is_root() {
            return;
        }
        let root = root(&[
            ("usr/lib/ttys.d/a.conf", "a"),
            ("usr/lib/ttys.d/b.conf", "b"),
            ("usr/lib/ttys.d/c.conf", "c"),
            ("etc/ttys.d/b.conf", ""),
        ]);
        symlink("/dev/null", root.path().join("etc/ttys.d/a.conf")).unwrap();
        assert_eq!(read("ttys.d", root.path()), ("c".to_owned(), 0));
    }

    #[test]
    fn a_file_or_a_folder_by_its_path_is_taken_alone() {
        if !is_root() {
            return;
        }
        let root = root(&[("x/2.conf", "2"), ("x/1.conf", "1"), ("y", "y"), ("etc/ttys.d/z.conf", "z")]);
        assert_eq!(read(root.path().join("x"), root.path()), ("12".to_owned(), 0));
        assert_eq!(read(root.path().join("y"), root.path()), ("y".to_owned(), 0));
        assert_eq!(read(root.path().join("absent"), root.path()), (String::new(), 1));
        assert_eq!(read("absent.d", root.path()), (String::new(), 0), "a name may be nowhere");
    }

    #[test]
    fn what_somebody_else_than_root_may_change_is_not_believed() {
        if !is_root() {
            return;
        }
        let root = root(&[
            ("etc/ttys.d/good.conf", "good"),
            ("etc/ttys.d/group.conf", "evil"),
            ("etc/ttys.d/others.conf", "evil"),
            ("etc/ttys.d/bobs.conf", "evil"),
            ("run/ttys.d/innocent.conf", "evil"),
            ("usr/lib/ttys.d/bobs.conf", "the distribution's"),
            ("home/mine.conf", "evil"),
        ]);
        let at = |path: &str| root.path().join(path);
        fs::set_permissions(at("etc/ttys.d/group.conf"), Permissions::from_mode(0o664)).unwrap();
        fs::set_permissions(at("etc/ttys.d/others.conf"), Permissions::from_mode(0o646)).unwrap();
        fs::set_permissions(at("run/ttys.d"), Permissions::from_mode(0o777)).unwrap();
        chown(at("etc/ttys.d/bobs.conf"), Some(4002), Some(0)).unwrap();
        chown(at("home/mine.conf"), Some(4002), Some(0)).unwrap();
        symlink(at("home/mine.conf"), at("etc/ttys.d/link.conf")).unwrap();
        assert_eq!(read("ttys.d", root.path()), ("good".to_owned(), 5), "neither does what it hides come back");
    }

    #[test]
    fn pipes_devices_floods_and_what_is_no_text_are_refused_without_waiting() {
        if !is_root() {
            return;
        }
        let root = root(&[("etc/ttys.d/long.conf", &"#".repeat(70_000))]);
        let at = |name: &str| root.path().join("etc/ttys.d").join(name);
        nix::unistd::mkfifo(&at("pipe.conf"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        symlink("/dev/zero", at("zero.conf")).unwrap();
        symlink("loop.conf", at("loop.conf")).unwrap();
        fs::create_dir(at("folder.conf")).unwrap();
        fs::write(at("bytes.conf"), b"tty\xff").unwrap();
        fs::set_permissions(at("bytes.conf"), Permissions::from_mode(0o600)).unwrap();
        fs::write(root.path().join("etc/ttys.d").join(OsStr::from_bytes(b"\x1b[2J\xff.conf")), "tty7").unwrap();
        assert_eq!(read("ttys.d", root.path()), ("tty7".to_owned(), 6));
    }
}
