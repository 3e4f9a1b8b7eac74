//! The scripted side of the imports: one world for each thread.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
};

use serde_json::Value;

use super::{Change, Conversation, Exchange, Kept, stream::Dial};
use crate::{
    Failure,
    bindings::{
        connector::palisade::plugin::{
            connector_descriptor::{Action, Effect},
            types::Report,
        },
        playbook::palisade::plugin::{
            alerts::{Alert, Artifact},
            playbook_descriptor::{ListUse, Need},
            prompts::Prompt,
            steps::StepId,
        },
    },
    log::Level,
};

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// When every test begins, 2026-01-01T00:00:00Z.
pub(super) const START_MS: u64 = 1_767_225_600_000;

/// What is scripted, and what has happened.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Milliseconds that have passed. Only waits let any pass.
    pub(super) waited_ms: u64,
    pub(super) log: Vec<(Level, String)>,
    /// The connector's action that runs.
    pub(super) described: Option<Action>,
    pub(super) http: VecDeque<Exchange>,
    pub(super) tcp: VecDeque<Conversation>,
    /// Takes the place of `tcp`.
    pub(super) dial: Option<Dial>,
    /// The asset's state.
    pub(super) state: BTreeMap<String, Kept>,
    /// Configuration fields of the files that the connector declares.
    pub(super) declared_files: Vec<String>,
    /// The files that the asset names, by field.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) alert: Option<Alert>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) changes: Vec<Change>,
    pub(super) needs: Vec<Need>,
    pub(super) starts: Vec<String>,
    /// What the operator has configured.
    pub(super) configuration: Value,
    pub(super) uses: Vec<ListUse>,
    /// Custom lists: the values of their entries.
    pub(super) lists: BTreeMap<String, Vec<String>>,
    pub(super) earlier: VecDeque<u32>,
    pub(super) scripted: VecDeque<Scripted>,
    pub(super) answers: VecDeque<Option<(Value, String)>>,
    pub(super) children: VecDeque<(String, End)>,
    pub(super) started: Vec<(String, String, Value)>,
    pub(super) asked: Vec<Prompt>,
    pub(super) steps: Vec<Step>,
}

pub(super) type End = Result<Report, Failure>;

/// An action that may be started.
#[derive(Debug)]
pub(super) struct Scripted {
    pub(super) connector: String,
    pub(super) action: String,
    /// Milliseconds from its start to its end.
    pub(super) takes_ms: u64,
    pub(super) end: End,
}

/// A step that was started: when it ends, and how.
#[derive(Debug)]
pub(super) struct Step {
    ends_ms: u64,
    end: End,
}

impl World {
    fn now(&self) -> u64 {
        START_MS + self.waited_ms
    }

    fn wait_until(&mut self, ms: u64) {
        self.waited_ms = self.waited_ms.max(ms.saturating_sub(START_MS));
    }

    fn step(&mut self, ends_ms: u64, end: End) -> StepId {
        self.steps.push(Step { ends_ms, end });
        self.steps.len() as StepId
    }

    fn get(&self, id: StepId) -> &Step {
        &self.steps[id as usize - 1]
    }
}

/// Runs `plugin` in this world and returns what became of both.
pub(super) fn within<T>(world: World, plugin: impl FnOnce() -> T) -> (T, World) {
    WORLD.set(Some(world));
    let result = plugin();
    (result, WORLD.take().expect("the world stays while the plugin runs"))
}

fn world<T>(act: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(|world| act(world.as_mut().expect("outside wasm a plugin runs within a test")))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the plugin hands over JSON")
}

pub(crate) mod log {
    use crate::log::Level;

    pub(crate) fn write(level: Level, message: &str) {
        super::world(|world| world.log.push((level, message.to_owned())));
    }
}

pub(crate) mod clock {
    pub(crate) fn now() -> u64 {
        super::world(|world| world.now())
    }
}

pub(crate) mod random {
    pub(crate) fn bytes(count: u32) -> Vec<u8> {
        (0..count).map(|number| number as u8).collect()
    }
}

pub(crate) mod http {
    use super::Effect;
    use crate::bindings::connector::palisade::plugin::http::{Error, Request, Response};

    pub(crate) fn send(request: &Request) -> Result<Response, Error> {
        let exchange = super::world(|world| {
            if let Some(action) = &world.described
                && matches!(action.effect, Effect::Investigate | Effect::Test)
            {
                assert!(only_reads(request, &action.reads), "`{}` may only read: {request:?}", action.name);
            }
            world.http.pop_front()
        });
        exchange.unwrap_or_else(|| panic!("a request that is not in the script: {request:?}")).meet(request)
    }

