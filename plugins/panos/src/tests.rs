use palisade_sdk::{
    Failure, Status,
    bindings::connector::Outcome,
    testing::{ConnectorTest, Ended, Exchange, HttpError},
};
use serde_json::{Value, json};

use crate::{Configuration, connector};

const API: &str = "https://fw01.example.com/api/";
const VSYS: &str = "/config/devices/entry[@name='localhost.localdomain']/vsys/entry[@name='vsys1']";
const IP: &str = "203.0.113.66";
const MISSING: &str = r#"<response status="error"><msg><line>No such node</line></msg></response>"#;

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "url": "https://fw01.example.com", "administrator": "palisade", "api_key": "placeholder",
    }))
}

/// A query or form as the SDK encodes it.
fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

fn get(fields: &[(&str, &str)], answer: impl Into<String>) -> Exchange {
    Exchange::get(&format!("{API}?{}", encoded(fields)))
        .header("x-pan-key", "placeholder")
        .answer(200, answer.into())
}

fn post(fields: &[(&str, &str)], answer: impl Into<String>) -> Exchange {
    Exchange::post(API).header("x-pan-key", "placeholder").body(&encoded(fields)).answer(200, answer.into())
}

fn success(result: &str) -> String {
    format!(r#"<response status="success" code="19"><result>{result}</result></response>"#)
}

fn set(path: &str, element: &str) -> Exchange {
    let answer = r#"<response status="success" code="20"><msg>command succeeded</msg></response>"#;
    let xpath = format!("{VSYS}/{path}");
    post(&[("type", "config"), ("action", "set"), ("xpath", &xpath), ("element", element)], answer)
}

fn to_top(rule: &str, answer: &str) -> Exchange {
    let xpath = format!("{VSYS}/rulebase/security/rules/entry[@name='{rule}']");
    post(&[("type", "config"), ("action", "move"), ("xpath", &xpath), ("where", "top")], answer)
}

fn delete(path: &str, answer: &str) -> Exchange {
    post(&[("type", "config"), ("action", "delete"), ("xpath", &format!("{VSYS}/{path}"))], answer)
}

fn rule_names(names: &[&str]) -> Exchange {
    let xpath = format!("{VSYS}/rulebase/security/rules/entry/@name");
    let entries: String = names.iter().map(|name| format!(r#"<entry name="{name}"/>"#)).collect();
    get(&[("type", "config"), ("action", "get"), ("xpath", &xpath)], success(&entries))
}

fn show(path: &str, answer: impl Into<String>) -> Exchange {
    get(&[("type", "config"), ("action", "show"), ("xpath", &format!("{VSYS}/{path}"))], answer)
}

fn operate(command: &str, answer: impl Into<String>) -> Exchange {
    get(&[("type", "op"), ("cmd", command)], answer)
}

fn all_jobs(jobs: &[String]) -> Exchange {
    operate("<show><jobs><all></all></jobs></show>", success(&jobs.concat()))
}

fn one_job(id: u64, job: &str) -> Exchange {
    operate(&format!("<show><jobs><id>{id}</id></jobs></show>"), success(job))
}

/// A job as `show jobs` lists it.
fn job(id: u64, user: &str, kind: &str, status: &str, result: &str, line: &str) -> String {
    format!(
        "<job><tenq>2026/11/21 22:10:01</tenq><tdeq>22:10:01</tdeq><id>{id}</id><user>{user}</user><type>{kind}</type>\
         <status>{status}</status><queued>NO</queued><stoppable>no</stoppable><result>{result}</result><tfin/>\
         <positionInQ>0</positionInQ><progress>55</progress><details><line>{line}</line></details><warnings/></job>"
    )
}

fn commit(answer: &str) -> Exchange {
    let command = "<commit><partial><admin><member>palisade</member></admin></partial></commit>";
    post(&[("type", "commit"), ("action", "partial"), ("cmd", command)], answer)
}

fn enqueued(id: u64) -> String {
    success(&format!("<msg><line>Commit job enqueued with jobid {id}</line></msg><job>{id}</job>"))
}

fn pending(ended: Ended) -> (String, u64) {
    match ended.outcome {
        Ok(Outcome::Pending(pending)) => (pending.token, pending.after_ms),
        other => panic!("the action is not pending: {other:?}"),
    }
}

const OBJECT: &str = "address/entry[@name='palisade-to-203.0.113.66']";
const RULE: &str = "rulebase/security/rules/entry[@name='Palisade blocked destinations']";

fn group() -> [Exchange; 2] {
    let name = "palisade-blocked-destinations";
    [
        set(&format!("tag/entry[@name='{name}']"), "<comments>Blocked by Palisade</comments>"),
        set(
            &format!("address-group/entry[@name='{name}']"),
            &format!(
                "<dynamic><filter>'{name}'</filter></dynamic><description>Blocked by Palisade</description>"
            ),
        ),
    ]
}

fn address() -> Exchange {
    set(
        OBJECT,
        "<ip-netmask>203.0.113.66/32</ip-netmask><tag><member>palisade-blocked-destinations</member></tag>",
    )
}

fn with(exchanges: impl IntoIterator<Item = Exchange>) -> ConnectorTest<Configuration> {
    exchanges.into_iter().fold(test(), ConnectorTest::http)
}

fn asked() -> Value {
    json!({ "ip": IP })
}

#[test]
fn the_first_block_makes_the_rule_and_puts_it_on_top() {
    let rule = "<from><member>any</member></from><to><member>any</member></to><source><member>any</member></source>\
                <destination><member>palisade-blocked-destinations</member></destination>\
                <source-user><member>any</member></source-user><category><member>any</member></category>\
                <application><member>any</member></application><service><member>any</member></service>\
                <action>deny</action><description>Managed by Palisade</description>";
    let moved = r#"<response status="success" code="20"><msg>command succeeded</msg></response>"#;
    let ended = with(group())
        .http(rule_names(&["allow web"]))
        .http(set(RULE, rule))
        .http(to_top("Palisade blocked destinations", moved))
        .http(address())
        .http(all_jobs(&[job(7, "", "AutoCom", "FIN", "OK", ""), job(3, "x", "Commit", "FIN", "OK", "")]))
        .invoke("block ip", asked());
    assert_eq!(pending(ended), ("changed 7".to_owned(), 2_000));
}

#[test]
fn a_later_block_leaves_the_rule_where_it_is_unless_others_are_above() {
    for (names, moves) in [
        (["Palisade blocked URLs", "Palisade blocked destinations", "allow web"], false),
        (["allow web", "Palisade blocked destinations", "Palisade blocked URLs"], true),
    ] {
        let mut test = with(group()).http(rule_names(&names));
        if moves {
            let there =
                r#"<response status="error" code="14"><msg><line>already at the top</line></msg></response>"#;
            test = test.http(to_top("Palisade blocked destinations", there));
        }
        assert_eq!(
            pending(test.http(address()).http(all_jobs(&[])).invoke("block ip", asked())).0,
            "changed 0"
        );
    }
}

#[test]
fn only_a_commit_that_was_enqueued_after_the_change_is_joined() {
    let join = |jobs: &[String]| test().resume("changed 7").http(all_jobs(jobs));
    let running = job(9, "palisade", "Commit", "ACT", "PEND", "");
    assert_eq!(pending(join(&[running]).invoke("block ip", asked())).0, "job 9");

    // Earlier, another administrator's, another kind, or refused: none of them carries the change.
    let others = [
        job(7, "palisade", "Commit", "ACT", "PEND", ""),
        job(8, "m.keller", "Commit", "ACT", "PEND", ""),
        job(9, "palisade", "Validate", "ACT", "PEND", ""),
        job(10, "palisade", "Commit", "FIN", "FAIL", "x"),
    ];
    let ended = join(&others).http(commit(&enqueued(11))).invoke("block ip", asked());
    assert_eq!(pending(ended), ("job 11".to_owned(), 5_000));
}

#[test]
fn a_firewall_that_takes_no_commit_now_is_asked_again() {
    let busy = r#"<response status="error" code="13"><msg><line>Another commit/validate is in progress. Please try again later</line></msg></response>"#;
    let ended = test().resume("changed 7").http(all_jobs(&[])).http(commit(busy)).invoke("block ip", asked());
    assert_eq!(pending(ended), ("changed 7".to_owned(), 10_000));
}

fn shown(path: &str) -> Exchange {
    show(path, success("<entry/>"))
}

#[test]
fn a_block_succeeds_when_the_running_configuration_has_it() {
    let finished = job(9, "palisade", "Commit", "FIN", "OK", "Configuration committed successfully");
    let ended = |object, rule: Option<Exchange>| {
        let test = test().resume("job 9").http(one_job(9, &finished)).http(object);
        rule.into_iter().fold(test, ConnectorTest::http).invoke("block ip", asked()).report()
    };
    let report = ended(shown(OBJECT), Some(shown(RULE)));
    assert_eq!(report.message, "203.0.113.66/32 is blocked.");
    assert_eq!((report.status, &report.data["job"]), (Status::Success, &json!(9)));

    let report = ended(show(OBJECT, MISSING), None);
    assert_eq!(report.message, "203.0.113.66/32 is not blocked: the running configuration does not have it.");
    let disabled = success("<entry><disabled>yes</disabled></entry>");
    let report = ended(shown(OBJECT), Some(show(RULE, disabled)));
    assert_eq!(report.message, "203.0.113.66/32 is not blocked: somebody has disabled the rule.");
    assert_eq!(report.status, Status::Failed);
}

#[test]
fn where_there_is_nothing_to_commit_the_running_configuration_decides() {
    let nothing =
        r#"<response status="success" code="19"><msg>There are no changes to commit.</msg></response>"#;
    let report = test()
        .resume("changed 7")
        .http(all_jobs(&[]))
        .http(commit(nothing))
        .http(all_jobs(&[job(7, "m.keller", "Commit", "FIN", "OK", "")]))
        .http(shown(OBJECT))
        .http(shown(RULE))
        .invoke("block ip", asked())
        .report();
    assert_eq!((report.message.as_str(), &report.data["job"]), ("203.0.113.66/32 is blocked.", &Value::Null));

    // A commit from before may be at it.
    let running = all_jobs(&[job(7, "palisade", "Commit", "ACT", "PEND", "")]);
    let test = test().resume("changed 7").http(all_jobs(&[])).http(commit(nothing)).http(running);
    assert_eq!(pending(test.invoke("block ip", asked())).0, "job 7");
}

#[test]
fn a_firewall_that_was_restarted_has_forgotten_the_job() {
    let forgotten = r#"<response status="error"><msg><line>job 9 not found</line></msg></response>"#;
    let report = test()
        .resume("job 9")
        .http(operate("<show><jobs><id>9</id></jobs></show>", forgotten))
        .http(show(OBJECT, MISSING))
        .invoke("block ip", asked())
        .report();
    assert!(report.message.contains("does not have it"), "{}", report.message);
}

#[test]
fn a_refused_commit_says_why() {
    let refused = job(9, "palisade", "Commit", "FIN", "FAIL", "vsys1: x is not a valid reference");
    let report = test().resume("job 9").http(one_job(9, &refused)).invoke("block ip", asked()).report();
    assert_eq!(report.status, Status::Failed);
    assert!(report.message.ends_with("vsys1: x is not a valid reference"), "{}", report.message);
}

#[test]
fn a_cancelled_block_says_how_it_stands() {
    let running = job(9, "palisade", "Commit", "ACT", "PEND", "");
    let message =
        |test: ConnectorTest<Configuration>| test.cancelled().invoke("block ip", asked()).report().message;
    let left = message(test().resume("job 9").http(one_job(9, &running)));
    assert!(left.starts_with("Commit job 9 runs on"), "{left}");
    let left = message(test().resume("changed 7").http(all_jobs(&[running])));
    assert!(left.starts_with("Commit job 9 runs on"), "{left}");
    let left = message(test().resume("changed 7").http(all_jobs(&[])));
    assert!(left.starts_with("Nothing commits the change now"), "{left}");
    let finished = job(9, "palisade", "Commit", "FIN", "OK", "");
    let ended =
        message(test().resume("job 9").http(one_job(9, &finished)).http(shown(OBJECT)).http(shown(RULE)));
    assert_eq!(ended, "203.0.113.66/32 is blocked.");
}

#[test]
fn an_unblock_deletes_what_may_be_gone_already() {
    let deleted = r#"<response status="success" code="20"><msg>command succeeded</msg></response>"#;
    let gone = r#"<response status="success" code="7"><msg>Object doesn't exist</msg></response>"#;
    for answer in [deleted, MISSING, gone] {
        let ended = with([delete(OBJECT, answer), all_jobs(&[])]).invoke("unblock ip", asked());
        assert_eq!(pending(ended).0, "changed 0");
    }
    let finished = job(9, "palisade", "Commit", "FIN", "OK", "");
    let test = || test().resume("job 9").http(one_job(9, &finished));
    let report = test().http(show(OBJECT, MISSING)).invoke("unblock ip", asked()).report();
    assert_eq!(report.message, "203.0.113.66/32 is unblocked.");
    let report = test().http(shown(OBJECT)).invoke("unblock ip", asked()).report();
    assert_eq!(report.message, "203.0.113.66/32 is not unblocked: the running configuration still has it.");

    let used = r#"<response status="error" code="10"><msg><line>cannot be deleted because of references</line></msg></response>"#;
    let failure = with([delete(OBJECT, used)]).invoke("unblock ip", asked()).failure();
    assert!(matches!(failure, Failure::Upstream(error) if error.message.contains("take it out there first")));
}

#[test]
fn a_url_goes_into_a_category() {
    let category = "profiles/custom-url-category/entry[@name='palisade-blocked-urls']";
    let list = "<description>Blocked by Palisade</description><list><member>palisade.invalid/</member></list><type>URL List</type>";
    let ended = test()
        .http(set(category, list))
        .http(rule_names(&["Palisade blocked URLs"]))
        .http(set(&format!("{category}/list"), "<member>evil.example/a?b=1&amp;c</member>"))
        .http(all_jobs(&[]))
        .invoke("block url", json!({ "url": "https://evil.example/a?b=1&c" }));
    assert_eq!(pending(ended).0, "changed 0");

    let member = format!("{category}/list/member[text()='evil.example/']");
    let ended = with([delete(&member, MISSING), all_jobs(&[])])
        .invoke("unblock url", json!({ "url": "evil.example" }));
    assert_eq!(pending(ended).0, "changed 0");
}

#[test]
fn a_list_is_read_from_the_running_configuration() {
    let addresses = success(
        "<address><entry name='palisade-to-203.0.113.66'><ip-netmask>203.0.113.66/32</ip-netmask>\
         <tag><member>palisade-blocked-destinations</member></tag></entry>\
         <entry name='dns'><ip-netmask>192.0.2.53</ip-netmask></entry></address>",
    );
    let urls = "profiles/custom-url-category/entry[@name='palisade-blocked-urls']/list";
    let members = success("<list><member>palisade.invalid/</member><member>evil.example/</member></list>");
    let report =
        with([show("address", addresses), show(urls, members)]).invoke("list blocked", json!({})).report();
    assert_eq!(
        report.data,
        json!({ "destinations": ["203.0.113.66/32"], "sources": [], "urls": ["evil.example/"] })
    );
    let report =
        with([show("address", MISSING), show(urls, MISSING)]).invoke("list blocked", json!({})).report();
    assert_eq!(report.message, "Blocked: 0 addresses and 0 URLs.");
}

fn info(exchange: impl FnOnce(Exchange) -> Exchange) -> Ended {
    let asked = operate("<show><system><info></info></system></show>", "");
    test().http(exchange(asked)).invoke("test connectivity", json!({}))
}

#[test]
fn answers_become_typed_failures() {
    let coded = |code: u16| {
        let body =
            format!(r#"<response status="error" code="{code}"><result><msg>words</msg></result></response>"#);
        info(|asked| asked.answer(200, body)).failure()
    };
    for code in [16, 22, 403] {
        assert_eq!(coded(code), Failure::Authentication("words".into()));
    }
    for code in [6, 12, 17, 18, 400] {
        assert_eq!(coded(code), Failure::invalid("words"));
    }
    assert_eq!(coded(7), Failure::not_found("words"));
    assert_eq!(coded(11), Failure::upstream("words (PAN-OS code 11)"));

    let forbidden = r#"<response status = 'error' code = '403'><result><msg>Invalid Credential</msg></result></response>"#;
    for status in [401, 403] {
        let failure = info(|asked| asked.answer(status, forbidden)).failure();
        assert_eq!(failure, Failure::Authentication("Invalid Credential".into()));
    }
    assert!(matches!(info(|asked| asked.answer(404, "<html/>")).failure(), Failure::NotFound(_)));
    let limited = info(|asked| asked.answer(429, "").answer_header("retry-after", "1")).failure();
    assert!(matches!(limited, Failure::RateLimited(limit) if limit.retry_after_ms == Some(1_000)));
    assert!(
        matches!(info(|asked| asked.answer(503, "")).failure(), Failure::Upstream(error) if error.http_status == Some(503))
    );
    for garbage in ["{\"a\"", "<html><body/></html>"] {
        assert!(matches!(info(|asked| asked.answer(200, garbage)).failure(), Failure::Upstream(_)));
    }
    let unreachable = info(|asked| asked.fails(HttpError::Unreachable("no route".into()))).failure();
    assert_eq!(unreachable, Failure::Unavailable("no route".into()));
}

#[test]
fn the_test_says_what_the_firewall_is() {
    let answer = success(
        "<system><hostname>fw01</hostname><model>PA-440</model><sw-version>11.1.4</sw-version></system>",
    );
    let report = info(|asked| asked.answer(200, answer)).report();
    assert_eq!(report.message, "The firewall accepts the key: PAN-OS 11.1.4.");
}

#[test]
fn parameters_and_tokens_stay_in_their_place() {
    for (action, parameters) in [
        ("block ip", json!({ "ip": IP, "vsys": "vsys1'] | //entry[@name='x" })),
        ("block url", json!({ "url": "evil.example/']" })),
        ("unblock url", json!({ "url": "*.example" })),
    ] {
        assert!(
            matches!(test().invoke(action, parameters).failure(), Failure::InvalidParameters(_)),
            "{action}"
        );
    }
    assert!(matches!(
        test().resume("job x").invoke("block ip", asked()).failure(),
        Failure::InvalidParameters(_)
    ));
}
