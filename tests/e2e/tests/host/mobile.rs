//! A mobile device reached a site: every way that this can go, judged by the systems that were acted on.

use palisade_lab::{Fault, FaultKind, System, story};
use serde_json::json;

use crate::phones::{ALLOWED, Phones};

const PHONE: &str = story::MOBILEIRON_DEVICE;
const SITE: &str = "203.0.113.80/32";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_on_the_access_list_is_left_alone() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    phones.has_done_it_before("m.keller");
    let run = phones.violation(|row| {
        row["dest_dns"] = json!(story::INTRANET_DOMAIN);
        row["url"] = json!(format!("https://{}/", story::INTRANET_DOMAIN));
    });
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    assert!(message.contains("is on the access list, as *.acme.example (for the test)"), "{message}");
    let alert = phones.site.host.get("/alerts/1")["alert"].take();
    assert_eq!((&alert["status"], &alert["severity"]), (&json!("closed"), &json!("informational")));
    for system in [System::MobileIron, System::Panos, System::ServiceNow] {
        assert_eq!(phones.asked(system), [""; 0]);
    }
    assert!(!phones.is_looked_up("m.keller"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_access_list_nothing_is_done() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    phones.site.host.text(&["list", "delete", "access-list"]);
    let run = phones.violation(|_| {});
    assert_eq!(phones.end(run).0, "failed");
    phones.until_inbox_has("Nobody can say whether files.quick-drop.com (203.0.113.80) may be reached");
    assert_eq!(phones.site.host.get("/alerts/1")["alert"]["status"], "open");
    assert_eq!(phones.denied(), [""; 0]);
    assert_eq!(phones.asked(System::MobileIron), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_it_again_and_again_is_wiped_without_asking() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    for number in 1..=2 {
        let run = phones.violation(|_| {});
        phones.until_inbox_has(&format!("palisade answer {run}"));
        phones.site.host.text(&["answer", &run.to_string(), "no", "--note", "his first time"]);
        let (status, message) = phones.end(run);
        assert_eq!(status, "succeeded", "{message}");
        assert!(message.contains(": blocked, not wiped: "), "{message}");
        assert_eq!((phones.wipes(PHONE), phones.denied()), (0, vec![SITE.to_owned()]), "{number}");
    }

    let run = phones.violation(|_| {});
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    assert!(message.ends_with(": blocked, wipe sent"), "{message}");
    assert_eq!((phones.wipes(PHONE), phones.site.lab.device_status(PHONE)), (1, Some("WIPE_PENDING")));
    let ticket = phones.until_ticket(3);
    for words in [
        "iPhone 15 of m.keller\n",
        "Martin Keller\n  Title: Field Engineer\n",
        "Manager: uid=c.brandt,ou=people,dc=acme,dc=example\n",
        "2 earlier violations in 30 days.\n",
        "Done\n  Block of 203.0.113.80 at the firewall: 203.0.113.80/32 is blocked.\n  Wipe of the iPhone 15",
        "Pending\n  Nothing.\n",
    ] {
        assert!(ticket.contains(words), "{words} is missing in:\n{ticket}");
    }
    assert!(phones.is_looked_up("m.keller"));
    let listed = phones.site.host.json(&["list", "find", "repeat-offenders", "M.Keller"]);
    assert_eq!(listed["note"], "2 earlier violations in 30 days, found by alert 3");
    assert_eq!(phones.site.host.get("/alerts/3")["alert"]["severity"], "high");

    // Whoever asks again, the device is not wiped twice.
    let run = phones.violation(|_| {});
    assert!(phones.end(run).1.contains("not wiped again"));
    assert_eq!(phones.wipes(PHONE), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_offender_is_wiped_when_a_person_says_so() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    let run = phones.violation(|_| {});
    let inbox = phones.until_inbox_has("Wipe the iPhone 15 of m.keller?");
    assert!(inbox.contains("tier2"), "{inbox}");
    assert_eq!(phones.wipes(PHONE), 0);
    phones.site.host.text(&["answer", &run.to_string(), "yes", "--note", "stolen"]);
    assert_eq!(phones.end(run).0, "succeeded");
    assert_eq!((phones.wipes(PHONE), phones.denied()), (1, vec![SITE.to_owned()]));
    assert!(phones.until_ticket(1).contains("approved the wipe."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_wipes_nothing() {
    let mut phones = Phones::start(ALLOWED, &["approval_seconds:=1"]).await;
    let run = phones.violation(|_| {});
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    assert_eq!((phones.wipes(PHONE), phones.denied()), (0, vec![SITE.to_owned()]));
    phones.until_inbox_has("The device was not wiped: tier2 did not answer in time.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_executive_is_asked_about_however_often_it_was() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    phones.has_done_it_before(story::EXECUTIVE);
    let run = phones.violation_by(story::MOBILEIRON_EXECUTIVE_DEVICE, story::EXECUTIVE);
    let inbox = phones.until_inbox_has("Wipe the iPhone 16 Pro of a.lindqvist?");
    assert!(inbox.contains("among the executives"), "{inbox}");
    phones.site.host.text(&["answer", &run.to_string(), "no"]);
    assert_eq!(phones.end(run).0, "succeeded");
    assert_eq!(
        (phones.wipes(story::MOBILEIRON_EXECUTIVE_DEVICE), phones.denied()),
        (0, vec![SITE.to_owned()])
    );
    assert!(phones.until_ticket(1).contains("Chief Financial Officer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_cannot_say_that_a_device_is_somebody_elses() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    // The alert blames a repeat offender for what the executive's phone did.
    phones.has_done_it_before("m.keller");
    let run = phones.violation_by(story::MOBILEIRON_EXECUTIVE_DEVICE, "m.keller");
    let inbox = phones.until_inbox_has("Wipe the iPhone 16 Pro of a.lindqvist?");
    assert!(inbox.contains("among the executives"), "{inbox}");
    phones.site.host.text(&["answer", &run.to_string(), "no"]);
    assert_eq!(phones.end(run).0, "succeeded");
    assert_eq!(phones.wipes(story::MOBILEIRON_EXECUTIVE_DEVICE), 0);
    assert!(phones.is_looked_up("m.keller") && phones.is_looked_up(story::EXECUTIVE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_nobody_knows_is_left_to_a_person() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let run = phones.violation_by(unknown, "m.keller");
    let (_, message) = phones.end(run);
    assert!(message.contains("not wiped: mobileiron, get system info"), "{message}");
    phones.until_inbox_has("The device was not wiped");
    assert_eq!((phones.wipes(unknown), phones.denied()), (0, vec![SITE.to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_block_is_in_place_while_the_wipe_hangs() {
    let mut phones = Phones::start(ALLOWED, &["settle_seconds:=10"]).await;
    phones.has_done_it_before("m.keller");
    let path_prefix = Some("/api/v1/dm/devices/wipe".to_owned());
    let kind = FaultKind::HangAfterEffect;
    let fault = Fault { system: System::MobileIron, path_prefix, times: Some(1), kind };
    phones.site.lab.faults().arm(fault).unwrap();
    let run = phones.violation(|_| {});
    let ticket = phones.until_ticket(1);
    assert!(
        ticket.contains("Pending\n  Wipe of the iPhone 15 of m.keller: it has not ended yet."),
        "{ticket}"
    );
    assert!(ticket.contains("Done\n  Block of 203.0.113.80 at the firewall"), "{ticket}");
    assert_eq!(
        (phones.denied(), phones.site.host.get(&format!("/runs/{run}"))["run"]["status"].clone()),
        (vec![SITE.to_owned()], json!("running"))
    );

    // Nobody heard whether it happened, so the device's management is asked.
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    assert_eq!((phones.wipes(PHONE), phones.site.lab.device_status(PHONE)), (1, Some("WIPE_PENDING")));
    let notes = &phones.site.lab.tickets()[0]["journal"];
    assert!(
        notes.to_string().contains("Wipe of the iPhone 15 of m.keller: The server has taken on"),
        "{notes}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_never_checks_in_is_put_before_a_person() {
    let mut phones = Phones::start(ALLOWED, &["wipe_seconds:=4"]).await;
    let device = story::MOBILEIRON_OFFLINE_DEVICE;
    phones.has_done_it_before("j.osei");
    let run = phones.violation_by(device, "j.osei");
    phones.until_inbox_has("The Pixel 8 of j.osei has not confirmed its wipe");
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    assert!(message.ends_with("The site is blocked"), "{message}");
    assert_eq!((phones.wipes(device), phones.site.lab.device_status(device)), (1, Some("WIPE_PENDING")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_checks_in_is_told_of() {
    let mut phones = Phones::start(ALLOWED, &["wipe_seconds:=64", "settle_seconds:=1"]).await;
    phones.has_done_it_before("m.keller");
    let run = phones.violation(|_| {});
    phones.until_ticket(1);
    phones.site.lab.check_in_devices();
    let (status, message) = phones.end(run);
    assert_eq!(status, "succeeded", "{message}");
    let notes = &phones.site.lab.tickets()[0]["journal"];
    assert!(notes.to_string().contains("The iPhone 15 of m.keller has obeyed: it is wiped."), "{notes}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_wipe_a_device_once() {
    let mut phones = Phones::start(ALLOWED, &[]).await;
    phones.has_done_it_before("m.keller");
    let path_prefix = Some("/api/v1/dm/devices/wipe".to_owned());
    // Long enough that the second run wants to wipe before the first has: it cannot see it by looking.
    let fault = Fault {
        system: System::MobileIron,
        path_prefix,
        times: Some(1),
        kind: FaultKind::Slow { ms: 4_000 },
    };
    phones.site.lab.faults().arm(fault).unwrap();
    let runs = [phones.violation(|_| {}), phones.violation(|_| {})];
    let messages = runs.map(|run| phones.end(run).1);
    assert!(messages.iter().all(|message| message.contains(": blocked, ")), "{messages:?}");
    assert_eq!(phones.wipes(PHONE), 1, "{messages:?}");
}
