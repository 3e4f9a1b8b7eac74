//! What an action acts on, in every spelling, and what a list says of it.

use palisade_policy::{Policy, Verdict};
use serde_json::{Value, json};

use crate::{block, decide, policy, word};

const NEVER: &str = r#"
[never_touch]
networks = ["10.0.0.0/8", "192.0.2.53", "2001:db8:5::/48", "198.51.100.10-198.51.100.19"]
hosts = ["dc1", "mail.acme.example", "*.corp.acme.example"]
users = ["ceo", "cfo@acme.example", 'ACME\ciso', "uid=coo,ou=people,dc=acme,dc=example"]
devices = ["3a45b4d5-d2e5-468c-bf4f-149efff463a9", "4711"]
"#;

/// The list that refuses these parameters, or nothing.
fn refused_by(policy: &Policy, parameters: &Value) -> Option<String> {
    let decision = decide(policy, &block(parameters));
    (decision.verdict == Verdict::Deny).then_some(decision.rule)
}

fn assert_all(list: &str, values: &[&str]) {
    let policy = policy(NEVER);
    for value in values {
        let rule = refused_by(&policy, &json!({ "value": value }));
        assert_eq!(rule.as_deref(), Some(format!("never_touch.{list}").as_str()), "{value:?}");
    }
}

fn assert_none(values: &[&str]) {
    let policy = policy(NEVER);
    for value in values {
        assert_eq!(refused_by(&policy, &json!({ "value": value })), None, "{value:?}");
    }
}

#[test]
fn an_address_is_found_in_every_spelling() {
    assert_all(
        "networks",
        &[
            "10.1.2.3",
            "  10.1.2.3\t",
            "192.0.2.53",
            "::ffff:10.1.2.3",
            "::FFFF:0A01:0203",
            "0:0:0:0:0:ffff:10.1.2.3",
            "::10.1.2.3",
            "64:ff9b::10.1.2.3",
            "2001:DB8:5:0::1",
            "[2001:db8:5::1]",
            "2001:db8:5::1%eth0",
            // inet_aton(3).
            "10.1",
            "10.66051",
            "167838211",
            "0x0a010203",
            "0xA.0x1.0x2.0x3",
            "012.1.2.3",
            "012.0.0.1",
            "010.1.2.3",
            // Full-width digits, and the dots of other scripts.
            "１０。１｡２．３",
            "10.\u{200b}1.2.3",
        ],
    );
    assert_none(&[
        "11.1.2.3",
        "192.0.2.54",
        "::ffff:11.1.2.3",
        "2001:db8:6::1",
        "11.1",
        "0x0b010203",
        "3600",
        "013.1.2.3",
    ]);
}

#[test]
fn a_network_or_a_range_is_refused_for_any_address_in_it() {
    assert_all(
        "networks",
        &[
            "10.0.0.0/8",
            "10.5.0.0/16",
            "0.0.0.0/0",
            "8.0.0.0/6",
            "::/0",
            "::ffff:10.0.0.0/104",
            "::ffff:0:0/96",
            "2001:db8::/32",
            "192.0.2.0/24",
            "9.0.0.0-11.0.0.0",
            "11.0.0.0-9.0.0.0",
            "192.0.2.1 - 192.0.2.99",
            "192.0.2.1-99",
            "198.51.100.0/24",
            "10/8",
            "10.1/16",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0 255.0.0.0",
            "10.0.0.0/0.255.255.255",
            "10.1.*",
            "192.0.2.*",
        ],
    );
    assert_none(&[
        "11.0.0.0/8",
        "198.51.100.20/30",
        "198.51.100.20-198.51.100.99",
        "192.0.2.54-99",
        "11/8",
        "11.*",
    ]);
}

