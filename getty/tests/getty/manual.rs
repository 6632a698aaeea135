//! The manual page and `--help` name the same options.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use crate::harness::GETTY;

const MANUAL: &str = include_str!("../../../docs/man/getty.8.scd");

fn help() -> String {
    let output = Command::new(GETTY).arg("--help").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The flags at the start of each line that describes one: `-a, --autologin NAME` names two.
fn flags<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let words = lines
        .flat_map(|line| line.split([' ', ',', '=', '[']).take_while(|word| word.is_empty() || word.starts_with('-')));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_flag_of_the_help_is_in_the_manual_and_every_flag_of_the_manual_in_the_help() {
    let help = help();
    let in_help = flags(help.lines().map(str::trim_start).filter(|line| line.starts_with('-')));
    // scdoc: a flag stands between asterisks at the start of a line; a backslash before a dash is not shown.
    let manual = MANUAL.replace(['*', '\\'], "");
    let in_manual =
        flags(MANUAL.lines().zip(manual.lines()).filter(|(raw, _)| raw.starts_with("*-")).map(|(_, line)| line));
    assert!(in_help.len() > 30, "{in_help:?}");
    assert_eq!(in_help, in_manual);
}

#[test]
fn every_flag_of_the_help_is_completed() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/completion.awk");
    let completion = |shell: &str| {
        let command = "exec \"$1\" --help | awk -v name=getty -v page='getty(8)' -v shell=$2 -f \"$3\"";
        let output = Command::new("sh").args(["-c", command, "sh", GETTY, shell, script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let (bash, zsh, fish) = (completion("bash"), completion("zsh"), completion("fish"));
    let help = help();
    for flag in flags(help.lines().map(str::trim_start).filter(|line| line.starts_with("--") || line.contains(", --")))
    {
        let Some(long) = flag.strip_prefix("--") else { continue };
        assert!(bash.contains(&format!("--{long}")) && zsh.contains(&format!("--{long}")), "{flag}");
        assert!(fish.contains(&format!(" -l {long} ")), "{flag}");
    }
    let typed = |words: &str| {
        let asked = format!("{bash}\nCOMP_WORDS=({words}); COMP_CWORD=1; _getty; echo \"${{COMPREPLY[*]}}\"");
        String::from_utf8(Command::new("bash").args(["-c", &asked]).output().unwrap().stdout).unwrap()
    };
    assert_eq!(typed("getty --auto"), "--autologin\n");
    assert_eq!(typed("getty --lines"), "--lines --lines-from\n");
}

#[test]
fn the_version_is_told() {
    let output = Command::new(GETTY).arg("--version").stdin(Stdio::null()).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("getty from session-rs {}\n", env!("CARGO_PKG_VERSION"))
    );
}
