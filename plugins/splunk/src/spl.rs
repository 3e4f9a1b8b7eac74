//! Splunk's search language, as far as it matters whether a search only reads.

use palisade_sdk::Failure;

/// Commands that change or send something, or run what cannot be seen here: those that trigger Splunk's safeguards
/// (<https://help.splunk.com/en/splunk-enterprise/administer/manage-users-and-security/10.2/best-practices-for-splunk-platform-security/spl-safeguards-for-risky-commands/commands-that-trigger-spl-safeguards>)
/// with those of the AI Toolkit, `outputtext`, and what saved searches may contain.
const RISKY: [&str; 21] = [
    "ai",
    "aiagent",
    "collect",
    "delete",
    "deletemodel",
    "dump",
    "fit",
    "map",
    "mcollect",
    "meventcollect",
    "outputcsv",
    "outputlookup",
    "outputtext",
    "run",
    "runshellscript",
    "savedsearch",
    "script",
    "sendalert",
    "sendemail",
    "summaryindex",
    "tscollect",
];

/// The whole search, for Splunk begins no search without a command: `search` if it names none.
pub(crate) fn search(command: Option<&str>, query: &str) -> Result<String, Failure> {
    let query = query.trim();
    if query.is_empty() {
        return Err(Failure::invalid("the query is empty"));
    }
    let search = match command.map(str::trim).filter(|command| !command.is_empty()) {
        // A generating command, such as `tstats`, comes after a pipe.
        Some("search") => format!("search {query}"),
        Some(command) => format!("| {command} {query}"),
        None if query.starts_with('|') || first_word(query).eq_ignore_ascii_case("search") => {
            query.to_owned()
        }
        None => format!("search {query}"),
    };
    if search.contains("```") {
        return Err(Failure::invalid(
            "the search has a comment (```), which can hide commands: leave it out",
        ));
    }
    let is_risky = |command: &&str| RISKY.iter().any(|risky| risky.eq_ignore_ascii_case(command));
    if let Some(command) = commands(&search).find(is_risky) {
        return Err(Failure::invalid(format!(
            "the search has the command `{command}`, which may change something; this action only reads"
        )));
    }
    Ok(search)
}

/// The first word after every pipe, and after every bracket that begins a subsearch; in quotes both are text.
///
/// What a macro stands for is not seen: like the rights of the account, macros are the administrator's.
fn commands(search: &str) -> impl Iterator<Item = &str> {
    // Where single quotes and macros are about, a double quote may itself be text, so what stands between two of them
    // is not surely quoted.
    let seen = parts(search).into_iter().filter(|(quoted, text)| !quoted || text.contains(['\'', '`']));
    let after_starts = seen.flat_map(|(_, text)| text.split(['|', '[']).skip(1));
    std::iter::once(search).chain(after_starts).map(first_word)
}

/// The text between double quotes, and that outside of them.
fn parts(search: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let (mut quoted, mut escaped, mut begin) = (false, false, 0);
    for (place, letter) in search.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match letter {
            '\\' => escaped = true,
            '"' => {
                parts.push((quoted, &search[begin..place]));
                quoted = !quoted;
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push((quoted, &search[begin..]));
    parts
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_gets_its_command() {
        for (command, query, whole) in [
            (None, "index=main error", "search index=main error"),
            (None, "Search index=main", "Search index=main"),
            (None, "searching", "search searching"),
            (None, "| tstats count", "| tstats count"),
            (Some("search"), "index=main", "search index=main"),
            (Some("tstats"), " count where index=main", "| tstats count where index=main"),
            (None, "`notable` | head 1", "search `notable` | head 1"),
        ] {
            assert_eq!(search(command, query).unwrap(), whole);
        }
    }

    #[test]
    fn what_may_change_something_is_refused() {
        for query in [
            "index=main | delete",
            "index=main |  OutputLookup x.csv",
            "index=main|collect index=x",
            "index=main [ | inputlookup x | outputlookup y ]",
            "index=main [sendemail to=a@example.com]",
            "| map search=\"search index=main\"",
            "|\n\tsavedsearch \"x\"",
            "index=main \"a \\\" b\" | delete",
            "index=main \"\\\\\" | delete",
            "index=main || delete",
            "index=main | eval 'a\"b'=1 | delete | eval 'c\"d'=1",
            "index=main `m(\")` | delete | `m(\")`",
            "index=main ```\"``` | delete",
        ] {
            assert!(search(None, query).is_err(), "{query}");
        }
        assert!(search(Some("sendalert"), "x").is_err());
        assert!(search(Some("search x | delete |"), "head 1").is_err());
    }

    #[test]
    fn words_in_quotes_and_fields_are_no_commands() {
        for query in [
            "\"| delete\" action=delete",
            "index=main | eval map=1 | table script, delete",
            "index=main | regex verb=\"(start|run|[ai])\"",
        ] {
            search(None, query).unwrap();
        }
    }
}
