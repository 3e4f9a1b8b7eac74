"""What the playbook decides, with the ends of its actions given: no host, no connectors."""

import unittest

from plugin import playbook

from palisade_sdk import NotFound
from palisade_sdk.playbook import Severity
from palisade_sdk.testing import PlaybookTest


def alert() -> PlaybookTest:
    return PlaybookTest(playbook).artifact({"sourceAddress": "203.0.113.9"})


class Decisions(unittest.TestCase):
    def test_a_bad_address_raises_the_severity(self) -> None:
        data = {"score": 90, "categories": ["scanner"]}
        played = alert().succeeds("example-intel", "ip reputation", "It has a score of 90.", data).run()
        self.assertEqual(played.result, "203.0.113.9 is bad: the alert is of high severity.")
        self.assertIn(("severity", Severity.HIGH), played.changes)

    def test_a_failed_look_up_fails_the_run(self) -> None:
        played = alert().fails("example-intel", "ip reputation", NotFound("no such address")).run()
        self.assertEqual(played.error, "not found: no such address")


if __name__ == "__main__":
    unittest.main()
