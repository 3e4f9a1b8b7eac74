//! Text of strangers in Markdown (GitHub Flavored Markdown): it is shown, and makes no links, images or HTML.

use crate::printable::line;

/// Prose of a plugin on one line. What stands between two single backticks, with none between them, stays code. In
/// Markdown a backtick is closed only by a run of as many, so every other one is escaped.
pub(super) fn text(prose: &str) -> String {
    let prose = line(prose);
    let mut safe = String::with_capacity(prose.len());
    let mut rest = prose.as_str();
    while let Some(c) = rest.chars().next() {
        if let Some(code) = leading_code(rest) {
            // Also within code this would end the cell of a table.
            safe.push_str(&code.replace('|', "\\|"));
            rest = &rest[code.len()..];
            continue;
        }
        // A run of backticks is escaped as a whole: its last one opens nothing.
        let plain = rest.chars().take_while(|next| *next == '`').count().max(c.len_utf8());
        for c in rest[..plain].chars() {
            if matches!(c, '`' | '[' | ']' | '<' | '>' | '*' | '\\' | '&' | '|') {
                safe.push('\\');
            }
            safe.push(c);
        }
        rest = &rest[plain..];
    }
    safe
}

/// The code with its backticks that a text begins with.
fn leading_code(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('`')?;
    let length = inner.find('`').filter(|length| *length > 0)?;
    let behind = &inner[length + 1..];
    (!behind.starts_with('`')).then(|| &text[..length + 2])
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
            ("` <img src=x> [k](javascript:x) ```", r"\` \<img src=x\> \[k\](javascript:x) \`\`\`"),
            ("``<b>`<i>`<u>``", r"\`\`\<b\>`<i>`\<u\>\`\`"),
            ("`<b>``<i>`<u>`ü", r"\`\<b\>\`\`\<i\>`<u>`ü"),
            ("two\nlines \x1b[2J", r"two lines ␛\[2J"),
        ] {
            assert_eq!(text(stranger), shown);
        }
        assert_eq!(code("a|b"), r"`a\|b`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
    }
}
