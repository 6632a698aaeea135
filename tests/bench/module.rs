//! The PAM module's size, and what a process has more after a session was opened and closed through it.

use std::fs;
use std::path::Path;

use tests::outcome::{Failure, Outcome};
use tests::{paths, peers, run};

use crate::figure::{amount, tell};

/// Where PAM finds modules, beside `pam_unix.so`.
const SECURITY: [&str; 3] =
    ["/usr/lib/x86_64-linux-gnu/security", "/usr/lib/aarch64-linux-gnu/security", "/lib/security"];

/// Measures a module that is installed, or ours.
///
/// # Errors
/// As [`weigh`]'s, and that it is nowhere.
pub(crate) fn measure(module: &str) -> Outcome {
    let places = SECURITY.iter().map(|folder| Path::new(folder).join(module));
    let places = places.chain([Path::new(paths::PROGRAMS).join(module)]);
    let file = places.into_iter().find(|file| file.exists());
    weigh(&file.ok_or_else(|| Failure::new(format!("{module} is nowhere")))?)
}

/// Measures elogind's module, from where it was unpacked: what is copied into the sandbox would all count as written. Our
/// logind answers it.
///
/// # Errors
/// As [`weigh`]'s, and that Debian's package was not fetched.
pub(crate) fn measure_elogind() -> Outcome {
    weigh(&peers::pam_module("libpam-elogind", "pam_elogind.so")?)
}

/// Weighs a module by the judge `pam_weight`, a process that does nothing else.
///
/// # Errors
/// That a session cannot be opened through it; a skip without the judge.
fn weigh(file: &Path) -> Outcome {
    tell("size of the file (KB)", amount(fs::metadata(file)?.len()) / 1024.0);
    // libpam loads what `other` names for every service, and the sandbox's names our module.
    for service in ["warm", "other"] {
        fs::write(format!("/etc/pam.d/{service}"), "session required pam_permit.so\n")?;
    }
    fs::write("/etc/pam.d/weight", format!("session required {}\n", file.display()))?;
    let weighed = run::output(&mut peers::judge("pam_weight")?)?.well()?;
    for line in weighed.stdout.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        tell(name, value.parse()?);
    }
    Ok(())
}
