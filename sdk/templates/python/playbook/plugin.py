"""Playbook: notes what is known of the address that an alert is about, and raises the alert's severity if it is bad."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from palisade_sdk.playbook import Need, Playbook, Run, RunFailed, Severity

BAD_SCORE = 75
"""From this score on, an address is bad."""


@dataclass
class Address:
    """What is sent to `ip reputation`."""

    ip: IPv4Address | IPv6Address


@dataclass
class Reputation:
    """What is read in its report."""

    score: int


# What passes between the playbook and the action: the host compares it with what the connector declares.
REPUTATION = Need("example-intel", "ip reputation", parameters=Address, data=Reputation)

# What the operator is shown before installing it, and what the host then enforces.
playbook = Playbook(
    "{{name}}",
    "0.1.0",
    about="Notes the reputation of the address that an alert is about.",
    publisher="Your company",
    # Alerts with this label start it.
    labels=["network"],
    # It can start these actions and no others.
    needs=[REPUTATION],
    manual_minutes=5,
)


@playbook.handle
def handle(run: Run) -> str:
    """Handles one alert. It is written as if nothing ever went wrong: the host records each call, and leads a fresh instance
    to the same place after a crash. It returns one sentence on how it ended.
    """
    ip = run.artifacts().ip("sourceAddress")
    if ip is None:
        raise RunFailed("The alert has no source address.")
    report = run.start(REPUTATION.action(Address(ip))).wait()
    run.add_note("Reputation", report.message)
    if report.data_as(Reputation).score >= BAD_SCORE:
        run.set_severity(Severity.HIGH)
        return f"{ip} is bad: the alert is of high severity."
    return f"Noted the reputation of {ip}."
