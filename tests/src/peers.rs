//! Other people's programs, unpacked below `target/peers` and run from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::{Failure, Outcome};
use crate::{paths, run};

/// elogind's `loginctl`.
///
/// # Errors
/// A skip, if the package was not fetched.
pub fn elogind_loginctl() -> Outcome<Command> {
    let mut command = Command::new(program("elogind", &["bin/loginctl", "usr/bin/loginctl"])?);
    command.env("LD_LIBRARY_PATH", program("elogind", &["lib/elogind", "usr/lib/elogind"])?);
    Ok(command)
}

/// systemd's `loginctl`; it refuses to work before `-M .host` where systemd is not PID 1.
///
/// # Errors
/// A skip, if the package was not fetched.
pub fn systemd_loginctl() -> Outcome<Command> {
    let mut command = Command::new(program("systemd", &["usr/bin/loginctl", "bin/loginctl"])?);
    command.env("LD_LIBRARY_PATH", systemd_libraries()?);
    Ok(command)
}

/// util-linux's agetty on a line, which runs Debian's login: the chain that ours replaces.
///
/// # Errors
/// A skip, if a package was not fetched.
pub fn agetty(line: &str) -> Outcome<Command> {
    let mut command = Command::new(program("util-linux", &["sbin/agetty", "usr/sbin/agetty"])?);
    command.arg("--login-program").arg(program("login", &["bin/login", "usr/bin/login"])?).args([line, "vt220"]);
    Ok(command)
}

/// util-linux's login, on the loader and the C library it was built for.
///
/// # Errors
/// A skip, if it was not fetched.
pub fn util_linux_login() -> Outcome<Command> {
    let login = program("util-linux-login", &["usr/bin/login"])?;
    on_its_loader(&login)
}

/// `login` on the loader, the C library and PAM of util-linux's login, also where the machine's are older.
///
/// # Errors
/// A skip, if they were not fetched.
pub fn on_its_loader(login: &Path) -> Outcome<Command> {
    // usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2: the names hold the architecture.
    for folder in fs::read_dir(program("util-linux-login", &["usr/lib"])?)? {
        let folder = folder?.path();
        let is_loader = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("ld-linux");
        let Ok(mut files) = fs::read_dir(&folder) else { continue };
        if let Some(loader) = files.find_map(|file| file.ok().filter(|file| is_loader(&file.file_name()))) {
            let mut command = Command::new(loader.path());
            command.arg("--library-path").arg(folder).arg(login);
            return Ok(command);
        }
    }
    Err(Failure::new("util-linux's login has no loader"))
}

/// A judge: one of our small programs over other people's libraries (`tests/judges`).
///
/// # Errors
/// A skip, if it could not be built.
pub fn judge(name: &str) -> Outcome<Command> {
    let program = Path::new(paths::PROGRAMS).join("judges").join(name);
    if program.exists() {
        return Ok(Command::new(program));
    }
    Err(Failure::Skipped(format!("the judge {name} was not built: is libsystemd-dev there?")))
}

/// Puts a package's files where installing it would, inside. The PAM stacks stay the sandbox's.
///
/// # Errors
/// A skip, if the package was not fetched.
pub fn install(package: &str) -> Outcome {
    let root = program(package, &["."])?;
    // The links /bin, /lib and /sbin stay what they are.
    let script = "tar -C \"$0\" --exclude=./etc/pam.d -c . | tar -C / -x --keep-directory-symlink --no-overwrite-dir";
    run::output(Command::new("sh").args(["-c", script]).arg(root))?.well()?;
    Ok(())
}

/// A PAM module of a package, by its absolute path.
///
/// # Errors
/// A skip, if the package was not fetched.
pub fn pam_module(package: &str, name: &str) -> Outcome<PathBuf> {
    // lib/x86_64-linux-gnu/security/NAME: the folder holds the architecture.
    for entry in fs::read_dir(program(package, &["usr/lib", "lib"])?)? {
        let module = entry?.path().join("security").join(name);
        if module.exists() {
            return Ok(module);
        }
    }
    Err(Failure::new(format!("Debian's package {package} holds no {name}")))
}

/// The first of `paths` that the package holds.
///
/// # Errors
/// A skip, if the package was not fetched or holds none of them.
pub fn program(package: &str, paths: &[&str]) -> Outcome<PathBuf> {
    let root = Path::new(paths::PEERS).join(package);
    let found = paths.iter().map(|path| root.join(path)).find(|path| path.exists());
    found.ok_or_else(|| Failure::Skipped(format!("Debian's package {package} was not fetched")))
}

// libsystemd-shared lies in a folder whose name holds the architecture: usr/lib/x86_64-linux-gnu/systemd.
fn systemd_libraries() -> Outcome<PathBuf> {
    let libraries = program("libsystemd-shared", &["usr/lib", "lib"])?;
    for entry in fs::read_dir(&libraries)? {
        let folder = entry?.path().join("systemd");
        if folder.exists() {
            return Ok(folder);
        }
    }
    Ok(libraries.join("systemd"))
}
