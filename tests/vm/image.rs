//! The images: for each init a Debian that has it and none of our programs, kept under the hash of what goes in.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tests::outcome::{Failure, Outcome};
use tests::people::{ALICE, BOB, ROOT};
use tests::run;

use crate::paths;

/// A disk to copy, and what starts it.
#[derive(Debug)]
pub(crate) struct Image {
    folder: PathBuf,
    /// The init, by the name of its folder in the image's sources.
    pub(crate) init: &'static str,
}

impl Image {
    /// The image with an init as it must be now; it is made if there is none.
    ///
    /// # Errors
    /// A skip, if it cannot be had on this system; what its making says.
    pub(crate) fn current(init: &'static str) -> Outcome<Self> {
        let suite = suite()?;
        let passwords = [&ROOT, &ALICE, &BOB].map(|person| format!("{}:{}", person.name, person.hash));
        let folders = [paths::IMAGE_SOURCES.into(), of_init(init)];
        let ingredients = format!("{}{passwords:?}{}", sources(&folders)?, versions(&folders)?);
        let folder = paths::folder()?.join(format!("image-{init}-{suite}-{}", hash(&ingredients)?));
        let image = Self { folder, init };
        if !image.root().exists() {
            image.make(&suite, &passwords)?;
        }
        Ok(image)
    }

    /// The disk.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("root.img")
    }

    /// The kernel.
    pub(crate) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    /// What the kernel starts from.
    pub(crate) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }

    fn make(&self, suite: &str, passwords: &[String]) -> Outcome {
        for entry in fs::read_dir(paths::folder()?)?.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(format!("image-{}-", self.init).as_bytes()) {
                fs::remove_dir_all(entry.path())?; // of other ingredients
            }
        }
        fs::create_dir_all(&self.folder)?;
        println!("making the image of a Debian {suite} with {}", self.init);
        let build = || {
            let mut build = Command::new(Path::new(paths::IMAGE_SOURCES).join("build"));
            run::output(build.arg(&self.folder).args([suite, self.init]).args(passwords))?.well()
        };
        // A mirror that is being updated answers wrongly for a moment.
        build().or_else(|_| build()).map(drop)
    }
}

/// The Debian that this system is: our programs are linked against its libraries, and run with those of the image.
///
/// # Errors
/// A skip, if it is none.
pub(crate) fn suite() -> Outcome<String> {
    let text = fs::read_to_string(paths::OS_RELEASE)?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    match (value("ID"), value("VERSION_CODENAME")) {
        (Some("debian"), Some(suite)) if !suite.contains('/') => Ok(suite.to_owned()),
        _ => Err(Failure::Skipped("programs built on this system do not run on a Debian".to_owned())),
    }
}

fn of_init(init: &str) -> PathBuf {
    Path::new(paths::IMAGE_SOURCES).join(paths::INITS).join(init)
}

// Which versions would be installed now of the packages that are named.
fn versions(folders: &[PathBuf]) -> Outcome<String> {
    let lists: Result<Vec<_>, _> = folders.iter().map(|folder| fs::read_to_string(folder.join("packages"))).collect();
    let lists = lists?.concat();
    let packages = lists.lines().filter(|line| !line.starts_with('#'));
    let policy = run::output(Command::new("apt-cache").arg("policy").args(packages))?.well()?;
    let lines = policy.stdout.lines().filter(|line| !line.starts_with(' ') || line.contains("Candidate:"));
    Ok(lines.collect())
}

// The names and texts of all files below the folders; what is of one init is none of the others' business.
fn sources(folders: &[PathBuf]) -> Outcome<String> {
    let mut all = String::new();
    for folder in folders {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
        entries.retain(|path| !path.ends_with(paths::INITS));
        entries.sort();
        for path in entries {
            all += &path.strip_prefix(paths::IMAGE_SOURCES).unwrap_or(&path).to_string_lossy();
            all += &if path.is_dir() { sources(&[path])? } else { fs::read_to_string(&path)? };
        }
    }
    Ok(all)
}

fn hash(text: &str) -> Outcome<String> {
    let mut command = Command::new("sha256sum");
    let mut sum = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = sum.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let output = sum.wait_with_output()?;
    let digits = String::from_utf8_lossy(&output.stdout).chars().take(16).collect::<String>();
    if digits.len() == 16 { Ok(digits) } else { Err(Failure::new("sha256sum gives no sum")) }
}
