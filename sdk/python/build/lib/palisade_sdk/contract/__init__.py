# Written by tools/contract.py from the WIT.
"""The contract with the host, one module for each interface and world of the WIT.

Within a component each has the component's own bindings; elsewhere `palisade_sdk.testing` plays the host.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Generic, TypeVar

E = TypeVar("E")


@dataclass
class Err(Exception, Generic[E]):
    """The error of a function of the contract."""

    value: E


if sys.platform == "wasi":
    from componentize_py_types import Err  # type: ignore
