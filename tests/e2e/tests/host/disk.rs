//! A disk that takes nothing any more: nobody is told otherwise, and nothing is lost that anybody was told.

use palisade_e2e::{BrokenDisk, Kind, Script, Workshop, wait};
use palisade_lab::FaultKind;
use serde_json::json;

use crate::journal::end;

const AN_HOUR: u64 = 60 * 60 * 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_or_read_only_disk_is_admitted_and_nothing_is_lost() {
    for (error, words) in [("ENOSPC", "No space left on device"), ("EROFS", "Read-only file system")] {
        let mut workshop = Workshop::start().await;
        let asked = Script::new().ask("tier2", "Go on?", AN_HOUR).wait(1).act_and_wait(Kind::Page, "page");
        let asked = workshop.run(&asked);
        workshop.host.until(asked, "waiting");
        // The ticket is on its way when the disk breaks.
        workshop.fault("/tickets", 1, FaultKind::Slow { ms: 3_000 });
        let script = Script::new().act_and_wait(Kind::Ticket, "ticket").act_and_wait(Kind::Note, "note");
        let busy = workshop.run(&script);
        workshop.until_faults_struck();
        let disk = BrokenDisk::under(&workshop.host, error);

        // No source hears that its alert is kept, and no person that an answer counts.
        let refused = workshop.post(&script);
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert!(refused.text.contains(words), "{}", refused.text);
        let answer = json!({ "answer": "yes" });
        assert_eq!(workshop.host.post(&format!("/runs/{asked}/steps/1/answer"), &answer).status, 503);
        let doctor = workshop.host.palisade(&["doctor"]);
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert_eq!(doctor.status.code(), Some(1), "{said}");
        assert!(said.contains(words) && said.contains("check the disk, then restart the host"), "{said}");
        let failure = workshop.host.get("/status")["store"]["failure"].clone();
        assert!(failure.as_str().is_some_and(|failure| failure.contains(words)), "{failure}");
        wait::until("the ticket is open", || (!workshop.lab.effects().is_empty()).then_some(()));
        // What a failed write left behind nobody knows, so the host does not go on just because there is space.
        drop(disk);
        assert_eq!(workshop.post(&script).status, 503);

        workshop = workshop.kill_and_restart();
        assert_eq!(end(&workshop.host.ended(busy)).0, "succeeded");
        assert_eq!(workshop.lab.effects(), ["tickets ticket", "notes note"]);
        workshop.host.until(asked, "waiting");
        workshop.host.text(&["answer", &asked.to_string(), "yes"]);
        assert_eq!(end(&workshop.host.ended(asked)).0, "succeeded");
        assert_eq!(workshop.lab.effects().len(), 3);
        assert_eq!(workshop.host.get("/alerts")["alerts"].as_array().unwrap().len(), 2);
        assert!(workshop.host.palisade(&["doctor"]).status.success());
    }
}
