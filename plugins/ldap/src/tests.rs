//! What OpenLDAP does not do: the ways of Active Directory, and of servers that mean no good. `tests/slapd` has the rest.

use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Conversation},
};
use serde_json::json;

use crate::{
    Configuration, ber,
    configuration::Security,
    connector,
    filter::Filter,
    message::{self, Change, Scope, Search},
};

const SERVER: &str = "dc01.acme.example";
const BASE: &str = "DC=acme,DC=example";
const USER: &str = "CN=Jane Doe,OU=Users,DC=acme,DC=example";
const GROUP: &str = "CN=Quarantine,OU=Groups,DC=acme,DC=example";

const BOUND: u8 = 0x61;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
const MODIFIED: u8 = 0x67;
const REFERENCE: u8 = 0x73;
const EXTENDED: u8 = 0x78;

fn test(security: &str, conversation: Conversation) -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector)
        .configuration(json!({
            "server": SERVER, "security": security, "base_dn": BASE,
            "username": "palisade@acme.example", "password": "secret",
        }))
        .tcp(conversation)
}

/// TLS, then a bind with this answer.
fn session(answer: impl Into<Vec<u8>>) -> Conversation {
    let bind = message::message(1, message::bind("palisade@acme.example", "secret"), None);
    Conversation::new(SERVER, Security::Ldaps.port(), "", "").then_tls().then(bind, answer)
}

fn bound() -> Conversation {
    session(reply(1, BOUND, 0, ""))
}

/// A message of Active Directory, which writes lengths in four bytes.
fn answer(id: u8, tag: u8, content: &[u8], rest: &[u8]) -> Vec<u8> {
    let long =
        |tag: u8, content: &[u8]| [&[tag, 0x84][..], &(content.len() as u32).to_be_bytes(), content].concat();
    long(ber::SEQUENCE, &[&[ber::INTEGER, 1, id][..], &long(tag, content), rest].concat())
}

fn reply(id: u8, tag: u8, code: u8, words: &str) -> Vec<u8> {
    let result = [ber::enumerated(code), ber::octets(""), ber::octets(words)];
    answer(id, tag, &result.concat(), &[])
}

fn entry(id: u8, dn: &str, attribute: &str, values: &[&str]) -> Vec<u8> {
    let values = values.iter().flat_map(ber::octets).collect::<Vec<_>>();
    let attribute = ber::group(ber::SEQUENCE, &[ber::octets(attribute), ber::element(ber::SET, values)]);
    answer(id, ENTRY, &[ber::octets(dn), ber::element(ber::SEQUENCE, attribute)].concat(), &[])
}

fn find(id: u32, filter: &str, attribute: &str) -> Vec<u8> {
    search(id, BASE, Scope::Subtree, filter, attribute)
}

fn search(id: u32, base: &str, scope: Scope, filter: &str, attribute: &str) -> Vec<u8> {
    let search = Search { base, scope, filter: Filter::parse(filter).unwrap(), attributes: &[attribute] };
    message::message(id, message::search(&search), Some(message::page(2, b"")))
}

fn find_user(id: u32) -> Vec<u8> {
    let name = "(|(sAMAccountName=jdoe)(userPrincipalName=jdoe))";
    find(id, &format!("(&(objectCategory=person)(objectClass=user){name})"), "userAccountControl")
}

fn flags(id: u8, flags: &str) -> Vec<u8> {
    // The domain's root always refers to its other parts.
    let url = ber::octets("ldap://DomainDnsZones.acme.example/DC=DomainDnsZones,DC=acme,DC=example");
    [
        entry(id, USER, "userAccountControl", &[flags]),
        answer(id, REFERENCE, &url, &[]),
        reply(id, DONE, 0, ""),
    ]
    .concat()
}

fn swap(id: u32, old: &str, new: &str) -> Vec<u8> {
    let changes = [Change::Delete("userAccountControl", old), Change::Add("userAccountControl", new)];
    message::message(id, message::modify(USER, &changes), None)
}

#[test]
fn an_account_is_disabled_and_its_other_flags_stay() {
    let conversation = bound()
        .then(find_user(2), flags(2, "66048"))
        .then(swap(3, "66048", "66050"), reply(3, MODIFIED, 0, ""));
    let report = test("ldaps", conversation).invoke("disable account", json!({ "user": "jdoe" })).report();
    assert_eq!(report.message, format!("The account {USER} is disabled now."));
    assert_eq!(
        report.data,
        json!({ "dn": USER, "disabled": true, "changed": true, "attribute": "userAccountControl", "previous": "66048" })
    );

    let conversation = bound().then(find_user(2), flags(2, "514"));
    let report = test("ldaps", conversation).invoke("disable account", json!({ "user": "jdoe" })).report();
    assert_eq!(report.summary["changed"], false);

    let conversation =
        bound().then(find_user(2), flags(2, "514")).then(swap(3, "514", "512"), reply(3, MODIFIED, 0, ""));
    let report = test("ldaps", conversation).invoke("enable account", json!({ "user": "jdoe" })).report();
    assert_eq!(report.summary["disabled"], false);
}

