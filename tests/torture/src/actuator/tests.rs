use palisade_e2e::Request;
use serde_json::json;

use super::*;

#[test]
fn a_request_takes_effect_before_its_connection_is_reset_or_never() {
    let mishaps = Mishaps { reset_before: 30, reset_after: 30, ..Mishaps::none() };
    let actuator = Actuator::start(mishaps).unwrap();
    let address = actuator.address.to_string();
    let mut answered = 0;
    for n in 0..60 {
        let body = json!({ "tag": format!("t{n}") }).to_string();
        answered += usize::from(Request::new("POST", "/pages").body(body).try_send(&address).is_some());
    }
    actuator.drain();
    let ledger = actuator.ledger();
    let count = |came: Came, answered: bool| {
        ledger.entries().iter().filter(|entry| (entry.came, entry.answered) == (came, answered)).count()
    };
    assert_eq!(count(Came::Effect, true), answered);
    assert!(count(Came::Effect, false) > 0 && count(Came::Nothing, false) > 0, "{ledger:#?}");
    assert_eq!(ledger.entries().len(), 60);
}
