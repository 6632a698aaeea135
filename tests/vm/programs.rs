//! The second disk: our programs as `make install` lays them out, the agent, and other people's programs that judge ours.

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::outcome::Outcome;
use tests::run;

use crate::paths;

/// Where Debian's PAM looks for modules on the one architecture there is an image for.
const SECURITY: &str = "/usr/lib/x86_64-linux-gnu/security";
/// Other people's programs: the package, and what of it.
const PEERS: [(&str, &str); 4] = [
    ("elogind", "bin/loginctl usr/bin/loginctl lib/elogind usr/lib/elogind"),
    ("systemd", "bin/loginctl usr/bin/loginctl usr/bin/busctl"),
    ("libsystemd-shared", "lib usr/lib"),
    ("libsystemd0", "lib usr/lib"),
];

/// Makes the disk for machines with an init, of the programs that lie beside this one.
///
/// # Errors
/// What a step of the making says.
pub(crate) fn make(init: &str) -> Outcome {
    let (programs, folder) = (paths::programs()?, paths::folder()?);
    let stage = folder.join("programs");
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    let root = stage.join("root");
    let libexec = root.join("usr/libexec/session-rs");
    fs::create_dir_all(&root)?;
    let mut make = Command::new("make");
    make.args(["--silent", "--old-file=build", "--directory", paths::PROJECT, "install"]);
    // openrc_init is OpenRC's own process 1, and has the services of openrc.
    let services = init.trim_end_matches("_init");
    make.arg(format!("INIT={services}"))
        .arg(format!("RELEASE={}", programs.display()))
        .arg(format!("DESTDIR={}", root.display()));
    run::output(make.arg(format!("SECURITY={SECURITY}")))?.well()?;
    for program in ["vm-agent", "judges"] {
        copy(&programs.join(program), &libexec)?;
    }
    for (package, parts) in PEERS {
        let from = programs.with_file_name("peers").join(package);
        for part in parts.split(' ').filter(|part| from.join(part).exists()) {
            let to = root.join(tests::paths::PEERS.trim_start_matches('/')).join(package).join(part);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
                copy(&from.join(part), folder)?;
            }
        }
    }
    // What nobody debugs in there need not be read through an emulated disk.
    run::output(Command::new("sh").args(["-c", "strip --strip-unneeded \"$0\"/* 2>&1"]).arg(&libexec))?;
    copy(Path::new(paths::INSTALL), &stage)?;
    copy(Path::new(paths::EXTRAS), &stage)?;
    fs::create_dir(stage.join("inits"))?;
    copy(&Path::new(paths::INSTALL_INITS).join(init), &stage.join("inits"))?;
    let disk = folder.join(paths::programs_disk(init));
    fs::File::create(&disk)?;
    let mut mkfs = Command::new("/sbin/mkfs.ext4");
    mkfs.args(["-q", "-F", "-O", "^has_journal", "-d"]).arg(&stage).arg(&disk);
    run::output(mkfs.arg("512M"))?.well()?;
    Ok(())
}

fn copy(from: &Path, folder: &Path) -> Outcome {
    run::output(Command::new("cp").arg("-a").arg(from).arg(folder))?.well()?;
    Ok(())
}
