//! From a message to what answers it: the object by its path, the row by interface and member, the gate, the deed.

use logind_api::error;
use logind_core::event::Event;
use logind_core::gate::Act;
use zbus::Message;

use super::call::{Call, Outcome};
use super::fault::Fault;
use super::introspect::Description;
use super::manager::MANAGER;
use super::path::{self, Object};
use super::properties;
use super::seat::SEAT;
use super::session::SESSION;
use super::standard::{self, Standard};
use super::table::{Deed, Interface, Method, signature};
use super::user::USER;

/// Serves a call.
///
/// # Errors
/// What the caller is answered instead.
pub(super) fn serve(call: &Call<'_>) -> Result<Outcome, Fault> {
    let header = call.message.header();
    let (interface, member) = (header.interface().map(|name| name.as_str()), call.member());
    let path = header.path().map(|path| path.as_str()).unwrap_or_default();
    let standard = Standard::find(interface, &member);
    if let Some((method @ (Standard::Ping | Standard::MachineId), takes)) = standard {
        expect(call, takes)?; // sd-bus answers these at any path
        return peer(call, method).map(Outcome::Answered);
    }
    let object = path::resolve(path, call.view.core, || call.caller())
        .ok_or_else(|| Fault::new(error::UNKNOWN_OBJECT, format!("Unknown object '{path}'.")))?;
    match &object {
        Object::Manager(core) => serve_on(call, &MANAGER, *core, &object, standard),
        Object::Session(session) => serve_on(call, &SESSION, *session, &object, standard),
        Object::User(user) => serve_on(call, &USER, *user, &object, standard),
        Object::Seat(seat) => serve_on(call, &SEAT, *seat, &object, standard),
        Object::Branch(_) => serve_branch(call, &object, standard).map(Outcome::Answered),
    }
}

fn serve_on<T>(
    call: &Call<'_>,
    interface: &'static Interface<T>,
    target: &T,
    object: &Object<'_>,
    standard: Option<(Standard, &str)>,
) -> Result<Outcome, Fault> {
    let header = call.message.header();
    let (named, member) = (header.interface().map(|name| name.as_str()), call.member());
    if named.is_none_or(|name| name == interface.name)
        && let Some(method) = interface.methods.iter().find(|method| method.name == member)
    {
        return run(call, method, target);
    }
    let (method, takes) = standard.ok_or_else(|| unknown_method(named, &member))?;
    expect(call, takes)?;
    call.may(&Act::Look)?;
    let answer = match method {
        Standard::Get => properties::get(call, interface, target),
        Standard::GetAll => properties::get_all(call, interface, target),
        Standard::Set => properties::set(call, interface),
        Standard::Introspect => introspect(call, Description::new().with(interface), object),
        Standard::Ping | Standard::MachineId => peer(call, method),
    };
    answer.map(Outcome::Answered)
}

/// What a path that only leads to others answers.
fn serve_branch(call: &Call<'_>, object: &Object<'_>, standard: Option<(Standard, &str)>) -> Result<Message, Fault> {
    let header = call.message.header();
    let named = header.interface().map(|name| name.as_str());
    let (method, takes) = standard.ok_or_else(|| unknown_method(named, &call.member()))?;
    expect(call, takes)?;
    call.may(&Act::Look)?;
    match method {
        Standard::Get | Standard::Set => Err(properties::unknown()),
        Standard::GetAll => properties::no_properties(call, call.arguments()?),
        Standard::Introspect => introspect(call, Description::new(), object),
        Standard::Ping | Standard::MachineId => peer(call, method),
    }
}

/// Runs a row: its arguments must fit, its gate must open or be polkit's to open, then it does its deed.
fn run<T>(call: &Call<'_>, method: &Method<T>, target: &T) -> Result<Outcome, Fault> {
    expect(call, &signature(method.takes))?;
    let (event, question) = match &method.deed {
        Deed::Look(answer) => {
            call.may(&Act::Look)?;
            return answer(call, target).map(Outcome::Answered);
        }
        Deed::CreateSession(called) => {
            call.may(&Act::CreateSession)?;
            return called(call).map(|called| Outcome::Called(Box::new(called)));
        }
        Deed::Release(whose, event) => {
            let session = whose(call, target)?;
            call.may(&Act::ReleaseSession(&session))?;
            (event(call, session)?, None)
        }
        Deed::Hint(whose, event) => {
            let session = whose(call, target)?;
            call.may(&Act::Hint(&session))?;
            (event(call, session)?, None)
        }
        Deed::Manage(whose, event) => {
            let whom = whose(call, target)?;
            let question = call.may_or_ask(&Act::Manage(&whom))?;
            (event(call, whom)?, question)
        }
        Deed::Lock(whose, event) => {
            let session = whose(call, target)?;
            let question = call.may_or_ask(&Act::Lock(session.as_ref()))?;
            (event(call, session)?, question)
        }
        Deed::Switch(what) => {
            let switch = what(call, target)?;
            let question = call.may_or_ask(&Act::Switch(&switch))?;
            (Event::Switch { request: call.request, switch }, question)
        }
    };
    Ok(Outcome::asking(event, question))
}

/// Refuses arguments of other types than `takes`.
fn expect(call: &Call<'_>, takes: &str) -> Result<(), Fault> {
    let given = call.signature();
    if given == takes {
        return Ok(());
    }
    let text = format!("Invalid arguments '{given}' to call {}(), expecting '{takes}'.", call.member());
    Err(Fault::invalid(text))
}

fn peer(call: &Call<'_>, method: Standard) -> Result<Message, Fault> {
    call.may(&Act::Look)?;
    if method == Standard::MachineId { standard::machine_id(call) } else { call.answer(&()) }
}

fn introspect(call: &Call<'_>, description: Description, object: &Object<'_>) -> Result<Message, Fault> {
    call.answer(&description.finish(&path::children(object, call.view.core, call.caller())))
}

fn unknown_method(interface: Option<&str>, member: &str) -> Fault {
    let interface = interface.unwrap_or_default();
    Fault::new(error::UNKNOWN_METHOD, format!("Unknown method '{member}' or interface '{interface}'."))
}
