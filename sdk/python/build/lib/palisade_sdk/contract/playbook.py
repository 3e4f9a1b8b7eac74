# Written by tools/contract.py from the WIT.
"""A playbook: decides what to do about one alert."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import playbook_descriptor


if sys.platform == "wasi":
    from wit_world import *  # type: ignore
