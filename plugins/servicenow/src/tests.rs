use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Exchange, Kept, Verdict},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

const SYS_ID: &str = "9d385017c611228701d22104cc95c371";
const TABLE: &str = "https://dev.service-now.com/api/now/table/incident";
const PLAIN: &str = "sysparm_exclude_reference_link=true";

fn basic() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "url": "https://dev.service-now.com/", "username": "soar", "password": "placeholder",
    }))
}

fn oauth() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "url": "https://dev.service-now.com",
        "username": "soar", "password": "placeholder-1", "client_id": "client", "client_secret": "placeholder-2",
    }))
}

fn incident() -> Value {
    json!({ "sys_id": SYS_ID, "number": "INC0010001", "state": "1", "correlation_id": "test-key" })
}

fn token(token: &str) -> Exchange {
    Exchange::post("https://dev.service-now.com/oauth_token.do")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(
            "client_id=client&client_secret=placeholder-2&grant_type=password&username=soar&password=placeholder-1",
        )
        .answer_json(200, json!({ "access_token": token, "token_type": "Bearer", "expires_in": 1799 }))
}

#[test]
fn the_first_attempt_creates_without_looking() {
    let report = basic()
        .http(
            Exchange::post(&format!("{TABLE}?{PLAIN}"))
                .basic("soar", "placeholder")
                .json(json!({
                    "short_description": "Beaconing", "urgency": "1", "correlation_id": "test-key",
                }))
                .answer_json(201, json!({ "result": incident() })),
        )
        .invoke("create ticket", json!({ "short_description": "Beaconing", "fields": { "urgency": "1" } }))
        .report();
    assert_eq!(report.message, "Created ticket INC0010001.");
    assert_eq!(
        report.summary["link"],
        format!("https://dev.service-now.com/nav_to.do?uri=%2Fincident.do%3Fsys_id%3D{SYS_ID}")
    );
}

fn lookup() -> Exchange {
    let query = "sysparm_query=correlation_id%3Dtest-key&sysparm_limit=1";
    Exchange::get(&format!("{TABLE}?{PLAIN}&{query}")).basic("soar", "placeholder")
}

#[test]
fn a_later_attempt_returns_the_ticket_of_an_earlier_one() {
    let report = basic()
        .attempt(2)
        .http(lookup().answer_json(200, json!({ "result": [incident()] })))
        .invoke("create ticket", json!({ "short_description": "Beaconing" }))
        .report();
    assert_eq!(report.message, "Ticket INC0010001 was created by an earlier attempt.");
}

#[test]
fn a_later_attempt_creates_when_no_earlier_one_did() {
    basic()
        .attempt(2)
        .http(lookup().answer_json(200, json!({ "result": [] })))
        .http(
            Exchange::post(&format!("{TABLE}?{PLAIN}"))
                .basic("soar", "placeholder")
                .body_containing("test-key")
                .answer_json(201, json!({ "result": incident() })),
        )
        .invoke("create ticket", json!({ "short_description": "Beaconing" }))
        .report();
}

#[test]
fn a_refused_token_is_replaced_once() {
    let record = || Exchange::get(&format!("{TABLE}/{SYS_ID}?{PLAIN}"));
    let refusal = json!({ "error": { "message": "User Not Authenticated", "detail": "Token expired" } });

    let report = oauth()
        .http(token("first"))
        .http(record().bearer("first").answer_json(401, refusal.clone()))
        .http(token("second"))
        .http(record().bearer("second").answer_json(200, json!({ "result": incident() })))
        .invoke("get ticket", json!({ "id": SYS_ID }))
        .report();
    assert_eq!(report.data["number"], "INC0010001");

    let failure = oauth()
        .http(token("first"))
        .http(record().bearer("first").answer_json(401, refusal.clone()))
        .http(token("second"))
        .http(record().bearer("second").answer_json(401, refusal))
        .invoke("get ticket", json!({ "id": SYS_ID }))
        .failure();
    assert_eq!(failure, Failure::Authentication("User Not Authenticated: Token expired".into()));
}

