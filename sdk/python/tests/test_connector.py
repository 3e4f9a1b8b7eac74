"""Connectors: what they tell of themselves, what they send, and what they make of answers."""

import json
import unittest
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import palisade_sdk as sdk
from palisade_sdk import export, http
from palisade_sdk.connector import (
    Call,
    Connector,
    DidNotHappen,
    Done,
    Happened,
    HttpAccess,
    Pending,
    Secret,
    TcpAccess,
    Unknown,
    Verdict,
    in_authorization,
    in_body,
    in_header,
    in_query,
)
from palisade_sdk.contract import Err, types
from palisade_sdk.contract import connector as world
from palisade_sdk.contract import connector_descriptor as wire
from palisade_sdk.contract import http as http_wire
from palisade_sdk.testing import ConnectorTest, Conversation, Exchange, Kept

URL = "https://api.example.com/notes"


@dataclass
class Account:
    token: Secret


@dataclass
class Note:
    text: str


connector = Connector(
    "test",
    "1.0.0",
    about="For tests.",
    publisher="Palisade",
    vendor="V",
    product="P",
    configuration=Account,
    http=[
        HttpAccess.to_host(
            "api.example.com",
            methods=["GET", "POST"],
            secrets=[in_header("token", "x"), in_query("token", "q"), in_authorization("token"), in_body("token")],
            because="It has the notes.",
        ),
        HttpAccess.to_configured("url", methods=["GET"], because="It may be elsewhere."),
        HttpAccess.to_anywhere(methods=["GET"], because="Or anywhere."),
    ],
    tcp=[
        TcpAccess.to_host("mail.example.com", ports=[25], because="It takes mail."),
        TcpAccess.to_configured("server", ports=[25], because="So does it."),
        TcpAccess.to_anywhere(ports=[43], because="So do they."),
    ],
    reveal={"token": "The protocol signs with it."},
    reads_files={"list": "It has what is looked up."},
)


@connector.generic("add note")
def add(call: Call[Account], note: Note) -> Done[int]:
    """Adds a note.

    More for the reader of the source.
    """
    call.http.post(URL, body=note.text.encode(), headers={"x": call.configuration.token}).ok()
    return Done.success("Added.", 1)


@add.verified_by
def look(call: Call[Account], note: Note) -> Verdict:
    found = call.http.get(URL, query={"key": call.idempotency_key}).json()
    if found is None:
        return DidNotHappen()
    return Happened(Done.success("Added.", 1)) if found == note.text else Unknown(f"there is `{found}`")


@connector.contain("lie", repeatable=True, undone_by="forget", reads=[("POST", "/search/{id}")])
def lie(call: Call[Account], note: Note) -> Done[None]:
    return Done.failed("It says no.", None, why="no")


@lie.verified_by
def change(call: Call[Account], note: Note) -> Verdict:
    call.http.post("https://api.example.com/search/7")
    call.http.post(URL)
    return DidNotHappen()


@connector.correct("forget", repeatable_by_key=True, about="Forgets it.", time_limit=timedelta(seconds=5))
def forget(call: Call[Account]) -> Done[int] | Pending:
    if call.resume is None:
        return Pending(timedelta(minutes=1), "job 1", "It takes a while.")
    return Done.success(f"{call.resume} {call.attempt} {call.cancelled}", 1)


@connector.investigate("keep")
def keep(call: Call[Account]) -> Done[str | None]:
    before = call.state.get("cursor")
    call.state.put("cursor", "2", timedelta(minutes=1))
    call.state.put("token", "secret", timedelta(seconds=1), confidential=True)
    call.state.remove("old")
    sdk.log.debug("d"), sdk.log.info("i"), sdk.log.warn("w"), sdk.log.error("e")
    return Done.success(f"{sdk.clock.now_ms()} {sdk.random.random_bytes(3).hex()}", before)


@connector.investigate("read")
def read_file(call: Call[Account]) -> Done[list[Any]]:
    file = call.file("list")
    parts = [file.read(1, 2).decode(), file.read(9, 1).decode()]
    return Done.success("Read.", [file.size(), *parts])


@connector.test()
def talk(call: Call[Account]) -> Done[str]:
    with call.tcp.connect_to("[2001:db8::1]:25", 587) as stream:
        hello = stream.read(100)
        stream.write(b"STARTTLS\n")
        stream.read(100)
        stream.start_tls()
        stream.write(b"QUIT\n")
        return Done.success("It talks.", (hello + stream.read_to_end(10)).decode())


def test() -> ConnectorTest:
    return ConnectorTest(connector).configuration({"token": "the-token"})


