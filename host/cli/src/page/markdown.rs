//! Text of strangers in Markdown (GitHub Flavored Markdown): it is shown, and makes no links, images or HTML.

use crate::printable::line;

/// Prose of a plugin on one line. What stands between backticks stays code.
pub(super) fn text(prose: &str) -> String {
    let prose = line(prose);
    let mut safe = String::with_capacity(prose.len());
    // An odd backtick opens nothing.
    let mut ticks_left = prose.matches('`').count() / 2 * 2;
    let mut in_code = false;
    for c in prose.chars() {
        match c {
            '`' if ticks_left > 0 => {
                ticks_left -= 1;
                in_code = !in_code;
                safe.push(c);
            }
            // Also within code this would end the cell of a table.
            '|' => safe.push_str("\\|"),
            c if in_code => safe.push(c),
            '`' | '[' | ']' | '<' | '>' | '*' | '\\' | '&' => safe.extend(['\\', c]),
            c => safe.push(c),
        }
    }
    safe
}

/// A value as code.
pub(super) fn code(value: &str) -> String {
    let value = line(value).replace('|', "\\|");
    let longest = value.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A blank keeps a backtick of the value from the fence.
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{value}{pad}{fence}")
}

/// A table; nothing if it has no rows.
pub(super) fn table<const COLUMNS: usize>(header: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut table = row(&header.map(str::to_owned));
    table.push_str(&row(&header.map(|_| "---".to_owned())));
    rows.iter().for_each(|cells| table.push_str(&row(cells)));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_makes_no_markup() {
        for (stranger, shown) in [
            ("Blocks `a|b` <b>now</b>.", r"Blocks `a\|b` \<b\>now\</b\>."),
            ("[click](javascript:x) ![](https://x)", r"\[click\](javascript:x) !\[\](https://x)"),
            ("`a[0]` and a[0] and `", r"`a[0]` and a\[0\] and \`"),
            ("two\nlines \x1b[2J", r"two lines ␛\[2J"),
        ] {
            assert_eq!(text(stranger), shown);
        }
        assert_eq!(code("a|b"), r"`a\|b`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
    }
}
