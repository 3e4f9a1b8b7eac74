//! Asking a component what it is, and turning its answer into a checked manifest.

use palisade_contract::{
    connector::palisade::plugin::{connector_descriptor as wit, types::Identity as WitIdentity},
    playbook::palisade::plugin::playbook_descriptor,
};
use palisade_model::{
    action::{Effect, Retry},
    limits::DESCRIBE_TIME,
    plugin::{
        ActionSpec, Capabilities, ConnectorManifest, FileCapability, HostPattern, HttpCapability, Identity,
        ListUse, Manifest, Need, PlaybookManifest, Read, Reveal, SecretPlace, SecretUse, TcpCapability,
    },
};
use serde_json::Value;
use wasmtime::{Store, component::Component};

use crate::{
    connector::ConnectorHost,
    fault::Fault,
    guest::Guest,
    manifest::{self, ManifestError},
    playbook::PlaybookHost,
    sandbox::{Linked, LoadError, Sandbox},
    versions,
    wasi::Wasi,
};

/// What faults call a component whose name is not known yet.
const UNNAMED: &str = "the component";

/// Asks and checks. Which world it is follows from what it exports.
pub(crate) async fn describe(sandbox: &Sandbox, component: &Component) -> Result<Manifest, LoadError> {
    let engine = sandbox.engine();
    let exports = |name| component.component_type().get_export(engine, name).is_some();
    if exports("invoke") {
        let Linked { pre, wasi, contract } = sandbox.link_describing(component)?;
        let wasi = wasi.then(Wasi::of_describing);
        let mut store = Guest::store_with_budget(engine, wasi, ConnectorHost::new(None), DESCRIBE_TIME);
        let described =
            within_time(async { pre.instantiate_async(&mut store).await?.call_describe(&mut store).await })
                .await?;
        let described = described.map_err(|error| {
            LoadError::Describe(Fault::new(UNNAMED, &error).after(store.data().host.last_error()))
        })?;
        let manifest = connector(described, contract)?;
        manifest::check_connector(&manifest)?;
        Ok(Manifest::Connector(manifest))
    } else if exports("run") {
        let Linked { pre, wasi, contract } = sandbox.link_playbook(component)?;
        let wasi = wasi.then(Wasi::of_describing);
        let mut store: Store<Guest<PlaybookHost>> =
            Guest::store_with_budget(engine, wasi, PlaybookHost::new(None), DESCRIBE_TIME);
        let described = within_time(pre.describe(&mut store)).await?;
        let described = described.map_err(|error| LoadError::Describe(Fault::new(UNNAMED, &error)))?;
        let manifest = playbook(described, contract)?;
        manifest::check_playbook(&manifest)?;
        Ok(Manifest::Playbook(manifest))
    } else {
        let why = match versions::of(component, engine) {
            Err(foreign) => foreign.to_string(),
            Ok(_) => format!(
                "it exports neither `invoke` (a connector) nor `run` (a playbook): it is no plugin of this host, which \
                 knows {} of the contract",
                versions::known()
            ),
        };
        Err(LoadError::World(why))
    }
}

async fn within_time<T>(asking: impl Future<Output = T>) -> Result<T, LoadError> {
    tokio::time::timeout(DESCRIBE_TIME, asking).await.map_err(|_| {
        LoadError::Describe(Fault::because(UNNAMED, format!("it did not answer within {DESCRIBE_TIME:?}")))
    })
}

fn connector(
    described: wit::Connector,
    contract: Option<String>,
) -> Result<ConnectorManifest, ManifestError> {
    let configuration = schema("configuration", &described.configuration)?;
    Ok(ConnectorManifest {
        identity: identity(described.identity)?,
        contract,
        vendor: described.vendor,
        product: described.product,
        secrets: manifest::secrets(&configuration),
        configuration,
        actions: described.actions.into_iter().map(action).collect::<Result<_, _>>()?,
        capabilities: capabilities(described.capabilities),
    })
}

