//! WQL, the query language of WMI: `SELECT` with a condition of comparisons.
//!
//! Source: Microsoft, "WQL (SQL for WMI)". `ASSOCIATORS OF`, `REFERENCES OF`, `ISA` and event queries are not played.

use super::cim::{Class, Instance, Value};

/// Depth of `NOT` and parentheses, so that no query exhausts the stack.
const DEPTH: usize = 64;

/// A query on one class.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query {
    /// Properties as written; all if nothing.
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) class: String,
    condition: Option<Condition>,
}

#[derive(Debug, PartialEq, Eq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare { property: String, operator: Operator, wanted: String },
    Null { property: String, is: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    More,
    AtMost,
    AtLeast,
    Like,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// Not a query, or not one that is played.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Query, Malformed> {
        let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
        parser.keyword("SELECT")?;
        let columns = parser.columns()?;
        parser.keyword("FROM")?;
        let class = parser.name()?;
        let condition = if parser.at_keyword("WHERE") { Some(parser.any()?) } else { None };
        if parser.next < parser.tokens.len() {
            return Err(Malformed);
        }
        Ok(Query { columns, class, condition })
    }

    /// The columns as the class spells and orders them; nothing for all.
    pub(crate) fn columns_of(&self, class: &Class) -> Result<Option<Vec<&'static str>>, Malformed> {
        let Some(columns) = &self.columns else { return Ok(None) };
        let known =
            |name: &String| class.properties.iter().any(|property| property.eq_ignore_ascii_case(name));
        if !columns.iter().all(known) {
            return Err(Malformed);
        }
        let wanted = |property: &&str| columns.iter().any(|column| column.eq_ignore_ascii_case(property));
        Ok(Some(class.properties.iter().copied().filter(wanted).collect()))
    }

    /// Whether every property of the condition is one of the class.
    pub(crate) fn fits(&self, class: &Class) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.fits(class))
    }

    pub(crate) fn matches(&self, instance: &Instance) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(instance))
    }
}

impl Condition {
    fn fits(&self, class: &Class) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => parts.iter().all(|part| part.fits(class)),
            Condition::Not(inner) => inner.fits(class),
            Condition::Compare { property, .. } | Condition::Null { property, .. } => {
                class.properties.iter().any(|known| known.eq_ignore_ascii_case(property))
            }
        }
    }

    fn holds(&self, instance: &Instance) -> bool {
        match self {
            Condition::All(parts) => parts.iter().all(|part| part.holds(instance)),
            Condition::Any(parts) => parts.iter().any(|part| part.holds(instance)),
            Condition::Not(inner) => !inner.holds(instance),
            Condition::Null { property, is } => (*instance.value(property) == Value::Null) == *is,
            Condition::Compare { property, operator, wanted } => {
                // A comparison with null is never true.
                instance.value(property).comparable().is_some_and(|held| compare(&held, *operator, wanted))
            }
        }
    }
}

fn compare(held: &str, operator: Operator, wanted: &str) -> bool {
    let (held, wanted) = (held.to_lowercase(), wanted.to_lowercase());
    if operator == Operator::Like {
        let wanted: Vec<char> = wanted.chars().collect();
        let held: Vec<char> = held.chars().collect();
        return like(&held, &wanted);
    }
    let order = match (held.parse::<i128>(), wanted.parse::<i128>()) {
        (Ok(held), Ok(wanted)) => held.cmp(&wanted),
        _ => held.cmp(&wanted),
    };
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::Unequal => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::More => order.is_gt(),
        Operator::AtMost => order.is_le(),
        Operator::AtLeast => order.is_ge(),
        Operator::Like => false,
    }
}

