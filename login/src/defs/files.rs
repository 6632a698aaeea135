//! Where login.defs is: one file, and drop-ins beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::paths;

/// More than any administrator writes; what lies behind it is not read.
const FILE_MAX: u64 = 1 << 20;

/// The files below the root folder `root` that set something, in the order in which they do: the first of `login.defs` in
/// the folders of [`paths::DEFS_FOLDERS`], then the drop-ins `login.defs.d/*.defs` of all, by their names.
///
/// Of drop-ins with one name the first folder's counts; an empty one, or a link to /dev/null, hides the others (UAPI
/// configuration files specification; libeconf, which both peers may be built with, has the same names).
pub(super) fn all(root: &Path) -> Vec<PathBuf> {
    let folders = paths::DEFS_FOLDERS.map(|folder| root.join(folder.trim_start_matches('/')));
    let main = folders.iter().map(|folder| folder.join(paths::DEFS)).find(|path| path.symlink_metadata().is_ok());
    let mut drop_ins = BTreeMap::new();
    for folder in folders {
        for (name, path) in drop_ins_of(&folder.join(paths::DEFS_DROP_INS)) {
            drop_ins.entry(name).or_insert(path);
        }
    }
    main.into_iter().chain(drop_ins.into_values().filter(|path| !is_dev_null(path))).collect()
}

/// The text of `file`: at most [`FILE_MAX`] bytes of a regular file; `O_NONBLOCK`, because opening anything else could
/// hang.
///
/// # Errors
/// What the system said, or that it is no regular file.
pub(crate) fn text(file: &Path) -> io::Result<String> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    opened.take(FILE_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The files of `folder` whose names end in `.defs`; hidden ones do not count.
fn drop_ins_of(folder: &Path) -> Vec<(OsString, PathBuf)> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| (entry.file_name(), entry.path()))
        .filter(|(name, _)| name.as_bytes().ends_with(b".defs") && !name.as_bytes().starts_with(b"."))
        .collect()
}

fn is_dev_null(path: &Path) -> bool {
    path.read_link().is_ok_and(|target| target == Path::new(paths::DEV_NULL))
}
