"""Write Palisade connectors and playbooks in Python.

A plugin is a module with one object at its top:

- a `palisade_sdk.connector.Connector`: typed actions on one kind of system, and what they must be able to reach;
- a `palisade_sdk.playbook.Playbook`: a function that decides what to do about one alert.

`palisade plugin build` makes a component of it. Elsewhere `palisade_sdk.testing` plays the host, so that unit tests need
none.

Within the host there are no files, no environment, no sockets and no threads. The modules that a plugin needs are imported
at its top: a module that was not imported when the component was built is not there. Time and unpredictable bytes come from
`clock` and `random`; in a playbook Python's own `time` stands still, and its `random` gives the same numbers in every run on
one alert.
"""

from . import clock, log, random
from .failure import (
    Authentication,
    Cancelled,
    Denied,
    Failure,
    InvalidParameters,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
    Upstream,
)
from .report import Report, Status
from .schema import Range
from .values import Misfit, read, write

__all__ = [
    "Authentication",
    "Cancelled",
    "Denied",
    "Failure",
    "InvalidParameters",
    "Misfit",
    "NotFound",
    "Range",
    "RateLimited",
    "Refused",
    "Report",
    "Status",
    "Unavailable",
    "Upstream",
    "clock",
    "log",
    "random",
    "read",
    "write",
]
