//! What is no policy, and what an operator is told of it.

use palisade_policy::{POLICY_BYTES, Policy, PolicyError};

/// The line, and what is said.
fn error(text: &str) -> (usize, String) {
    match Policy::parse(text) {
        Err(PolicyError::Line { line, message, .. }) => (line, message),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("this was accepted:\n{text}"),
    }
}

const RULE: &str = "[[rule]]\nname = \"r\"\n";
const BREAKER: &str = "[[breaker]]\nname = \"b\"\naction = [\"wipe device\"]\n";

#[test]
fn an_error_names_the_line_and_what_would_be_right() {
    for (text, line, part) in [
        ("[default]\ncontian = \"deny\"", 2, "expected one of `contain`, `correct`, `generic`"),
        ("\n[defaults]\ncontain = \"deny\"", 2, "unknown field `defaults`"),
        ("[default]\ncontain = \"ask\"", 2, "expected one of `allow`, `approve`, `deny`"),
        ("[default]\ncontain = 1", 2, "wanted string"),
        ("[default\n", 1, "unclosed table"),
        ("[approval]\n\nwithin = \"4 hours\"", 3, "write 90s, 30m, 4h or 1d"),
        ("[approval]\nwithin = \"31d\"", 2, "at most 30d"),
        ("[approval]\nwithin = \"0m\"", 2, "is not a time"),
        ("[approval]\nrole = \"SOC Lead\"", 2, "use lower-case letters"),
        ("[approval]\nat_deadline = \"approve\"", 2, "expected `deny` or `allow`"),
        (
            "[never_touch]\nnetworks = [\n  \"10.0.0.0/8\",\n  \"10.0.0.0/33\",\n]",
            2,
            "\"10.0.0.0/33\" is not a network: write 10.0.0.0/8",
        ),
        ("[never_touch]\nnetworks = [\"10.1.2.3/8\"]", 2, "write 10.0.0.0/8 for the network, or 10.1.2.3"),
        ("[never_touch]\nnetworks = [\"10.0.0.9-10.0.0.1\"]", 2, "smaller address first"),
        ("[never_touch]\nnetworks = [\"dc1.acme.example\"]", 2, "names belong to `hosts`"),
        ("[never_touch]\nnetworks = [\"10/8\"]", 2, "is not a network"),
        ("[never_touch]\nhosts = [\"10.0.0.1\"]", 2, "belongs to `networks`"),
        ("[never_touch]\nhosts = [\"https://dc1\"]", 2, "write dc1, dc1.acme.example or *.acme.example"),
        ("[never_touch]\nhosts = [\"dc*.acme.example\"]", 2, "is not a host"),
        ("[never_touch]\nhosts = [\"*\"]", 2, "is not a host"),
        ("[never_touch]\nhosts = [\"bücher.example\"]", 2, "xn--"),
        ("[never_touch]\nusers = [\"ceo*\"]", 2, "is not a user"),
        ("[never_touch]\nusers = [\"@acme.example\"]", 2, "is not a user"),
        ("[never_touch]\ndevices = [\"*\"]", 2, "in full"),
        ("[never_touch]\nusers = []", 2, "an empty list fits nothing"),
        ("[never_touch]\nusers = [\" \"]", 2, "empty"),
        ("[never_touch]\nusers = \"ceo\"", 2, "expected a list"),
        ("[never_touch]\neffects = [\"investigate\"]", 2, "expected one of `contain`, `correct`, `generic`"),
    ] {
        let (at, message) = error(text);
        assert_eq!(at, line, "{text}\n{message}");
        assert!(message.contains(part), "{text}\n{message}");
    }
}

