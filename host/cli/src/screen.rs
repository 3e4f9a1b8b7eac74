//! What a command shows: text and tables for people, JSON for programs.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::{error::Error, printable, style::DIM};

/// The narrowest screen that tables are fitted to; below it they would be one word per line.
const NARROWEST: u16 = 60;

/// Shows text for people on standard output.
pub(crate) fn show(text: &str) -> Result<(), Error> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(output)
}

/// Shows JSON for programs on standard output.
pub(crate) fn show_json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| output(io::Error::other(error)))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", printable::json(&text)).map_err(output)
}

/// Shows one JSON value on one line, for programs that read as it comes.
pub(crate) fn show_json_line(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string(value).map_err(|error| output(io::Error::other(error)))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", printable::json(&text)).map_err(output)
}

/// Tells a person on standard error about what happens; programs do not read it.
pub(crate) fn tell(text: &str) {
    // A closed standard error is nobody who could be told.
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// A table without lines. It is fitted to the terminal; elsewhere each row is one line, whatever its length.
pub(crate) fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    if io::stdout().is_terminal() {
        let (_, width) = console::Term::stdout().size();
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(NARROWEST));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// A table as text that ends with a line break, without blanks at the ends of its lines.
pub(crate) fn lines(table: &Table) -> String {
    let mut lines = table.lines();
    let header = lines.next().unwrap_or_default();
    let rows = lines.map(|line| format!("{}\n", line.trim_end()));
    std::iter::once(format!("{DIM}{}{DIM:#}\n", header.trim_end())).chain(rows).collect()
}

fn output(source: io::Error) -> Error {
    Error::Stream { what: "write to standard output", source }
}
