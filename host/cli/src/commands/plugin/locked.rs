//! `palisade plugin install --locked`: everything that a lock file says, or nothing.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use palisade_model::{
    name::Name,
    plugin::{Digest, Plugin},
};
use palisade_sources::{Fetched, Locked, Reference, components_in, read_component};
use serde::Serialize;
use tempfile::TempDir;

use super::{
    install::inspect,
    sources::{Fetcher, Place, SourceOptions},
};
use crate::{
    answers::{Inspected, Plugins},
    client::Client,
    context::Context,
    error::Error,
    exit::Exit,
    limits::{COMPILING_TIME, REQUEST_TIME},
    lock_file, printable,
    screen::{self, table},
};

/// What became of one plugin of a lock file.
#[derive(Clone, Serialize)]
struct Row {
    name: Name,
    version: String,
    digest: Digest,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// It was there.
    Present,
    /// It is there now.
    Installed,
    /// It was there and enabled, and is disabled now.
    Disabled,
    /// It could be, but something else cannot.
    NotInstalled,
    /// It cannot be.
    Refused,
}

impl Outcome {
    fn words(self) -> &'static str {
        match self {
            Self::Present => "installed already",
            Self::Installed => "installed",
            Self::Disabled => "disabled",
            Self::NotInstalled => "not installed",
            Self::Refused => "refused",
        }
    }
}

/// What is to be done so that a plugin is as the file says.
enum Step<'a> {
    /// To install it: it is checked, and on the disk of whoever installs.
    Install { plugin: &'a Locked, path: PathBuf, signature: Option<String> },
    /// To disable it.
    Disable(&'a Locked),
}

impl Step<'_> {
    /// What is to stop stops first, and a playbook comes after the connectors that it needs.
    fn order(&self) -> (bool, &str) {
        match self {
            Self::Disable(plugin) => (false, &plugin.kind),
            Self::Install { plugin, .. } => (true, &plugin.kind),
        }
    }
}

/// What the operator lets be, beside what the lock file says.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    /// That nobody who is trusted signed a plugin, if the file says so too.
    pub(super) unsigned: bool,
    /// That a version is older than the newest there was.
    pub(super) downgrade: bool,
}

pub(super) async fn run(
    file: &Path,
    from: Option<&Path>,
    servers: SourceOptions,
    allowed: Allowed,
    context: &Context,
) -> Result<Exit, Error> {
    let lock = lock_file::read(file)?;
    let host = context.host()?;
    let Plugins { plugins: before } = host.get("/api/v1/plugins").await?.read()?;
    let store = match from {
        Some(directory) => Store::Directory { path: directory, files: by_digest(directory)? },
        None => Store::Sources(Fetcher::of_a_file(servers)?),
    };
    let scratch = tempfile::tempdir().map_err(|source| Error::File {
        what: "write to",
        path: std::env::temp_dir(),
        source,
    })?;

    // First everything is looked at, then everything is done: what is refused keeps the rest out as well.
    let mut rows = Vec::new();
    let mut steps = Vec::new();
    for plugin in &lock.plugins {
        let row = |outcome, reason| Row {
            name: plugin.name.clone(),
            version: plugin.version.clone(),
            digest: plugin.digest.clone(),
            outcome,
            reason,
        };
        rows.push(match stage(plugin, allowed, &before, &store, &host, &scratch).await {
            Ok(Looked::Present { is_disabled }) => row(Outcome::Present, still_disabled(plugin, is_disabled)),
            Ok(Looked::ToDo(step)) => {
                let outcome = match step {
                    Step::Install { .. } => Outcome::NotInstalled,
                    Step::Disable(_) => Outcome::Present,
                };
                steps.push((rows.len(), step));
                row(outcome, None)
            }
            // Without the host nothing can be said of any.
            Err(
                error @ (Error::Unreachable { .. }
                | Error::Late { .. }
                | Error::Problem { status: 401 | 403, .. }),
            ) => {
                return Err(error);
            }
            Err(error) => row(Outcome::Refused, Some(in_one_line(&error))),
        });
    }
    let refused = rows.iter().filter(|row| row.outcome == Outcome::Refused).count();
    if refused > 0 {
        show(&rows, context)?;
        return Err(Error::Locked { path: file.to_owned(), refused, all: rows.len() });
    }
    steps.sort_by(|(_, one), (_, other)| one.order().cmp(&other.order()));
    for (at, step) in steps {
        match take(&host, step, allowed).await {
            Ok((outcome, reason)) => rows[at] = Row { outcome, reason, ..rows[at].clone() },
            Err(error) => {
                show(&rows, context)?;
                return Err(error);
            }
        }
    }
    show(&rows, context)?;
    Ok(Exit::Done)
}

/// Where components are looked for.
enum Store<'a> {
    /// In a directory, by their digests.
    Directory { path: &'a Path, files: BTreeMap<Digest, PathBuf> },
    /// Where each came from.
    Sources(Fetcher),
}

/// The components in a directory. What the files are called means nothing.
fn by_digest(directory: &Path) -> Result<BTreeMap<Digest, PathBuf>, Error> {
    let mut files = BTreeMap::new();
    for path in components_in(directory)? {
        files.insert(read_component(&path, None)?.digest, path);
    }
    Ok(files)
}

/// What a look at a plugin came to.
enum Looked<'a> {
    /// It is there as the file says, but perhaps disabled where the file has it enabled.
    Present { is_disabled: bool },
    /// It can be as the file says.
    ToDo(Step<'a>),
}

