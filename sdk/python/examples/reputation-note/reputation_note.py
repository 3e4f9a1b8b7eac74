"""Notes what AbuseIPDB knows of the address that an alert is about, and reports the address if a person says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from palisade_sdk import Failure, Range, log
from palisade_sdk.playbook import Need, Playbook, Prompt, Run, RunFailed, Severity

PORT_SCAN = 14
"""AbuseIPDB's category of a port scan."""


@dataclass
class Settings:
    """What the operator may configure."""

    bad_score: Annotated[int, Range(1, 100)] = 75
    """From this score of AbuseIPDB on, an address is bad."""
    asked: str = "tier2"
    """The person or role that is asked whether to report it."""


@dataclass
class Check:
    """What is sent to `check ip`."""

    ip: IPv4Address | IPv6Address


@dataclass
class Reputation:
    """What is read in its report."""

    score: int


@dataclass
class Report:
    """What is sent to `report ip`."""

    ip: IPv4Address | IPv6Address
    categories: list[int]
    comment: str


CHECK = Need("abuseipdb", "check ip", parameters=Check, data=Reputation)
REPORT = Need("abuseipdb", "report ip", parameters=Report)

playbook = Playbook(
    "reputation-note",
    "0.1.0",
    about="Notes what AbuseIPDB knows of the address that an alert is about, and reports it if a person says so.",
    publisher="Palisade",
    labels=["port-scan"],
    needs=[CHECK, REPORT],
    configuration=Settings,
    manual_minutes=5,
)


@playbook.handle
def handle(run: Run) -> str:
    settings = run.configuration(Settings)
    ip = run.artifacts().ip("sourceAddress")
    if ip is None:
        raise RunFailed("The alert has no source address.")
    report = run.start(CHECK.action(Check(ip))).wait()
    run.add_note("AbuseIPDB", report.message)
    if report.data_as(Reputation).score < settings.bad_score:
        return f"Noted the reputation of {ip}, which is good enough."

    run.set_severity(Severity.HIGH)
    question = f"{report.message} Report its port scan to AbuseIPDB, where everybody can read it?"
    answer = run.ask(Prompt.choice(question, ["yes", "no"], "no", to=settings.asked, within=timedelta(hours=8))).wait()
    if answer.value != "yes":
        return f"{ip} is bad, and was not reported."
    try:
        reported = run.start(REPORT.action(Report(ip, [PORT_SCAN], "Port scan."))).wait()
    except Failure as failure:
        log.warn(failure.sentence())
        run.escalate(f"{ip} could not be reported: {failure.sentence()}", to=settings.asked)
        return f"{ip} is bad, and could not be reported."
    run.add_note("Reported", f"{reported.message} {answer.by} said so.")
    return f"{ip} is bad, and was reported."
