use palisade_sdk::{
    Failure,
    testing::{ConnectorTest, Exchange, Kept, Verdict},
};
use serde_json::{Value, json};

use crate::{Configuration, connector, device::SELECTED};

const DEVICES: &str = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices";
const ID: &str = "705c034c-034c-705c-4c03-5c704c035c70";

fn test() -> ConnectorTest<Configuration> {
    ConnectorTest::new(connector).configuration(json!({
        "tenant_id": "acme.example", "client_id": "client", "client_secret": "placeholder",
    }))
}

fn token() -> Exchange {
    Exchange::post("https://login.microsoftonline.com/acme.example/oauth2/v2.0/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(
            "grant_type=client_credentials&client_id=client&client_secret=placeholder\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        )
        .answer_json(200, json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" }))
}

fn selected(more: &str) -> String {
    format!("%24select={}", format!("{SELECTED}{more}").replace(',', "%2C"))
}

fn list(query: &str) -> Exchange {
    Exchange::get(&format!("{DEVICES}?{query}")).bearer("token").header("accept", "application/json")
}

fn device(results: &Value) -> Value {
    json!({
        "id": ID, "deviceName": "WKS-0142", "userPrincipalName": "m.keller@acme.example",
        "operatingSystem": "Windows", "azureADDeviceId": "a", "lastSyncDateTime": "2026-11-21T20:00:00Z",
        "deviceActionResults": results,
    })
}

fn read() -> Exchange {
    Exchange::get(&format!("{DEVICES}/{ID}?{}", selected(",deviceActionResults"))).bearer("token")
}

fn command(name: &str) -> Exchange {
    Exchange::post(&format!("{DEVICES}/{ID}/{name}")).bearer("token").answer(204, "")
}

#[test]
fn a_list_goes_on_at_the_link_and_stops_at_what_was_asked_for() {
    let first = format!(
        "%24top=100&{}&%24filter=userPrincipalName%20eq%20%27o%27%27hara%40acme.example%27",
        selected("")
    );
    let page = |count: usize, next: Option<&str>| {
        let mut page = json!({ "@odata.count": count, "value": vec![device(&json!([])); count] });
        if let Some(next) = next {
            page["@odata.nextLink"] = next.into();
        }
        page
    };
    let link = format!("{DEVICES}?%24skiptoken=x");
    let asked = json!({ "user": "o'hara@acme.example", "max_results": 130 });
    let report = test()
        .http(token())
        .http(list(&first).answer_json(200, page(100, Some(&link))))
        .http(list("%24skiptoken=x").answer_json(200, page(100, Some(&link))))
        .invoke("list managed devices", asked.clone())
        .report();
    assert_eq!(report.message, "Devices found: 130, and there are more.");
    assert_eq!(report.data["devices"][0]["device_name"], "WKS-0142");

    let failure = test()
        .http(token())
        .http(list(&first).answer_json(200, page(1, Some("https://graph.microsoft.com.example/"))))
        .invoke("list managed devices", asked)
        .failure();
    assert_eq!(failure, Failure::upstream("the link to the next page leads elsewhere"));
}

#[test]
fn a_device_has_the_results_of_its_commands() {
    let results = json!([{ "actionName": "remoteLock", "actionState": "done" }]);
    let report = test()
        .http(token())
        .http(read().answer_json(200, device(&results)))
        .invoke("get system info", json!({ "id": ID }))
        .report();
    assert_eq!(report.message, "Read WKS-0142 of m.keller@acme.example.");
    assert_eq!(report.data["action_results"][0]["action_state"], "done");
}

#[test]
fn commands_are_posted() {
    for (action, name) in [("sync device", "syncDevice"), ("lock device", "remoteLock")] {
        let report = test().http(token()).http(command(name)).invoke(action, json!({ "id": ID })).report();
        assert_eq!(report.data["id"], ID);
    }
    let body = json!({
        "keepEnrollmentData": false, "keepUserData": false, "persistEsimDataPlan": true, "macOsUnlockCode": "123456",
    });
    let report = test()
        .http(token())
        .http(command("wipe").json(body))
        .invoke(
            "wipe device",
            json!({ "id": ID, "persist_esim_data_plan": true, "mac_os_unlock_code": "123456" }),
        )
        .report();
    assert!(report.message.ends_with("is wiped when it next checks in."), "{}", report.message);
}

#[test]
fn a_wipe_that_names_a_user_is_sent_to_a_device_of_that_user_only() {
    let wipe = |user: &str, results: &Value, command: Option<Exchange>| {
        let test = test().http(token()).http(read().answer_json(200, device(results)));
        command
            .into_iter()
            .fold(test, ConnectorTest::http)
            .invoke("wipe device", json!({ "id": ID, "user": user }))
    };
    let done = json!([{ "actionName": "wipe", "actionState": "done" }]);
    for earlier in [json!([]), done] {
        let body =
            json!({ "keepEnrollmentData": false, "keepUserData": false, "persistEsimDataPlan": false });
        let report = wipe("M.Keller@acme.example", &earlier, Some(command("wipe").json(body))).report();
        assert!(report.message.ends_with("is wiped when it next checks in."), "{}", report.message);
    }
    let another = wipe("j.osei@acme.example", &json!([]), None).failure();
    let why = format!("device {ID} is WKS-0142 of m.keller@acme.example, not of j.osei@acme.example");
    assert_eq!(another, Failure::invalid(why));
    let pending = json!([{ "actionName": "wipe", "actionState": "pending" }]);
    let again = wipe("m.keller@acme.example", &pending, None).report();
    assert!(again.message.ends_with("was asked for before, and is under way."), "{}", again.message);
}

#[test]
fn a_wipe_is_verified_by_the_results_of_commands() {
    let verify =
        |answer: Exchange| test().http(token()).http(answer).verify("wipe device", json!({ "id": ID }));
    let results = |results: Value| verify(read().answer_json(200, device(&results)));
    let result = |name: &str, state: &str, start: &str| json!({ "actionName": name, "actionState": state, "startDateTime": start });
    for state in ["pending", "active", "done"] {
        let earlier = result("wipe", "failed", "2026-11-20T10:00:00Z");
        let verified = results(json!([earlier, result("factoryReset", state, "2026-11-21T10:00:00Z")]));
        assert_eq!(verified.report().data["id"], ID);
    }
    for none in [json!([]), json!([result("remoteLock", "done", "2026-11-21T10:00:00Z")])] {
        assert_eq!(results(none).verdict, Ok(Verdict::DidNotHappen));
    }
    let failed = results(json!([result("wipe", "failed", "2026-11-21T10:00:00Z")]));
    let gone =
        verify(read().answer_json(404, json!({ "error": { "code": "ResourceNotFound", "message": "x" } })));
    for unclear in [failed, gone] {
        assert!(matches!(unclear.verdict, Ok(Verdict::Unknown(_))));
    }
}

#[test]
fn a_refused_application_is_an_authentication_failure() {
    let words = json!({ "error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided." });
    for status in [400, 401] {
        let refused = token().answer_json(status, words.clone());
        let failure = test().http(refused).invoke("get system info", json!({ "id": ID })).failure();
        let expected = "invalid_client: AADSTS7000215: Invalid client secret provided.";
        assert_eq!(failure, Failure::Authentication(expected.into()));
    }
    let garbage = token().answer(200, "<html/>");
    let failure = test().http(garbage).invoke("get system info", json!({ "id": ID })).failure();
    assert!(matches!(failure, Failure::Upstream(_)));
}

#[test]
fn answers_of_graph_become_typed_failures() {
    let error = |code: &str| json!({ "error": { "code": code, "message": "words" } });
    let ask = |answer: Exchange| {
        test().http(token()).http(answer).invoke("get system info", json!({ "id": ID })).failure()
    };
    for (status, code) in [(401, "InvalidAuthenticationToken"), (403, "Forbidden")] {
        let failure = ask(read().answer_json(status, error(code)));
        assert_eq!(failure, Failure::Authentication(format!("{code}: words")));
    }
    assert_eq!(
        ask(read().answer_json(404, error("ResourceNotFound"))),
        Failure::not_found("ResourceNotFound: words")
    );
    let limited = read().answer_json(429, error("TooManyRequests")).answer_header("Retry-After", "12");
    assert!(matches!(ask(limited), Failure::RateLimited(limit) if limit.retry_after_ms == Some(12_000)));
    assert!(
        matches!(ask(read().answer(503, "")), Failure::Upstream(error) if error.http_status == Some(503))
    );
    assert!(matches!(ask(read().answer(200, "{")), Failure::Upstream(_)));
}

#[test]
fn a_token_is_kept_until_shortly_before_its_end() {
    let ended = test()
        .http(token())
        .http(read().answer_json(200, device(&json!([]))))
        .invoke("get system info", json!({ "id": ID }));
    let kept = Kept { value: "token".into(), time_to_live_ms: 3_539_000, confidential: true };
    assert_eq!(ended.state, [("token".to_owned(), kept)].into());

    let ended =
        test().state("token", "token").http(command("syncDevice")).invoke("sync device", json!({ "id": ID }));
    ended.report();
}

#[test]
fn a_kept_token_that_is_refused_is_replaced_once() {
    let refused = |token: &str| {
        let post = Exchange::post(&format!("{DEVICES}/{ID}/remoteLock")).bearer(token);
        let words = json!({ "error": { "code": "InvalidAuthenticationToken", "message": "words" } });
        post.answer_json(401, words)
    };
    let lock = |test: ConnectorTest<Configuration>| test.invoke("lock device", json!({ "id": ID }));
    let ended = lock(
        test().state("token", "revoked").http(refused("revoked")).http(token()).http(command("remoteLock")),
    );
    assert_eq!(ended.state["token"].value, "token");
    ended.report();

    let again =
        lock(test().state("token", "revoked").http(refused("revoked")).http(token()).http(refused("token")));
    assert!(matches!(again.failure(), Failure::Authentication(_)));
    // A token that is refused at once will be no better the next time.
    assert!(matches!(
        lock(test().http(token()).http(refused("token"))).failure(),
        Failure::Authentication(_)
    ));
    // Without another one, the refused one is not tried again.
    let gone = token().answer(503, "");
    assert!(lock(test().state("token", "revoked").http(refused("revoked")).http(gone)).state.is_empty());
}

#[test]
fn neither_tenant_nor_id_leaves_its_segment() {
    for tenant in ["", "a/b", "..", "common?x"] {
        let test = ConnectorTest::new(connector).configuration(json!({
            "tenant_id": tenant, "client_id": "client", "client_secret": "placeholder",
        }));
        assert!(matches!(
            test.invoke("test connectivity", json!({})).failure(),
            Failure::InvalidParameters(_)
        ));
    }
    for action in ["get system info", "sync device", "lock device", "wipe device"] {
        let failure = test().http(token()).invoke(action, json!({ "id": "x/wipe" })).failure();
        assert!(matches!(failure, Failure::InvalidParameters(_)), "{action}");
    }
}