#[test]
fn a_rule_is_checked() {
    for (rest, line, part) in [
        ("then = \"deny\"", 1, "names nothing that it is about"),
        ("action = [\"wipe device\"]", 1, "missing field `then`"),
        ("action = []\nthen = \"deny\"", 3, "an empty list"),
        ("action = [\"block *\"]\nthen = \"deny\"", 3, "patterns are not known"),
        ("asset = [\"lab-*\"]\nthen = \"deny\"", 3, "is not a name"),
        ("severity = \"urgent\"\nthen = \"deny\"", 3, "`critical`"),
        ("action = [\"a\"]\nthen = \"deny\"\nrole = \"analyst\"", 5, "`role` belongs to then = \"approve\""),
        ("action = [\"a\"]\nwithin = \"1h\"\nthen = \"allow\"", 4, "the rule says \"allow\""),
        ("action = [\"a\"]\nthen = \"allow\"\nat_deadline = \"deny\"", 5, "`at_deadline` belongs"),
        ("target.parameters = [\"ip\"]\nthen = \"deny\"", 3, "at least one of `networks`"),
        ("target.network = [\"10.0.0.0/8\"]\nthen = \"deny\"", 3, "unknown field `network`"),
        ("action = [\"a\"]\nthen = \"approve\"\nmost = 3", 5, "unknown field `most`"),
        (
            "action = [\"a\"]\nthen = \"deny\"\n[[rule]]\nname = \"r\"\naction = [\"b\"]\nthen = \"deny\"",
            5,
            "two rules are called \"r\"",
        ),
    ] {
        let (at, message) = error(&format!("{RULE}{rest}"));
        assert!(message.contains(part), "{rest}\n{message}");
        assert_eq!(at, line, "{rest}\n{message}");
    }
}

#[test]
fn a_breaker_is_checked() {
    for (rest, line, part) in [
        ("most = 0\nwithin = \"1h\"", 4, "`most` is from 1"),
        ("most = -1\nwithin = \"1h\"", 4, "invalid value"),
        ("most = 10001\nwithin = \"1h\"", 4, "to 10000"),
        ("most = 3", 1, "missing field `within`"),
        ("most = 3\nwithin = \"8d\"", 5, "at most 7d"),
        ("most = 3\nwithin = \"1h\"\ntarget.users = [\"ceo\"]", 6, "unknown field `target`"),
        ("most = 3\nwithin = \"1h\"\nthen = \"deny\"", 6, "unknown field `then`"),
    ] {
        let (at, message) = error(&format!("{BREAKER}{rest}"));
        assert!(message.contains(part), "{rest}\n{message}");
        assert_eq!(at, line, "{rest}\n{message}");
    }
}

#[test]
fn what_a_person_reads_is_one_line() {
    let error = Policy::parse("[approval]\nwithin = \"5x\"   # soon").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, `within = \"5x\"   # soon`: \"5x\" is not a time: write 90s, 30m, 4h or 1d, at most 30d"
    );
    for text in ["[default\n", "a\u{1b}[2J = 1", "= = =\n", &format!("x = \"{}\"", "y".repeat(10_000))] {
        let error = Policy::parse(text).unwrap_err().to_string();
        assert!(!error.contains(char::is_control), "{error:?}");
        assert!(error.len() < 600, "{error}");
    }
}

#[test]
fn a_file_is_bounded() {
    let rule = |number: usize| format!("[[rule]]\nname = \"{number}\"\naction = [\"a\"]\nthen = \"deny\"\n");
    let rules = |count: usize| (0..count).map(rule).collect::<String>();
    assert!(Policy::parse(&rules(500)).is_ok());
    assert!(error(&rules(501)).1.contains("more than 500 rules"));
    let users = |count: usize| format!("[never_touch]\nusers = [{}]", "\"ceo\",".repeat(count));
    assert!(Policy::parse(&users(5_000)).is_ok());
    assert!(error(&users(5_001)).1.contains("at most 5000 entries"));
    let name = |bytes: usize| {
        format!("[[rule]]\nname = \"{}\"\naction = [\"a\"]\nthen = \"deny\"", "n".repeat(bytes))
    };
    assert!(Policy::parse(&name(512)).is_ok());
    assert!(error(&name(513)).1.contains("at most 512 bytes"));
    let long = format!("#{}", " ".repeat(POLICY_BYTES));
    assert_eq!(Policy::parse(&long).unwrap_err(), PolicyError::TooLarge { bytes: POLICY_BYTES + 1 });
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(Policy::parse(&deep).is_err());
}
