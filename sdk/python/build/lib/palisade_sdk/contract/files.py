# Written by tools/contract.py from the WIT.
"""Files that the operator has given to the asset. They are read in pieces, as large ones do not fit into an instance."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


@dataclass
class Error_Denied:
    """The connector does not declare it, or the asset names none."""

    value: str


@dataclass
class Error_Unreadable:
    """The file cannot be read."""

    value: str


Error = Union[Error_Denied, Error_Unreadable]
"""Why there is no file, or no more of it."""


def size(field: str) -> int:
    """Bytes of the file that this configuration field names.

    Raises `Err` of Error.
    """
    raise NotImplementedError


def read(field: str, offset: int, length: int) -> bytes:
    """Reads from this place on: at most 1 MiB, and fewer bytes only at the end of the file.

    Raises `Err` of Error.
    """
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.files import *  # type: ignore
