"""Values of the plugin's types from JSON, and back. `palisade_sdk.schema` says which types there are."""

from __future__ import annotations

import dataclasses
import types as python_types
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from .schema import Range, Secret, fields_of

T = TypeVar("T")


class Misfit(ValueError):
    """A JSON value that does not fit a type; says where and why."""


def read(shape: type[T], value: Any) -> T:
    """A JSON value, as `json.loads` gives it, as this type. Fields that a dataclass does not have are left out, as a system
    may always answer more. Raises `Misfit`.
    """
    found: T = _read(shape, value, "")
    return found


def write(value: Any) -> Any:
    """A value as `json.dumps` takes it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: write(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (IPv4Address, IPv6Address)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [write(item) for item in value]
    if isinstance(value, dict):
        return {str(key): write(item) for key, item in value.items()}
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _read(shape: Any, value: Any, place: str) -> Any:
    def misfit(expected: str) -> Misfit:
        return Misfit(f"{place or 'the value'} is {_kind(value)} and should be {expected}")

    origin, of = get_origin(shape), get_args(shape)
    if origin is Annotated:
        found = _read(of[0], value, place)
        for note in of[1:]:
            if isinstance(note, Range) and not _within(note, found):
                raise Misfit(f"{place or 'the value'} is {found}: not within {note.least} and {note.most}")
        return found
    if shape is Any:
        return value
    if origin in (Union, python_types.UnionType):
        return _read_union(of, value, place)
    if origin is Literal:
        if any(type(case) is type(value) and case == value for case in of):
            return value
        raise misfit(f"one of {', '.join(map(repr, of))}")
    if origin is list:
        if not isinstance(value, list):
            raise misfit("a list")
        return [_read(of[0], item, f"{place}[{number}]") for number, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise misfit("an object")
        return {key: _read(of[1], item, _below(place, key)) for key, item in value.items()}
    if dataclasses.is_dataclass(shape):
        if not isinstance(value, dict):
            raise misfit("an object")
        return _read_object(shape, value, place)
    return _read_plain(shape, value, misfit)


def _read_plain(shape: Any, value: Any, misfit: Any) -> Any:
    if shape is Secret:
        if not isinstance(value, str):
            raise misfit("a text")
        return Secret(value)
    if shape is float and type(value) is int:
        return float(value)
    # In JSON `true` is no number and `1.0` is a whole one, whatever Python thinks.
    if shape is int and type(value) is float and value.is_integer():
        return int(value)
    if shape in (str, int, float, bool, type(None)):
        if type(value) is shape:
            return value
        raise misfit({str: "a text", int: "a whole number", float: "a number", bool: "true or false"}.get(shape, "null"))
    if shape in (IPv4Address, IPv6Address) or (isinstance(shape, type) and issubclass(shape, Enum)):
        expected = {IPv4Address: "an IPv4 address", IPv6Address: "an IPv6 address"}.get(shape)
        try:
            if expected and not isinstance(value, str):
                raise ValueError
            return shape(value)
        except ValueError:
            raise misfit(expected or f"one of {', '.join(repr(case.value) for case in shape)}") from None
    raise TypeError(f"{shape!r} cannot be read from JSON: see palisade_sdk.schema for the types that can")


def _read_union(shapes: tuple[Any, ...], value: Any, place: str) -> Any:
    misfits = []
    for shape in shapes:
        try:
            return _read(shape, value, place)
        except Misfit as misfit:
            if shape is not type(None):
                misfits.append(str(misfit))
    raise Misfit("; or ".join(misfits))


def _read_object(shape: Any, value: dict[str, Any], place: str) -> Any:
    found = {}
    for item in fields_of(shape):
        if item.name in value:
            found[item.name] = _read(item.type, value[item.name], _below(place, item.name))
        elif item.default is None:
            raise Misfit(f"{_below(place, item.name)} is missing")
    return shape(**found)


def _within(bounds: Range, number: float) -> bool:
    return (bounds.least is None or bounds.least <= number) and (bounds.most is None or number <= bounds.most)


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
