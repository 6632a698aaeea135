//! The sandbox: the whole stack in throw-away namespaces; `sandbox -- COMMAND` runs COMMAND inside it.

mod capability;
mod cgroup;
mod device;
mod error;
mod etc;
mod host;
mod init;
mod inside;
mod link;
mod mountinfo;
mod options;
mod outside;
mod paths;
mod root;
mod terminal;
mod watcher;

use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use nix::sched::{CloneFlags, unshare};
use rustix::process::Pid;

use cgroup::Subtree;
use error::{Error, Tried};
use host::Host;
use options::{HELP, Options, Request};
use terminal::HostTerminal;
use watcher::Watcher;

const WELCOME: &str = "\
This is a machine of its own: log in as alice, bob or root; the password is the name.
Nothing you do in it reaches this one. Ctrl-] leaves.\n";

fn main() -> ExitCode {
    let request = Request::parse(std::env::args_os().skip(1)).map_err(Error::from);
    let status = request.and_then(|request| match request {
        Request::Help => {
            print!("{HELP}");
            Ok(0)
        }
        Request::Version => {
            println!("sandbox {}", env!("CARGO_PKG_VERSION"));
            Ok(0)
        }
        Request::Run(options) => run(&options),
    });
    status.map_or_else(
        |error| {
            eprintln!("sandbox: {error}");
            ExitCode::from(error.status())
        },
        ExitCode::from,
    )
}

fn run(options: &Options) -> Result<u8, Error> {
    let host = Host::look(options)?;
    tests::sys::keep_from_children().tried("close", "the caller's descriptors")?;
    let terminal = HostTerminal::look().tried("look at", "the terminal")?;
    let is_demo = options.command.is_empty();
    if is_demo && !terminal.is_typed_at() {
        return Err(Error::NoTerminal);
    }
    outside::hold_signals()?;
    let subtree = Subtree::create(std::process::id())?;
    let watcher = Watcher::start(&subtree, &terminal)?;
    let (link, inner_link) = UnixStream::pair().tried("make a link to", "the sandbox")?;
    if is_demo {
        print!("{WELCOME}");
    }
    unshare(CloneFlags::CLONE_NEWPID).tried("have namespaces of", "its own")?;
    let Some(init) = tests::sys::fork().tried("start", "the sandbox")? else {
        watcher.forget();
        drop(link);
        std::process::exit(inside::live(options, &host, subtree, terminal, &inner_link).into());
    };
    drop(inner_link);
    let init = Pid::from_raw(init.as_raw()).ok_or(std::io::ErrorKind::InvalidData).tried("start", "the sandbox")?;
    outside::attend(init, &link, &terminal, is_demo)
}
