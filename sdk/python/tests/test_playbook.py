"""Playbooks: what they tell of themselves, and what they do within a script."""

import json
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import palisade_sdk as sdk
from palisade_sdk import clock, export
from palisade_sdk.contract import Err, playbook_descriptor
from palisade_sdk.playbook import (
    Action,
    AlertStatus,
    Artifact,
    Artifacts,
    Need,
    Playbook,
    Prompt,
    Run,
    RunFailed,
    Severity,
)
from palisade_sdk.testing import PlaybookTest

HOUR = timedelta(hours=1)
HOUR_MS = 3_600_000


@dataclass
class Settings:
    most: int = 3


@dataclass
class Address:
    ip: str


LOOK_UP = Need("example", "ip reputation", parameters=Address, data=int)


def playing(handle: Callable[[Run], str]) -> PlaybookTest:
    playbook = Playbook(
        "test",
        "1.0.0",
        about="For tests.",
        publisher="Palisade",
        labels=["test"],
        needs=[LOOK_UP],
        starts=["block-address"],
        configuration=Settings,
        looks_into=["sites", "gone"],
        adds_to=["offenders"],
        manual_minutes=5,
    )
    playbook.handle(handle)
    return PlaybookTest(playbook)


class Description(unittest.TestCase):
    def test_everything_that_was_said_is_described(self) -> None:
        needs = [LOOK_UP, Need("example", "other")]
        playbook = Playbook("p", "1", about="a", publisher="b", needs=needs, looks_into=["l"], adds_to=["m"])
        told = playbook.describe()
        parameters = '{"type":"object","properties":{"ip":{"type":"string"}},"required":["ip"]}'
        expected = playbook_descriptor.Need("example", "ip reputation", parameters, '{"type":"integer"}')
        self.assertEqual(told.needs, [expected, playbook_descriptor.Need("example", "other", None, None)])
        uses = [playbook_descriptor.ListUse("l", False), playbook_descriptor.ListUse("m", True)]
        self.assertEqual(told.lists, uses)
        self.assertEqual(json.loads(told.configuration)["additionalProperties"], False)


