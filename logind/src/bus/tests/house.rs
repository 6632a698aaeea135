//! A core and both doors in a thread, with effects that only pretend, and programs to ask them.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use logind_core::event::{RequestId, Witnesses};
use logind_core::leader::Leader;
use logind_core::login::{Account, Login};
use logind_core::names::{Class, SessionId, Type, Uid, VtNumber};
use logind_core::policy::Policy;
use logind_core::time::Moment;
use logind_core::{Answer, Core, Effect, Event};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::super::{Bus, Configured, Doors, World};
use crate::processes::{Base, Place};

/// The user whose sessions the tests open, and another.
pub(super) const ALICE: u32 = 4711;
pub(super) const BOB: u32 = 4712;

/// A user that the user database never answers for.
pub(super) const NEVER_FOUND: u32 = 4713;

/// How long a program may take before the test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Where processes run, as the tests have it.
static PLACES: LazyLock<Mutex<HashMap<u32, Place>>> = LazyLock::new(Mutex::default);

fn place_of(_: &Base, pid: u32) -> io::Result<Place> {
    Ok(PLACES.lock().expect("no test panics while it holds this").get(&pid).cloned().unwrap_or_default())
}

/// What a test tells the house.
enum Order {
    Happen(Box<Event>),
    Login(Box<Login>, mpsc::Sender<Answer>),
    OnBus(bool, mpsc::Sender<()>),
    Stop,
}

/// The house.
pub(super) struct House {
    folder: TempDir,
    orders: tokio::sync::mpsc::UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
    buses: Vec<Child>,
}

impl House {
    /// Both doors; the system bus's socket is not there yet.
    pub(super) fn open() -> Self {
        // Others look in, whatever umask the tests are run with.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("others may look in");
        fs::write(folder.path().join("machine-id"), "0123456789abcdef0123456789abcdef\n").expect("a file");
        let doors = Doors { socket: folder.path().join("run/login1"), system_bus: folder.path().join("bus/socket") };
        let world = World { place_of, base: Base::find(), machine_id: folder.path().join("machine-id") };
        let (orders, received) = tokio::sync::mpsc::unbounded_channel();
        let (opened, is_open) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let bus = Bus::open(doors, world, CONFIGURED).expect("the doors open");
                opened.send(()).expect("the test waits");
                Daemon::new(bus).run(received).await;
            });
        });
        is_open.recv().expect("the house stands");
        Self { folder, orders, thread: Some(thread), buses: Vec::new() }
    }

    /// The private door, as an address.
    pub(super) fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("run/login1")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The system bus, as an address.
    pub(super) fn bus_address(&self) -> String {
        format!("unix:path={}", self.folder.path().join("bus/socket").display())
    }

    /// Starts a dbus-daemon of our own; waits until logind is on it.
    pub(super) fn start_bus(&mut self) {
        let folder = self.folder.path().join("bus");
        fs::create_dir_all(&folder).expect("a folder");
        let configuration = folder.join("bus.conf");
        let text = BUS_CONFIGURATION.replace("ADDRESS", &self.bus_address());
        fs::write(&configuration, text).expect("a configuration");
        let daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--nopidfile", "--nosyslog"])
            .stdin(Stdio::null())
            .spawn()
            .expect("a dbus-daemon");
        self.buses.push(daemon);
        self.wait_for_bus(true);
    }

    /// Kills it; waits until logind has seen that.
    pub(super) fn kill_bus(&mut self) {
        let mut daemon = self.buses.pop().expect("a bus was started");
        daemon.kill().expect("a signal");
        daemon.wait().expect("its end");
        self.wait_for_bus(false);
    }

    /// Lets it do nothing for a while, or go on.
    pub(super) fn hold_bus(&self, is_held: bool) {
        let daemon = self.buses.last().expect("a bus was started");
        let pid = Pid::from_raw(daemon.id().cast_signed()).expect("a pid");
        kill_process(pid, if is_held { Signal::STOP } else { Signal::CONT }).expect("a signal");
    }

    /// Waits until logind owns its name on the bus, or owns it no longer.
    pub(super) fn wait_for_bus(&self, is_there: bool) {
        let (answer, answered) = mpsc::channel();
        self.order(Order::OnBus(is_there, answer));
        answered.recv_timeout(PATIENCE).expect("logind and the bus have met, or parted");
    }

    /// Opens a session as a login would.
    pub(super) fn login(&self, login: Login) -> SessionId {
        let (answer, answered) = mpsc::channel();
        self.order(Order::Login(Box::new(login), answer));
        match answered.recv_timeout(PATIENCE).expect("an answer") {
            Answer::Opened { session, .. } => session,
            other => panic!("no session: {other:?}"),
        }
    }

    pub(super) fn happen(&self, event: Event) {
        self.order(Order::Happen(Box::new(event)));
    }

    fn order(&self, order: Order) {
        assert!(self.orders.send(order).is_ok(), "the house stands");
    }
}

