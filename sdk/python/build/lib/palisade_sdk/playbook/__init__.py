"""Playbooks: functions that decide what to do about one alert.

    from dataclasses import dataclass

    from palisade_sdk.playbook import Need, Playbook, Run, RunFailed


    @dataclass
    class Reputation:
        score: int


    REPUTATION = Need("example-intel", "ip reputation", data=Reputation)

    playbook = Playbook(
        "reputation",
        "1.0.0",
        about="Notes the reputation of the destination.",
        publisher="Example Inc.",
        labels=["network"],
        needs=[REPUTATION],
        manual_minutes=5,
    )


    @playbook.handle
    def handle(run: Run) -> str:
        ip = run.artifacts().ip("destinationAddress")
        if ip is None:
            raise RunFailed("The alert has no destination address.")
        report = run.start(REPUTATION.action(ip=ip)).wait()
        run.add_note("Reputation", report.message)
        return f"Noted the reputation of {ip}."

A playbook may also ask people, start other playbooks, and wait for hours or days. It is written as if nothing ever went wrong
meanwhile: the host records every call, and leads a fresh instance to the same place after whatever did.

    approval = run.ask(Prompt.choice("Block it?", ["yes", "no"], "no", to="shift lead", within=timedelta(hours=4)))
    first = run.wait_until([lookup, approval], clock.now_ms() + 600_000)   # whichever comes first, or neither
    if approval.wait().value == "yes":
        conclusion = run.start_playbook("block-address").wait()
        run.sleep(timedelta(days=1))
"""

from ..contract.alerts import Alert, AlertStatus, Severity
from ..contract.lists import Entry as ListEntry
from .artifacts import Artifact, Artifacts
from .playbook import Playbook, RunFailed
from .prompt import Answer, Asked, Prompt
from .run import Run
from .step import Action, Child, Conclusion, Need, Started, Step

__all__ = [
    "Action",
    "Alert",
    "AlertStatus",
    "Answer",
    "Artifact",
    "Artifacts",
    "Asked",
    "Child",
    "Conclusion",
    "ListEntry",
    "Need",
    "Playbook",
    "Prompt",
    "Run",
    "RunFailed",
    "Severity",
    "Started",
    "Step",
]