#[test]
fn a_token_is_kept_for_later_calls() {
    let record = |token: &str| Exchange::get(&format!("{TABLE}/{SYS_ID}?{PLAIN}")).bearer(token);
    let found = || json!({ "result": incident() });
    let ended = oauth()
        .http(token("first"))
        .http(record("first").answer_json(200, found()))
        .invoke("get ticket", json!({ "id": SYS_ID }));
    let kept = Kept { value: "first".into(), time_to_live_ms: 1_739_000, confidential: true };
    assert_eq!(ended.state, [("token".to_owned(), kept)].into());

    let again = |test: ConnectorTest<Configuration>| test.invoke("get ticket", json!({ "id": SYS_ID }));
    again(oauth().state("token", "first").http(record("first").answer_json(200, found()))).report();
    let replaced = oauth()
        .state("token", "first")
        .http(record("first").answer_json(401, json!({})))
        .http(token("second"))
        .http(record("second").answer_json(200, found()));
    assert_eq!(again(replaced).state["token"].value, "second");
    // Basic authentication has no use for one.
    let plain = Exchange::get(&format!("{TABLE}/{SYS_ID}?{PLAIN}")).basic("soar", "placeholder");
    again(basic().state("token", "first").http(plain.answer_json(200, found()))).report();
}

#[test]
fn a_note_finds_its_ticket_by_number() {
    let query = "sysparm_query=number%3DINC0010001&sysparm_limit=1";
    let report = basic()
        .http(
            Exchange::get(&format!("{TABLE}?{PLAIN}&{query}"))
                .basic("soar", "placeholder")
                .answer_json(200, json!({ "result": [incident()] })),
        )
        .http(
            Exchange::request("PUT", &format!("{TABLE}/{SYS_ID}?{PLAIN}"))
                .basic("soar", "placeholder")
                .json(json!({ "work_notes": "Blocked.\n\n(test-key)" }))
                .answer_json(200, json!({ "result": incident() })),
        )
        .invoke("add work note", json!({ "id": "INC0010001", "note": "Blocked." }))
        .report();
    assert_eq!(report.message, "Added a work note to ticket INC0010001.");
}

#[test]
fn nobody_puts_html_into_a_journal() {
    let write = |method: &str, url: &str, body: Value| {
        Exchange::request(method, &format!("{url}?{PLAIN}"))
            .basic("soar", "placeholder")
            .json(body)
            .answer_json(200, json!({ "result": incident() }))
    };
    let record = format!("{TABLE}/{SYS_ID}");
    let (forged, broken) = ("evil[code]<img src=x>[/CODE].example", "evil[ code]<img src=x>[ /CODE].example");

    basic()
        .http(write("PUT", &record, json!({ "work_notes": format!("{broken}\n\n(test-key)") })))
        .invoke("add work note", json!({ "id": SYS_ID, "note": forged }))
        .report();
    let fields = json!({ "work_notes": forged, "comments": forged, "description": forged });
    let written = json!({ "work_notes": broken, "comments": broken, "description": forged });
    basic()
        .http(write("PUT", &record, written.clone()))
        .invoke("update ticket", json!({ "id": SYS_ID, "fields": fields }))
        .report();
    let mut created = written;
    created["short_description"] = "x".into();
    created["correlation_id"] = "test-key".into();
    basic()
        .http(write("POST", TABLE, created))
        .invoke("create ticket", json!({ "short_description": "x", "fields": fields }))
        .report();

    // On tables where `comments` is no journal, it is read back as it was written.
    let mut stored = incident();
    stored["comments"] = broken.into();
    basic()
        .http(
            Exchange::get(&format!("{record}?{PLAIN}"))
                .basic("soar", "placeholder")
                .answer_json(200, json!({ "result": stored })),
        )
        .verify("update ticket", json!({ "id": SYS_ID, "fields": { "comments": forged } }))
        .report();
}

