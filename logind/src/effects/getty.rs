//! A getty that logind starts: a child in a session and a cgroup of its own, which outlives it.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use logind_core::names::VtNumber;
use rustix::process::Rlimit;

use super::cgroup::Cgroups;
use super::vt;
use crate::sys;

/// What stands for the line in a word of the command.
pub(crate) const LINE: &str = "%I";

/// Where programs are, for a getty that is started with nothing of ours.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How gettys are started.
#[derive(Clone, Debug)]
pub(crate) struct Gettys {
    /// The getty beside this program.
    default: Vec<String>,
    /// The program and its arguments, if they are configured (AutoVTCommand=).
    command: Option<Vec<String>>,
    /// How many descriptors a process may have, as logind found it.
    descriptors: Rlimit,
}

impl Gettys {
    /// Those of the program `own`, unless another `command` is configured.
    pub(crate) fn new(own: &Path, command: Option<Vec<String>>, descriptors: Rlimit) -> Self {
        let getty = own.with_file_name("getty");
        let default = vec![getty.to_string_lossy().into_owned(), LINE.to_owned()];
        Self { default, command, descriptors }
    }

    /// Takes over what was configured anew.
    pub(crate) fn configure(&mut self, command: Option<Vec<String>>) {
        self.command = command;
    }

    /// Starts one on `vt`.
    ///
    /// # Errors
    /// If the program cannot be run.
    pub(crate) fn start(&self, at: VtNumber, cgroups: &Cgroups) -> io::Result<Child> {
        let line = vt::line(at);
        let command = self.command.as_ref().unwrap_or(&self.default);
        let mut words = command.iter().map(|word| word.replace(LINE, &line));
        let program = words.next().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(words).env_clear().env("PATH", PATH).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        sys::in_its_own_session(&mut command, self.descriptors);
        let child = command.spawn()?;
        // One that stays with us is ended with us by supervisors that clear away cgroups.
        if let Err(error) = cgroups.set_apart(&line, child.id()) {
            tracing::warn!(line, error = %error, "a getty has no cgroup of its own");
        }
        Ok(child)
    }
}

/// Ends a getty that cannot be watched: a second one would be started beside it.
pub(crate) fn give_up(mut child: Child) {
    if let Err(error) = child.kill().and_then(|()| child.wait()) {
        tracing::warn!(pid = child.id(), error = %error, "cannot end a getty that cannot be watched");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_getty_leads_a_session_of_its_own_with_nothing_of_ours() {
        let place = tempfile::tempdir().expect("a directory");
        let said = place.path().join("tty9");
        let script = r#"exec >"$1/$2.new"; cut -d' ' -f6 /proc/self/stat; echo $$; ulimit -Sn; env | grep -c .; pwd
            readlink /proc/$$/fd/* | grep -c inherited; mv "$1/$2.new" "$1/$2""#;
        // What whoever started logind left open.
        let inherited = fs::File::create(place.path().join("inherited")).expect("a file");
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).expect("it is passed on");
        let words = ["/bin/sh", "-c", script, "sh", &place.path().to_string_lossy(), LINE].map(String::from);
        let descriptors = Rlimit { current: Some(77), maximum: Some(88) };
        let gettys = Gettys::new(Path::new("/logind"), Some(words.into()), descriptors);
        let vt = VtNumber::new(9).expect("a terminal");
        let tree = tempfile::tempdir().expect("a directory");
        let mut child = gettys.start(vt, &Cgroups::at(tree.path())).expect("it starts");
        assert!(child.wait().expect("its end").success());
        let said = fs::read_to_string(said).expect("it spoke");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], lines[1], "it leads its session");
        // PATH, and what sh sets itself: PWD, sometimes `_`, OLDPWD and SHLVL.
        assert!(lines[3].parse::<u32>().is_ok_and(|n| n <= 5), "{said}");
        assert_eq!((lines[2], lines[4]), ("77", "/"));
        assert_eq!(lines[5], "0", "it has what is logind's");
        let cgroup = tree.path().join("system.slice/getty@tty9.service");
        assert!(cgroup.is_dir(), "it is set apart, in what is no cgroup here");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let descriptors = Rlimit { current: None, maximum: None };
        let gettys = Gettys::new(Path::new("/nonexistent/logind"), None, descriptors);
        let tree = tempfile::tempdir().expect("a directory");
        let vt = VtNumber::new(9).expect("a terminal");
        assert!(gettys.start(vt, &Cgroups::at(tree.path())).is_err());
    }

    #[test]
    fn the_getty_of_the_same_installation_is_started_unless_another_is_configured() {
        let descriptors = Rlimit { current: None, maximum: None };
        let mut gettys = Gettys::new(Path::new("/opt/libexec/session-rs/logind"), None, descriptors);
        assert_eq!(gettys.default, ["/opt/libexec/session-rs/getty", "%I"]);
        assert_eq!(gettys.command, None);
        gettys.configure(Some(vec!["/sbin/agetty".into(), LINE.into()]));
        assert_eq!(gettys.command.as_deref(), Some(&["/sbin/agetty".to_owned(), LINE.to_owned()][..]));
    }
}
