//! Fetches other people's programs: Debian's packages, unpacked below `target/peers` and never installed; and builds the
//! judges, small programs over other people's libraries.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tests::outcome::{Failure, Outcome};
use tests::run;

use crate::runner::programs;

const PACKAGES: [&str; 18] = [
    "elogind",
    "libelogind0",
    "systemd",
    "libsystemd-shared",
    "libsystemd0",
    "util-linux",
    "login",
    "openssh-server",
    "openssh-sftp-server",
    "libwrap0",
    "sudo",
    "cron",
    "libpam-systemd",
    "libpam-elogind",
    "polkitd",
    "libpolkit-gobject-1-0",
    "libpolkit-agent-1-0",
    "libduktape207",
];
/// util-linux's login, which Debian has since its 13th release, with the C library and PAM it was built for. They lie
/// together in one folder, `util-linux-login`, and run on their own loader.
const UTIL_LINUX_LOGIN: [&str; 8] =
    ["login", "libc6", "libpam0g", "libaudit1", "libcap-ng0", "liblastlog2-2", "libpam-lastlog2", "libsqlite3-0"];
const ITS_RELEASE: &str =
    "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main\n";

const JUDGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/judges");

/// How new a package must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Freshness {
    /// As new as the package lists know.
    Newest,
    /// Whatever was fetched before will do.
    Any,
}

/// Fetches what is missing. What cannot be had is said, and the cases that need it are skipped, which fails the run.
pub(crate) fn fetch(freshness: Freshness) -> Outcome {
    let peers = programs()?.with_file_name("peers");
    fs::create_dir_all(&peers)?;
    for package in PACKAGES {
        if freshness == Freshness::Any && peers.join(package).exists() {
            continue;
        }
        if let Err(Failure::Failed(why) | Failure::Skipped(why)) = fetch_one(package, &peers) {
            eprintln!("cases: no {package}: {why}");
        }
    }
    if let Err(Failure::Failed(why) | Failure::Skipped(why)) = fetch_util_linux_login(freshness, &peers) {
        eprintln!("cases: no login of util-linux: {why}");
    }
    if let Err(Failure::Failed(why) | Failure::Skipped(why)) = build_judges() {
        eprintln!("cases: no judges: {why}");
    }
    Ok(())
}

// A package lies in a folder named after its file, NAME_VERSION_ARCHITECTURE; a link NAME leads to the one in use.
fn fetch_one(package: &str, peers: &Path) -> Outcome {
    let file = newest(package)?;
    let mut stem = file.trim_end_matches(".deb").to_owned();
    if !peers.join(&stem).is_dir() {
        // A mirror keeps no version that was superseded since the lists were made.
        stem = download(package, peers).or_else(|_| {
            run::run("apt-get", &["update", "-qq"])?.well()?;
            download(package, peers)
        })?;
    }
    let link = peers.join(package);
    if fs::read_link(&link).ok().as_deref() != Some(Path::new(&stem)) {
        let new = peers.join(format!("{package}.new"));
        let _ = fs::remove_file(&new); // left by a run that was killed here, or not there
        symlink(stem, &new)?;
        fs::rename(new, link)?;
    }
    Ok(())
}

// The name of the folder into which the package was unpacked.
fn download(package: &str, peers: &Path) -> Outcome<String> {
    let scratch = tempfile::tempdir_in(peers)?;
    println!("fetching {package}");
    // The download's user, _apt, may not enter the folder; root downloads it then, which apt would warn of.
    let download = ["-qq", "-o", "APT::Sandbox::User=root", "download", package];
    run::output(Command::new("apt-get").args(download).current_dir(scratch.path()))?.well()?;
    let archive = fs::read_dir(scratch.path())?.flatten().map(|entry| entry.path()).next();
    let archive = archive.ok_or_else(|| Failure::new("apt-get downloaded nothing"))?;
    let stem = archive.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let unpacked = scratch.path().join("unpacked");
    run::output(Command::new("dpkg").arg("-x").arg(archive).arg(&unpacked))?.well()?;
    let folder = peers.join(&stem);
    if !folder.is_dir() {
        fs::rename(unpacked, folder)?;
    }
    Ok(stem)
}

// With package lists of its own, so that the machine's stay those of its release.
fn fetch_util_linux_login(freshness: Freshness, peers: &Path) -> Outcome {
    let folder = peers.join("util-linux-login");
    if freshness == Freshness::Any && folder.exists() {
        return Ok(());
    }
    let scratch = tempfile::tempdir_in(peers)?;
    for part in ["lists/partial", "cache/archives/partial", "debs", "unpacked"] {
        fs::create_dir_all(scratch.path().join(part))?;
    }
    fs::write(scratch.path().join("sources.list"), ITS_RELEASE)?;
    fs::write(scratch.path().join("status"), "")?;
    let at = |option: &str, part: &str| format!("{option}={}", scratch.path().join(part).display());
    let apt = |words: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(["-qq", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourceparts=/dev/null"]);
        for (option, part) in [
            ("Dir::State::lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc::sourcelist", "sources.list"),
        ] {
            apt.args(["-o", &at(option, part)]);
        }
        run::output(apt.args(words).current_dir(scratch.path().join("debs")))?.well()
    };
    println!("fetching util-linux's login");
    apt(&["update"])?;
    apt(&[&["download"][..], &UTIL_LINUX_LOGIN].concat())?;
    let unpacked = scratch.path().join("unpacked");
    for archive in fs::read_dir(scratch.path().join("debs"))? {
        run::output(Command::new("dpkg").arg("-x").arg(archive?.path()).arg(&unpacked))?.well()?;
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(unpacked, folder)?;
    Ok(())
}

// The file name of the newest version the package lists know; a machine without lists gets them first.
fn newest(package: &str) -> Outcome<String> {
    let ask = || run::run("apt-get", &["download", "--print-uris", package])?.well();
    let answer = match ask() {
        Ok(answer) => answer,
        Err(_) => {
            run::run("apt-get", &["update", "-qq"])?.well()?;
            ask()?
        }
    };
    // 'http://…/elogind_246.10-1debian1_amd64.deb' elogind_246.10-1debian1_amd64.deb 653912 SHA256:…
    let line = answer.stdout.lines().find(|line| line.starts_with('\'')).unwrap_or_default();
    let file = line.split(' ').nth(1).filter(|file| !file.contains('/'));
    file.map(str::to_owned).ok_or_else(|| Failure::new(format!("apt-get says {:?}", answer.stdout)))
}

fn build_judges() -> Outcome {
    let target = programs()?.join("judges");
    fs::create_dir_all(&target)?;
    for entry in fs::read_dir(JUDGES)? {
        let source = entry?.path();
        let Some(name) = source.file_stem().filter(|_| source.extension().is_some_and(|kind| kind == "c")) else {
            continue;
        };
        let is_module = name.as_encoded_bytes().ends_with(b"_module");
        let program = if is_module { target.join(name).with_extension("so") } else { target.join(name) };
        let built = fs::metadata(&program).and_then(|program| program.modified()).ok();
        if built >= Some(fs::metadata(&source)?.modified()?) {
            continue;
        }
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-O1", "-pthread", "-Wl,--as-needed", "-o"]).arg(&program).arg(&source);
        if is_module {
            compiler.args(["-shared", "-fPIC"]);
        }
        run::output(compiler.args(["-lsystemd", "-lpam"]))?.well()?;
    }
    Ok(())
}
