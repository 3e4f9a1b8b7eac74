#![allow(clippy::needless_pass_by_value, reason = "a script reads best with `json!` in place")]

use std::time::Duration;

use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Ended, Exchange, Verdict},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

const URL: &str = "https://splunk.example.com:8089";
const JOBS: &str = "https://splunk.example.com:8089/services/search/v2/jobs";
const SID: &str = "1795061520.42";

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({ "url": URL, "token": "placeholder" }))
}

fn get(url: &str) -> Exchange {
    Exchange::get(url).bearer("placeholder")
}

fn post(url: &str) -> Exchange {
    Exchange::post(url).bearer("placeholder")
}

fn messages(kind: &str, text: &str) -> Value {
    json!({ "messages": [{ "type": kind, "text": text }] })
}

fn pending(ended: Ended) -> (Duration, String) {
    match ended.outcome {
        Ok(palisade_sdk::bindings::connector::Outcome::Pending(pending)) => {
            (Duration::from_millis(pending.after_ms), pending.token)
        }
        other => panic!("not pending: {other:?}"),
    }
}

fn begun() -> Exchange {
    post(&format!("{JOBS}?output_mode=json"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(
            "search=search%20index%3Dmain&exec_mode=normal&adhoc_search_level=smart&max_count=600&auto_cancel=300\
             &earliest_time=-24h",
        )
}

fn query() -> Value {
    json!({ "query": "index=main", "start_time": "-24h", "max_results": 600, "display": "host, count" })
}

fn job(content: Value) -> Exchange {
    get(&format!("{JOBS}/{SID}?output_mode=json"))
        .answer_json(200, json!({ "entry": [{ "name": "search index=main", "content": content }] }))
}

#[test]
fn a_search_is_begun_and_come_back_for() {
    let begun = begun().answer_json(201, json!({ "sid": SID }));
    assert_eq!(
        pending(test().http(begun).invoke("run query", query())),
        (Duration::from_secs(2), SID.into())
    );

    let running =
        job(json!({ "isDone": false, "isFailed": false, "dispatchState": "RUNNING", "doneProgress": 0.4 }));
    assert_eq!(pending(test().resume(SID).http(running).invoke("run query", query())).1, SID);
}

#[test]
fn results_are_read_page_by_page() {
    let page = |count: u32, offset: u32, rows: usize| {
        let url =
            format!("{JOBS}/{SID}/results?count={count}&offset={offset}&f=host&f=count&output_mode=json");
        get(&url).answer_json(
            200,
            json!({ "preview": false, "init_offset": offset, "messages": [], "fields": [{ "name": "host" }],
                    "results": vec![json!({ "host": "a", "count": "1" }); rows] }),
        )
    };
    let done = job(json!({ "isDone": true, "isFailed": false, "dispatchState": "DONE", "resultCount": 600 }));
    let report = test()
        .resume(SID)
        .http(done)
        .http(page(500, 0, 500))
        .http(page(100, 500, 100))
        .invoke("run query", query())
        .report();
    assert_eq!(report.message, "Results of the search: 600.");
    assert_eq!((&report.summary["sid"], &report.summary["truncated"]), (&json!(SID), &json!(false)));
}

#[test]
fn results_stay_below_what_a_report_may_have() {
    let row = json!({ "_raw": "x".repeat(10_000) });
    let done = job(json!({ "isDone": true, "isFailed": false, "resultCount": 400 }));
    let page = get(&format!("{JOBS}/{SID}/results?count=400&offset=0&output_mode=json"))
        .answer_json(200, json!({ "results": vec![row; 400] }));
    let report = test()
        .resume(SID)
        .http(done)
        .http(page)
        .invoke("run query", json!({ "query": "index=main" }))
        .report();
    assert_eq!(report.summary["truncated"], true);
    let count = report.data["results"].as_array().unwrap().len();
    assert!((300..320).contains(&count), "{count}");
}

#[test]
fn a_job_that_splunk_forgot_begins_anew() {
    let gone =
        || get(&format!("{JOBS}/{SID}?output_mode=json")).answer_json(404, messages("FATAL", "Unknown sid."));
    let again = begun().answer_json(201, json!({ "sid": "7" }));
    let ended = test().resume(SID).http(gone()).http(again).invoke("run query", query());
    assert_eq!(pending(ended).1, "7");
    let failure = test().resume(SID).cancelled().http(gone()).invoke("run query", query()).failure();
    assert!(matches!(failure, Failure::NotFound(_)));
}

#[test]
fn a_search_that_fails_says_why() {
    let wrong = begun().answer_json(400, messages("FATAL", "Unknown search command 'x'."));
    let failure = test().http(wrong).invoke("run query", query()).failure();
    assert_eq!(failure, Failure::invalid("Splunk cannot run this search: Unknown search command 'x'."));

    let failed = job(json!({
        "isDone": true, "isFailed": true, "dispatchState": "FAILED",
        "messages": [{ "type": "INFO", "text": "no" }, { "type": "FATAL", "text": "Out of disk." }],
    }));
    let failure = test().resume(SID).http(failed).invoke("run query", query()).failure();
    assert!(
        matches!(failure, Failure::Upstream(error) if error.message == "the search failed: Out of disk.")
    );

    let changes = test().invoke("run query", json!({ "query": "index=main | delete" })).failure();
    assert!(matches!(changes, Failure::InvalidParameters(_)));
}

#[test]
fn refusals_are_told_apart() {
    let ask = |exchange: Exchange| test().http(exchange).invoke("test connectivity", json!({})).failure();
    let context = || get(&format!("{URL}/services/authentication/current-context?output_mode=json"));
    let refused = ask(context().answer_json(401, messages("WARN", "call not properly authenticated")));
    assert_eq!(refused, Failure::Authentication("call not properly authenticated".into()));
    assert!(matches!(ask(context().answer(403, "")), Failure::Authentication(_)));
    assert!(matches!(ask(context().answer(429, "")), Failure::RateLimited(_)));
    let down = ask(context().answer_json(503, messages("ERROR", "This server is busy.")));
    assert!(matches!(down, Failure::Upstream(error) if error.http_status == Some(503)));
    assert!(matches!(ask(context().answer(200, &b"{\xff"[..])), Failure::Upstream(_)));
}

const EVENT: &str = "57B0A5D6-1C4B-4E0F-9A55-6E3C1D0F2A11@@notable@@3c0f5d8e7b6a49281c3d5e7f90a1b2c3";

fn update() -> Exchange {
    post(&format!("{URL}/services/notable_update?output_mode=json")).body(
        "newOwner=alice&status=2&urgency=high&disposition=disposition%3A1&comment=Beaconing.%0A%0A%28test-key%29\
         &ruleUIDs=57B0A5D6-1C4B-4E0F-9A55-6E3C1D0F2A11%40%40notable%40%403c0f5d8e7b6a49281c3d5e7f90a1b2c3",
    )
}

fn changes() -> Value {
    json!({
        "event_ids": EVENT, "owner": "alice", "status": "in progress", "urgency": "high",
        "disposition": "True Positive - Suspicious Activity", "comment": "Beaconing.",
    })
}

#[test]
fn a_notable_event_is_updated() {
    let answer = json!({
        "success": true, "message": "1 event updated successfully", "success_count": 1, "failure_count": 0,
        "details": {}, "warnings": [],
    });
    let report = test().http(update().answer_json(200, answer)).invoke("update event", changes()).report();
    assert_eq!(report.summary["updated_event_id"], EVENT);

    let answer = json!({ "success": false, "message": "transition from Closed to New is not allowed" });
    let failure = test().http(update().answer_json(200, answer)).invoke("update event", changes()).failure();
    assert!(failure.sentence().contains("transition from Closed"));

    let missing = update().answer_json(404, messages("ERROR", "Not Found"));
    let failure = test().http(missing).invoke("update event", changes()).failure();
    assert!(matches!(failure, Failure::NotFound(words) if words.contains("no Enterprise Security")));
}

#[test]
fn an_update_without_sense_is_refused() {
    for parameters in [
        json!({ "event_ids": EVENT }),
        json!({ "event_ids": "a,b", "urgency": "low" }),
        json!({ "event_ids": EVENT, "status": "new", "integer_status": 7 }),
        json!({ "event_ids": EVENT, "status": "done" }),
    ] {
        let failure = test().invoke("update event", parameters).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}

#[test]
fn an_update_is_found_by_its_key() {
    let verify = |comments: &[&str]| {
        let url = format!(
            "{URL}/servicesNS/nobody/SA-ThreatIntelligence/storage/collections/data/incident_review\
             ?query=%7B%22rule_id%22%3A%2257B0A5D6-1C4B-4E0F-9A55-6E3C1D0F2A11%40%40notable%40%40\
             3c0f5d8e7b6a49281c3d5e7f90a1b2c3%22%7D&sort=time%3A-1&limit=100&output_mode=json"
        );
        let rows: Vec<_> =
            comments.iter().map(|comment| json!({ "comment": comment, "status": "2" })).collect();
        test().http(get(&url).answer_json(200, json!(rows))).verify("update event", changes())
    };
    assert_eq!(verify(&["Later.", "Beaconing.\n\n(test-key)"]).report().summary["updated_event_id"], EVENT);
    assert_eq!(verify(&["Beaconing.", "(test-key-2)"]).verdict, Ok(Verdict::DidNotHappen));
    for unclear in [vec![], vec!["Other."; 100]] {
        assert!(matches!(verify(&unclear).verdict, Ok(Verdict::Unknown(_))));
    }
}

#[test]
fn an_event_is_posted_as_it_is() {
    let url = format!(
        "{URL}/services/receivers/simple?source=Palisade&sourcetype=_json&host=srv01&index=soar&output_mode=json"
    );
    let report = ConnectorTest::new(connector)
        .configuration(json!({ "url": format!("{URL}/"), "username": "soar", "password": "placeholder" }))
        .http(
            Exchange::post(&url)
                .basic("soar", "placeholder")
                .header("content-type", "text/plain")
                .body("{\"a\":\"ü&b\"}")
                .answer(200, ""),
        )
        .invoke(
            "post data",
            json!({ "data": "{\"a\":\"ü&b\"}", "source_type": "_json", "host": "srv01", "index": "soar" }),
        )
        .report();
    assert_eq!(report.message, "Splunk took the event for soar.");
}

#[test]
fn an_asset_has_one_way_in() {
    for configuration in [
        json!({ "url": URL }),
        json!({ "url": URL, "username": "soar" }),
        json!({ "url": URL, "token": "a", "username": "soar", "password": "b" }),
    ] {
        let failure = ConnectorTest::new(connector)
            .configuration(configuration)
            .invoke("test connectivity", json!({}))
            .failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)));
    }
}
