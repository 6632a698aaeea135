//! Where the issue comes from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Template, read_small, version};
use crate::paths;

/// The system's issue, below the root folder `root`: the first of `issue` in /etc, /run and /usr/lib, then the drop-ins
/// `issue.d/*.issue` of all three in the order of their names.
///
/// Of drop-ins with the same name the first folder's counts; an empty one, or a link to /dev/null, hides the others
/// (UAPI configuration files specification).
pub(crate) fn default_template(root: &Path) -> Template {
    let roots = paths::ISSUE_ROOTS.map(|folder| root.join(folder.trim_start_matches('/')));
    let main = roots.iter().map(|folder| folder.join(paths::ISSUE)).find(|path| path.symlink_metadata().is_ok());
    let mut drop_ins = BTreeMap::new();
    for folder in roots {
        for (name, path) in drop_ins_of(&folder.join(paths::ISSUE_DROP_INS)) {
            drop_ins.entry(name).or_insert(path);
        }
    }
    concatenate(main.into_iter().chain(drop_ins.into_values()))
}

/// The issue in `paths`, which are files and folders of `*.issue` (`--issue-file`, where `:` stands between them).
pub(crate) fn template_of(paths: &str) -> Template {
    let files = paths
        .split(':')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .flat_map(|path| if path.is_dir() { by_version(drop_ins_of(&path)) } else { vec![path] });
    concatenate(files)
}

/// The files of a folder that was named, in the order of their versions, as agetty shows them.
fn by_version(files: BTreeMap<OsString, PathBuf>) -> Vec<PathBuf> {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by(|(a, _), (b, _)| version::compare(a.as_bytes(), b.as_bytes()));
    files.into_iter().map(|(_, path)| path).collect()
}

/// The files of `folder` whose names end in `.issue`, by name; hidden ones do not count.
fn drop_ins_of(folder: &Path) -> BTreeMap<OsString, PathBuf> {
    let Ok(entries) = folder.read_dir() else { return BTreeMap::new() };
    entries
        .flatten()
        .map(|entry| (entry.file_name(), entry.path()))
        .filter(|(name, _)| name.as_bytes().ends_with(b".issue") && !name.as_bytes().starts_with(b"."))
        .collect()
}

fn concatenate(files: impl Iterator<Item = PathBuf>) -> Template {
    let bytes: Vec<u8> = files.filter_map(|path| read_small(&path)).flatten().collect();
    Template::parse(&bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn text(template: &Template) -> String {
        String::from_utf8(template.render(|_| Vec::new())).unwrap()
    }

    #[test]
    fn the_administrators_issue_comes_before_the_distributions() {
        let all = root(&[("etc/issue", "etc"), ("run/issue", "run"), ("usr/lib/issue", "usr")]);
        assert_eq!(text(&default_template(all.path())), "etc");
        let some = root(&[("run/issue", "run"), ("usr/lib/issue", "usr")]);
        assert_eq!(text(&default_template(some.path())), "run");
    }

    #[test]
    fn drop_ins_follow_by_name_and_the_first_folder_wins() {
        let root = root(&[
            ("usr/lib/issue", "main "),
            ("usr/lib/issue.d/20-b.issue", "b "),
            ("usr/lib/issue.d/30-c.issue", "usr-c "),
            ("run/issue.d/10-a.issue", "a "),
            ("etc/issue.d/30-c.issue", "etc-c "),
            ("etc/issue.d/README", "no "),
            ("etc/issue.d/.hidden.issue", "no "),
        ]);
        assert_eq!(text(&default_template(root.path())), "main a b etc-c ");
    }

    #[test]
    fn an_empty_file_or_a_link_to_dev_null_hides_the_distributions() {
        let root = root(&[
            ("usr/lib/issue", "x"),
            ("usr/lib/issue.d/a.issue", "x"),
            ("usr/lib/issue.d/b.issue", "x"),
            ("etc/issue.d/a.issue", ""),
        ]);
        symlink("/dev/null", root.path().join("etc/issue.d/b.issue")).unwrap();
        symlink("/dev/null", root.path().join("etc/issue")).unwrap();
        assert_eq!(text(&default_template(root.path())), "");
    }

    #[test]
    fn without_any_file_there_is_no_issue() {
        assert_eq!(text(&default_template(root(&[]).path())), "");
    }

    #[test]
    fn named_files_and_folders_replace_the_default() {
        let root = root(&[("a", "A"), ("d/2.issue", "2"), ("d/1.issue", "1"), ("d/10.issue", "10"), ("d/x", "no")]);
        let at = |path: &str| root.path().join(path).display().to_string();
        let list = format!("{}:{}::{}", at("d"), at("missing"), at("a"));
        assert_eq!(text(&template_of(&list)), "1210A");
    }

    #[test]
    fn a_pipe_or_a_device_is_not_read() {
        let root = root(&[]);
        let pipe = root.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(text(&template_of(&pipe.display().to_string())), "");
        assert_eq!(text(&template_of("/dev/zero")), "");
    }
}
