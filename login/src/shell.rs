//! The program that an account names as its shell, and how it is called.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::paths;

/// A shell and its arguments; the first one begins with `-`, which makes it a login shell (`login(1)`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shell {
    program: CString,
    arguments: Vec<CString>,
}

impl Shell {
    /// The shell that the last field of `passwd(5)` names. With a blank in it, it is a command for `/bin/sh`
    /// (util-linux's login).
    ///
    /// # Errors
    /// `EINVAL` if it is no absolute path: a relative one would be looked up where the user, or a stranger, decides.
    pub(crate) fn of(entry: &Path) -> Result<Self, Errno> {
        if !entry.is_absolute() {
            return Err(Errno::EINVAL);
        }
        let entry = entry.as_os_str().as_bytes();
        if !entry.contains(&b' ') {
            let name = entry.rsplit(|b| *b == b'/').next().unwrap_or(entry);
            return Self::new(entry, &[&[b"-", name].concat()]);
        }
        Self::new(paths::SHELL.as_bytes(), &[b"-sh", b"-c", &[b"exec ", entry].concat()])
    }

    /// `program` in the place of `entry`, whose name it is called by (`FAKE_SHELL` of shadow's login).
    ///
    /// # Errors
    /// `EINVAL` if it is no absolute path.
    pub(crate) fn in_place_of(entry: &Path, program: &Path) -> Result<Self, Errno> {
        if !program.is_absolute() {
            return Err(Errno::EINVAL);
        }
        Self::new(program.as_os_str().as_bytes(), &[entry.as_os_str().as_bytes()])
    }

    /// The shells that `list` names, a line each (`shells(5)`).
    pub(crate) fn listed(list: &str) -> impl Iterator<Item = (PathBuf, Self)> {
        let paths = list.lines().map(str::trim).filter(|line| line.starts_with('/')).map(PathBuf::from);
        paths.filter_map(|path| Self::of(&path).ok().map(|shell| (path, shell)))
    }

    /// Becomes the shell; returns only what went wrong. A script without `#!` is run by `/bin/sh`.
    pub(crate) fn exec(&self, environment: &[CString]) -> Errno {
        match nix::unistd::execvpe(&self.program, &self.arguments, environment) {
            Err(error) => error,
        }
    }

    fn new(program: &[u8], arguments: &[&[u8]]) -> Result<Self, Errno> {
        let string = |bytes: &[u8]| CString::new(bytes).map_err(|_| Errno::EINVAL);
        let arguments = arguments.iter().map(|argument| string(argument)).collect::<Result<_, _>>()?;
        Ok(Self { program: string(program)?, arguments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_called_as_a_login_shell() {
        let shell = Shell::of(Path::new("/usr/bin/zsh")).expect("a shell");
        assert_eq!(shell.program.as_c_str(), c"/usr/bin/zsh");
        assert_eq!(shell.arguments, [c"-zsh".to_owned()]);
    }

    #[test]
    fn a_shell_with_arguments_is_run_by_sh() {
        let shell = Shell::of(Path::new("/usr/bin/script -q /dev/null")).expect("a shell");
        assert_eq!(shell.program.as_c_str(), c"/bin/sh");
        assert_eq!(shell.arguments, [c"-sh".into(), c"-c".into(), CString::from(c"exec /usr/bin/script -q /dev/null")]);
    }

    #[test]
    fn a_fake_shell_is_called_as_the_one_it_stands_for() {
        let shell = Shell::in_place_of(Path::new("/bin/bash"), Path::new("/usr/bin/menu")).expect("a shell");
        assert_eq!(shell.program.as_c_str(), c"/usr/bin/menu");
        assert_eq!(shell.arguments, [c"/bin/bash".to_owned()]);
        assert_eq!(Shell::in_place_of(Path::new("/bin/bash"), Path::new("menu")), Err(Errno::EINVAL));
    }

    #[test]
    fn a_list_of_shells_has_comments_and_noise() {
        let list = "# /etc/shells: valid login shells\n/bin/sh\n\n  /bin/bash \nbash\n#/bin/zsh\n";
        let paths: Vec<_> = Shell::listed(list).map(|(path, _)| path).collect();
        assert_eq!(paths, [Path::new("/bin/sh"), Path::new("/bin/bash")]);
    }

    #[test]
    fn a_shell_is_never_looked_up() {
        for entry in ["", "bash", "./bash", "bash -l"] {
            assert_eq!(Shell::of(Path::new(entry)), Err(Errno::EINVAL), "{entry:?}");
        }
    }
}