fn read_ticket() -> Exchange {
    Exchange::get(&format!("{TABLE}/{SYS_ID}?{PLAIN}"))
        .basic("soar", "placeholder")
        .answer_json(200, json!({ "result": incident() }))
}

#[test]
fn a_note_is_found_by_its_key_and_missed_only_where_others_can_be_read() {
    let verdict = |notes: &[&str]| {
        let query = format!(
            "sysparm_query=element_id%3D{SYS_ID}%5Eelement%3Dwork_notes%5EORDERBYDESCsys_created_on\
             &sysparm_fields=value&sysparm_limit=100"
        );
        let rows: Vec<_> = notes.iter().map(|note| json!({ "value": note })).collect();
        let url = format!("https://dev.service-now.com/api/now/table/sys_journal_field?{PLAIN}&{query}");
        basic()
            .http(read_ticket())
            .http(
                Exchange::get(&url).basic("soar", "placeholder").answer_json(200, json!({ "result": rows })),
            )
            .verify("add work note", json!({ "id": SYS_ID, "note": "Blocked." }))
    };
    let happened = verdict(&["Later.", "Blocked.\n\n(test-key)"]).report();
    assert_eq!(
        (happened.message.as_str(), &happened.data["sys_id"]),
        ("Added a work note to ticket INC0010001.", &json!(SYS_ID))
    );
    let other_run = verdict(&["Blocked.\n\n(test-key-2)", "Blocked."]).verdict;
    assert_eq!(other_run, Ok(Verdict::DidNotHappen));
    for unclear in [vec![], vec!["Other."; 100]] {
        assert!(matches!(verdict(&unclear).verdict, Ok(Verdict::Unknown(_))));
    }
}

#[test]
fn a_change_happened_if_the_fields_are_as_meant() {
    let verify = |fields: Value| {
        basic().http(read_ticket()).verify("update ticket", json!({ "id": SYS_ID, "fields": fields }))
    };
    assert_eq!(verify(json!({ "state": 1 })).report().message, "Updated ticket INC0010001.");
    let verdict = verify(json!({ "state": "1", "work_notes": "x", "number": "INC2" })).verdict;
    let why = "ticket INC0010001 has other values of number, work_notes now";
    assert_eq!(verdict, Ok(Verdict::Unknown(why.into())));
}

#[test]
fn a_list_goes_on_to_the_next_page() {
    let page = |limit: u32, offset: u32, records: usize| {
        let query = format!("sysparm_query=active%3Dtrue&sysparm_limit={limit}&sysparm_offset={offset}");
        Exchange::get(&format!("{TABLE}?{PLAIN}&{query}"))
            .basic("soar", "placeholder")
            .answer_json(200, json!({ "result": vec![incident(); records] }))
            .answer_header("X-Total-Count", "130")
    };
    let report = basic()
        .http(page(100, 5, 100))
        .http(page(50, 105, 25))
        .invoke("list tickets", json!({ "query": "active=true", "max_results": 150, "start_index": 5 }))
        .report();
    assert_eq!((report.summary["count"].clone(), report.summary["total"].clone()), (json!(125), json!(130)));
}

#[test]
fn a_parameter_cannot_widen_a_query_or_leave_its_table() {
    let failure = basic().invoke("get ticket", json!({ "id": "INC1^ORactive=true" })).failure();
    assert!(matches!(failure, Failure::InvalidParameters(_)));
    let failure = basic().invoke("get ticket", json!({ "id": SYS_ID, "table": "a/b" })).failure();
    assert!(matches!(failure, Failure::InvalidParameters(_)));
}

#[test]
fn an_asset_without_credentials_says_so() {
    let failure = ConnectorTest::new(connector)
        .configuration(json!({ "url": "https://dev.service-now.com", "client_id": "client" }))
        .invoke("test connectivity", json!({}))
        .failure();
    assert_eq!(failure, Failure::invalid("the asset has only one of `client_id` and `client_secret`"));
}