#[test]
fn an_address_is_found_where_a_host_stands() {
    assert_all(
        "networks",
        &[
            "10.1.2.3:443",
            "[2001:db8:5::1]:443",
            "http://10.1.2.3/",
            "HTTP://10.1.2.3:8080/path?query#fragment",
            "http://[::ffff:10.1.2.3]/",
            "http://167838211/",
            "http://0x0a010203/",
            "http://10.1.2.3./",
            "http://%31%30.1.2.3/",
            "http:\\\\10.1.2.3\\",
            "http:/10.1.2.3",
            "http:10.1.2.3",
            "//10.1.2.3/share",
            "\\\\10.1.2.3\\share",
            "10.1.2.3/path",
            "root@10.1.2.3",
            "ldap://10.1.2.3/ou=people",
            // Who is the host, and who the user?
            "http://evil.example@10.1.2.3/",
            "http://10.1.2.3@evil.example/",
            "http://evil.example\\@10.1.2.3/",
            "http://user:password@10.1.2.3:80/",
            "http://10.1\n.2.3/",
            "http://10.1.2.3 ",
            // Lists in one text.
            "203.0.113.1, 10.1.2.3",
            "203.0.113.1;10.1.2.3",
            "203.0.113.1\n10.1.2.3",
            "203.0.113.1 10.1.2.3",
            "a=b,10.1.2.3",
        ],
    );
    assert_none(&[
        "http://203.0.113.1/10.1.2.3",
        "https://203.0.113.1/?from=10.1.2.3",
        "The address 10.1.2.3 scanned us.",
        "203.0.113.1 203.0.113.2",
    ]);
}

#[test]
fn a_host_is_found_in_every_spelling() {
    assert_all(
        "hosts",
        &[
            "dc1",
            "DC1.other.example",
            "mail.acme.example",
            "MAIL.Acme.Example.",
            "mail",
            "mail.acme.example:25",
            "https://mail.acme.example/owa",
            "https://user@mail.acme.example/",
            "https://evil.example\\@mail.acme.example",
            "https://m%61il.acme.example",
            "root@mail.acme.example:22",
            "mail。acme。example",
            "a.corp.acme.example",
            "A.B.corp.acme.example..",
            "dc1:/share",
            // What covers a listed host or domain.
            "*.acme.example",
            "*.corp.acme.example",
            "*.b.corp.acme.example",
            "mail.*",
            "*",
            "https://*.acme.example/",
            "*acme.example/",
        ],
    );
    assert_none(&[
        "corp.acme.example",
        "acme.example",
        "evilcorp.acme.example",
        "mail.acme.example.evil.example",
        "notmail.acme.example",
        "*.evil.example",
        "dc10",
        // A mail address is a person, and its domain is not what is acted on.
        "bob@mail.acme.example",
        "mailto:bob@mail.acme.example",
    ]);
}

#[test]
fn a_user_is_found_in_every_spelling() {
    assert_all(
        "users",
        &[
            "ceo",
            " CEO ",
            "ＣＥＯ",
            "ACME\\ceo",
            "acme.example\\CEO",
            "ceo@acme.example",
            "CEO@elsewhere.example",
            "mailto:ceo@acme.example",
            "The Boss <ceo@acme.example>",
            "uid=ceo,ou=people,dc=acme,dc=example",
            "CN=ceo,OU=People",
            "UID = CEO , OU=people",
            "uid=c\\65o,ou=people",
            "uid=#040363656f,ou=people",
            "0.9.2342.19200300.100.1.1=ceo,ou=people",
            "cn=The Boss+uid=ceo,ou=people",
            "userPrincipalName=ceo@acme.example,ou=people",
            "uid=ceo",
            // As directories compare.
            "\u{e7}eo",
            "\u{24d2}eo",
            "c\u{202a}e\u{fe0f}o",
            // Without its domain a name may be that of any.
            "cfo",
            "cfo@ACME.example",
            "cfo@acme.example.",
            "ACME\\cfo",
            "ciso@acme.example",
            "coo",
            "ou=coo",
            "cn=coo,OU=People,DC=acme,DC=example",
            "bob, ceo",
        ],
    );
    assert_none(&[
        "ceo2",
        "ceo's deputy",
        "cfo@other.example",
        "OTHER\\ciso",
        "uid=coo,ou=machines,dc=acme,dc=example",
        "uid=bob,ou=ceo",
        "Reported by ceo again",
        "=ceo",
    ]);
}