    fn only_reads(
        request: &Request,
        reads: &[crate::bindings::connector::palisade::plugin::connector_descriptor::Read],
    ) -> bool {
        let after_scheme = request.url.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("/", |start| &after_scheme[start..]);
        let path = path.split('?').next().unwrap_or(path);
        matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
            || reads.iter().any(|read| read.method == request.method && is_of(path, &read.path))
    }

    /// Whether a path is one of those that a read declares. What the asset has in a field is the host's to compare.
    fn is_of(path: &str, declared: &str) -> bool {
        path.split('/').count() == declared.split('/').count()
            && path.split('/').zip(declared.split('/')).all(|(segment, declared)| {
                segment == declared || (declared.starts_with('{') && declared.ends_with('}'))
            })
    }
}

pub(crate) mod tcp {
    use std::cell::RefCell;

    use crate::{
        bindings::connector::palisade::plugin::tcp::Error,
        testing::stream::{Script, Stream},
    };

    pub(crate) struct TcpStream {
        end: RefCell<Box<dyn Stream>>,
    }

    pub(crate) fn connect(host: &str, port: u16) -> Result<TcpStream, Error> {
        if let Some(dial) = super::world(|world| world.dial.clone()) {
            return Ok(TcpStream { end: RefCell::new(dial.open(host, port)?) });
        }
        let conversation = super::world(|world| world.tcp.pop_front())
            .unwrap_or_else(|| panic!("a stream that is not in the script: {host}:{port}"));
        assert_eq!((host, port), (conversation.host.as_str(), conversation.port), "the wrong stream");
        Ok(TcpStream { end: RefCell::new(Box::new(Script(conversation.turns))) })
    }

    impl TcpStream {
        pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Error> {
            self.end.borrow_mut().write(bytes)
        }

        pub(crate) fn read(&self, max: u32) -> Result<Vec<u8>, Error> {
            self.end.borrow_mut().read(max)
        }

        pub(crate) fn start_tls(&self) -> Result<(), Error> {
            self.end.borrow_mut().start_tls()
        }
    }
}

pub(crate) mod state {
    use super::Kept;

    pub(crate) fn get(key: &str) -> Option<String> {
        super::world(|world| world.state.get(key).map(|kept| kept.value.clone()))
    }

    pub(crate) fn put(
        key: &str,
        value: &str,
        time_to_live_ms: u64,
        confidential: bool,
    ) -> Result<(), String> {
        super::world(|world| {
            let kept = Kept { value: value.to_owned(), time_to_live_ms, confidential };
            world.state.insert(key.to_owned(), kept);
            Ok(())
        })
    }

    pub(crate) fn remove(key: &str) {
        super::world(|world| world.state.remove(key));
    }
}

pub(crate) mod files {
    use super::World;
    use crate::bindings::connector::palisade::plugin::files::Error;

    /// As much as one read gives, whatever it asks for.
    const READ_BYTES: usize = 1024 * 1024;

    pub(crate) fn size(field: &str) -> Result<u64, Error> {
        super::world(|world| file(world, field).map(|file| file.len() as u64))
    }

    pub(crate) fn read(field: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        super::world(|world| {
            let file = file(world, field)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.len());
            let end = start.saturating_add(READ_BYTES.min(length as usize)).min(file.len());
            Ok(file[start..end].to_vec())
        })
    }

    fn file<'a>(world: &'a World, field: &str) -> Result<&'a [u8], Error> {
        let declared = world.declared_files.iter().any(|declared| declared == field);
        assert!(declared, "`{field}` is not among the files that the connector reads");
        let file = world.files.get(field).map(Vec::as_slice);
        file.ok_or_else(|| Error::Denied(format!("the asset's `{field}` names no file")))
    }
}

pub(crate) mod steps {
    use super::{End, StepId};

    pub(crate) fn wait(id: StepId) -> End {
        super::world(|world| {
            world.wait_until(world.get(id).ends_ms);
            world.get(id).end.clone()
        })
    }

    /// The first to end; of those that end at the same time, the first of the list.
    pub(crate) fn wait_any(ids: &[StepId]) -> StepId {
        wait_until(ids, u64::MAX).expect("every step ends")
    }

