//! The socket through which a case stops and starts services: a line asked, a line answered.
//!
//! `stop NAME`, `start NAME` and `ready NAME` are answered `ok` once it is so, `pid NAME` with the number.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use tests::paths;

use super::service::Service;
use crate::error::{Error, Tried};

/// The socket and who waits for an answer.
#[derive(Debug)]
pub(super) struct Control {
    socket: UnixListener,
    callers: Vec<Caller>,
}

#[derive(Debug)]
struct Caller {
    stream: UnixStream,
    said: Vec<u8>,
    request: Option<Request>,
}

#[derive(Debug)]
struct Request {
    service: String,
    goal: Goal,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Goal {
    Down,
    Ready,
}

impl Control {
    /// Starts to listen, to root only.
    pub(super) fn open() -> Result<Self, Error> {
        let folder = Path::new(paths::INIT).parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).tried("make", folder)?;
        let socket = UnixListener::bind(paths::INIT).tried("listen at", paths::INIT)?;
        socket.set_nonblocking(true).tried("listen at", paths::INIT)?;
        fs::set_permissions(paths::INIT, Permissions::from_mode(0o600)).tried("protect", paths::INIT)?;
        Ok(Self { socket, callers: Vec::new() })
    }

    /// What to wait on: new callers, and those that have not said yet what they want.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let silent = self.callers.iter().filter(|caller| caller.request.is_none());
        std::iter::once(self.socket.as_fd()).chain(silent.map(|caller| caller.stream.as_fd()))
    }

    /// Takes requests and answers those that are fulfilled.
    pub(super) fn serve(&mut self, services: &mut [Service]) {
        while let Ok((stream, _)) = self.socket.accept() {
            if stream.set_nonblocking(true).is_ok() {
                self.callers.push(Caller { stream, said: Vec::new(), request: None });
            }
        }
        self.callers.retain_mut(|caller| match caller.answer(services) {
            Some(answer) => {
                // A caller that has gone away needs no answer.
                let _ = writeln!(caller.stream, "{answer}");
                false
            }
            None => true,
        });
    }
}

impl Caller {
    fn answer(&mut self, services: &mut [Service]) -> Option<String> {
        if self.request.is_none() {
            match self.read() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(error.to_string()),
            }
            match understand(&String::from_utf8_lossy(&self.said), services) {
                Ok(request) => self.request = Some(request),
                Err(answer) => return Some(answer),
            }
        }
        let Request { service: name, goal } = self.request.as_ref()?;
        let service = services.iter().find(|service| service.name() == name)?;
        let fulfilled = match goal {
            Goal::Down => service.is_down(),
            Goal::Ready => service.is_ready(),
        };
        let is_hopeless = *goal == Goal::Ready && service.is_down();
        if is_hopeless { Some(format!("{name} is down")) } else { fulfilled.then(|| "ok".to_owned()) }
    }
}

impl Caller {
    // Whether the line is whole; one that goes on for ever is taken as it is.
    fn read(&mut self) -> io::Result<bool> {
        let mut part = [0; 64];
        match self.stream.read(&mut part) {
            Ok(count) => self.said.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(self.said.ends_with(b"\n") || self.said.len() > part.len())
    }
}

// What a line asks for; else the answer to it.
fn understand(line: &str, services: &mut [Service]) -> Result<Request, String> {
    let Some((verb, name)) = line.trim_end().split_once(' ') else { return Err("what?".to_owned()) };
    let service = services.iter_mut().find(|service| service.name() == name);
    let service = service.ok_or_else(|| format!("there is no {name}"))?;
    let goal = match verb {
        "stop" => {
            service.stop();
            Goal::Down
        }
        "start" => {
            service.start().map_err(|error| error.to_string())?;
            Goal::Ready
        }
        "ready" => Goal::Ready,
        "pid" => return Err(service.pid().map_or("down".to_owned(), |pid| pid.to_string())),
        _ => return Err("what?".to_owned()),
    };
    Ok(Request { service: name.to_owned(), goal })
}