class Description(unittest.TestCase):
    def test_everything_that_was_said_is_described(self) -> None:
        told = connector.describe()
        self.assertEqual(told.identity, types.Identity("test", "1.0.0", "For tests.", "Palisade"))
        actions = {action.name: action for action in told.actions}
        self.assertEqual(actions["add note"].description, "Adds a note.")
        self.assertEqual(
            [(it.effect, it.retry, it.verifies, it.undo) for it in map(actions.get, ("add note", "lie", "forget")) if it],
            [
                (wire.Effect.GENERIC, wire.Retry.UNSAFE, True, None),
                (wire.Effect.CONTAIN, wire.Retry.SAFE, True, "forget"),
                (wire.Effect.CORRECT, wire.Retry.KEYED, False, None),
            ],
        )
        self.assertEqual((actions["forget"].description, actions["forget"].time_limit_ms), ("Forgets it.", 5_000))
        self.assertEqual(actions["lie"].reads, [wire.Read("POST", "/search/{id}")])
        self.assertEqual(actions["test connectivity"].effect, wire.Effect.TEST)
        self.assertEqual(json.loads(actions["forget"].parameters)["additionalProperties"], False)
        self.assertEqual(json.loads(actions["keep"].output), {"type": ["string", "null"]})
        self.assertEqual(told.capabilities.reveal, [wire.Reveal("token", "The protocol signs with it.")])
        self.assertEqual([it.host for it in told.capabilities.http[1:]], [wire.HostPattern_Configured("url"), wire.HostPattern_Anywhere()])
        self.assertEqual(len(told.capabilities.tcp), 3)

    def test_a_handler_says_what_it_takes_and_returns(self) -> None:
        def untyped(call, asked):  # type: ignore[no-untyped-def]
            return None

        with self.assertRaisesRegex(TypeError, "Done"):
            connector.investigate("untyped")(untyped)
        with self.assertRaisesRegex(ValueError, "two actions"):
            connector.investigate("keep")(keep)


class Calls(unittest.TestCase):
    def test_a_verdict_comes_as_the_handler_gave_it(self) -> None:
        def found(text: str | None) -> Any:
            exchange = Exchange.get(f"{URL}?key=test-key").answer_json(200, text)
            return test().http(exchange).verify("add note", {"text": "x"})

        self.assertEqual(found("x").report().data, 1)
        self.assertEqual(found(None).verdict, world.Verdict_DidNotHappen())
        self.assertEqual(found("y").verdict, world.Verdict_Unknown("there is `y`"))
        unknown = test().verify("forget", {}).verdict
        self.assertEqual(unknown, world.Verdict_Unknown("`forget` has no way to find out"))

    def test_a_pending_job_is_come_back_for(self) -> None:
        pending = test().invoke("forget", {}).pending()
        self.assertEqual((pending.after_ms, pending.token, pending.message), (60_000, "job 1", "It takes a while."))
        report = test().resume("job 1").attempt(2).cancelled().invoke("forget", {}).report()
        self.assertEqual(report.message, "job 1 2 True")

    def test_what_a_call_keeps_the_next_one_finds(self) -> None:
        ended = test().state("cursor", "1").state("old", "x").invoke("keep", {})
        self.assertEqual(ended.state, {"cursor": Kept("2", 60_000, False), "token": Kept("secret", 1_000, True)})
        self.assertEqual(ended.report().data, "1")
        self.assertEqual(ended.report().message, "1767225600000 000102")
        self.assertEqual([line for _, line in ended.log], ["d", "i", "w", "e"])

    def test_a_file_is_read_in_pieces(self) -> None:
        self.assertEqual(test().file("list", b"abcd").invoke("read", {}).report().data, [4, "bc", ""])
        self.assertEqual(test().invoke("read", {}).failure(), sdk.Denied("the asset's `list` names no file"))

    def test_a_stream_is_a_conversation(self) -> None:
        conversation = Conversation("[2001:db8::1]", 25, b"", b"220 hello\n").then(b"STARTTLS\n", b"220\n")
        conversation.then_tls().then(b"QUIT\n", b"221 bye\n")
        self.assertEqual(test().tcp(conversation).invoke("test connectivity", {}).report().data, "220 hello\n221 bye\n")

    def test_what_does_not_fit_is_invalid(self) -> None:
        for ended, words in (
            (test().invoke("no such", {}), "test has no action named `no such`"),
            (test().invoke("add note", {}), "the parameters of `add note` do not fit: text is missing"),
            (ConnectorTest(connector).invoke("keep", {}), "the asset's configuration does not fit: token is missing"),
        ):
            self.assertEqual(ended.failure(), sdk.InvalidParameters(words))

    def test_a_script_is_kept_to_the_letter(self) -> None:
        for play, words in (
            (lambda: test().invoke("add note", {"text": "x"}), "not in the script"),
            (lambda: test().http(Exchange.post(URL)).invoke("keep", {}), "never sent"),
            (lambda: test().http(Exchange.post(URL)).invoke("add note", {"text": "x"}), "the body of"),
            (lambda: test().http(Exchange.get(URL)).invoke("add note", {"text": "x"}), "the wrong request"),
            (lambda: test().http(Exchange.post("https://api.example.com/search/7")).verify("lie", {"text": ""}), "only read"),
        ):
            with self.assertRaisesRegex(AssertionError, words):
                play()

    def test_what_the_script_says_is_met(self) -> None:
        exchange = Exchange.post(URL).body_containing("x").header("x", "the-token").fails(http_wire.Error_Tls("bad"))
        self.assertEqual(test().http(exchange).invoke("add note", {"text": "axb"}).failure(), sdk.Unavailable("bad"))