class Steps(unittest.TestCase):
    @staticmethod
    def approval(run: Run) -> str:
        began = clock.now_ms()
        prompt = run.ask(Prompt.choice("Block it?", ["yes", "no"], "no", to="shift lead", within=HOUR))
        lookup = run.start(LOOK_UP.action(ip="192.0.2.1"))
        # Of those that have ended, the first of the list.
        first = run.wait_any([prompt, lookup])
        answer = prompt.wait()
        hours = (clock.now_ms() - began) // HOUR_MS
        return f"{first is prompt} {answer.value} by {answer.by} after {hours} h"

    def test_a_prompt_is_answered_or_its_default_stands_when_its_time_is_up(self) -> None:
        def test() -> PlaybookTest:
            return playing(self.approval).succeeds("example", "ip reputation", "", 1)

        played = test().answered("yes", "alice").run()
        self.assertEqual(played.result, "True yes by alice after 0 h")
        self.assertEqual((played.asked[0].to, played.asked[0].time_limit_ms), ("shift lead", HOUR_MS))
        self.assertEqual(test().unanswered().run().result, "False no by None after 1 h")

    def test_a_default_that_is_no_answer_fails_the_test(self) -> None:
        def number(run: Run) -> str:
            return str(run.ask(Prompt.number("How many days?", 1, 30, 0)).wait().value)

        with self.assertRaisesRegex(AssertionError, "is no answer"):
            playing(number).unanswered().run()

    def test_another_playbook_tells_its_run_and_how_that_ended(self) -> None:
        def start(run: Run) -> str:
            end = run.start_playbook("block-address").wait()
            return f"{end.status.name} {end.message} {end.run}"

        ended = playing(start).concludes("block-address", 7, sdk.Status.FAILED, "No firewall.").run()
        self.assertEqual(ended.result, "FAILED No firewall. 7")
        refused = playing(start).refuses("block-address", sdk.NotFound("no such playbook")).run()
        self.assertEqual(refused.error, "not found: no such playbook")

    def test_an_action_takes_its_time_and_only_waits_let_any_pass(self) -> None:
        def handle(run: Run) -> str:
            began = clock.now_ms()
            lookup = run.start(LOOK_UP.action(Address("192.0.2.1"), asset="a", undo_after=HOUR))
            in_time = run.wait_until([lookup], began + HOUR_MS // 2)
            found = lookup.wait().data_as(int)
            run.sleep(HOUR)
            run.sleep_until(began)
            return f"{in_time} {found} after {(clock.now_ms() - began) // HOUR_MS} h"

        played = playing(handle).succeeds("example", "ip reputation", "", 7).takes(HOUR).run()
        self.assertEqual(played.result, "None 7 after 2 h")
        [started] = played.started
        self.assertEqual((started.parameters, started.asset, started.undo_after_ms), ({"ip": "192.0.2.1"}, "a", HOUR_MS))

    def test_only_what_is_declared_and_scripted_is_started(self) -> None:
        for action in (Action("example", "other"), LOOK_UP.action(ip="x")):
            with self.assertRaisesRegex(AssertionError, "not (in|among)"):
                playing(lambda run, action=action: run.start(action).wait().message).run()  # type: ignore[misc]
        with self.assertRaisesRegex(ValueError, "never ends"):
            playing(lambda run: str(run.wait_any([]))).run()


class Alerts(unittest.TestCase):
    def test_lists_history_and_configuration_are_what_the_test_says(self) -> None:
        def handle(run: Run) -> str:
            most = run.configuration(Settings).most
            values = ("10.1.2.3", "192.0.2.1", "a.Acme.example", "acme.example")
            entries = [run.find_in("sites", value) for value in values]
            found = [entry and entry.value for entry in entries]
            count = run.count_earlier(label="mobile", field="sourceUserName", value="kim", since_ms=0)
            run.add_to("offenders", "kim", "again")
            run.escalate("Look.", to="tier2")
            try:
                run.find_in("gone", "x")
            except sdk.Refused as refused:
                return f"{most} {found} {count} {refused}"
            return ""

        test = playing(handle).list("sites", "10.0.0.0/8", "*.acme.example").list("offenders").earlier(2)
        played = test.configured({"most": 5}).run()
        found = "['10.0.0.0/8', None, '*.acme.example', None]"
        self.assertEqual(played.result, f"5 {found} 2 there is no list `gone`")
        self.assertEqual(played.changes, [("listed", "offenders", "kim", "again"), ("escalated", "tier2", "Look.")])

    def test_the_alert_is_changed(self) -> None:
        def handle(run: Run) -> str:
            run.set_severity(Severity.HIGH)
            run.set_status(AlertStatus.OPEN)
            run.set_owner("kim")
            number = run.add_artifact("found", "event", {"sourceAddress": "192.0.2.1"})
            alert = run.alert()
            return f"{alert.name} {alert.severity.name} {alert.owner} {number} {run.artifacts().ip('sourceAddress')}"

        played = playing(handle).alert(name="Scan").artifact({}).run()
        self.assertEqual(played.result, "Scan HIGH kim 2 192.0.2.1")
        self.assertEqual([change[0] for change in played.changes], ["severity", "status", "owner", "artifact"])

    def test_the_first_usable_value_counts(self) -> None:
        artifacts = Artifacts(
            [
                Artifact(1, "", "", {"sourceAddress": "not an address", "destinationPort": "443", "requestURL": " "}),
                Artifact(2, "", "", {"sourceAddress": ["192.0.2.7", "192.0.2.8"], "bytesOut": 1200, "flag": True}),
            ]
        )
        self.assertEqual(str(artifacts.ip("sourceAddress")), "192.0.2.7")
        self.assertEqual([artifacts.number(key) for key in ("destinationPort", "bytesOut", "flag")], [443, 1200, None])
        self.assertIsNone(artifacts.text("requestURL"))


class Ends(unittest.TestCase):
    def test_a_run_fails_with_one_sentence(self) -> None:
        def raising(error: Exception) -> Callable[[Run], str]:
            def handle(run: Run) -> str:
                raise error

            return handle

        for error, words in (
            (RunFailed("No address."), "No address."),
            (sdk.Refused("there is no list"), "there is no list"),
            (sdk.Upstream("bad", 500), "the system answered with status 500: bad"),
            (sdk.Upstream("bad", 200), "the system's answer makes no sense: bad"),
        ):
            self.assertEqual(playing(raising(error)).run().error, words)

    def test_a_surprise_is_written_to_the_log(self) -> None:
        from palisade_sdk.testing.world import World

        def handle(run: Run) -> str:
            return str(1 // 0)

        playbook = Playbook("p", "1", about="", publisher="")
        playbook.handle(handle)
        world = World()
        with world.played(), self.assertRaises(ZeroDivisionError):
            export.playbook(playbook)().run()
        self.assertTrue(any(line.endswith("in handle") for _, line in world.log), world.log)
        self.assertEqual(world.log[-1], (sdk.log.Level.ERROR, "ZeroDivisionError: integer division or modulo by zero"))
        with self.assertRaises(NotImplementedError):
            sdk.log.info("outside of a test there is no host")
        self.assertIsInstance(Err("x"), Exception)


if __name__ == "__main__":
    unittest.main()
