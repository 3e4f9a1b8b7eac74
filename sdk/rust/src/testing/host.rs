//! The scripted side of the imports: one world for each thread.

use std::{cell::RefCell, collections::VecDeque};

use serde_json::Value;

use super::{Change, Conversation, Exchange};
use crate::{
    Failure,
    bindings::{
        connector::palisade::plugin::{
            connector_descriptor::{Action, Effect},
            types::Report,
        },
        playbook::palisade::plugin::{
            alerts::{Alert, Artifact},
            playbook_descriptor::Need,
        },
    },
    log::Level,
};

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// What is scripted, and what has happened.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) log: Vec<(Level, String)>,
    /// The connector's action that runs.
    pub(super) described: Option<Action>,
    pub(super) http: VecDeque<Exchange>,
    pub(super) tcp: VecDeque<Conversation>,
    pub(super) alert: Option<Alert>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) changes: Vec<Change>,
    pub(super) needs: Vec<Need>,
    pub(super) scripted: VecDeque<((String, String), End)>,
    pub(super) started: Vec<(String, String, Value)>,
    pub(super) ends: Vec<End>,
}

pub(super) type End = Result<Report, Failure>;

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
    /// 2026-01-01T00:00:00Z, so that tests see the same time.
    pub(crate) fn now() -> u64 {
        1_767_225_600_000
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
            || reads.iter().any(|read| read.method == request.method && read.path == path)
    }
}

pub(crate) mod tcp {
    use std::cell::RefCell;

    use super::Conversation;
    use crate::bindings::connector::palisade::plugin::tcp::Error;

    pub(crate) struct TcpStream {
        conversation: RefCell<Conversation>,
    }

    pub(crate) fn connect(host: &str, port: u16) -> Result<TcpStream, Error> {
        let conversation = super::world(|world| world.tcp.pop_front())
            .unwrap_or_else(|| panic!("a stream that is not in the script: {host}:{port}"));
        assert_eq!((host, port), (conversation.host.as_str(), conversation.port), "the wrong stream");
        Ok(TcpStream { conversation: RefCell::new(conversation) })
    }

    impl TcpStream {
        pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Error> {
            let mut conversation = self.conversation.borrow_mut();
            assert!(
                conversation.sends.starts_with(bytes),
                "the wrong bytes: {:?}, not {:?}",
                String::from_utf8_lossy(bytes),
                String::from_utf8_lossy(&conversation.sends)
            );
            conversation.sends.drain(..bytes.len());
            Ok(())
        }

        pub(crate) fn read(&self, max: u32) -> Result<Vec<u8>, Error> {
            let mut conversation = self.conversation.borrow_mut();
            assert!(conversation.sends.is_empty(), "a read before everything was sent");
            let count = conversation.answer.len().min(max as usize);
            Ok(conversation.answer.drain(..count).collect())
        }

        pub(crate) fn start_tls(&self) -> Result<(), Error> {
            Ok(())
        }
    }
}

pub(crate) mod actions {
    use crate::{
        Failure,
        bindings::{
            connector::palisade::plugin::types::Report, playbook::palisade::plugin::actions::Request,
        },
    };

    pub(crate) fn start(request: &Request) -> u32 {
        super::world(|world| {
            let (connector, action) = (&request.connector, &request.action);
            let needed =
                world.needs.iter().any(|need| (&need.connector, &need.action) == (connector, action));
            assert!(needed, "{connector}: `{action}` is not among the playbook's needs");
            let scripted = world.scripted.iter().position(|((c, a), _)| (c, a) == (connector, action));
            let (_, end) = scripted
                .and_then(|place| world.scripted.remove(place))
                .unwrap_or_else(|| panic!("{connector}: `{action}` is not in the script"));
            world.started.push((connector.clone(), action.clone(), super::json(&request.parameters)));
            world.ends.push(end);
            world.ends.len() as u32
        })
    }

    pub(crate) fn wait(id: u32) -> Result<Report, Failure> {
        super::world(|world| world.ends[id as usize - 1].clone())
    }

    /// Every scripted action has ended, so the first of the list is the first to end.
    pub(crate) fn wait_any(ids: &[u32]) -> u32 {
        ids[0]
    }

    pub(crate) fn wait_until(ids: &[u32], _deadline_ms: u64) -> Option<u32> {
        ids.first().copied()
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