#[test]
fn a_device_is_found_in_every_spelling() {
    assert_all(
        "devices",
        &[
            "3A45B4D5-D2E5-468C-BF4F-149EFFF463A9",
            "3a45b4d5d2e5468cbf4f149efff463a9",
            "{3a45b4d5-d2e5-468c-bf4f-149efff463a9}",
            "4711",
        ],
    );
    assert_none(&["3a45b4d5-d2e5-468c-bf4f-149efff463a8", "47110"]);
    let policy = policy(NEVER);
    for number in [json!(4711), json!(4711.0), json!(4.711e3)] {
        assert_eq!(
            refused_by(&policy, &json!({ "id": number })).as_deref(),
            Some("never_touch.devices"),
            "{number}"
        );
    }
}

#[test]
fn every_value_is_looked_at_and_no_name_of_a_parameter() {
    let policy = policy(NEVER);
    for parameters in [
        json!({ "body": { "list": [1, null, { "deep": ["x", "10.1.2.3"] }] } }),
        json!(["10.1.2.3"]),
        json!("10.1.2.3"),
    ] {
        assert!(refused_by(&policy, &parameters).is_some(), "{parameters}");
    }
    for parameters in
        [json!({ "ceo": true, "10.1.2.3": { "dc1": null } }), json!({}), json!(null), json!(true)]
    {
        assert_eq!(refused_by(&policy, &parameters), None, "{parameters}");
    }
}

#[test]
fn what_has_too_many_values_to_look_at_counts_as_all() {
    let many: Vec<_> = (0..2_001).map(|number| format!("203.0.113.{}", number % 256)).collect();
    let parameters = json!({ "list": many });
    assert_eq!(refused_by(&policy(NEVER), &parameters).as_deref(), Some("never_touch"));
    let all = policy("[[rule]]\nname = \"all\"\ntarget.networks = [\"0.0.0.0/0\"]\nthen = \"allow\"");
    assert_eq!(
        decide(&all, &block(&parameters)).rule,
        "default.contain",
        "it is not sure that all are addresses"
    );
    assert_eq!(word(&decide(&all, &block(&json!({ "list": many[..2_000] })))), "allow");
    let text = many.join(",");
    assert_eq!(refused_by(&policy(NEVER), &json!({ "list": text })).as_deref(), Some("never_touch"));
}

#[test]
fn a_sentence_about_a_value_is_short_and_cannot_act_on_a_terminal() {
    let policy = policy(NEVER);
    let long = format!("http://10.1.2.3/\u{1b}[2J{}", "x".repeat(100_000));
    let mut parameters = json!({});
    parameters.as_object_mut().unwrap().insert("k\n".repeat(50_000), json!(long));
    let decision = decide(&policy, &block(&parameters));
    assert_eq!(decision.rule, "never_touch.networks");
    assert!(decision.why.len() < 1_000, "{}", decision.why.len());
    assert!(!decision.why.contains(char::is_control), "{}", decision.why);
}

#[test]
fn a_rule_that_allows_wants_every_value_among_its_targets() {
    let text = r#"
[[rule]]
name = "test network"
target.networks = ["203.0.113.0/24", "203.0.114.0/24", "2001:db8:7::/48"]
target.hosts = ["lab", "www.lab.example", "*.test.example"]
target.users = ["tester", "bob@acme.example"]
target.devices = ["4711"]
then = "allow"
"#;
    let policy = policy(text);
    let allowed = |parameters: &Value| word(&decide(&policy, &block(parameters))) == "allow";
    for good in [
        "203.0.113.1",
        "203.0.113.128/25",
        "203.0.113.0-203.0.114.255",
        "::ffff:203.0.113.1",
        "http://203.0.113.1/x",
        "203.0.113.1:80",
        "2001:db8:7::1",
        "lab",
        "lab.acme.example",
        "www.lab.example",
        "a.test.example:443",
        "*.test.example",
        "*.a.test.example",
        "tester",
        "ACME\\tester",
        "uid=tester,ou=people,dc=acme",
        "bob@acme.example",
        "4711",
        "203.0.113.1, 203.0.113.2",
    ] {
        assert!(allowed(&json!({ "value": good })), "{good:?}");
    }
    for bad in [
        // Partly, or only to some systems.
        "203.0.112.0/23",
        "203.0.113.0-203.0.115.0",
        "0.0.0.0/0",
        "203.0.113",
        "3405803777",
        "0xcb.0.113.1",
        "http://evil.example@203.0.113.1/",
        "http://203.0.113.1\\@evil.example/",
        "http://203.0.113.%31/",
        "64:ff9b::203.0.113.1",
        "www",
        "*.example",
        "*",
        "evil.example",
        "bob",
        "t\u{e9}ster",
        "ACME\\bob",
        "uid=bob,ou=people",
        "cn=tester+uid=ceo,ou=people",
        "203.0.113.1, 10.0.0.1",
        "203.0.113.1 10.0.0.1",
        "tester, please",
    ] {
        assert!(!allowed(&json!({ "value": bad })), "{bad:?}");
    }
    assert!(
        !allowed(&json!({ "ip": "10.0.0.1", "reason": "203.0.113.1" })),
        "a harmless value beside the true one"
    );
    assert!(!allowed(&json!({ "ip": ["203.0.113.1", "10.0.0.1"] })));
    assert!(!allowed(&json!({ "id": 4712, "reason": "4711" })));
    assert!(allowed(&json!({ "ip": "203.0.113.1", "is_source_address": true, "note": null, "empty": "" })));
    assert!(!allowed(&json!({})), "nothing is not everything");
}