    pub(crate) fn wait_until(ids: &[StepId], deadline_ms: u64) -> Option<StepId> {
        super::world(|world| {
            let ends = |id: &StepId| world.get(*id).ends_ms.max(world.now());
            let first = ids.iter().copied().min_by_key(ends).filter(|id| ends(id) <= deadline_ms);
            world.wait_until(first.map_or(deadline_ms, |id| ends(&id)));
            first
        })
    }
}

pub(crate) mod actions {
    use serde_json::Value;

    use super::{Need, Scripted, StepId};
    use crate::bindings::playbook::palisade::plugin::actions::Request;

    pub(crate) fn start(request: &Request) -> StepId {
        super::world(|world| {
            let (connector, action) = (&request.connector, &request.action);
            let need = world.needs.iter().find(|need| (&need.connector, &need.action) == (connector, action));
            let need =
                need.unwrap_or_else(|| panic!("{connector}: `{action}` is not among the playbook's needs"));
            check_sent(need, &super::json(&request.parameters));
            let scripted =
                world.scripted.iter().position(|it| (&it.connector, &it.action) == (connector, action));
            let Scripted { takes_ms, end, .. } = scripted
                .and_then(|place| world.scripted.remove(place))
                .unwrap_or_else(|| panic!("{connector}: `{action}` is not in the script"));
            world.started.push((connector.clone(), action.clone(), super::json(&request.parameters)));
            world.step(world.now() + takes_ms, end)
        })
    }

    /// What a playbook sends must be what it says that it sends: the host compares only that with the connector.
    fn check_sent(need: &Need, sent: &Value) {
        let Some(schema) = need.parameters.as_deref().map(super::json) else { return };
        let what = format!("{}: `{}`", need.connector, need.action);
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in required {
            assert!(sent.get(name).is_some(), "{what} is not sent `{name}`, which the playbook declares");
        }
        for name in sent.as_object().into_iter().flatten().map(|(name, _)| name) {
            let declared = schema["properties"].get(name).is_some();
            assert!(declared, "{what} is sent `{name}`, which the playbook does not declare");
        }
    }
}

pub(crate) mod prompts {
    use serde_json::{Value, json};

    use super::{Report, StepId};
    use crate::{
        Status,
        bindings::playbook::palisade::plugin::prompts::{Answer, Prompt},
    };

    pub(crate) fn ask(prompt: &Prompt) -> StepId {
        let default = super::json(&prompt.default);
        assert!(counts(&prompt.answer, &default), "the default of {prompt:?} is no answer to it");
        super::world(|world| {
            let scripted = world.answers.pop_front();
            let scripted =
                scripted.unwrap_or_else(|| panic!("a prompt that is not in the script: {prompt:?}"));
            let (ends_ms, answer, by) = match scripted {
                Some((answer, by)) => (world.now(), answer, Some(by)),
                None => (world.now().saturating_add(prompt.time_limit_ms), default, None),
            };
            assert!(counts(&prompt.answer, &answer), "{answer} is no answer to {prompt:?}");
            world.asked.push(prompt.clone());
            let report = Report {
                status: Status::Success,
                message: String::new(),
                summary: "{}".to_owned(),
                data: json!({ "answer": answer, "by": by }).to_string(),
            };
            world.step(ends_ms, Ok(report))
        })
    }

    fn counts(answers: &Answer, answer: &Value) -> bool {
        match answers {
            Answer::Choice(choices) => {
                answer.as_str().is_some_and(|text| choices.iter().any(|choice| choice == text))
            }
            Answer::Text => answer.is_string(),
            Answer::Number((least, most)) => {
                answer.as_i64().is_some_and(|number| (*least..=*most).contains(&number))
            }
        }
    }
}

pub(crate) mod playbooks {
    use super::StepId;

    pub(crate) fn start(name: &str) -> StepId {
        super::world(|world| {
            let declared = world.starts.iter().any(|declared| declared == name);
            assert!(declared, "`{name}` is not among the playbooks that it starts");
            let scripted = world.children.iter().position(|(scripted, _)| scripted == name);
            let (_, end) = scripted
                .and_then(|place| world.children.remove(place))
                .unwrap_or_else(|| panic!("the playbook `{name}` is not in the script"));
            world.step(world.now(), end)
        })
    }
}

pub(crate) mod configuration {
    pub(crate) fn get() -> String {
        super::world(|world| match &world.configuration {
            super::Value::Null => "{}".to_owned(),
            configuration => configuration.to_string(),
        })
    }
}

pub(crate) mod lists {
    use std::net::IpAddr;

    use super::{Change, World};
    use crate::bindings::playbook::palisade::plugin::lists::Entry;