impl House {
    /// Stops logind, not the bus.
    pub(super) fn stop(&mut self) {
        let stopped = self.orders.send(Order::Stop).is_ok() && self.thread.take().is_some_and(|t| t.join().is_ok());
        assert!(stopped || std::thread::panicking(), "the house fell");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.stop();
        }
        for daemon in &mut self.buses {
            daemon.kill().and_then(|()| daemon.wait()).expect("the bus ends");
        }
    }
}

const CONFIGURED: Configured = Configured { runtime_directory_size: 1 << 20, runtime_directory_inodes: 4096 };

const BUS_CONFIGURATION: &str = "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
 \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
<busconfig><type>system</type><listen>ADDRESS</listen><auth>EXTERNAL</auth><policy context=\"default\">
<allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow receive_sender=\"*\"/>
</policy></busconfig>\n";

/// The daemon's loop, with effects that only pretend.
struct Daemon {
    bus: Bus,
    core: Core,
    logins: HashMap<RequestId, mpsc::Sender<Answer>>,
    waiters: Vec<(bool, mpsc::Sender<()>)>,
}

impl Daemon {
    fn new(bus: Bus) -> Self {
        Self { bus, core: Core::new(Policy::default(), true), logins: HashMap::new(), waiters: Vec::new() }
    }

    async fn run(mut self, mut orders: tokio::sync::mpsc::UnboundedReceiver<Order>) {
        self.bus.speak();
        loop {
            tokio::select! {
                incoming = self.bus.next() => {
                    if let Some(called) = self.bus.dispatch(incoming, &self.core) {
                        self.apply(called.event);
                    }
                }
                order = orders.recv() => match order {
                    Some(Order::Happen(event)) => self.apply(*event),
                    Some(Order::Login(login, answer)) => {
                        let request = RequestId(u64::MAX - self.logins.len() as u64);
                        self.logins.insert(request, answer);
                        self.apply(Event::Login { request, login: *login });
                    }
                    Some(Order::OnBus(is_there, answer)) => self.waiters.push((is_there, answer)),
                    Some(Order::Stop) | None => return,
                },
            }
            let is_there = self.bus.is_on_system_bus();
            for (_, waiter) in self.waiters.extract_if(.., |(wanted, _)| *wanted == is_there) {
                waiter.send(()).expect("the test waits");
            }
        }
    }

