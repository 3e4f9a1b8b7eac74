"""The SDK has everything that the contract has."""

import ast
import sys
import unittest
from pathlib import Path

SDK = Path(__file__).parents[1]
sys.path.insert(0, str(SDK / "tools"))

import contract  # noqa: E402
import wit  # noqa: E402


class Names(ast.NodeVisitor):
    """Names that the written part of the SDK uses: variables, attributes, keywords and imports."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.imported: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        self.found.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.found.add(node.attr)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        self.found.add(node.arg or "")
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = {alias.name for alias in node.names}
        self.found |= names
        if node.module and "contract." in node.module:
            self.imported |= names


def names() -> Names:
    seen = Names()
    for file in (SDK / "palisade_sdk").rglob("*.py"):
        if file.parent.name not in ("contract", "testing"):
            seen.visit(ast.parse(file.read_text("utf-8")))
    return seen


def missing(items: list[wit.Interface], seen: Names) -> list[str]:
    """What of the contract the SDK does not name. A record, enum or variant that is handed on whole, as it is, brings what it
    has. What the SDK hands to the host it also has to make with every field, or Python refuses.
    """
    lacks = []
    for item in items:
        # What a world exports, the SDK defines; a component without it would not be one.
        functions = [] if item.kind == "world" else item.functions
        lacks += [f"{item.name}.{it.name}" for it in functions if contract.snake(it.name) not in seen.found]
        for of in item.definitions:
            whole = contract.camel(of.name) in seen.imported
            for it in of.methods:
                lacks += [f"{of.name}.{it.name}"] if contract.snake(it.name) not in seen.found else []
            for it in of.members:
                name = {
                    "record": contract.snake(it.name),
                    "enum": contract.upper(it.name),
                    "variant": f"{contract.camel(of.name)}_{contract.camel(it.name)}",
                }[of.kind]
                if not whole and name not in seen.found:
                    lacks.append(f"{of.name}.{it.name}")
    return lacks


class Contract(unittest.TestCase):
    def test_what_is_written_from_the_wit_is_up_to_date(self) -> None:
        there, written = contract.there(), contract.written()
        stale = sorted(str(path) for path in there.keys() | written.keys() if there.get(path) != written.get(path))
        self.assertEqual(stale, [], "run python3 sdk/python/tools/contract.py")

    def test_the_sdk_names_every_item_of_the_contract(self) -> None:
        self.assertEqual(missing(wit.read(contract.WIT), names()), [])

    def test_a_new_item_would_be_missed(self) -> None:
        seen, new = names(), wit.Member("frobnication", "", wit.Type("string"))
        function = wit.Function("frobnicate", "", [], None)
        items = wit.read(contract.WIT)
        for item in items:
            item.functions.append(function)
            for of in item.definitions:
                if of.kind == "resource":
                    of.methods.append(function)
                elif of.kind != "type":
                    of.members.append(new)
        lacks = missing(items, seen)
        for expected in (
            "http.frobnicate",
            "tcp-stream.frobnicate",
            "request.frobnication",
            "failure.frobnication",
            "effect.frobnication",
        ):
            self.assertIn(expected, lacks)


if __name__ == "__main__":
    unittest.main()