    pub(crate) fn find(list: &str, value: &str) -> Result<Option<Entry>, String> {
        super::world(|world| {
            let entry = of(world, list, false)?.iter().find(|entry| covers(entry, value));
            Ok(entry.map(|entry| Entry { value: entry.clone(), note: String::new(), by: "test".to_owned() }))
        })
    }

    pub(crate) fn add(list: &str, value: &str, note: &str) -> Result<(), String> {
        super::world(|world| {
            of(world, list, true)?.push(value.to_owned());
            let (list, value, note) = (list.to_owned(), value.to_owned(), note.to_owned());
            world.changes.push(Change::Listed { list, value, note });
            Ok(())
        })
    }

    fn of<'a>(world: &'a mut World, list: &str, to_add: bool) -> Result<&'a mut Vec<String>, String> {
        let declared = world.uses.iter().any(|used| used.name == list && (used.adds || !to_add));
        assert!(declared, "the playbook does not declare what it does with the list `{list}`");
        world.lists.get_mut(list).ok_or_else(|| format!("there is no list `{list}`"))
    }

    /// Whether an entry covers a value, as the host has it.
    fn covers(entry: &str, value: &str) -> bool {
        let (entry, value) = (entry.to_lowercase(), value.to_lowercase());
        if let Some(below) = entry.strip_prefix('*') {
            return value.len() > below.len() && value.ends_with(below);
        }
        match (entry.split_once('/'), value.parse()) {
            (Some((network, prefix)), Ok(address)) => {
                let (network, prefix) = (network.parse(), prefix.parse());
                let network = network.expect("a network in a test begins with an address");
                bits(network) == bits(address)
                    && within(network, address, prefix.expect("a prefix is a number"))
            }
            _ => entry == value,
        }
    }

    fn bits(address: IpAddr) -> u32 {
        if address.is_ipv4() { 32 } else { 128 }
    }

    fn within(network: IpAddr, address: IpAddr, prefix: u32) -> bool {
        let number = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        let rest = bits(network) - prefix;
        number(network).checked_shr(rest) == number(address).checked_shr(rest)
    }
}

pub(crate) mod history {
    use crate::bindings::playbook::palisade::plugin::history::Query;

    pub(crate) fn count(query: &Query) -> Result<u32, String> {
        let count = super::world(|world| world.earlier.pop_front());
        Ok(count.unwrap_or_else(|| panic!("a look into history that is not in the script: {query:?}")))
    }
}

pub(crate) mod alerts {
    use super::{Alert, Artifact, Change, World};
    use crate::playbook::{AlertStatus, Severity};

    pub(crate) fn get() -> Alert {
        super::world(|world| alert(world).clone())
    }

    pub(crate) fn artifacts() -> Vec<Artifact> {
        super::world(|world| world.artifacts.clone())
    }

    pub(crate) fn set_severity(severity: Severity) {
        super::world(|world| {
            alert(world).severity = severity;
            world.changes.push(Change::Severity(severity));
        });
    }

    pub(crate) fn set_status(status: AlertStatus) {
        super::world(|world| {
            alert(world).status = status;
            world.changes.push(Change::Status(status));
        });
    }

    pub(crate) fn set_owner(owner: Option<&str>) {
        super::world(|world| {
            alert(world).owner = owner.map(str::to_owned);
            world.changes.push(Change::Owner(owner.map(str::to_owned)));
        });
    }

    pub(crate) fn escalate(to: Option<&str>, summary: &str) {
        super::world(|world| {
            let (to, summary) = (to.map(str::to_owned), summary.to_owned());
            world.changes.push(Change::Escalated { to, summary });
        });
    }

    pub(crate) fn add_note(title: &str, text: &str) {
        super::world(|world| {
            world.changes.push(Change::Note { title: title.to_owned(), text: text.to_owned() });
        });
    }

    pub(crate) fn add_artifact(name: &str, label: &str, cef: &str) -> Result<u64, String> {
        super::world(|world| {
            let id = world.artifacts.len() as u64 + 1;
            let (name, label) = (name.to_owned(), label.to_owned());
            world.changes.push(Change::Artifact {
                name: name.clone(),
                label: label.clone(),
                cef: super::json(cef),
            });
            world.artifacts.push(Artifact { id, name, label, cef: cef.to_owned() });
            Ok(id)
        })
    }

    fn alert(world: &mut World) -> &mut Alert {
        world.alert.as_mut().expect("a playbook runs within a PlaybookTest")
    }
}