class Http(unittest.TestCase):
    def test_a_parameter_cannot_leave_its_place_in_the_url(self) -> None:
        self.assertEqual(http.url("https://a.example/v1/", "a/../b?c#d", "::1"), "https://a.example/v1/a%2F..%2Fb%3Fc%23d/::1")
        for walk in ("..", ".", ""):
            with self.assertRaises(sdk.InvalidParameters):
                http.url("https://a.example", walk)

    def test_statuses_become_failures(self) -> None:
        def failure(status: int, body: str, headers: list[tuple[str, str]] | None = None) -> sdk.Failure:
            with self.assertRaises(sdk.Failure) as caught:
                http.Response(status, headers or [], body.encode()).ok()
            return caught.exception

        self.assertEqual(http.Response(204, [], b"").ok().status, 204)
        self.assertEqual(failure(403, "no"), sdk.Authentication("no"))
        for page in ("", "<html>Not here</html>"):
            self.assertEqual(failure(404, page), sdk.NotFound("no reason given"))
        wait = timedelta(seconds=7)
        self.assertEqual(failure(429, "slow\n down", [("retry-after", "7")]), sdk.RateLimited("slow down", wait))
        self.assertEqual(failure(500, "ü" * 500), sdk.Upstream("ü" * 300 + "…", 500))

    def test_errors_of_the_host_become_failures(self) -> None:
        for error, expected in (
            (http_wire.Error_Denied("x"), sdk.Denied("x")),
            (http_wire.Error_Invalid("x"), sdk.InvalidParameters("x")),
            (http_wire.Error_Timeout("x"), sdk.Unavailable("x")),
            (http_wire.Error_Unreachable("x"), sdk.Unavailable("x")),
            (http_wire.Error_TooLarge("x"), sdk.Upstream("x")),
        ):
            exchange = Exchange.post(URL).body(b"x").fails(error)
            self.assertEqual(test().http(exchange).invoke("add note", {"text": "x"}).failure(), expected)

    def test_a_wait_is_seconds_or_a_date(self) -> None:
        from palisade_sdk.retry_after import retry_after

        # RFC 9110's own example date is 784111777 seconds after 1970.
        date = "Sun, 06 Nov 1994 08:49:37 GMT"
        self.assertEqual(retry_after("120", lambda: 0), timedelta(seconds=120))
        self.assertEqual(retry_after(date, lambda: 784_111_770_000), timedelta(seconds=7))
        self.assertEqual(retry_after(date, lambda: 784_111_780_000), timedelta(0))
        self.assertIsNone(retry_after("soon", lambda: 0))
        self.assertIsNone(retry_after("9" * 30, lambda: 0))


class Exports(unittest.TestCase):
    def test_a_failure_is_the_contracts_and_a_surprise_is_written_down(self) -> None:
        invocation = world.Invocation("no such", "{}", '{"token": "t"}', "key", 1, None, False)
        exported = export.connector(connector)()
        with self.assertRaises(Err) as caught:
            exported.invoke(invocation)
        self.assertIsInstance(caught.exception.value, types.Failure_InvalidParameters)
        self.assertIsInstance(exported.verify, object)

    def test_every_failure_goes_there_and_back(self) -> None:
        from palisade_sdk.failure import from_wire, to_wire

        for failure in (
            sdk.InvalidParameters("a"),
            sdk.Authentication("a"),
            sdk.NotFound("a"),
            sdk.RateLimited("a", timedelta(milliseconds=1500)),
            sdk.RateLimited("a"),
            sdk.Upstream("a", 502),
            sdk.Upstream("a"),
            sdk.Unavailable("a"),
            sdk.Denied("a"),
            sdk.Cancelled("a"),
        ):
            self.assertEqual(from_wire(to_wire(failure)), failure)


if __name__ == "__main__":
    unittest.main()
