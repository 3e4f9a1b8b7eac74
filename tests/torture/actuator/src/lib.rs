//! A connector with actions of every class, truthfully described, for the system that the torture acts on.

#![allow(clippy::needless_pass_by_value, reason = "handlers take their parameters by value")]

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Outcome, Pending, Verdict},
    http::Request,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

palisade_sdk::connector!(connector);

/// Time between two looks at a job: the shortest that the host allows.
const LOOK: Duration = Duration::from_millis(100);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("actuator", env!("CARGO_PKG_VERSION"))
        .about("Turns on switches, opens tickets, sends pages, writes notes and runs jobs.")
        .publisher("Palisade")
        .vendor("Palisade")
        .product("Actuator")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET", "PUT", "POST", "DELETE"])
                .because("It is what is acted on."),
        )
        .action(
            Action::contain("turn on switch", turn_on_switch)
                .about("Turns a switch on.")
                .repeatable()
                .undone_by("turn off switch"),
        )
        // Each takes the other back, as with what blocks and what lets go.
        .action(
            Action::correct("turn off switch", turn_off_switch)
                .about("Turns a switch off.")
                .repeatable()
                .undone_by("turn on switch"),
        )
        .action(Action::generic("create ticket", create_ticket).about("Opens a ticket.").repeatable_by_key())
        .action(Action::generic("send page", send_page).about("Sends a page."))
        .action(Action::generic("add note", add_note).about("Writes a note.").verified_by(find_note))
        .action(Action::correct("run job", run_job).about("Runs a job to its end.").repeatable_by_key())
        .action(Action::investigate("get facts", get_facts).about("Reads."))
        .action(Action::test(test_connectivity))
}

/// What an asset needs.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// Where the system is.
    url: String,
}

/// What every action takes.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Asked {
    /// Whose call it is.
    tag: String,
    /// What the caller had been told before.
    seen: String,
}

/// What every action finds.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Thing {
    /// Its name in the system.
    id: String,
}

type Answer = Result<Done<Thing>, Failure>;

fn turn_on_switch(call: &Call<Configuration>, asked: Asked) -> Answer {
    let request = call.http().put(&call.configuration.url).path("switches").segment(&asked.tag);
    act(keyed(call, request), &asked, "The switch is on.")
}

fn turn_off_switch(call: &Call<Configuration>, asked: Asked) -> Answer {
    let request = call.http().delete(&call.configuration.url).path("switches").segment(&asked.tag);
    answered(keyed(call, request), "The switch is off.")
}

fn create_ticket(call: &Call<Configuration>, asked: Asked) -> Answer {
    act(keyed(call, post(call, "tickets")), &asked, "The ticket is open.")
}

/// The system knows no key of a page.
fn send_page(call: &Call<Configuration>, asked: Asked) -> Answer {
    act(post(call, "pages"), &asked, "The page is sent.")
}

fn add_note(call: &Call<Configuration>, asked: Asked) -> Answer {
    let body = json!({ "key": call.idempotency_key, "tag": asked.tag, "seen": asked.seen });
    answered(post(call, "notes").json(&body), NOTED)
}

const NOTED: &str = "The note is written.";

fn find_note(call: &Call<Configuration>, _: Asked) -> Result<Verdict<Thing>, Failure> {
    #[derive(Deserialize)]
    struct Found {
        found: Option<bool>,
    }
    let request = call.http().get(&call.configuration.url).path("notes").query("key", &call.idempotency_key);
    let Found { found } = request.send()?.ok()?.json()?;
    Ok(match found {
        Some(true) => Verdict::Happened(Done::success(NOTED, Thing { id: "noted".to_owned() })),
        Some(false) => Verdict::DidNotHappen,
        None => Verdict::Unknown("the system cannot tell whether it has the note".to_owned()),
    })
}

fn run_job(call: &Call<Configuration>, asked: Asked) -> Result<Outcome<Thing>, Failure> {
    #[derive(Deserialize)]
    struct Job {
        done: bool,
    }
    let Some(id) = call.resume.clone() else {
        let thing: Thing = keyed(call, post(call, "jobs")).json(&asked).send()?.ok()?.json()?;
        return Ok(pending(thing.id));
    };
    let http = call.http();
    let url = &call.configuration.url;
    let request = if call.cancelled { http.delete(url) } else { http.get(url) }.path("jobs").segment(&id);
    let Job { done } = request.send()?.ok()?.json()?;
    Ok(if done { Outcome::Done(Done::success("The job is done.", Thing { id })) } else { pending(id) })
}

fn pending(token: String) -> Outcome<Thing> {
    Outcome::Pending(Pending { after: LOOK, token, message: "The job is at work.".to_owned() })
}

fn get_facts(call: &Call<Configuration>, asked: Asked) -> Answer {
    answered(
        call.http().get(&call.configuration.url).path("facts").segment(&asked.tag),
        "These are the facts.",
    )
}

fn test_connectivity(call: &Call<Configuration>) -> Answer {
    answered(call.http().get(&call.configuration.url).path("facts").segment("test"), "It answers.")
}

fn post(call: &Call<Configuration>, path: &str) -> Request {
    call.http().post(&call.configuration.url).path(path)
}

fn keyed(call: &Call<Configuration>, request: Request) -> Request {
    request.header("idempotency-key", &call.idempotency_key)
}

fn act(request: Request, asked: &Asked, message: &str) -> Answer {
    answered(request.json(asked), message)
}

fn answered(request: Request, message: &str) -> Answer {
    Ok(Done::success(message, request.send()?.ok()?.json()?))
}