#[test]
fn flags_that_change_meanwhile_are_read_again() {
    let conversation = bound()
        .then(find_user(2), flags(2, "512"))
        .then(swap(3, "512", "514"), reply(3, MODIFIED, 16, "00000057: LdapErr"))
        .then(find_user(4), flags(4, "66048"))
        .then(swap(5, "66048", "66050"), reply(5, MODIFIED, 0, ""));
    let report = test("ldaps", conversation).invoke("disable account", json!({ "user": "jdoe" })).report();
    assert_eq!(report.data["previous"], "66048");
}

#[test]
fn what_is_no_account_is_left_alone() {
    let found = search(2, GROUP, Scope::Base, "(objectClass=*)", "userAccountControl");
    let without = [entry(2, GROUP, "cn", &["Quarantine"]), reply(2, DONE, 0, "")].concat();
    let failure = test("ldaps", bound().then(found, without))
        .invoke("disable account", json!({ "user": GROUP }))
        .failure();
    assert!(matches!(failure, Failure::Upstream(error) if error.message.contains("it is no account")));
}

#[test]
fn members_come_in_ranges() {
    let group = "(&(objectCategory=group)(|(sAMAccountName=Quarantine)(cn=Quarantine)))";
    let range = |id: u32, first: u32| {
        search(id, GROUP, Scope::Base, "(objectClass=*)", &format!("member;range={first}-*"))
    };
    let conversation = bound()
        .then(find(2, group, "1.1"), [entry(2, GROUP, "cn", &[]), reply(2, DONE, 0, "")].concat())
        .then(
            range(3, 0),
            [entry(3, GROUP, "member;range=0-1", &["CN=a", "CN=b"]), reply(3, DONE, 0, "")].concat(),
        )
        .then(range(4, 2), [entry(4, GROUP, "member;range=2-*", &["CN=c"]), reply(4, DONE, 0, "")].concat());
    let report =
        test("ldaps", conversation).invoke("list group members", json!({ "group": "Quarantine" })).report();
    assert_eq!(report.data["members"], json!(["CN=a", "CN=b", "CN=c"]));
}

#[test]
fn credentials_are_refused_in_the_servers_words() {
    let words = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563\0";
    let failure =
        test("ldaps", session(reply(1, BOUND, 49, words))).invoke("test connectivity", json!({})).failure();
    let said = format!("invalidCredentials (49): {}", words.trim_end_matches('\0'));
    assert_eq!(failure, Failure::Authentication(said));
}

#[test]
fn nobody_gets_the_password_before_tls() {
    let start_tls = || message::message(1, message::start_tls(), None);
    let try_it = |answer: Vec<u8>| {
        let conversation = Conversation::new(SERVER, Security::StartTls.port(), start_tls(), answer);
        test("starttls", conversation).invoke("test connectivity", json!({})).failure()
    };
    let refused = try_it(reply(1, EXTENDED, 52, "00000000: LdapErr: Error initializing SSL/TLS"));
    assert!(matches!(refused, Failure::Unavailable(words) if words.contains("initializing SSL/TLS")));
    let injected = try_it([reply(1, EXTENDED, 0, ""), reply(2, BOUND, 0, "")].concat());
    assert!(matches!(injected, Failure::Upstream(error) if error.message.contains("before TLS began")));
}

#[test]
fn a_server_that_means_no_good() {
    let upstream = |answer: Vec<u8>| match test("ldaps", session(answer))
        .invoke("test connectivity", json!({}))
        .failure()
    {
        Failure::Upstream(error) => error.message,
        other => panic!("{other:?}"),
    };
    assert!(upstream(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).contains("no LDAP message"));
    assert!(upstream(vec![0x30, 0x80, 0, 0]).contains("no LDAP message"));
    assert!(upstream(vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).contains("a message of more than"));
    assert!(upstream(reply(2, BOUND, 0, "")).contains("another request"));
    assert!(upstream(reply(1, MODIFIED, 0, "")).contains("not asked for"));

    // Sequences in sequences are not followed down.
    let mut deep = Vec::new();
    for _ in 0..20_000 {
        deep = ber::element(ber::SEQUENCE, deep);
    }
    assert!(upstream(answer(1, ENTRY, &deep, &[])).contains("no LDAP message"));

    for gone in [vec![], vec![0x30, 0x05, 0x02], reply(0, EXTENDED, 52, "shutting down")] {
        let failure = test("ldaps", session(gone)).invoke("test connectivity", json!({})).failure();
        assert!(matches!(failure, Failure::Unavailable(_)), "{failure:?}");
    }

    let flood = (0..5).flat_map(|_| entry(2, USER, "userAccountControl", &["512"])).collect::<Vec<_>>();
    let failure = test("ldaps", bound().then(find_user(2), flood))
        .invoke("disable account", json!({ "user": "jdoe" }))
        .failure();
    assert!(
        matches!(failure, Failure::Upstream(error) if error.message.contains("more entries than a page"))
    );
}
