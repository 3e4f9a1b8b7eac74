//! The whole connector against a real OpenLDAP server, over real TLS.

#![allow(clippy::unwrap_used)]

mod asset;
mod stream;

use palisade_sdk::{Failure, Report};
use palisade_servers::{BASE, PASSWORD, Slapd};
use serde_json::{Value, json};

const NOTHING: Value = Value::Null;

fn nothing() -> Value {
    json!({})
}

fn person(uid: &str) -> String {
    format!("uid={uid},ou=people,{BASE}")
}

fn act(slapd: &Slapd, asset: &Value, action: &str, parameters: Value) -> Report {
    asset::test(slapd, asset).invoke(action, parameters).report()
}

fn fail(slapd: &Slapd, asset: &Value, action: &str, parameters: Value) -> Failure {
    asset::test(slapd, asset).invoke(action, parameters).failure()
}

#[test]
fn it_binds_over_ldaps_and_starttls_and_no_other_way() {
    let slapd = Slapd::start(0);
    for security in ["ldaps", "starttls"] {
        let report = act(&slapd, &json!({ "security": security }), "test connectivity", nothing());
        assert_eq!(report.message, "The directory accepts the credentials.");
        for asset in [
            json!({ "security": security, "password": "wrong" }),
            json!({ "security": security, "username": format!("cn=nobody,{BASE}") }),
        ] {
            let failure = fail(&slapd, &asset, "test connectivity", nothing());
            assert_eq!(failure, Failure::Authentication("invalidCredentials (49)".into()));
        }
        let asset = json!({ "security": security, "server": "other.acme.example" });
        assert!(matches!(fail(&slapd, &asset, "test connectivity", nothing()), Failure::Unavailable(_)));
    }
    let elsewhere = json!({ "base_dn": "dc=other,dc=example" });
    assert!(matches!(fail(&slapd, &elsewhere, "test connectivity", nothing()), Failure::NotFound(_)));
    let empty = json!({ "password": "" });
    assert!(matches!(fail(&slapd, &empty, "test connectivity", nothing()), Failure::InvalidParameters(_)));
}

#[test]
fn a_user_is_read_without_the_password() {
    let slapd = Slapd::start(0);
    for name in ["jdoe".to_owned(), person("jdoe")] {
        let report = act(&slapd, &nothing(), "get user attributes", json!({ "username": name }));
        assert_eq!(report.summary["dn"], person("jdoe"));
        let attributes = &report.data["user"]["attributes"];
        assert_eq!(attributes["mail"], json!(["jane.doe@acme.example"]));
        assert_eq!(attributes["description"], json!(["Lübeck"]));
        assert_eq!(attributes["jpegPhoto"], json!([{ "base64": "/9j/4AAQ" }]));
        assert_eq!(attributes["userPassword"], NOTHING);
        assert_eq!(report.data["disabled"], false);
    }
    let few = json!({ "username": "jdoe", "fields": ["mail", "uidNumber"] });
    let report = act(&slapd, &nothing(), "get user attributes", few);
    assert_eq!(
        report.data["user"]["attributes"],
        json!({ "mail": ["jane.doe@acme.example"], "uidNumber": ["10001"] })
    );

    let get = |parameters| fail(&slapd, &nothing(), "get user attributes", parameters);
    assert!(matches!(get(json!({ "username": "nobody" })), Failure::NotFound(_)));
    assert!(matches!(get(json!({ "username": person("nobody") })), Failure::NotFound(_)));
    assert!(matches!(get(json!({ "username": "uid=,,=" })), Failure::InvalidParameters(_)));
    assert!(matches!(get(json!({ "username": "*" })), Failure::NotFound(_)));
    assert!(matches!(get(json!({ "username": "twin" })), Failure::InvalidParameters(_)));
    let hash = json!({ "username": "jdoe", "fields": ["userPassword"] });
    assert!(matches!(get(hash), Failure::InvalidParameters(_)));
}

#[test]
fn a_query_reads_pages_up_to_its_limit() {
    let slapd = Slapd::start(1_200);
    let query = |filter: &str, max: u32| {
        let parameters = json!({ "filter": filter, "attributes": ["uid"], "max_results": max });
        act(&slapd, &nothing(), "run query", parameters).data
    };
    for (filter, max, found, more) in [
        ("(uid=u*)", 1_000, 1_000, true),
        ("(uid=u0*)", 1_000, 1_000, false),
        ("(uid=u00*)", 99, 99, true),
        ("(uid=u1*)", 500, 200, false),
        ("(&(objectClass=account)(!(|(uid=u*)(uid=twin))))", 5, 0, false),
        (r"(cn=Mary \28Ops\29 Smith\2a)", 5, 1, false),
        ("(uidNumber>=10001)", 5, 1, false),
        ("(uid:caseIgnoreMatch:=U0007)", 5, 1, false),
    ] {
        let data = query(filter, max);
        assert_eq!(data["entries"].as_array().unwrap().len(), found, "{filter}");
        assert_eq!(data["truncated"], more, "{filter}");
    }

    let limited = json!({ "username": format!("cn=reader,{BASE}") });
    let data = act(&slapd, &limited, "run query", json!({ "filter": "(uid=u*)", "max_results": 100 })).data;
    assert_eq!(data["entries"].as_array().unwrap().len(), 50);
    assert_eq!(data["truncated"], true);
}

