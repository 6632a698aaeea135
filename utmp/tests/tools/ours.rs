//! What every tool of ours has: a help, a manual page and completions that tell of the same options.

use std::fs;
use std::path::Path;

use utmp::dump::UTMPDUMP;
use utmp::flags::{Program, Takes};
use utmp::last::{LAST, LASTB};
use utmp::last_logins::LASTLOG;

const PROGRAMS: &[(Program, &str)] =
    &[(LAST, "last.1"), (LASTB, "last.1"), (UTMPDUMP, "utmpdump.1"), (LASTLOG, "lastlog.8")];

fn manual(page: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/man");
    fs::read_to_string(folder.join(format!("{page}.scd"))).unwrap()
}

#[test]
fn help_manual_and_completions_name_the_same_options() {
    for (program, page) in PROGRAMS {
        let (help, manual) = (program.help(), manual(page));
        for flag in program.flags {
            let long = format!("--{}", flag.long);
            let letter = flag.short.map(|letter| format!("*-{letter}*, ")).unwrap_or_default();
            let entry = format!("\n{letter}*{long}*");
            assert!(help.contains(&long), "{}: help has no {long}", program.name);
            assert!(manual.contains(&entry), "{page} has no {entry:?}");
            for shell in ["bash", "zsh", "fish"] {
                let script = program.completion(shell).unwrap();
                assert!(script.contains(flag.long), "{}: {shell} has no {long}", program.name);
            }
            if let Takes::OneOf(_, words) = flag.takes {
                assert!(
                    words.iter().all(|word| manual.contains(&format!("*{word}*"))),
                    "{page}: {long} takes {words:?}"
                );
            }
        }
        // And no others.
        for line in manual.lines().filter(|line| line.starts_with("*-")) {
            let names: Vec<_> = line.split('*').filter(|word| word.starts_with("--")).collect();
            for name in names {
                assert!(program.flags.iter().any(|flag| format!("--{}", flag.long) == name), "{page} has {name}");
            }
        }
    }
}

#[test]
fn the_shells_understand_the_completions() {
    for (program, _) in PROGRAMS {
        let script = program.completion("bash").unwrap();
        let checked = std::process::Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
        assert!(checked.status.success(), "{}: {checked:?}", program.name);
    }
}

#[test]
fn bash_completes_what_a_tool_takes() {
    let completed = |program: &Program, words: &str| {
        let function = program.name.replace('-', "_");
        let script = program.completion("bash").unwrap();
        let typed = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _{function}; echo \"${{COMPREPLY[*]}}\""
        );
        let output = std::process::Command::new("bash").args(["-c", &typed]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    assert_eq!(completed(&LAST, "last --js"), "--json");
    assert_eq!(completed(&LAST, "last --time-format i"), "iso");
    assert_eq!(completed(&LASTB, "lastb --encoding 400"), "400le 400be");
    assert_eq!(completed(&LAST, "last roo"), "root");
    assert_eq!(completed(&LASTLOG, "lastlog -u roo"), "root");
    assert_eq!(completed(&UTMPDUMP, "utmpdump --rev"), "--reverse");
    for (program, _) in PROGRAMS {
        assert!(program.completion("bash").unwrap().contains("of session-rs"), "dist/install knows it by these words");
    }
}