/// `%` is any text, `_` any character.
fn like(text: &[char], pattern: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((&'%', rest)), _) => (0..=text.len()).any(|cut| like(&text[cut..], rest)),
        (Some((&'_', rest)), Some((_, text))) => like(text, rest),
        (Some((wanted, rest)), Some((held, text))) => wanted == held && like(text, rest),
        _ => false,
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn columns(&mut self) -> Result<Option<Vec<String>>, Malformed> {
        if self.at_sign("*") {
            return Ok(None);
        }
        let mut columns = vec![self.name()?];
        while self.at_sign(",") {
            columns.push(self.name()?);
        }
        Ok(Some(columns))
    }

    fn any(&mut self) -> Result<Condition, Malformed> {
        let mut parts = vec![self.all()?];
        while self.at_keyword("OR") {
            parts.push(self.all()?);
        }
        Ok(Condition::Any(parts))
    }

    fn all(&mut self) -> Result<Condition, Malformed> {
        let mut parts = vec![self.one()?];
        while self.at_keyword("AND") {
            parts.push(self.one()?);
        }
        Ok(Condition::All(parts))
    }

    fn one(&mut self) -> Result<Condition, Malformed> {
        if self.at_keyword("NOT") {
            return self.inside(|parser| Ok(Condition::Not(Box::new(parser.one()?))));
        }
        if self.at_sign("(") {
            let inner = self.inside(Parser::any)?;
            return if self.at_sign(")") { Ok(inner) } else { Err(Malformed) };
        }
        let property = self.name()?;
        if self.at_keyword("IS") {
            let is = !self.at_keyword("NOT");
            self.keyword("NULL")?;
            return Ok(Condition::Null { property, is });
        }
        let operator = if self.at_keyword("LIKE") {
            Operator::Like
        } else {
            match self.advance() {
                Some(Token::Sign("=")) => Operator::Equal,
                Some(Token::Sign("!=" | "<>")) => Operator::Unequal,
                Some(Token::Sign("<")) => Operator::Less,
                Some(Token::Sign(">")) => Operator::More,
                Some(Token::Sign("<=")) => Operator::AtMost,
                Some(Token::Sign(">=")) => Operator::AtLeast,
                _ => return Err(Malformed),
            }
        };
        match self.advance() {
            Some(Token::Text(wanted) | Token::Word(wanted)) => {
                Ok(Condition::Compare { property, operator, wanted })
            }
            _ => Err(Malformed),
        }
    }

    fn inside(
        &mut self,
        parse: impl FnOnce(&mut Parser) -> Result<Condition, Malformed>,
    ) -> Result<Condition, Malformed> {
        if self.depth == DEPTH {
            return Err(Malformed);
        }
        self.depth += 1;
        let inner = parse(self);
        self.depth -= 1;
        inner
    }

    fn name(&mut self) -> Result<String, Malformed> {
        match self.advance() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(Malformed),
        }
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), Malformed> {
        if self.at_keyword(keyword) { Ok(()) } else { Err(Malformed) }
    }

    fn at_keyword(&mut self, keyword: &str) -> bool {
        let at = matches!(self.tokens.get(self.next), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(at);
        at
    }

    fn at_sign(&mut self, sign: &str) -> bool {
        let at = matches!(self.tokens.get(self.next), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(at);
        at
    }

    fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }
}

/// Longer signs first.
const SIGNS: [&str; 11] = ["<=", ">=", "<>", "!=", "=", "<", ">", "*", ",", "(", ")"];

fn tokens(text: &str) -> Result<Vec<Token>, Malformed> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let (value, after) = quoted(&rest[1..], first)?;
            tokens.push(Token::Text(value));
            rest = after;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end = rest
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '-'))
                .unwrap_or(rest.len());
            if end == 0 {
                return Err(Malformed);
            }
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The text up to the closing quote, in which a backslash takes the next character as it is.
fn quoted(text: &str, quote: char) -> Result<(String, &str), Malformed> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        if letter == quote {
            return Ok((value, &text[place + letter.len_utf8()..]));
        }
        let letter = if letter == '\\' { letters.next().ok_or(Malformed)?.1 } else { letter };
        value.push(letter);
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASS: Class = Class {
        name: "Win32_Thing",
        namespace: "root/cimv2",
        keys: &["Handle"],
        properties: &["Handle", "Name", "Size"],
    };

    fn matches(condition: &str) -> bool {
        let query = Query::parse(&format!("select * from Win32_Thing where {condition}")).unwrap();
        let thing = Instance::new(&CLASS).with("Handle", 7).with("Name", r"C:\it's.exe");
        assert!(query.fits(&CLASS));
        query.matches(&thing)
    }

    #[test]
    fn conditions_hold_as_in_wmi() {
        assert!(matches("Handle = 7 AND name LIKE 'c:%.EXE'"));
        assert!(matches(r#"Name = "C:\\it's.exe""#));
        assert!(matches(r"Name = 'C:\\it\'s.exe'"));
        assert!(matches("Handle > 10 OR Handle < 9"), "numbers are not compared as text");
        assert!(!matches("Size = 0"), "null equals nothing");
        assert!(matches("Size IS NULL AND NOT (Handle <> 7)"));
    }

    #[test]
    fn depth_is_bounded_and_length_is_not() {
        assert!(matches(&format!("{}Handle = 7", "Handle = 7 AND ".repeat(50_000))));
        assert_eq!(Query::parse(&format!("SELECT * FROM A WHERE {}", "(".repeat(50_000))), Err(Malformed));
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for text in [
            "",
            "SELECT",
            "SELECT * FROM",
            "SELECT * FROM A WHERE",
            "SELECT * FROM A WHERE b",
            "SELECT * FROM A WHERE b='c",
            "DELETE A",
            "SELECT * FROM A B",
        ] {
            assert_eq!(Query::parse(text), Err(Malformed), "{text:?}");
        }
    }
}
