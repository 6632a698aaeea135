//! A name, a password, a shell, and out again.

use utmp::Kind;

use crate::machine::Machine;

#[test]
fn a_name_and_a_password_lead_to_a_shell_and_its_exit_leads_back() {
    let Some(machine) = Machine::new() else { return };
    let mut seat = machine.login(&[]);
    let modes = format!("{:?}", seat.modes_found());
    seat.sees("login: ");
    assert_eq!(seat.owner(), (0, 0, 0o600), "at the prompt the line is nobody's");
    seat.types("alice\r");
    seat.sees("Password: ");
    seat.types("alices-secret\r");
    seat.sees("$ ");

    assert_eq!(seat.asks("id -u; id -g; id -Gn"), "1000\n1000\nalice games friends");
    assert_eq!(
        seat.asks("grep -E '^[UG]id:' /proc/$$/status").replace('\t', " "),
        "Uid: 1000 1000 1000 1000\nGid: 1000 1000 1000 1000"
    );
    assert_eq!(seat.asks("tty"), format!("/dev/{}", seat.name()));
    assert_eq!(seat.asks("pwd; echo $0"), "/home/alice\n-sh");
    assert_eq!(seat.owner(), (1000, 5, 0o620));
    let shell = seat.asks_pid("echo $$");
    let ids = seat.asks("ps -o pid=,pgid=,sid= -p $$");
    let ids: Vec<_> = ids.split_whitespace().collect();
    assert_eq!(ids, vec![shell.as_raw_nonzero().to_string(); 3], "the shell leads its own session");
    let environment = seat.asks("env | sort | grep -vE '^(PWD|_|OLDPWD|SHLVL)='");
    let expected = "HOME=/home/alice\nLOGNAME=alice\nMAIL=/var/mail/alice\nPATH=/usr/bin:/bin\nSHELL=/bin/sh\nTERM=vt102\nUSER=alice";
    assert_eq!(environment, expected);

    let login = seat.pid().as_raw_nonzero().get();
    let utmp = machine.utmp();
    assert_eq!(utmp.len(), 1);
    assert_eq!((utmp[0].kind, utmp[0].pid, utmp[0].user.as_bytes()), (Kind::UserProcess, login, &b"alice"[..]));
    assert!(machine.judged_by("who", &[], "run/utmp").starts_with(&format!("alice    {}", seat.name())));

    seat.types("stty raw -echo; exit 7\r");
    assert_eq!(seat.exits(), Some(0));
    assert_eq!(seat.owner(), (0, 5, 0o600), "nobody's again");
    assert_eq!(format!("{:?}", seat.modes()), modes, "its modes are as they were");
    let utmp = machine.utmp();
    assert_eq!((utmp.len(), utmp[0].kind, utmp[0].exit.exit), (1, Kind::DeadProcess, 7));
    assert_eq!(machine.wtmp().iter().map(|r| r.kind).collect::<Vec<_>>(), [Kind::UserProcess, Kind::DeadProcess]);
    let last = machine.judged_by("last", &["--fullnames", "-f"], "log/wtmp");
    assert!(last.starts_with(&format!("alice    {}", seat.name())), "{last}");
    // util-linux's last says "still running" of a logout in the second it runs in.
    assert!(last.contains("(00:00)") || last.contains("still running"), "{last}");
    assert_eq!(last.lines().filter(|line| line.starts_with("alice")).count(), 1, "{last}");
    assert!(machine.btmp().is_empty());
    assert_eq!(std::fs::metadata(machine.path("log/lastlog")).expect("lastlog").len(), 1001 * 292);
}
