//! What happened before: alerts, counted by who and what they are about.

use palisade_model::{
    alert::{AlertChange, AlertId, Artifact, NewAlert, Severity},
    earlier::Earlier,
    journal::Event,
    limits::HISTORY_ALERTS,
};
use serde_json::{Value, json};

use super::{
    samples::{alert, at, run},
    write,
};
use crate::store::{Appended, Store};

/// An alert about these, and otherwise as others.
fn about(source_id: &str, cef: &Value) -> NewAlert {
    let mut alert = alert(source_id);
    alert.artifacts[0].cef = cef.as_object().unwrap().clone();
    alert
}

/// Takes an alert in, as many seconds after 1970.
async fn take_in(store: &dyn Store, second: i64, alert: NewAlert) -> AlertId {
    match store.append_alert(at(second), alert).await.unwrap() {
        Appended::New(id) => id,
        Appended::Duplicate(id) => panic!("alert {id} was there"),
    }
}

fn kim() -> Earlier {
    Earlier {
        label: "c2".to_owned(),
        field: "sourceUserName".to_owned(),
        value: "kim".to_owned(),
        since: at(0),
        severity: Severity::Informational,
    }
}

fn count(store: &dyn Store, which: &Earlier, before: AlertId) -> u32 {
    store.count_earlier(which, before).unwrap()
}

pub(super) async fn has_alerts_of_a_label_about_a_value(store: &dyn Store) {
    take_in(store, 10, about("1", &json!({ "sourceUserName": " Kim ", "sourceAddress": "10.0.0.1" }))).await;
    take_in(store, 20, about("2", &json!({ "sourceUserName": ["lee", "KIM"] }))).await;
    let mut twice = about("3", &json!({ "sourceUserName": "kim" }));
    twice.artifacts.push(Artifact { id: 2, ..twice.artifacts[0].clone() });
    take_in(store, 30, twice).await;
    take_in(
        store,
        40,
        NewAlert { label: "phishing".to_owned(), ..about("4", &json!({ "sourceUserName": "kim" })) },
    )
    .await;
    take_in(store, 50, about("5", &json!({ "destinationUserName": "kim", "requestURL": "kim" }))).await;
    assert_eq!(count(store, &kim(), 99), 3);
    assert_eq!(count(store, &Earlier { value: " KIM".to_owned(), ..kim() }, 99), 3);
    assert_eq!(count(store, &Earlier { value: "ki".to_owned(), ..kim() }, 99), 0);
    assert_eq!(count(store, &Earlier { value: "lee".to_owned(), ..kim() }, 99), 1);
    assert_eq!(count(store, &Earlier { label: "phishing".to_owned(), ..kim() }, 99), 1);
    assert_eq!(count(store, &Earlier { label: "c".to_owned(), ..kim() }, 99), 0);
    assert_eq!(count(store, &Earlier { field: "destinationUserName".to_owned(), ..kim() }, 99), 1);
    assert_eq!(count(store, &Earlier { field: "requestURL".to_owned(), ..kim() }, 99), 0);
}

pub(super) async fn is_what_came_before_an_alert_and_since_a_time(store: &dyn Store) {
    // The clock may be set back.
    for (id, second) in [("1", 10), ("2", 30), ("3", 20), ("4", 40)] {
        take_in(store, second, about(id, &json!({ "sourceUserName": "kim" }))).await;
    }
    let since = |second, before| count(store, &Earlier { since: at(second), ..kim() }, before);
    assert_eq!([1, 2, 3, 4, 5].map(|before| since(0, before)), [0, 1, 2, 3, 4]);
    assert_eq!([10, 11, 20, 21, 30, 40, 41].map(|second| since(second, 5)), [4, 3, 3, 2, 2, 1, 0]);
    assert_eq!(since(20, 3), 1, "both hold");
}

pub(super) async fn is_as_bad_as_it_is_now_and_about_what_was_sent(store: &dyn Store) {
    for id in ["1", "2"] {
        take_in(store, 10, about(id, &json!({ "sourceUserName": "kim" }))).await;
    }
    let severe = |severity| count(store, &Earlier { severity, ..kim() }, 9);
    assert_eq!((severe(Severity::High), severe(Severity::Critical)), (2, 0));
    store.start_run(run("triage", 1)).await.unwrap();
    let mut artifact = store.alert(1).unwrap().unwrap().content.artifacts.remove(0);
    artifact.cef = json!({ "sourceUserName": "lee" }).as_object().unwrap().clone();
    let changes = [AlertChange::Severity(Severity::Critical), AlertChange::Artifact(artifact)];
    write(store, 1, 1, changes.map(Event::AlertChanged).to_vec()).await.unwrap();
    store.change_alert(2, vec![AlertChange::Severity(Severity::Low)]).await.unwrap();
    assert_eq!((severe(Severity::Critical), severe(Severity::High), severe(Severity::Low)), (1, 1, 2));
    let added = Earlier { value: "lee".to_owned(), ..kim() };
    assert_eq!(count(store, &added, 9), 0, "what a run found out about it came later");
}

pub(super) async fn goes_back_a_bounded_number_of_alerts(store: &dyn Store) {
    let all = HISTORY_ALERTS + 5;
    for id in 1..=all {
        let mut alert = about(&id.to_string(), &json!({ "sourceUserName": "kim" }));
        alert.severity = if id <= 10 { Severity::Critical } else { Severity::Low };
        // Seen before anything else is read.
        drop(store.append_alert(at(10), alert));
    }
    let next = take_in(store, 11, about("next", &json!({ "sourceUserName": "kim" }))).await;
    assert_eq!(next, all as AlertId + 1);
    let critical = |before| count(store, &Earlier { severity: Severity::Critical, ..kim() }, before);
    assert_eq!(count(store, &kim(), next), HISTORY_ALERTS as u32);
    assert_eq!(critical(next), 5, "the newest are looked at");
    assert_eq!((critical(next - 5), critical(4)), (10, 3), "and only those before");
}