    fn apply(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.core.handle(now(), event) {
                events.extend(self.pretend(effect));
            }
        }
    }

    /// What a signal hits dies at once, and what is probed is gone.
    fn pretend(&mut self, effect: Effect) -> Vec<Event> {
        let gone = Witnesses { leader: false, life_line: false, scope: Some(false) };
        match effect {
            Effect::LookUpUser { uid, .. } if uid.get() == NEVER_FOUND => {}
            Effect::LookUpUser { request, uid } => {
                let account = Account { uid, gid: uid.get(), name: name_of(uid) };
                return vec![Event::UserFound { request, account: Ok(account) }];
            }
            Effect::MakeRuntimeDirectory { session, request, .. } => {
                return vec![Event::RuntimeDirectoryMade { session, request, outcome: Ok(()) }];
            }
            Effect::ActivateVt { vt, .. } => return vec![Event::Foreground(Some(vt))],
            Effect::ConfirmOpen(id) => return vec![Event::Opened(id)],
            Effect::Probe(session) => return vec![Event::Probed { session, witnesses: gone }],
            Effect::Kill { session, .. } => {
                return vec![Event::LeaderExited(session), Event::ScopeEmpty(session)];
            }
            Effect::RemoveRuntimeDirectory(uid) => {
                return vec![Event::RuntimeDirectoryRemoved { uid, outcome: Ok(()) }];
            }
            Effect::Announce(signal) => self.bus.announce(&signal, &self.core),
            Effect::Reply { request, answer } => match self.logins.remove(&request) {
                Some(login) => login.send(answer).expect("the test waits"),
                None => {
                    let life_line = matches!(answer, Answer::Opened { .. }).then(life_line);
                    self.bus.reply(request, answer, life_line);
                }
            },
            _ => {}
        }
        Vec::new()
    }
}

fn now() -> Moment {
    Moment { monotonic: 5_000_000, realtime: 1_700_000_005_000_000 }
}

fn life_line() -> std::os::fd::OwnedFd {
    io::pipe().expect("a pipe").1.into()
}

fn name_of(uid: Uid) -> String {
    match uid.get() {
        0 => "root".into(),
        ALICE => "alice".into(),
        BOB => "bob".into(),
        other => format!("user{other}"),
    }
}

/// A login of `uid` by `pid`, on nothing.
pub(super) fn login(uid: u32, pid: u32) -> Login {
    Login {
        uid: Uid::new(uid).expect("a uid"),
        leader: Leader { pid, start_time: u64::from(pid), pidfs_id: Some(77) },
        service: "login".into(),
        kind: None,
        class: None,
        desktop: String::new(),
        seat: None,
        vt: None,
        tty: String::new(),
        display: String::new(),
        remote: false,
        remote_user: String::new(),
        remote_host: String::new(),
        audit: None,
        leader_session: None,
        leader_vt: None,
    }
}

/// The same at a virtual terminal.
pub(super) fn login_at(vt: u32, uid: u32, pid: u32) -> Login {
    let at = VtNumber::new(vt);
    Login { tty: format!("tty{vt}"), vt: at, leader_vt: at, kind: Some(Type::Tty), ..login(uid, pid) }
}

/// The same on a Wayland compositor.
pub(super) fn graphical(uid: u32, pid: u32) -> Login {
    Login { kind: Some(Type::Wayland), class: Some(Class::User), ..login(uid, pid) }
}

/// Says where the process `pid` runs from now on.
pub(super) fn put(pid: u32, session: Option<&SessionId>, owner: u32) {
    let place = Place { session: session.cloned(), owner: Uid::new(owner) };
    PLACES.lock().expect("no test panics while it holds this").insert(pid, place);
}

/// A program's answer: what it printed, or what it complained of.
pub(super) fn run(command: &mut Command) -> Result<String, String> {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("the program is there");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
    if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
}

/// `busctl` at an address.
pub(super) fn busctl(address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("busctl");
    command.args([format!("--address={address}"), format!("--timeout={}", PATIENCE.as_secs())]).args(arguments);
    command
}

/// `busctl call` of a method of the manager.
pub(super) fn call(address: &str, member: &str, arguments: &[&str]) -> Command {
    let mut command = busctl(address, &["call", "org.freedesktop.login1", MANAGER, MANAGER_INTERFACE, member]);
    command.args(arguments);
    command
}

/// The same as another user.
pub(super) fn as_user(mut command: Command, uid: u32) -> Command {
    command.uid(uid).gid(uid);
    command
}

pub(super) const MANAGER: &str = "/org/freedesktop/login1";
pub(super) const MANAGER_INTERFACE: &str = "org.freedesktop.login1.Manager";
