//! A firewall with PAN-OS 11: the XML API's requests for configuration, commits and jobs.
//!
//! Source: Palo Alto Networks, "PAN-OS XML API" (<https://docs.paloaltonetworks.com/ngfw/api>), its error codes among
//! them, and the answers that clients of real firewalls handle.

mod device;
mod schema;
mod tree;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use self::device::{Change, Device, Job, State};
use self::tree::{Element, Step, escaped, steps};
use crate::call::{Answer, Call, form};
use crate::story;

/// The firewall.
#[derive(Default)]
pub(crate) struct Panos {
    device: Mutex<Device>,
}

/// A no of the API: its code and its words.
struct No(u16, String);

enum Reply {
    /// With this content of `<result>`.
    Result(String),
    /// A success without a result: code and words.
    Done(u16, &'static str),
    NotPlayed(&'static str),
}

impl Panos {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let fields: Vec<(String, String)> = match call.method {
            Method::GET => form(&call.query).collect(),
            Method::POST if call.media_type().as_deref() == Some("application/x-www-form-urlencoded") => {
                form(&call.query).chain(form(&String::from_utf8_lossy(&call.body))).collect()
            }
            _ => return Answer::empty(StatusCode::METHOD_NOT_ALLOWED),
        };
        if !matches!(call.path.as_str(), "/api" | "/api/") {
            return Answer::empty(StatusCode::NOT_FOUND);
        }
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        // The key stands in this header, or in the parameter `key`.
        if call.header("x-pan-key").or_else(|| field("key")) != Some(story::PANOS_KEY) {
            let body = "<response status = 'error' code = '403'><result><msg>Invalid Credential</msg></result></response>";
            return Answer::new(StatusCode::FORBIDDEN, XML, body).authenticated(false);
        }
        let mut device = self.device();
        device.work(Instant::now());
        let reply = match field("type") {
            Some("op") => operate(&device, field("cmd").unwrap_or_default()),
            Some("config") => configure(&mut device, &field),
            Some("commit") => commit(&mut device, &field),
            Some(_) => Ok(Reply::NotPlayed("this type of request")),
            None => Err(No(400, "Missing value for parameter \"type\".".to_owned())),
        };
        respond(reply).authenticated(true)
    }

    /// What the rules of the running configuration deny.
    pub(crate) fn denied(&self) -> Vec<String> {
        let mut device = self.device();
        device.work(Instant::now());
        schema::denied(&device.running)
    }

    /// Sets the time that a commit takes.
    pub(crate) fn set_commit_time(&self, time: Duration) {
        self.device().commit_time = time;
    }

    fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const XML: &str = "application/xml; charset=UTF-8";

fn respond(reply: Result<Reply, No>) -> Answer {
    let body = match reply {
        Ok(Reply::Result(result)) => {
            format!("<response status=\"success\" code=\"19\"><result>{result}</result></response>")
        }
        Ok(Reply::Done(code, words)) => {
            format!("<response status=\"success\" code=\"{code}\"><msg>{words}</msg></response>")
        }
        Ok(Reply::NotPlayed(what)) => return Answer::not_played(what),
        Err(No(0, words)) => {
            format!("<response status=\"error\"><msg><line>{}</line></msg></response>", escaped(&words))
        }
        Err(No(code, words)) => format!(
            "<response status=\"error\" code=\"{code}\"><msg><line>{}</line></msg></response>",
            escaped(&words)
        ),
    };
    Answer::new(StatusCode::OK, XML, body)
}

fn operate(device: &Device, command: &str) -> Result<Reply, No> {
    let command = Element::fragment(command).ok_or_else(|| No(17, "the command is no XML".to_owned()))?;
    let [show] = command.as_slice() else { return Ok(Reply::NotPlayed("this operational command")) };
    if !show.at("system/info").is_empty() && show.tag == "show" {
        let info = format!(
            "<system><hostname>{}</hostname><ip-address>10.20.30.1</ip-address><model>PA-440</model>\
             <serial>021201000001</serial><sw-version>11.1.4</sw-version></system>",
            story::PANOS_HOST.split('.').next().unwrap_or_default()
        );
        return Ok(Reply::Result(info));
    }
    if !show.at("jobs/all").is_empty() {
        // Newest first.
        return Ok(Reply::Result(device.jobs.iter().rev().map(Job::xml).collect()));
    }
    match show.texts("jobs/id").as_slice() {
        [id] => {
            let job = device.jobs.iter().find(|job| job.id.to_string() == *id);
            let job = job.ok_or_else(|| No(0, format!("job {id} not found")))?;
            Ok(Reply::Result(job.xml()))
        }
        _ => Ok(Reply::NotPlayed("this operational command")),
    }
}

fn configure<'a>(device: &mut Device, field: &impl Fn(&str) -> Option<&'a str>) -> Result<Reply, No> {
    let xpath = field("xpath").ok_or_else(|| No(400, "Missing value for parameter \"xpath\".".to_owned()))?;
    let place = steps(xpath).ok_or_else(|| No(6, format!("the lab does not play the xpath {xpath}")))?;
    let inside = below_vsys(&place)?;
    let user = story::PANOS_ADMINISTRATOR;
    let changed = Reply::Done(20, "command succeeded");
    match field("action") {
        Some("show") => match shown(&device.running, &place) {
            found if found.is_empty() => Err(No(0, "No such node".to_owned())),
            found => Ok(Reply::Result(found)),
        },
        Some("get") => match shown(&device.candidate, &place) {
            found if found.is_empty() => Ok(Reply::Done(7, "")),
            found => Ok(Reply::Result(found)),
        },
        Some("set") => {
            let element = field("element")
                .ok_or_else(|| No(400, "Missing value for parameter \"element\".".to_owned()))?;
            let elements =
                Element::fragment(element).ok_or_else(|| No(18, "the element is no XML".to_owned()))?;
            match schema::fault(&inside, &elements) {
                Some(fault) => Err(No(12, fault)),
                None => {
                    device.change(user, Change::Set(place, elements));
                    Ok(changed)
                }
            }
        }
        Some("delete") => {
            if device.candidate.select(&place).is_empty() {
                return Ok(Reply::Done(7, "Object doesn't exist"));
            }
            if let [.., Step::Tag(kind), Step::Named(_, name)] = place.as_slice()
                && schema::is_referred_to(&device.candidate, kind, name)
            {
                return Err(No(10, format!("{name} cannot be deleted because of references from")));
            }
            device.change(user, Change::Delete(place));
            Ok(changed)
        }
        Some("move") if field("where") == Some("top") => {
            let (_, list) = place.split_last().ok_or_else(|| No(6, "nothing to move".to_owned()))?;
            let found = device.candidate.select(&place);
            let found = found.first().ok_or_else(|| No(7, "Object not present".to_owned()))?;
            let first = device.candidate.select(list).first().and_then(|list| list.children.first());
            if first == Some(*found) {
                return Err(No(14, "the rule is already at the top".to_owned()));
            }
            device.change(user, Change::MoveToTop(place));
            Ok(changed)
        }
        _ => Ok(Reply::NotPlayed("this action on the configuration")),
    }
}

/// The path of tags below the virtual system, which the schema must know.
fn below_vsys(place: &[Step]) -> Result<String, No> {
    let vsys = steps(device::VSYS).expect("the lab's own XPath is played");
    let inside = place.strip_prefix(vsys.as_slice()).filter(|inside| !inside.is_empty());
    let inside = inside.ok_or_else(|| {
        No(6, "the firewall has vsys1 only, and the lab plays nothing outside it".to_owned())
    })?;
    let tags: Vec<&str> = inside.iter().filter(|step| **step != Step::Names).map(Step::tag).collect();
    let path = tags.join("/");
    let named =
        inside.iter().all(|step| !matches!(step, Step::Named(_, name) if !schema::is_name(&path, name)));
    match schema::knows(&path) && named {
        true => Ok(path),
        false => Err(No(12, format!("{path} is invalid"))),
    }
}

fn shown(configuration: &Element, place: &[Step]) -> String {
    let names_only = place.last() == Some(&Step::Names);
    let show = |element: &Element| match (&element.name, names_only) {
        (Some(name), true) => format!("<entry name=\"{}\"/>", escaped(name)),
        (None, true) => String::new(),
        (_, false) => element.xml(),
    };
    configuration.select(place).into_iter().map(show).collect()
}

fn commit<'a>(device: &mut Device, field: &impl Fn(&str) -> Option<&'a str>) -> Result<Reply, No> {
    let command =
        field("cmd").and_then(Element::fragment).ok_or_else(|| No(17, "the command is no XML".to_owned()))?;
    let [commit] = command.as_slice() else { return Err(No(17, "the command is no commit".to_owned())) };
    if commit.tag != "commit" {
        return Err(No(17, "the command is no commit".to_owned()));
    }
    let administrators = commit.texts("partial/admin/member");
    let only = match (commit.children.is_empty(), administrators.as_slice(), field("action")) {
        (true, [], None) => None,
        (false, [administrator], Some("partial")) => Some(*administrator),
        _ => return Ok(Reply::NotPlayed("this kind of commit")),
    };
    match device.commit(story::PANOS_ADMINISTRATOR, only) {
        Ok(Some(id)) => {
            device.work(Instant::now());
            Ok(Reply::Result(format!(
                "<msg><line>Commit job enqueued with jobid {id}</line></msg><job>{id}</job>"
            )))
        }
        Ok(None) => Ok(Reply::Done(19, "There are no changes to commit.")),
        Err(()) => Err(No(13, "Another commit/validate is in progress. Please try again later".to_owned())),
    }
}

impl Job {
    fn xml(&self) -> String {
        let (status, result, progress, lines) = match &self.state {
            State::Waiting => ("PEND", "PEND", 0, String::new()),
            State::Active(_) => ("ACT", "PEND", 55, String::new()),
            State::Finished(faults) if faults.is_empty() => {
                ("FIN", "OK", 100, "<line>Configuration committed successfully</line>".to_owned())
            }
            State::Finished(faults) => {
                let faults: String =
                    faults.iter().map(|fault| format!("<line>{}</line>", escaped(fault))).collect();
                ("FIN", "FAIL", 100, format!("<line>Validation Error:</line>{faults}"))
            }
        };
        let queued = if self.state == State::Waiting { "YES" } else { "NO" };
        format!(
            "<job><tenq>2026/11/21 22:10:01</tenq><tdeq>22:10:01</tdeq><id>{}</id><user>{}</user><type>Commit</type>\
             <status>{status}</status><queued>{queued}</queued><stoppable>no</stoppable><result>{result}</result>\
             <tfin/><description/><positionInQ>0</positionInQ><progress>{progress}</progress><details>{lines}</details>\
             <warnings/></job>",
            self.id,
            escaped(&self.user),
        )
    }
}
