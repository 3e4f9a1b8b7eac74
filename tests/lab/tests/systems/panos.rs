//! The firewall.

use std::time::Duration;

use palisade_lab::{Lab, System, story};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::client::{Ask, Reply, lab, send_with};

const VSYS: &str = "/config/devices/entry[@name='localhost.localdomain']/vsys/entry[@name='vsys1']";
const GROUP: &str = "palisade-blocked-destinations";
const MINE: &str = "<commit><partial><admin><member>palisade</member></admin></partial></commit>";

fn encoded(fields: &[(&str, &str)]) -> String {
    let pair =
        |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

async fn ask(lab: &Lab, key: &str, fields: &[(&str, &str)]) -> Reply {
    let url = format!("https://fw01.acme.example/api/?{}", encoded(fields));
    let ask = Ask { method: "GET", url: &url, authorization: "", content_type: "", body: "" };
    send_with(lab, &ask, &[("x-pan-key", key)]).await.unwrap()
}

async fn get(lab: &Lab, fields: &[(&str, &str)]) -> String {
    let reply = ask(lab, story::PANOS_KEY, fields).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text().to_owned()
}

async fn post(lab: &Lab, fields: &[(&str, &str)]) -> String {
    let body = encoded(fields);
    let ask = Ask {
        method: "POST",
        url: "https://fw01.acme.example/api/",
        authorization: "",
        content_type: "application/x-www-form-urlencoded",
        body: &body,
    };
    send_with(lab, &ask, &[("x-pan-key", story::PANOS_KEY)]).await.unwrap().text().to_owned()
}

async fn set(lab: &Lab, path: &str, element: &str) -> String {
    let xpath = format!("{VSYS}/{path}");
    post(lab, &[("type", "config"), ("action", "set"), ("xpath", &xpath), ("element", element)]).await
}

async fn act(lab: &Lab, action: &str, path: &str) -> String {
    let xpath = format!("{VSYS}/{path}");
    post(lab, &[("type", "config"), ("action", action), ("xpath", &xpath), ("where", "top")]).await
}

async fn read(lab: &Lab, action: &str, path: &str) -> String {
    get(lab, &[("type", "config"), ("action", action), ("xpath", &format!("{VSYS}/{path}"))]).await
}

async fn commit(lab: &Lab, command: &str) -> String {
    let mut fields = vec![("type", "commit"), ("cmd", command)];
    if command.contains("partial") {
        fields.push(("action", "partial"));
    }
    post(lab, &fields).await
}

async fn job(lab: &Lab, id: u64) -> String {
    get(lab, &[("type", "op"), ("cmd", &format!("<show><jobs><id>{id}</id></jobs></show>"))]).await
}

/// What the connector sets to block an address.
async fn block(lab: &Lab, ip: &str) {
    for (path, element) in [
        (format!("tag/entry[@name='{GROUP}']"), "<comments>Blocked by Palisade</comments>".to_owned()),
        (
            format!("address-group/entry[@name='{GROUP}']"),
            format!("<dynamic><filter>'{GROUP}'</filter></dynamic>"),
        ),
        (
            "rulebase/security/rules/entry[@name='Palisade blocked destinations']".to_owned(),
            format!("<destination><member>{GROUP}</member></destination><action>deny</action>"),
        ),
        (
            format!("address/entry[@name='palisade-to-{ip}']"),
            format!("<ip-netmask>{ip}/32</ip-netmask><tag><member>{GROUP}</member></tag>"),
        ),
    ] {
        let answer = set(lab, &path, &element).await;
        assert!(answer.contains(r#"code="20""#), "{answer}");
    }
}

#[tokio::test]
async fn a_change_runs_after_its_commit_and_not_before() {
    let lab = lab().await;
    lab.set_commit_time(Duration::MAX);
    block(&lab, "203.0.113.66").await;
    let object = "address/entry[@name='palisade-to-203.0.113.66']";
    assert!(read(&lab, "get", object).await.contains("203.0.113.66/32"));
    assert!(read(&lab, "show", object).await.contains("No such node"));

    assert!(commit(&lab, MINE).await.contains("<job>42</job>"));
    let active = job(&lab, 42).await;
    assert!(active.contains("<status>ACT</status>") && active.contains("<user>palisade</user>"), "{active}");
    assert!(read(&lab, "show", object).await.contains("No such node"));
    assert_eq!(lab.denied(), [""; 0]);

    lab.set_commit_time(Duration::ZERO);
    assert!(job(&lab, 42).await.contains("<status>FIN</status>"));
    assert!(read(&lab, "show", object).await.contains("203.0.113.66/32"));
    assert_eq!(lab.denied(), ["203.0.113.66/32"]);
    assert!(commit(&lab, MINE).await.contains("There are no changes to commit."));
    assert!(job(&lab, 99).await.contains("job 99 not found"));
}

#[tokio::test]
async fn a_commit_has_what_was_there_when_it_was_enqueued_and_waits_its_turn() {
    let lab = lab().await;
    lab.set_commit_time(Duration::MAX);
    block(&lab, "203.0.113.66").await;
    commit(&lab, MINE).await;
    block(&lab, "203.0.113.67").await;
    commit(&lab, MINE).await;
    assert!(job(&lab, 43).await.contains("<status>PEND</status>"));
    block(&lab, "203.0.113.68").await;

    lab.set_commit_time(Duration::ZERO);
    let jobs = get(&lab, &[("type", "op"), ("cmd", "<show><jobs><all></all></jobs></show>")]).await;
    assert_eq!(jobs.matches("<result>OK</result>").count(), 2);
    let running = read(&lab, "show", "address").await;
    assert!(running.contains("203.0.113.67/32") && !running.contains("203.0.113.68/32"), "{running}");
}

#[tokio::test]
async fn who_commits_everything_commits_what_others_have_not_finished() {
    let lab = lab().await;
    lab.set_commit_time(Duration::ZERO);
    block(&lab, "203.0.113.66").await;
    commit(&lab, "<commit></commit>").await;
    let failed = job(&lab, 42).await;
    assert!(failed.contains("<result>FAIL</result>") && failed.contains("dmz-servers"), "{failed}");
    commit(&lab, MINE).await;
    assert!(job(&lab, 43).await.contains("<result>OK</result>"));
}

#[tokio::test]
async fn the_configuration_is_checked() {
    let lab = lab().await;
    block(&lab, "203.0.113.66").await;
    for (path, element) in [
        ("address/entry[@name='x']", "<ip>1</ip>"),
        ("address/entry[@name='x']", "<ip-netmask>203.0.113.300/32</ip-netmask>"),
        ("address/entry[@name='a:b']", "<ip-netmask>203.0.113.1</ip-netmask>"),
        ("nonsense", "<a/>"),
    ] {
        assert!(set(&lab, path, element).await.contains(r#"code="12""#), "{path} {element}");
    }
    assert!(set(&lab, "address/entry[@name='x']", "<a").await.contains(r#"code="18""#));
    let used = act(&lab, "delete", &format!("address-group/entry[@name='{GROUP}']")).await;
    assert!(used.contains(r#"code="10""#), "{used}");
    let gone = act(&lab, "delete", "address/entry[@name='x']").await;
    assert!(gone.contains(r#"status="success" code="7""#), "{gone}");

    // A static group must have members.
    lab.set_commit_time(Duration::ZERO);
    set(&lab, "address-group/entry[@name='g']", "<static><member>srv-web-01</member></static>").await;
    act(&lab, "delete", "address-group/entry[@name='g']/static/member[text()='srv-web-01']").await;
    commit(&lab, MINE).await;
    assert!(job(&lab, 42).await.contains("it has no members"));
}

#[tokio::test]
async fn a_url_is_a_member_of_a_category() {
    let lab = lab().await;
    lab.set_commit_time(Duration::ZERO);
    let category = "profiles/custom-url-category/entry[@name='palisade-blocked-urls']";
    let list = format!("{category}/list");
    set(&lab, category, "<list><member>palisade.invalid/</member></list><type>URL List</type>").await;
    set(&lab, &list, "<member>evil.example/a?b=1&amp;c</member>").await;
    let rule = "rulebase/security/rules/entry[@name='Palisade blocked URLs']";
    set(&lab, rule, "<category><member>palisade-blocked-urls</member></category><action>deny</action>").await;
    let member = format!("{list}/member[text()='evil.example/a?b=1&c']");
    assert!(read(&lab, "get", &member).await.contains("evil.example/a?b=1&amp;c"));
    assert!(act(&lab, "delete", &member).await.contains(r#"code="20""#));
    assert!(act(&lab, "delete", &member).await.contains(r#"code="7""#));
    commit(&lab, MINE).await;
    assert!(job(&lab, 42).await.contains("<result>OK</result>"));
    assert_eq!(read(&lab, "show", &list).await.matches("<member>").count(), 1);
}

#[tokio::test]
async fn a_rule_moves_to_the_top_once() {
    let lab = lab().await;
    block(&lab, "203.0.113.66").await;
    let rule = "rulebase/security/rules/entry[@name='Palisade blocked destinations']";
    assert!(act(&lab, "move", rule).await.contains(r#"code="20""#));
    assert!(act(&lab, "move", rule).await.contains(r#"code="14""#));
    let names = read(&lab, "get", "rulebase/security/rules/entry/@name").await;
    let order =
        r#"<entry name="Palisade blocked destinations"/><entry name="allow web"/><entry name="new dmz"/>"#;
    assert!(names.contains(order), "{names}");
}

#[tokio::test]
async fn only_the_key_opens_the_api() {
    let lab = lab().await;
    let info = [("type", "op"), ("cmd", "<show><system><info></info></system></show>")];
    let reply = ask(&lab, "wrong", &info).await;
    assert_eq!((reply.status.as_u16(), reply.text().contains("Invalid Credential")), (403, true));
    assert!(get(&lab, &info).await.contains("<sw-version>11.1.4</sw-version>"));
    assert_eq!(lab.ledger().of(System::Panos).unwrap()[0].authenticated, Some(false));
}
