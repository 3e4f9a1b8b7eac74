# Written by tools/contract.py from the WIT.
"""Randomness as the host gives it. For a playbook it is recorded, so that a replay sees the same bytes."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union


def bytes(count: int) -> builtins.bytes:
    """`count` random bytes; at most 4096 at a time."""
    raise NotImplementedError


if sys.platform == "wasi":
    from wit_world.imports.random import *  # type: ignore
