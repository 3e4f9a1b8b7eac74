"""JSON Schemas of the plugin's types, as the contract wants them: self-contained, without `$ref`.

A type is one of these: `str`, `int`, `float`, `bool`, `None`, `typing.Any`; `list[…]`, `dict[str, …]`; `Optional[…]` and
other unions; `Literal[…]` and `enum.Enum` of texts or numbers; `IPv4Address` and `IPv6Address`; `Secret`; and dataclasses of
them. A dataclass is described by its docstring, a field by the string below it. `Annotated[int, Range(1, 10)]` bounds a
number. A field with a default may be left out.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import functools
import inspect
import textwrap
import types as python_types
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    IPv4Address: {"type": "string", "format": "ipv4"},
    IPv6Address: {"type": "string", "format": "ipv6"},
}


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included: `Annotated[int, Range(1, 10)]`; nothing for no bound."""

    least: float | None = None
    """The smallest."""
    most: float | None = None
    """The largest."""


@dataclass(frozen=True)
class Field:
    """A field of a dataclass."""

    name: str
    """Its name."""
    type: Any
    """Its type."""
    default: Callable[[], Any] | None
    """What makes its default; without one it must be there."""


class Secret:
    """A secret in an asset's configuration; its schema says `"writeOnly": true`.

    The text is a placeholder, which the host replaces by the secret in the declared places of a request, unless the secret
    was granted as `reveal`. Either way it stays out of `repr` and of formatted text.
    """

    __slots__ = ("text",)

    text: str
    """The placeholder; the secret itself if it is revealed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "Secret"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def schema_of(shape: Any) -> dict[str, Any]:
    """The schema of a type. Raises `TypeError` if the type is none of those above."""
    origin, of = get_origin(shape), get_args(shape)
    if origin is Annotated:
        return schema_of(of[0]) | _bounds(of[1:])
    if shape in _PLAIN:
        return dict(_PLAIN[shape])
    if shape is Secret:
        return {"type": "string", "writeOnly": True}
    if origin in (Union, python_types.UnionType):
        return _union([schema_of(part) for part in of])
    if origin is Literal:
        return {"enum": list(of)}
    if origin is list:
        return {"type": "array", "items": schema_of(of[0])}
    if origin is dict and of[0] is str:
        return {"type": "object", "additionalProperties": schema_of(of[1])}
    if isinstance(shape, type) and issubclass(shape, Enum):
        return _described({"enum": [case.value for case in shape]}, shape)
    if isinstance(shape, type) and dataclasses.is_dataclass(shape):
        return _object(shape)
    raise TypeError(f"{shape!r} has no JSON Schema: see palisade_sdk.schema for the types that have one")


def _union(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """Of two plain types, as an optional value is, one schema reads better than a choice of two."""
    null = {"type": "null"}
    rest = [schema for schema in schemas if schema != null]
    if len(rest) == 1 and isinstance(rest[0].get("type"), str) and null in schemas:
        return rest[0] | {"type": [rest[0]["type"], "null"]}
    return {"anyOf": schemas}


def _bounds(notes: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for note in notes:
        if isinstance(note, Range):
            found |= {name: bound for name, bound in (("minimum", note.least), ("maximum", note.most)) if bound is not None}
    return found


@cache
def fields_of(shape: Any) -> tuple[Field, ...]:
    """The fields of a dataclass. The schema is made while the component is built, so that no call has to find them out."""
    hints, missing = get_type_hints(shape, include_extras=True), dataclasses.MISSING
    found = []
    for item in dataclasses.fields(shape):
        default: Callable[[], Any] | None = None
        if item.default is not missing:
            default = functools.partial(copy.copy, item.default)
        elif item.default_factory is not missing:
            default = item.default_factory
        found.append(Field(item.name, hints[item.name], default))
    return tuple(found)


def _object(shape: type) -> dict[str, Any]:
    from .values import write

    docs = _field_docs(shape)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for item in fields_of(shape):
        schema = schema_of(item.type)
        if item.name in docs:
            schema["description"] = docs[item.name]
        if item.default is None:
            required.append(item.name)
        else:
            schema["default"] = write(item.default())
        properties[item.name] = schema
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return _described(schema, shape)


def _described(schema: dict[str, Any], shape: type) -> dict[str, Any]:
    """A dataclass without a docstring has its signature for one, which tells a person nothing."""
    docs = shape.__dict__.get("__doc__")
    if docs and not docs.startswith(f"{shape.__name__}("):
        schema["description"] = one_line(docs)
    return schema


def _field_docs(shape: type) -> dict[str, str]:
    """The string below each field, from the source: Python keeps none of it. Of a dataclass that was made without source
    there is none."""
    docs: dict[str, str] = {}
    for base in reversed(shape.__mro__[:-1]):
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        except (OSError, TypeError, SyntaxError):
            continue
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for item, below in zip(statements, statements[1:]):
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and isinstance(below, ast.Expr):
                if isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
                    docs[item.target.id] = one_line(below.value.value)
    return docs


def one_line(docs: str) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join(inspect.cleandoc(docs).split("\n\n")[0].split())
