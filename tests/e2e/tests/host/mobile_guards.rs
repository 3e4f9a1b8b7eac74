//! The guard rails around the aggressive step: the policy, the breaker, safe mode, taking back.

use palisade_e2e::wait;
use palisade_lab::{System, story};

use crate::phones::{ALLOWED, Phones};

const PHONE: &str = story::MOBILEIRON_DEVICE;
const OTHER_PHONE: &str = story::MOBILEIRON_OFFLINE_DEVICE;
const SITE: &str = "203.0.113.80/32";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_policy_block_and_wipe_wait_for_approval() {
    let mut phones = Phones::start(ALLOWED, &["settle_seconds:=1"]).await;
    std::fs::remove_file(phones.site.host.data().join("policy.toml")).unwrap();
    phones.has_done_it_before("m.keller");
    let run = phones.violation(|_| {});
    // The ticket does not wait for people.
    let ticket = phones.until_ticket(1);
    assert!(ticket.contains("Pending\n  Block of 203.0.113.80 at the firewall"), "{ticket}");
    assert_eq!((phones.wipes(PHONE), phones.denied()), (0, vec![]));
    let inbox = phones.until_inbox_has(&format!("palisade approve {run}.1"));
    assert!(inbox.contains("block ip") && inbox.contains("wipe device"), "{inbox}");

    // 1 is the block, and 4 the wipe: two look-ups are between them.
    phones.site.host.text(&["approve", &format!("{run}.1"), "--note", "go"]);
    phones.site.host.text(&["deny", &format!("{run}.4"), "--note", "he called"]);
    let (status, message) = phones.end(run);
    assert_eq!(status, "failed", "{message}");
    assert!(message.contains("Wipe of the iPhone 15 of m.keller failed: denied: "), "{message}");
    assert!(message.contains("he called"), "{message}");
    assert_eq!((phones.wipes(PHONE), phones.denied()), (0, vec![SITE.to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_must_not_be_touched_is_not_wiped_whoever_approves() {
    let policy = format!("{ALLOWED}\n[never_touch]\nusers = [\"m.keller@acme.example\"]\n");
    let mut phones = Phones::start(&policy, &[]).await;
    let run = phones.violation(|_| {});
    phones.until_inbox_has("Wipe the iPhone 15 of m.keller?");
    phones.site.host.text(&["answer", &run.to_string(), "yes"]);
    let (status, message) = phones.end(run);
    assert_eq!(status, "failed", "{message}");
    assert!(message.contains("wipe FAILED"), "{message}");
    phones.until_inbox_has("Wipe of the iPhone 15 of m.keller failed: denied: ");
    assert_eq!((phones.wipes(PHONE), phones.denied()), (0, vec![SITE.to_owned()]));
    // Somebody else is.
    phones.has_done_it_before("j.osei");
    let run = phones.violation_by(OTHER_PHONE, "j.osei");
    assert_eq!(phones.end(run).0, "succeeded");
    assert_eq!(phones.wipes(OTHER_PHONE), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_our_own_is_not_blocked() {
    let policy = format!("{ALLOWED}\n[never_touch]\nnetworks = [\"203.0.113.0/24\"]\n");
    let mut phones = Phones::start(&policy, &[]).await;
    phones.has_done_it_before("m.keller");
    let run = phones.violation(|_| {});
    let (status, message) = phones.end(run);
    assert_eq!(status, "failed", "{message}");
    assert!(message.contains("NOT blocked, wipe sent"), "{message}");
    assert_eq!((phones.wipes(PHONE), phones.asked(System::Panos)), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_too_many_wipes_each_waits_for_a_person() {
    let breaker = "\n[[breaker]]\nname = \"wipes\"\naction = [\"wipe device\"]\nmost = 1\nwithin = \"1h\"\n";
    let mut phones = Phones::start(&format!("{ALLOWED}{breaker}"), &["settle_seconds:=1"]).await;
    for user in ["m.keller", "j.osei"] {
        phones.has_done_it_before(user);
    }
    let first = phones.violation_by(PHONE, "m.keller");
    assert_eq!(phones.end(first).0, "succeeded");
    assert_eq!(phones.wipes(PHONE), 1);

    let second = phones.violation_by(OTHER_PHONE, "j.osei");
    phones.until_inbox_has(&format!("palisade approve {second}"));
    let show = phones.site.host.text(&["run", "show", &second.to_string()]);
    assert!(show.contains("breaker \"wipes\""), "{show}");
    assert_eq!(phones.wipes(OTHER_PHONE), 0);
    // It is counted over a restart.
    phones.site = phones.site.kill_and_restart();
    phones.until_inbox_has(&format!("palisade approve {second}"));
    assert_eq!(phones.wipes(OTHER_PHONE), 0);
    phones.site.host.text(&["approve", &second.to_string(), "--note", "his, too"]);
    assert_eq!(phones.end(second).0, "succeeded");
    assert_eq!((phones.wipes(PHONE), phones.wipes(OTHER_PHONE)), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_safe_mode_what_would_be_done_is_planned() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    phones.has_done_it_before("m.keller");
    let changes = |phones: &Phones| {
        let put =
            phones.asked(System::MobileIron).into_iter().filter(|asked| !asked.starts_with("GET")).count();
        (put, phones.asked(System::Panos).len(), phones.site.lab.tickets().len(), phones.denied().len())
    };
    phones.site.host.text(&["safe-mode", "on"]);
    let run = phones.violation(|_| {});
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    assert!(message.ends_with("block planned, wipe planned"), "{message}");
    assert!(phones.is_looked_up("m.keller"), "what only reads is done");
    assert_eq!(changes(&phones), (0, 0, 0, 0));

    phones.site.host.text(&["safe-mode", "off"]);
    let plan = phones.site.host.text(&["playbook", "plan", "unauthorized-mobile-access", "--alert", "1"]);
    for words in [
        "+ panos/block ip @panos",
        "ip: 203.0.113.80",
        "+ mobileiron/wipe device @mobileiron",
        &format!("uuid: {PHONE}"),
        "user: m.keller",
        &format!("sends   PUT https://core.acme.example/api/v1/dm/devices/wipe/{PHONE}"),
        "+ servicenow/create ticket @servicenow",
        "3 actions would be sent; nothing was.",
    ] {
        assert!(plan.contains(words), "{words} is missing in:\n{plan}");
    }
    assert_eq!(changes(&phones), (0, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_is_taken_back_and_a_wipe_cannot_be() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    phones.has_done_it_before("m.keller");
    let run = phones.violation(|_| {});
    assert_eq!(phones.end(run).0, "succeeded");
    assert_eq!(phones.denied(), [SITE]);
    phones.site.host.text(&["run", "undo", &run.to_string(), "--note", "a mistake"]);
    wait::until("the block is taken back", || phones.denied().is_empty().then_some(()));
    assert_eq!((phones.wipes(PHONE), phones.site.lab.device_status(PHONE)), (1, Some("WIPE_PENDING")));
    phones.until_noted(1, "panos/block ip @panos, step 1: 203.0.113.80/32 is unblocked.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_ends_when_its_time_has_come() {
    let mut phones = Phones::start(ALLOWED, &["block_seconds:=2"]).await;
    phones.has_done_it_before("m.keller");
    let run = phones.violation(|_| {});
    // Its time begins when it is in place, and a restart does not lose it.
    wait::until("the block is in place", || (phones.denied() == [SITE]).then_some(()));
    assert_eq!(phones.end(run).0, "succeeded");
    phones.site = phones.site.kill_and_restart();
    wait::until("the block has ended", || phones.denied().is_empty().then_some(()));
    phones.until_noted(1, "Its time has come.");
}
