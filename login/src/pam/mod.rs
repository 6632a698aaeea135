//! The safe wrapper around libpam: one transaction, one conversation, no secret left behind.
//!
//! `sys` is the only place with raw pointers. The `pam` crate gives the declarations and the enums; its own client
//! loses messages and uses freed memory, so nothing else of it is used.

mod conversation;
mod sys;
mod transaction;

pub(crate) use ::pam::PamReturnCode;
pub(crate) use conversation::{Answer, Conversation, Notice, Question, Unanswered};
pub(crate) use transaction::{Item, PamError, Transaction};
