//! The sandbox keeps the host out of reach: its files, devices, network, kernel.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use tests::outcome::Outcome;
use tests::{ensure, ensure_eq, paths, process};

use crate::case::{Case, inside, outside};
use crate::outer;

pub(crate) const CASES: &[Case] = &[
    outside!(the_host_cannot_be_written),
    outside!(the_folder_it_was_started_in_is_the_hosts),
    inside!(no_file_system_of_the_hosts_is_within_reach, "--bare"),
    inside!(nothing_of_the_hosts_is_open_in_pid_1, "--bare"),
    inside!(no_device_is_a_virtual_terminal_an_input_or_a_screen, "--bare"),
    outside!(every_namespace_is_its_own),
    inside!(the_network_is_its_own_loopback, "--bare"),
    inside!(no_capability_reaches_past_the_namespaces, "--bare"),
    inside!(the_kernels_settings_are_read_only, "--bare"),
    inside!(the_records_of_logins_are_empty, "--bare"),
    outside!(nothing_of_the_callers_environment_comes_in),
];

const PROBES: [&str; 6] =
    ["/etc/probe", "/usr/probe", "/usr/bin/probe", "/var/lib/probe", "/tmp/sandbox-probe", "/run/sandbox-probe"];

fn the_host_cannot_be_written() -> Outcome {
    let before = fs::read("/etc/passwd")?;
    let writes: String = PROBES.iter().map(|path| format!("echo x >{path} || exit 1\n")).collect();
    outer::script(&format!("{writes} rm /etc/hosts && echo x >>/etc/passwd"))?.well()?;
    for path in PROBES {
        ensure!(!Path::new(path).exists(), "{path} was written on the host");
    }
    ensure!(Path::new("/etc/hosts").exists(), "/etc/hosts was removed on the host");
    ensure_eq!(fs::read("/etc/passwd")?, before);
    Ok(())
}

fn the_folder_it_was_started_in_is_the_hosts() -> Outcome {
    fs::write("from-outside", "hello")?;
    outer::script("test \"$(cat from-outside)\" = hello && echo world >from-inside")?.well()?;
    ensure_eq!(fs::read_to_string("from-inside")?, "world\n");
    Ok(())
}

fn no_file_system_of_the_hosts_is_within_reach() -> Outcome {
    let here = std::env::current_dir()?;
    let bound = [here.as_path(), Path::new(paths::PROGRAMS), Path::new(paths::PEERS), Path::new(paths::LOGS)];
    let own = ["overlay", "tmpfs", "proc", "sysfs", "devpts", "cgroup2"];
    for line in fs::read_to_string("/proc/self/mounts")?.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, point, kind, options, ..] = fields[..] else { continue };
        if own.contains(&kind) {
            continue;
        }
        ensure!(bound.contains(&Path::new(point)), "mounted: {line}");
        let is_written = point == paths::LOGS || Path::new(point) == here;
        ensure!(is_written || options.split(',').any(|option| option == "ro"), "mounted to be written: {line}");
    }
    Ok(())
}

fn nothing_of_the_hosts_is_open_in_pid_1() -> Outcome {
    let links = |pid: &str| -> Outcome<BTreeSet<String>> {
        let fds = fs::read_dir(format!("/proc/{pid}/fd"))?.flatten().map(|entry| fs::read_link(entry.path()));
        Ok(fds.flatten().map(|target| target.display().to_string()).collect())
    };
    let streams = links("self")?; // given to this case, PID 1 lets go of them while it starts
    let own = ["/dev/null", "/var/log/", "socket:", "pipe:", "anon_inode:"];
    for target in links("1")?.difference(&streams) {
        ensure!(own.iter().any(|own| target.starts_with(own)), "PID 1 has {target} open");
    }
    Ok(())
}

