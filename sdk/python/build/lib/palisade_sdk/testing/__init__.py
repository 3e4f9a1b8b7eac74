"""Unit tests without a host: the other side of every import is a script.

A `ConnectorTest` plays the systems that a connector talks to, a `PlaybookTest` the alert, the actions, the people and the
other playbooks. What a plugin does beyond its script, or leaves out of it, fails the test with an `AssertionError`.

    ended = (
        ConnectorTest(connector)
        .configuration({"api_key": "placeholder"})
        .http(Exchange.get("https://intel.example.com/v1/ip/203.0.113.9").answer_json(200, {"score": 90}))
        .invoke("ip reputation", {"ip": "203.0.113.9"})
    )
    assert ended.report().message == "203.0.113.9 has a score of 90."

    played = PlaybookTest(playbook).artifact({"destinationAddress": "203.0.113.9"}).succeeds(
        "example-intel", "ip reputation", "Bad.", {"score": 90}
    ).run()
    assert played.result == "Noted the reputation of 203.0.113.9."
"""

from ..contract import http, tcp
from .connector import ConnectorTest, Ended, Kept, Verified
from .exchange import Conversation, Exchange
from .playbook import PlaybookTest, Played, Started
from .world import IDEMPOTENCY_KEY, NOW_MS

HttpError = http.Error
TcpError = tcp.Error

__all__ = [
    "IDEMPOTENCY_KEY",
    "NOW_MS",
    "ConnectorTest",
    "Conversation",
    "Ended",
    "Exchange",
    "HttpError",
    "Kept",
    "PlaybookTest",
    "Played",
    "Started",
    "TcpError",
    "Verified",
]
