//! What the lines of login.defs come to.

use proptest::prelude::*;

use super::keys::number;
use super::*;

/// The settings of one file with this text.
pub(crate) fn parsed(text: &str) -> Settings {
    let mut settings = Settings::default();
    settings.take(Path::new("login.defs"), text, &mut BTreeSet::new());
    settings
}

/// A root folder with these files.
fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    root
}

#[test]
fn the_file_that_debian_ships_is_understood() {
    let settings = parsed(
        "# a comment\n\nMAIL_DIR        /var/mail\nLOG_UNKFAIL_ENAB\tno\n\
         ENV_SUPATH\tPATH=/sbin:/bin\nENV_PATH\tPATH=/usr/bin:/bin\nTTYGROUP\ttty\nTTYPERM\t\t0620\n\
         LOGIN_RETRIES\t\t5\nLOGIN_TIMEOUT\t\t30\nDEFAULT_HOME\tno\nUMASK 022\n",
    );
    let expected = Settings {
        user_path: "/usr/bin:/bin".to_owned(),
        super_path: "/sbin:/bin".to_owned(),
        line_mode: 0o620,
        tries: 5,
        timeout: Some(Duration::from_secs(30)),
        allows_missing_home: false,
        ..Settings::default()
    };
    assert_eq!(settings, expected);
}

#[test]
fn both_ways_to_write_an_entry_are_one() {
    assert_eq!(entry("KEY value"), Some(("KEY", "value")));
    assert_eq!(entry("  KEY = \"a b\" "), Some(("KEY", "a b")));
    assert_eq!(entry("KEY=value"), Some(("KEY", "value")));
    assert_eq!(entry("KEY"), Some(("KEY", "")));
    assert_eq!(entry("#KEY value"), None);
}

#[test]
fn what_cannot_be_used_stays_at_its_default() {
    let text = "LOGIN_TIMEOUT soon\nLOGIN_RETRIES 0\nFAIL_DELAY -1\nTTYPERM 0999\nTTYPERM 1777\nENV_PATH\n\
                MAIL_CHECK_ENAB maybe\nTTYGROUP\nLASTLOG_UID_MAX\n";
    assert_eq!(parsed(text), Settings::default());
}

#[test]
fn no_timeout_can_be_asked_for() {
    assert_eq!(parsed("LOGIN_TIMEOUT 0").timeout, None);
}

#[test]
fn env_rootpath_wins_over_env_supath_in_any_order() {
    for text in ["ENV_ROOTPATH /a\nENV_SUPATH /b", "ENV_SUPATH /b\nENV_ROOTPATH /a"] {
        assert_eq!(parsed(text).path_of(Uid::from_raw(0)), "/a");
    }
}

#[test]
fn no_file_means_the_defaults() {
    assert_eq!(Settings::read(root(&[]).path()), Settings::default());
    let folder = root(&[("etc/login.defs/no-file", ""), ("run/login.defs", "LOGIN_RETRIES 9\n")]);
    assert_eq!(Settings::read(folder.path()), Settings::default(), "a folder is no file, and stands before the next");
    let noise = root(&[]);
    std::fs::create_dir(noise.path().join("etc")).expect("a folder");
    std::fs::write(noise.path().join("etc/login.defs"), b"\xff\0LOGIN_RETRIES 9\nLOGIN_RETRIES 7\n").expect("a file");
    assert_eq!(Settings::read(noise.path()).tries, 7);
}

#[test]
fn the_administrators_file_stands_in_the_place_of_the_distributions() {
    let all = [
        ("etc/login.defs", "LOGIN_RETRIES 1\n"),
        ("run/login.defs", "LOGIN_RETRIES 2\nDEFAULT_HOME no\n"),
        ("usr/lib/login.defs", "LOGIN_RETRIES 3\nDEFAULT_HOME no\n"),
        ("usr/etc/login.defs", "LOGIN_RETRIES 4\nDEFAULT_HOME no\n"),
    ];
    for (first, (_, text)) in all.iter().enumerate() {
        assert_eq!(Settings::read(root(&all[first..]).path()), parsed(text));
    }
}

#[test]
fn drop_ins_of_all_folders_follow_in_the_order_of_their_names() {
    let folder = root(&[
        ("etc/login.defs", "LOGIN_RETRIES 1\nLOGIN_TIMEOUT 1\nTTYPERM 0600\n"),
        ("usr/lib/login.defs.d/50-vendor.defs", "LOGIN_RETRIES 5\nLOGIN_TIMEOUT 5\n"),
        ("run/login.defs.d/60-boot.defs", "LOGIN_RETRIES 6\n"),
        ("etc/login.defs.d/40-local.defs", "LOGIN_RETRIES 4\nTTYPERM 0620\n"),
        ("etc/login.defs.d/99-local.conf", "LOGIN_RETRIES 9\n"),
        ("etc/login.defs.d/.99-hidden.defs", "LOGIN_RETRIES 9\n"),
    ]);
    assert_eq!(Settings::read(folder.path()), parsed("LOGIN_RETRIES 6\nLOGIN_TIMEOUT 5\nTTYPERM 0620\n"));
    let alone = root(&[("usr/lib/login.defs.d/50-vendor.defs", "LOGIN_RETRIES 5\n")]);
    assert_eq!(Settings::read(alone.path()).tries, 5, "also where nothing else is");
}

