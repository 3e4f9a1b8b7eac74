# Written by tools/contract.py from the WIT.
"""What a playbook tells about itself."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Union

from . import types


@dataclass
class Playbook:
    """The whole description."""

    identity: types.Identity
    """Name, version, publisher."""
    labels: list[str]
    """Labels of alerts that start it."""
    needs: list[Need]
    """The actions it starts; it can start no others."""
    starts: list[str]
    """Names of the playbooks it starts; it can start no others."""
    configuration: types.JsonSchema
    """Schema of its configuration: a JSON object. What the operator leaves out has the `default` of its property."""
    lists: list[ListUse]
    """The custom lists it uses; it can use no others."""
    manual_minutes: int
    """Minutes that the same work takes an analyst by hand, for the record of time saved."""


@dataclass
class ListUse:
    """A custom list that a playbook uses."""

    name: str
    """Name of the list."""
    adds: bool
    """Whether it adds to the list, beside looking into it."""


@dataclass
class Need:
    """One action of one kind of connector, and what passes between the two. The host compares it with what the connector
    declares before the playbook is enabled.
    """

    connector: str
    """Name of the connector, for example `servicenow`."""
    action: str
    """Name of the action, for example `create ticket`."""
    parameters: types.JsonSchema | None
    """Schema of the parameters that the playbook sends: a JSON object. What it lists as `required` is always sent.
    Nothing if the playbook does not say.
    """
    data: types.JsonSchema | None
    """Schema of what the playbook reads in the `data` of the report. What it lists as `required` must be there.
    Nothing if the playbook does not say.
    """


if sys.platform == "wasi":
    from wit_world.imports.playbook_descriptor import *  # type: ignore