/// Gets a component and checks everything that the lock file says of it, unless it is installed already.
async fn stage<'a>(
    plugin: &'a Locked,
    allowed: Allowed,
    before: &[Plugin],
    store: &Store<'_>,
    host: &Client,
    scratch: &TempDir,
) -> Result<Looked<'a>, Error> {
    let installed = before.iter().find(|one| one.digest == plugin.digest && *one.name() == plugin.name);
    if let Some(installed) = installed {
        check(plugin, &lock_file::locked(installed))?;
        return Ok(match (plugin.disabled, installed.disabled) {
            (true, false) => Looked::ToDo(Step::Disable(plugin)),
            (_, is_disabled) => Looked::Present { is_disabled },
        });
    }
    // Whoever writes into the file could otherwise do without any signature.
    if plugin.unsigned && !allowed.unsigned {
        return Err(refusal(
            "no trusted key signed it where the file was written; --allow-unsigned installs it".to_owned(),
        ));
    }
    let (path, component) = match store {
        Store::Directory { path, files } => {
            let file = files
                .get(&plugin.digest)
                .ok_or_else(|| refusal(format!("no file in {} is it", path.display())))?;
            (file.clone(), read_component(file, Some(&plugin.digest))?)
        }
        Store::Sources(fetcher) => {
            let component = fetch(plugin, fetcher).await?;
            let path = scratch.path().join(format!("{}.wasm", plugin.digest));
            std::fs::write(&path, &component.component).map_err(|source| Error::File {
                what: "write",
                path: path.clone(),
                source,
            })?;
            (path, component)
        }
    };
    let Inspected { digest, size, manifest, .. } = inspect(host, &component).await?;
    check(plugin, &lock_file::declared(&manifest, digest, size, plugin.installed))?;
    Ok(Looked::ToDo(Step::Install { plugin, path, signature: component.signature }))
}

async fn fetch(plugin: &Locked, fetcher: &Fetcher) -> Result<Fetched, Error> {
    let source = plugin.source.as_deref().unwrap_or_default();
    let digest = Some(&plugin.digest);
    let given = if source.starts_with("oci://") { None } else { digest };
    let Reference::Remote(remote) = Reference::parse(source, given)? else {
        return Err(refusal(
            "it came from a file; give the directory that has it with --from DIR".to_owned(),
        ));
    };
    let fetched = fetcher.fetch(&Place::Remote(Box::new(remote)), digest).await?;
    if fetched.digest != plugin.digest {
        let (found, expected) = (fetched.digest.short(), plugin.digest.short());
        return Err(refusal(format!("what is at its source is {found}, not {expected}")));
    }
    Ok(fetched)
}

fn check(plugin: &Locked, found: &Locked) -> Result<(), Error> {
    plugin.difference(found).map_or(Ok(()), |difference| Err(refusal(difference)))
}

/// Does what is to be done, and returns what became of the plugin.
async fn take(host: &Client, step: Step<'_>, allowed: Allowed) -> Result<(Outcome, Option<String>), Error> {
    let (plugin, path, signature) = match step {
        Step::Install { plugin, path, signature } => (plugin, path, signature),
        Step::Disable(plugin) => {
            let path = format!("/api/v1/plugins/{}/disable?by_lock_file=true", plugin.name);
            host.post_nothing(&path, REQUEST_TIME).await?;
            return Ok((Outcome::Disabled, None));
        }
    };
    let mut component = read_component(&path, Some(&plugin.digest))?;
    component.signature = signature;
    // Where the lock file has it from, not where it happens to lie here.
    component.source = plugin.source.clone().unwrap_or(component.source);
    // What it may do more than the version that is here was granted where the lock file was written. Whether a playbook may
    // run without some of its connectors is for this host's operator to say.
    let mut word = format!("grant={}&by_lock_file=true&wider=true", plugin.digest);
    let words = [
        (plugin.disabled, "&disabled=true"),
        (plugin.unsigned, "&allow_unsigned=true"),
        (allowed.downgrade, "&allow_downgrade=true"),
    ];
    words.iter().filter(|(is_said, _)| *is_said).for_each(|(_, said)| word.push_str(said));
    let path = format!("/api/v1/plugins?{word}");
    let installed: Plugin = host.post_component(&path, &component, COMPILING_TIME).await?.read()?;
    Ok((Outcome::Installed, still_disabled(plugin, installed.disabled)))
}

/// To enable something takes the word of somebody on this host: the file only says what there is to enable.
fn still_disabled(plugin: &Locked, is_disabled: bool) -> Option<String> {
    (is_disabled && !plugin.disabled).then(|| {
        format!("it is enabled in the file, and disabled here: `palisade plugin enable {}`", plugin.name)
    })
}

fn refusal(what: String) -> Error {
    Error::Missing { what, next: String::new() }
}

fn in_one_line(error: &Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        words.push_str(&format!(": {error}"));
        source = error.source();
    }
    words
}

fn show(rows: &[Row], context: &Context) -> Result<(), Error> {
    if context.json {
        return screen::show_json(&rows);
    }
    if rows.is_empty() {
        return screen::show("The lock file has no plugins.\n");
    }
    let mut table = table(["NAME", "VERSION", "DIGEST", "OUTCOME"]);
    for row in rows {
        let reason = row.reason.as_deref().map(|reason| format!(": {}", printable::line(reason)));
        table.add_row([
            row.name.to_string(),
            printable::line(&row.version),
            row.digest.short().to_owned(),
            format!("{}{}", row.outcome.words(), reason.unwrap_or_default()),
        ]);
    }
    screen::show(&screen::lines(&table))
}