fn no_device_is_a_virtual_terminal_an_input_or_a_screen() -> Outcome {
    let mut devices = BTreeSet::new();
    for folder in ["/dev", "/dev/pts", "/dev/shm"] {
        for entry in fs::read_dir(folder)? {
            devices.insert(entry?.path().display().to_string());
        }
    }
    let expected = [
        "fd", "full", "log", "null", "ptmx", "pts", "pts/ptmx", "random", "shm", "stderr", "stdin", "stdout", "tty",
        "urandom", "zero",
    ];
    let expected: BTreeSet<String> = expected.iter().map(|name| format!("/dev/{name}")).collect();
    ensure_eq!(devices, expected);
    Ok(())
}

fn every_namespace_is_its_own() -> Outcome {
    for kind in ["cgroup", "ipc", "mnt", "net", "pid", "uts"] {
        let file = format!("/proc/self/ns/{kind}");
        let inside = outer::script(&format!("readlink {file}"))?.well()?.stdout;
        let outside = fs::read_link(&file)?;
        ensure!(Path::new(inside.trim()) != outside, "{file} is {inside} inside and outside");
    }
    Ok(())
}

fn the_network_is_its_own_loopback() -> Outcome {
    let interfaces: Vec<_> = fs::read_dir("/sys/class/net")?.flatten().map(|entry| entry.file_name()).collect();
    ensure_eq!(interfaces, ["lo"]);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut caller = TcpStream::connect(listener.local_addr()?)?;
    caller.write_all(b"hello")?;
    drop(caller);
    let mut heard = String::new();
    listener.accept()?.0.read_to_string(&mut heard)?;
    ensure_eq!(heard, "hello");
    Ok(())
}

fn no_capability_reaches_past_the_namespaces() -> Outcome {
    let dropped = [("SYS_MODULE", 16), ("SYS_RAWIO", 17), ("SYS_BOOT", 22), ("SYS_TIME", 25), ("MKNOD", 27)];
    let kept = [("SYS_ADMIN", 21), ("AUDIT_WRITE", 29), ("AUDIT_CONTROL", 30)];
    for (pid, set) in [(1, "CapBnd"), (1, "CapEff"), (std::process::id(), "CapBnd"), (std::process::id(), "CapPrm")] {
        let bits = u64::from_str_radix(&process::status_field(pid, set)?, 16)?;
        for (name, bit) in dropped {
            ensure!(bits & (1 << bit) == 0, "process {pid} has CAP_{name} in {set}");
        }
        for (name, bit) in kept {
            ensure!(bits & (1 << bit) != 0, "process {pid} has no CAP_{name} in {set}");
        }
    }
    let mode = Mode::from_raw_mode(0o600);
    let made = mknodat(CWD, "/tmp/disk", FileType::BlockDevice, mode, makedev(8, 0));
    ensure_eq!(made, Err(rustix::io::Errno::PERM));
    Ok(())
}

fn the_kernels_settings_are_read_only() -> Outcome {
    for file in ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/kernel/profiling", "/sys/kernel/mm/ksm/run"]
    {
        if !Path::new(file).exists() {
            continue; // this kernel is built without it
        }
        let opened = fs::OpenOptions::new().write(true).open(file).map(drop).map_err(|error| error.kind());
        ensure_eq!((file, opened), (file, Err(ErrorKind::ReadOnlyFilesystem)));
    }
    Ok(())
}

fn the_records_of_logins_are_empty() -> Outcome {
    use std::os::unix::fs::MetadataExt;
    let records =
        [("/run/utmp", 0o664), ("/var/log/wtmp", 0o664), ("/var/log/btmp", 0o600), ("/var/log/lastlog", 0o664)];
    for (path, mode) in records {
        let file = fs::metadata(path)?;
        ensure_eq!((path, file.len(), file.mode() & 0o7777, file.uid()), (path, 0, mode, 0));
    }
    Ok(())
}

fn nothing_of_the_callers_environment_comes_in() -> Outcome {
    let mut sandbox = outer::sandbox(&["--bare"], &["env"])?;
    sandbox.env("XDG_SESSION_ID", "7").env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere").env("TERM", "vt100");
    let seen = tests::run::output(&mut sandbox)?.well()?;
    seen.saying("TERM=vt100")?.not_saying("XDG_")?.not_saying("DBUS")?.saying("HOME=/root")?;
    Ok(())
}
