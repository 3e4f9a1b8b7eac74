"""What the playbook decides, with the ends of its actions given: no host, no connectors."""

import unittest

from reputation_note import playbook

from palisade_sdk import Upstream
from palisade_sdk.playbook import Severity
from palisade_sdk.testing import PlaybookTest

IP = "203.0.113.66"


def alert(score: int) -> PlaybookTest:
    test = PlaybookTest(playbook).artifact({"sourceAddress": IP})
    return test.succeeds("abuseipdb", "check ip", f"{IP} has a score of {score}.", {"score": score})


class Decisions(unittest.TestCase):
    def test_a_good_address_is_noted(self) -> None:
        played = alert(74).run()
        self.assertEqual(played.result, f"Noted the reputation of {IP}, which is good enough.")
        self.assertEqual(played.changes, [("note", "AbuseIPDB", f"{IP} has a score of 74.")])
        self.assertEqual(played.started[0].parameters, {"ip": IP})

    def test_the_operator_says_what_is_bad(self) -> None:
        played = alert(30).configured({"bad_score": 30}).unanswered().run()
        self.assertEqual(played.result, f"{IP} is bad, and was not reported.")
        self.assertIn(("severity", Severity.HIGH), played.changes)

    def test_a_bad_address_is_reported_if_a_person_says_so(self) -> None:
        test = alert(100).answered("yes", "alice").succeeds("abuseipdb", "report ip", "Reported.", {"score": 100})
        played = test.run()
        self.assertEqual(played.result, f"{IP} is bad, and was reported.")
        self.assertEqual(played.asked[0].to, "tier2")
        self.assertEqual(played.started[1].parameters, {"ip": IP, "categories": [14], "comment": "Port scan."})
        self.assertEqual(played.changes[-1], ("note", "Reported", "Reported. alice said so."))

    def test_a_report_that_fails_is_handed_to_a_person(self) -> None:
        played = alert(100).answered("yes", "alice").fails("abuseipdb", "report ip", Upstream("no", 500)).run()
        self.assertEqual(played.changes[-1][:2], ("escalated", "tier2"))

    def test_an_alert_without_an_address_is_not_handled(self) -> None:
        self.assertEqual(PlaybookTest(playbook).run().error, "The alert has no source address.")


if __name__ == "__main__":
    unittest.main()
