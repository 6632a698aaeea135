//! What the sandbox, the cases and the virtual machine share: people, terminals, processes, waiting, and where things are.

pub mod guest;
pub mod init;
pub mod log;
pub mod outcome;
pub mod paths;
pub mod peers;
pub mod people;
pub mod process;
pub mod pty;
pub mod report;
pub mod run;
pub mod settings;
pub mod skips;
pub mod stack;
pub mod strace;
pub mod sys;
pub mod terminal;
pub mod visit;
pub mod wait;
pub mod wire;
