"""Types become schemas, and values are read by them."""

import json
import unittest
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, Optional

from palisade_sdk import Misfit, Range, read, write
from palisade_sdk.connector import Secret
from palisade_sdk.schema import schema_of


class Mode(Enum):
    """How it is done."""

    FAST = "fast"
    SLOW = "slow"


@dataclass
class Inner:
    value: Annotated[int, Range(0, 65_535)]


@dataclass
class Outer:
    """The whole.

    With more words, for those who read the source.
    """

    name: str
    """What it is called,
    in two lines."""
    ip: IPv4Address | IPv6Address
    inner: Inner
    password: Optional[Secret] = None
    mode: Mode = Mode.FAST
    kind: Literal["a", "b"] = "a"
    more: list[Inner] = field(default_factory=list)
    counts: dict[str, float] = field(default_factory=dict)
    anything: Any = None


class Schemas(unittest.TestCase):
    def test_a_dataclass_is_an_object_described_by_its_docstrings(self) -> None:
        inner = {
            "type": "object",
            "properties": {"value": {"type": "integer", "minimum": 0, "maximum": 65_535}},
            "required": ["value"],
        }
        self.assertEqual(
            schema_of(Outer),
            {
                "type": "object",
                "description": "The whole.",
                "required": ["name", "ip", "inner"],
                "properties": {
                    "name": {"type": "string", "description": "What it is called, in two lines."},
                    "ip": {"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]},
                    "inner": inner,
                    "password": {"type": ["string", "null"], "writeOnly": True, "default": None},
                    "mode": {"enum": ["fast", "slow"], "description": "How it is done.", "default": "fast"},
                    "kind": {"enum": ["a", "b"], "default": "a"},
                    "more": {"type": "array", "items": inner, "default": []},
                    "counts": {"type": "object", "additionalProperties": {"type": "number"}, "default": {}},
                    "anything": {"default": None},
                },
            },
        )

    def test_other_types_have_none(self) -> None:
        for shape in (bytes, dict[int, str], tuple[int, str], object):
            with self.assertRaises(TypeError):
                schema_of(shape)


class Values(unittest.TestCase):
    def test_a_value_survives_the_way_there_and_back(self) -> None:
        outer = Outer("x", IPv6Address("2001:db8::1"), Inner(7), mode=Mode.SLOW, more=[Inner(1)], counts={"a": 1.5})
        self.assertEqual(read(Outer, json.loads(json.dumps(write(outer)))), outer)
        secret = read(Outer, {"name": "x", "ip": "192.0.2.1", "inner": {"value": 1.0}, "password": "p", "new": 1})
        self.assertEqual((secret.password, secret.inner.value), (Secret("p"), 1))
        self.assertEqual(f"{secret.password} {secret.password!r}", "Secret Secret")

    def test_a_misfit_is_told_with_its_place(self) -> None:
        good = {"name": "x", "ip": "192.0.2.1", "inner": {"value": 1}}
        for change, words in (
            ({"name": 1}, "name is a number and should be a text"),
            ({"name": True}, "name is true or false and should be a text"),
            ({"ip": "192.0.2"}, "ip is a text and should be an IPv4 address; or ip is a text and should be an IPv6 address"),
            ({"ip": 7}, "ip is a number and should be an IPv4 address; or ip is a number and should be an IPv6 address"),
            ({"inner": {"value": 65_536}}, "inner.value is 65536: not within 0 and 65535"),
            ({"inner": {"value": True}}, "inner.value is true or false and should be a whole number"),
            ({"inner": {}}, "inner.value is missing"),
            ({"inner": []}, "inner is a list and should be an object"),
            ({"mode": "idle"}, "mode is a text and should be one of 'fast', 'slow'"),
            ({"kind": 1}, "kind is a number and should be one of 'a', 'b'"),
            ({"more": [{"value": None}]}, "more[0].value is null and should be a whole number"),
            ({"counts": {"a": "b"}}, "counts.a is a text and should be a number"),
        ):
            with self.assertRaises(Misfit) as caught:
                read(Outer, good | change)
            self.assertEqual(str(caught.exception), words)

    def test_what_has_no_form_in_json_is_not_written(self) -> None:
        with self.assertRaises(TypeError):
            write(Secret("p"))
        with self.assertRaises(TypeError):
            write(b"bytes")


if __name__ == "__main__":
    unittest.main()
