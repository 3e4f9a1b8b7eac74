"""Asks Python's standard library for everything that could differ between two runs, and for everything of the machine."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timezone

from palisade_sdk import clock
from palisade_sdk import random as host_random
from palisade_sdk.playbook import Playbook, Run

playbook = Playbook(
    "curious-python",
    "0.1.0",
    about="Tells everything that Python can see of the machine.",
    publisher="Palisade's tests",
    labels=["curious"],
)

UNDETERMINED: dict[str, Callable[[], object]] = {
    "time": lambda: time.time_ns() // 1_000_000,
    "datetime": lambda: datetime.now(timezone.utc).isoformat(),
    "monotonic": lambda: [time.monotonic_ns(), time.perf_counter_ns()],
    "sleep": lambda: time.sleep(0.05),
    "random": lambda: [random.random(), random.Random().random(), random.SystemRandom().random()],
    "urandom": lambda: [os.urandom(8).hex(), secrets.token_hex(8)],
    "uuid": lambda: [str(uuid.uuid4()), str(uuid.uuid1())],
    "hash": lambda: [hash("text"), hash((1, "text"))],
    "set": lambda: list({f"member {number}" for number in range(50)}),
    "identity": lambda: id(object()),
    "process": lambda: os.getpid(),
    "repr": lambda: repr(object()),
}

MACHINE: dict[str, Callable[[], object]] = {
    "open": lambda: open("/etc/hostname").read(),
    "list": lambda: os.listdir("/"),
    "write": lambda: open("/tmp/palisade", "w").write("x"),
    "temporary": lambda: tempfile.mkdtemp(),
    "connect": lambda: socket.create_connection(("127.0.0.1", 80), 1).close(),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "thread": lambda: threading.Thread(target=print).start(),
    "program": lambda: os.system("true"),
    "host": lambda: os.uname().nodename,
    "load": lambda: __import__("telnetlib" if sys.version_info < (3, 13) else "wave"),
}


def ask(questions: dict[str, Callable[[], object]]) -> dict[str, object]:
    return {name: answer(question) for name, question in questions.items()}


def answer(question: Callable[[], object]) -> object:
    try:
        return question()
    except Exception as error:
        return f"{type(error).__name__}"


@playbook.handle
def handle(run: Run) -> str:
    recorded = [clock.now_ms(), host_random.random_bytes(8).hex()]
    told = {
        "undetermined": ask(UNDETERMINED),
        "machine": ask(MACHINE),
        "environment": dict(os.environ),
        "arguments": sys.argv,
        "recorded": recorded,
    }
    run.add_note("Seen", json.dumps(told, default=repr))
    return "Looked around."
