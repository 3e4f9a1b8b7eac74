"""Reads the WIT of the contract: as much of the language as the contract uses, and an error for anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN = re.compile(r"\s*(?:(?P<doc>///[^\n]*)|//[^\n]*|(?P<word>%?[A-Za-z_][\w.-]*)|(?P<sign>->|[{}()<>:;,=@/.]|\d[\w.-]*))")


@dataclass
class Type:
    """A type, such as `option<string>`: its name, and what it is made of."""

    name: str
    of: list[Type] = field(default_factory=list)


@dataclass
class Member:
    """A field of a record, a case of a variant or an enum, or a parameter; a case may have no type."""

    name: str
    docs: str
    type: Type | None = None


@dataclass
class Function:
    """A function; `result` is nothing if it returns nothing."""

    name: str
    docs: str
    parameters: list[Member]
    result: Type | None


@dataclass
class Definition:
    """A type that the contract defines: a `record`, `variant`, `enum`, `resource`, or an alias (`type`)."""

    kind: str
    name: str
    docs: str
    members: list[Member] = field(default_factory=list)
    methods: list[Function] = field(default_factory=list)
    alias: Type | None = None


@dataclass
class Interface:
    """An interface, or a world."""

    kind: str
    name: str
    docs: str
    uses: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Local name to the interface and the name there."""
    definitions: list[Definition] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    """Of a world: those that it exports."""
    imports: list[str] = field(default_factory=list)


def read(directory: Path) -> list[Interface]:
    """All interfaces and worlds of the package in a directory."""
    return [item for file in sorted(directory.glob("*.wit")) for item in _Reader(file).items()]


class _Reader:
    def __init__(self, file: Path) -> None:
        self._file, self._text, self._place = file, file.read_text("utf-8"), 0
        self._docs: list[str] = []
        self._token = ""
        self._next()

    def items(self) -> list[Interface]:
        found = []
        while self._token:
            docs, kind = self._take_docs(), self._take()
            if kind == "package":
                while self._take() != ";":
                    pass
            elif kind in ("interface", "world"):
                found.append(self._interface(Interface(kind, self._take(), docs)))
            else:
                raise self._strange(kind)
        return found

    def _interface(self, interface: Interface) -> Interface:
        self._take("{")
        while self._token != "}":
            docs, word = self._take_docs(), self._take()
            if word == "use":
                self._use(interface)
            elif word == "import":
                interface.imports.append(self._take())
                self._take(";")
            elif word in ("record", "variant", "enum", "resource", "type"):
                interface.definitions.append(self._definition(word, docs))
            else:
                name = self._take() if word == "export" else word
                interface.functions.append(self._function(name, docs))
        self._take("}")
        return interface

    def _use(self, interface: Interface) -> None:
        of = self._take().removesuffix(".")
        if self._token == ".":
            self._take()
        self._take("{")
        while self._token != "}":
            name = self._take()
            local = name
            if self._token == "as":
                self._take()
                local = self._take()
            interface.uses[local] = (of, name)
            if self._token == ",":
                self._take()
        self._take("}")
        self._take(";")

    def _definition(self, kind: str, docs: str) -> Definition:
        found = Definition(kind, self._take(), docs)
        if kind == "type":
            self._take("=")
            found.alias = self._type()
            self._take(";")
            return found
        self._take("{")
        while self._token != "}":
            docs, name = self._take_docs(), self._take()
            if kind == "resource":
                found.methods.append(self._function(name, docs))
                continue
            of = None
            if self._token in (":", "("):
                closing = {":": "", "(": ")"}[self._take()]
                of = self._type()
                if closing:
                    self._take(closing)
            found.members.append(Member(name, docs, of))
            if self._token == ",":
                self._take()
        self._take("}")
        return found

    def _function(self, name: str, docs: str) -> Function:
        for sign in (":", "func", "("):
            self._take(sign)
        parameters = []
        while self._token != ")":
            parameter = self._take().removeprefix("%")
            self._take(":")
            parameters.append(Member(parameter, "", self._type()))
            if self._token == ",":
                self._take()
        self._take(")")
        result = None
        if self._token == "->":
            self._take()
            result = self._type()
        self._take(";")
        return Function(name, docs, parameters, result)

    def _type(self) -> Type:
        found = Type(self._take())
        if self._token == "<":
            self._take()
            while self._token != ">":
                found.of.append(self._type())
                if self._token == ",":
                    self._take()
            self._take(">")
        return found

    def _take(self, expected: str = "") -> str:
        token = self._token
        if not token or (expected and token != expected):
            raise self._strange(token)
        self._next()
        return token

    def _take_docs(self) -> str:
        docs, self._docs = "\n".join(self._docs), []
        return docs

    def _next(self) -> None:
        """The next token; documentation before it is kept for whoever takes it."""
        while True:
            found = _TOKEN.match(self._text, self._place)
            if not found:
                if self._text[self._place :].strip():
                    raise self._strange(self._text[self._place : self._place + 20])
                self._token = ""
                return
            self._place = found.end()
            if (docs := found["doc"]) is not None:
                self._docs.append(docs[3:].removeprefix(" "))
            elif token := found["word"] or found["sign"]:
                self._token = token
                return

    def _strange(self, token: str) -> SyntaxError:
        line = self._text.count("\n", 0, self._place) + 1
        return SyntaxError(f"{self._file}:{line}: cannot read {token!r}")
