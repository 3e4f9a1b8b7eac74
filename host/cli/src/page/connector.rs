use std::fmt::Write as _;

use palisade_model::{
    action::{Effect, Retry},
    plugin::{ActionSpec, ConnectorManifest, HostPattern, SecretPlace},
};

use super::{
    fields, head,
    markdown::{code, table, text},
};

pub(super) fn page(connector: &ConnectorManifest) -> String {
    let mut page = head("connector", &connector.identity);
    let _ = write!(page, "\nIt acts on {} {}.\n", text(&connector.vendor), text(&connector.product));
    page.push_str(&configuration(connector));
    page.push_str(&reach(connector));
    page.push_str(&actions(connector));
    page
}

fn configuration(connector: &ConnectorManifest) -> String {
    let about = fields::about(&connector.configuration);
    let fields = fields::given(&connector.configuration);
    if fields.is_empty() {
        return "\n## Configuration\n\nAn asset needs no configuration.\n".to_owned();
    }
    format!("\n## Configuration\n\n{about}{fields}")
}

/// Everything that is granted with it.
fn reach(connector: &ConnectorManifest) -> String {
    let capabilities = &connector.capabilities;
    let mut rows = Vec::new();
    for http in &capabilities.http {
        let secrets =
            http.secrets.iter().map(|secret| format!("{} in {}", code(&secret.field), place(&secret.place)));
        let methods = format!("HTTP {}", text(&http.methods.join(" ")));
        let secrets = secrets.collect::<Vec<_>>().join(", ");
        rows.push([methods, host(&http.host, "the servers in"), secrets, text(&http.reason)]);
    }
    for tcp in &capabilities.tcp {
        let ports = tcp.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let host = host(&tcp.host, "the server in");
        rows.push([format!("TCP {ports}"), host, String::new(), text(&tcp.reason)]);
    }
    for file in &capabilities.files {
        let which = format!("the one that {} names", code(&file.field));
        rows.push(["file".to_owned(), which, String::new(), text(&file.reason)]);
    }
    for reveal in &capabilities.reveal {
        let secret = format!("{} to the connector itself", code(&reveal.field));
        rows.push(["revealed secret".to_owned(), String::new(), secret, text(&reveal.reason)]);
    }
    if rows.is_empty() {
        return "\n## What it may reach\n\nNothing.\n".to_owned();
    }
    format!("\n## What it may reach\n\n{}", table(["How", "Where", "Secrets that go there", "Why"], &rows))
}

fn host(pattern: &HostPattern, configured: &str) -> String {
    match pattern {
        HostPattern::Named(name) => code(name),
        HostPattern::Configured(field) => format!("{configured} {}", code(field)),
        HostPattern::Anywhere => "any public host".to_owned(),
    }
}

fn place(place: &SecretPlace) -> String {
    match place {
        SecretPlace::Header(name) => format!("the header {}", code(name)),
        SecretPlace::Query(name) => format!("the query parameter {}", code(name)),
        SecretPlace::Authorization => "the header `authorization`".to_owned(),
        SecretPlace::Body => "the body".to_owned(),
    }
}

fn actions(connector: &ConnectorManifest) -> String {
    let overview = connector.actions.iter().map(|action| {
        let undo = action.undo.as_deref().map(code).unwrap_or_default();
        [code(&action.name), action.effect.name().to_owned(), retry(action.retry).to_owned(), undo]
    });
    let overview: Vec<_> = overview.collect();
    let mut text =
        format!("\n## Actions\n\n{}", table(["Action", "Effect", "Retry", "Undone by"], &overview));
    connector.actions.iter().for_each(|one| text.push_str(&action(one)));
    text
}

fn action(action: &ActionSpec) -> String {
    let mut page = format!("\n### {}\n\n{}\n", code(&action.name), text(&action.description));
    let effect = match action.effect {
        Effect::Investigate | Effect::Test => "It only reads.",
        Effect::Contain => "It keeps something from happening.",
        Effect::Correct => "It puts something right.",
        Effect::Generic => "It changes something.",
    };
    let repeat = match (action.retry, action.verifies) {
        _ if !action.effect.mutates() => "",
        (Retry::Safe, _) => " Repeating it changes nothing.",
        (Retry::Keyed, _) => " Repeating it with the same idempotency key changes nothing.",
        (Retry::Unsafe, true) => {
            " The host never repeats it by itself; where nobody knows whether it took effect, the connector looks it up."
        }
        (Retry::Unsafe, false) => {
            " The host never repeats it by itself; where nobody knows whether it took effect, a person decides."
        }
    };
    let undo =
        action.undo.as_deref().map(|undo| format!(" {} takes it back.", code(undo))).unwrap_or_default();
    let limit = time(action.time_limit_ms);
    let _ = write!(page, "\n{effect}{repeat}{undo} One call takes at most {limit}.\n");
    for (title, fields) in
        [("Parameters", fields::given(&action.parameters)), ("Report", fields::found(&action.output))]
    {
        if !fields.is_empty() {
            let _ = write!(page, "\n{title}:\n\n{fields}");
        }
    }
    page
}

fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Safe => "safe",
        Retry::Keyed => "keyed",
        Retry::Unsafe => "unsafe",
    }
}

fn time(ms: u64) -> String {
    if ms.is_multiple_of(1_000) { format!("{} s", ms / 1_000) } else { format!("{ms} ms") }
}