#[test]
fn a_list_of_one_family_does_not_cover_the_other() {
    let allow = |network: &str| {
        policy(&format!("[[rule]]\nname = \"r\"\ntarget.networks = [\"{network}\"]\nthen = \"allow\""))
    };
    for (network, value, verdict) in [
        ("::/0", "2001:db8::1", "allow"),
        ("::/0", "203.0.113.1", "approve"),
        ("::/0", "::ffff:203.0.113.1", "approve"),
        ("0.0.0.0/0", "203.0.113.1", "allow"),
        ("0.0.0.0/0", "2001:db8::1", "approve"),
        ("0.0.0.0/0", "::/0", "approve"),
        ("::ffff:203.0.113.0/120", "203.0.113.1", "allow"),
        ("64:ff9b::/96", "203.0.113.1", "approve"),
    ] {
        let parameters = json!({ "ip": value });
        assert_eq!(word(&decide(&allow(network), &block(&parameters))), verdict, "{value} in {network}");
    }
}

#[test]
fn a_rule_can_say_in_which_parameters_the_target_is() {
    let text = |then: &str| {
        format!(
            "[[rule]]\nname = \"r\"\ntarget = {{ parameters = [\"ip\"], networks = [\"203.0.113.0/24\"] }}\nthen = \"{then}\""
        )
    };
    let allow = policy(&text("allow"));
    let inside = json!({ "ip": "203.0.113.1", "reason": "Seen by 10.0.0.1" });
    let outside = json!({ "ip": "10.0.0.1", "reason": "203.0.113.1" });
    let nested = json!({ "ip": { "of": ["203.0.113.1", "203.0.113.2"] }, "x": { "ip": "10.0.0.1" } });
    assert_eq!(word(&decide(&allow, &block(&inside))), "allow");
    assert_eq!(word(&decide(&allow, &block(&outside))), "approve");
    assert_eq!(word(&decide(&allow, &block(&nested))), "allow");
    assert_eq!(word(&decide(&allow, &block(&json!({ "reason": "203.0.113.1" })))), "approve");
    let deny = policy(&text("deny"));
    assert_eq!(word(&decide(&deny, &block(&inside))), "deny");
    assert_eq!(word(&decide(&deny, &block(&outside))), "approve");
}

#[test]
fn a_rule_that_denies_or_asks_is_content_with_one_value() {
    for then in ["deny", "approve"] {
        let text = format!(
            "[default]\ncontain = \"allow\"\n[[rule]]\nname = \"r\"\ntarget.networks = [\"10.0.0.0/8\"]\nthen = \"{then}\""
        );
        let policy = policy(&text);
        let parameters = json!({ "ip": "203.0.113.1", "also": ["x", "8.0.0.0/6"] });
        assert_eq!(word(&decide(&policy, &block(&parameters))), then);
        assert_eq!(word(&decide(&policy, &block(&json!({ "ip": "203.0.113.1" })))), "allow");
    }
}