#[test]
fn a_drop_in_hides_those_of_its_name_in_later_folders() {
    let vendor = ("usr/lib/login.defs.d/50.defs", "LOGIN_RETRIES 5\nDEFAULT_HOME no\n");
    let replaced = root(&[vendor, ("etc/login.defs.d/50.defs", "LOGIN_RETRIES 7\n")]);
    assert_eq!(Settings::read(replaced.path()), parsed("LOGIN_RETRIES 7\n"));
    let emptied = root(&[vendor, ("run/login.defs.d/50.defs", "")]);
    assert_eq!(Settings::read(emptied.path()), Settings::default());
    let masked = root(&[vendor, ("etc/login.defs.d/other", "")]);
    std::os::unix::fs::symlink("/dev/null", masked.path().join("etc/login.defs.d/50.defs")).expect("a link");
    assert_eq!(Settings::read(masked.path()), Settings::default());
}

#[test]
fn numbers_are_read_as_the_peers_read_them() {
    let numbers = ["0", "60", "0x3c", "074", "08", "+5", "-1", "0x+5", "", "5s"].map(number);
    assert_eq!(numbers, [Some(0), Some(60), Some(60), Some(60), None, None, None, None, None, None]);
}

#[test]
fn lists_may_be_empty_and_their_parts_may_not() {
    let settings = parsed("MOTD_FILE /run/motd::/etc/motd\nLOGIN_ENV_SAFELIST LANG, LC_ALL\nHUSHLOGIN_FILE .quiet\n");
    assert_eq!(settings.motd, ["/run/motd", "/etc/motd"]);
    assert_eq!(settings.safe_variables, ["LANG", "LC_ALL"]);
    assert_eq!(settings.hush_files, [".quiet"]);
    let settings = parsed("MOTD_FILE\nHUSHLOGIN_FILE \"\"\n");
    assert!(settings.motd.is_empty() && settings.hush_files.is_empty());
}

#[test]
fn lastlog_enab_decides_over_record_and_line() {
    let of = |text: &str| {
        let settings = parsed(text);
        (settings.records_in_lastlog(Uid::from_raw(1000)), settings.shows_last_login())
    };
    assert_eq!(of(""), (true, false));
    assert_eq!(of("LASTLOG_ENAB yes"), (true, true));
    assert_eq!(of("LASTLOG_ENAB no"), (false, false));
    assert_eq!(of("LASTLOG_ENAB yes\nLASTLOG_UID_MAX 999"), (false, true));
}

#[test]
fn every_key_is_known_once() {
    let obeyed = keys::OBEYED.iter().map(|(name, _)| *name);
    let all: Vec<_> = obeyed.chain(keys::LEFT).chain(keys::FOREIGN).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert!(all.iter().all(|key| keys::meaning(key).is_some()));
    assert!(keys::meaning("LOGIN_RETRYS").is_none() && keys::meaning("").is_none());
}

/// The keys that stand bold at a line's begin in a page.
fn keys_of(page: &str) -> BTreeSet<&str> {
    let lines = page.lines().filter(|line| line.starts_with('*'));
    lines.flat_map(|line| line.split('*').skip(1).step_by(2)).collect()
}

#[test]
fn the_manual_names_every_key_that_is_obeyed_and_no_other() {
    let manual = include_str!("../../../docs/man/login.1.scd");
    let section = manual.split("\n# LOGIN.DEFS").nth(1).and_then(|rest| rest.split("\n# ").next()).expect("a section");
    assert_eq!(keys_of(section), keys::OBEYED.iter().map(|(name, _)| *name).collect());
}

#[test]
fn every_key_of_the_peers_that_is_not_obeyed_has_its_reason_written_down() {
    let differences = include_str!("../../../docs/differences.md");
    let section =
        differences.split("\n## login,").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section");
    for key in keys::LEFT {
        assert!(section.contains(&format!("`{key}`")), "{key}");
    }
}

proptest! {
    #[test]
    fn no_file_breaks_a_login(text in any::<String>(), key in 0..5_usize, value in any::<String>()) {
        parsed(&text);
        let key = ["LOGIN_TIMEOUT", "LOGIN_RETRIES", "TTYPERM", "ENV_PATH", "MAIL_DIR"][key];
        let settings = parsed(&format!("{key} {value}"));
        prop_assert!(settings.tries > 0);
        prop_assert!(settings.line_mode <= 0o777);
        prop_assert!(settings.timeout.is_none_or(|timeout| !timeout.is_zero()));
        prop_assert!(!settings.path_of(Uid::from_raw(1)).is_empty());
    }
}
