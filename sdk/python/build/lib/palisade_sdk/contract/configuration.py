# Written by tools/contract.py from the WIT.
"""What the operator has configured for the playbook."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import types


def get() -> types.Json:
    """The configuration as it stood when the run began, with the defaults of what was left out."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.configuration import *  # type: ignore