#[test]
fn a_value_of_a_query_cannot_change_it() {
    let slapd = Slapd::start(0);
    let total = |value: &str| {
        let parameters = json!({ "filter": "(&(objectClass=inetOrgPerson)(cn={}))", "values": [value] });
        act(&slapd, &nothing(), "run query", parameters).summary["total"].clone()
    };
    assert_eq!(total("Mary (Ops) Smith*"), 1);
    assert_eq!(total("*"), 0);
    assert_eq!(total("x)(|(cn=*)"), 0);
}

#[test]
fn a_locked_account_cannot_bind_until_it_is_enabled() {
    let slapd = Slapd::start(0);
    let user = json!({ "username": person("jdoe"), "password": PASSWORD });
    let change = |action: &str| act(&slapd, &nothing(), action, json!({ "user": "jdoe" }));
    act(&slapd, &user, "test connectivity", nothing());

    assert_eq!(change("disable account").data["changed"], true);
    let locked = fail(&slapd, &user, "test connectivity", nothing());
    assert!(matches!(locked, Failure::Authentication(_)), "{locked:?}");
    let read = act(&slapd, &nothing(), "get user attributes", json!({ "username": "jdoe" }));
    assert_eq!(read.summary["disabled"], true);
    assert_eq!(change("disable account").data["changed"], false);

    let enabled = change("enable account");
    assert_eq!(
        (&enabled.data["changed"], &enabled.data["previous"]),
        (&json!(true), &json!("000001010000Z"))
    );
    act(&slapd, &user, "test connectivity", nothing());
    assert_eq!(change("enable account").data["changed"], false);
}

#[test]
fn an_account_expires_where_systems_go_by_that() {
    let slapd = Slapd::start(0);
    let asset = json!({ "disabled_by": "shadowExpire" });
    let change = |action: &str| act(&slapd, &asset, action, json!({ "user": "jdoe" })).data;
    let expiry = || {
        let read = json!({ "username": "jdoe", "fields": ["mail"] });
        act(&slapd, &asset, "get user attributes", read).data
    };
    assert_eq!(change("disable account")["changed"], true);
    assert_eq!(expiry()["user"]["attributes"]["shadowExpire"], json!(["1"]));
    assert_eq!(change("disable account")["changed"], false);
    assert_eq!(change("enable account")["previous"], "1");
    assert_eq!(expiry()["disabled"], false);

    // Not every entry may have the attribute.
    let refused = fail(&slapd, &asset, "disable account", json!({ "user": "msmith" }));
    assert!(
        matches!(refused, Failure::Upstream(error) if error.message.starts_with("objectClassViolation (65)"))
    );
}

#[test]
fn who_may_only_read_changes_nothing() {
    let slapd = Slapd::start(0);
    let reader = json!({ "username": format!("cn=reader,{BASE}") });
    let refused = fail(&slapd, &reader, "disable account", json!({ "user": "jdoe" }));
    assert!(
        matches!(refused, Failure::Authentication(words) if words.starts_with("insufficientAccessRights (50)"))
    );
}

#[test]
fn members_come_and_go() {
    let slapd = Slapd::start(0);
    for (attribute, group, other) in
        [("member", "quarantine", true), ("uniqueMember", "unique", true), ("memberUid", "posix", false)]
    {
        let asset = json!({ "member_attribute": attribute });
        let value = if attribute == "memberUid" { "jdoe".to_owned() } else { person("jdoe") };
        let change = |action: &str, group: &str| {
            let report = act(&slapd, &asset, action, json!({ "user": "jdoe", "group": group }));
            report.data["changed"].as_bool().unwrap()
        };
        let members =
            || act(&slapd, &asset, "list group members", json!({ "group": group })).data["members"].clone();
        let before = members();
        assert_eq!(before.as_array().unwrap().len(), usize::from(other), "{attribute}");

        assert!(change("add to group", group));
        assert!(!change("add to group", &format!("cn={group},ou=groups,{BASE}")));
        assert!(members().as_array().unwrap().contains(&json!(value)));
        assert!(change("remove from group", group));
        assert!(!change("remove from group", group));
        assert_eq!(members(), before);
    }

    let last = json!({ "user": "msmith", "group": "quarantine" });
    let refused = fail(&slapd, &nothing(), "remove from group", last);
    assert!(
        matches!(refused, Failure::Upstream(error) if error.message.starts_with("objectClassViolation (65)"))
    );
    let unknown = json!({ "user": "jdoe", "group": "nowhere" });
    assert!(matches!(fail(&slapd, &nothing(), "add to group", unknown), Failure::NotFound(_)));
}