fn playbook(
    described: playbook_descriptor::Playbook,
    contract: Option<String>,
) -> Result<PlaybookManifest, ManifestError> {
    Ok(PlaybookManifest {
        identity: identity(described.identity)?,
        contract,
        labels: described.labels,
        needs: described.needs.into_iter().map(need).collect::<Result<_, _>>()?,
        starts: described.starts,
        configuration: schema("configuration", &described.configuration)?,
        lists: described
            .lists
            .into_iter()
            .map(|list| Ok(ListUse { name: list.name.try_into()?, adds: list.adds }))
            .collect::<Result<_, ManifestError>>()?,
        manual_minutes: described.manual_minutes,
    })
}

fn need(need: playbook_descriptor::Need) -> Result<Need, ManifestError> {
    let of = |part| format!("{part} of the need `{}/{}`", need.connector, need.action);
    let parameters = need.parameters.map(|text| schema(&of("parameters"), &text)).transpose()?;
    let data = need.data.map(|text| schema(&of("data"), &text)).transpose()?;
    Ok(Need { connector: need.connector, action: need.action, parameters, data })
}

fn identity(identity: WitIdentity) -> Result<Identity, ManifestError> {
    Ok(Identity {
        name: identity.name.try_into()?,
        version: identity.version,
        description: identity.description,
        publisher: identity.publisher,
    })
}

fn action(action: wit::Action) -> Result<ActionSpec, ManifestError> {
    Ok(ActionSpec {
        parameters: schema(&format!("parameters of action `{}`", action.name), &action.parameters)?,
        output: schema(&format!("output of action `{}`", action.name), &action.output)?,
        name: action.name,
        description: action.description,
        effect: match action.effect {
            wit::Effect::Investigate => Effect::Investigate,
            wit::Effect::Contain => Effect::Contain,
            wit::Effect::Correct => Effect::Correct,
            wit::Effect::Generic => Effect::Generic,
            wit::Effect::Test => Effect::Test,
        },
        retry: match action.retry {
            wit::Retry::Safe => Retry::Safe,
            wit::Retry::Keyed => Retry::Keyed,
            wit::Retry::Unsafe => Retry::Unsafe,
        },
        verifies: action.verifies,
        undo: action.undo,
        time_limit_ms: action.time_limit_ms,
        reads: action.reads.into_iter().map(|read| Read { method: read.method, path: read.path }).collect(),
    })
}

fn capabilities(capabilities: wit::Capabilities) -> Capabilities {
    let host = |pattern| match pattern {
        wit::HostPattern::Named(name) => HostPattern::Named(name),
        wit::HostPattern::Configured(field) => HostPattern::Configured(field),
        wit::HostPattern::Anywhere => HostPattern::Anywhere,
    };
    let secret = |secret: wit::SecretUse| SecretUse {
        field: secret.field,
        place: match secret.place {
            wit::SecretPlace::Header(name) => SecretPlace::Header(name),
            wit::SecretPlace::Query(name) => SecretPlace::Query(name),
            wit::SecretPlace::Authorization => SecretPlace::Authorization,
            wit::SecretPlace::Body => SecretPlace::Body,
        },
    };
    Capabilities {
        http: capabilities
            .http
            .into_iter()
            .map(|http| HttpCapability {
                host: host(http.host),
                methods: http.methods,
                secrets: http.secrets.into_iter().map(secret).collect(),
                reason: http.reason,
            })
            .collect(),
        tcp: capabilities
            .tcp
            .into_iter()
            .map(|tcp| TcpCapability { host: host(tcp.host), ports: tcp.ports, reason: tcp.reason })
            .collect(),
        reveal: capabilities
            .reveal
            .into_iter()
            .map(|reveal| Reveal { field: reveal.field, reason: reveal.reason })
            .collect(),
        files: capabilities
            .files
            .into_iter()
            .map(|file| FileCapability { field: file.field, reason: file.reason })
            .collect(),
    }
}

fn schema(what: &str, text: &str) -> Result<Value, ManifestError> {
    serde_json::from_str(text)
        .map_err(|error| ManifestError::Json { what: what.to_owned(), why: error.to_string() })
}
