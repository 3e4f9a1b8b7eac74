"""Writes `palisade_sdk/contract`, the contract as Python has it, from the WIT; and `palisade_sdk/wit`, the WIT itself, which
componentize-py wants to find in the package.

    python3 sdk/python/tools/contract.py

Names and shapes are those that componentize-py gives to the component's own bindings, which take the place of what is
written here when the SDK runs within a component.
"""

from __future__ import annotations

from pathlib import Path

import wit

PACKAGE = Path(__file__).parents[1] / "palisade_sdk"
WIT = Path(__file__).parents[3] / "wit"

_PLAIN = {"string": "str", "bool": "bool", "_": "None"} | {
    f"{sign}{bits}": "int" for sign in "us" for bits in (8, 16, 32, 64)
}


def snake(name: str) -> str:
    """The name of a module, function, field or parameter."""
    return name.removeprefix("%").replace("-", "_")


def camel(name: str) -> str:
    """The name of a class."""
    return "".join(part.capitalize() for part in name.removeprefix("%").split("-"))


def upper(name: str) -> str:
    """The name of a case of an enum."""
    return snake(name).upper()


def written() -> dict[Path, str]:
    """Each file that this tool writes, by its path in the package."""
    found = {Path("contract", f"{snake(item.name)}.py"): _module(item) for item in wit.read(WIT)}
    found[Path("contract", "__init__.py")] = _INIT
    return found | {Path("wit", file.name): file.read_text("utf-8") for file in WIT.glob("*.wit")}


def there() -> dict[Path, str]:
    """What is there."""
    files = [*PACKAGE.glob("contract/*.py"), *PACKAGE.glob("wit/*")]
    return {file.relative_to(PACKAGE): file.read_text("utf-8") for file in files}


_HEAD = "# Written by tools/contract.py from the WIT.\n"

_INIT = f'''{_HEAD}"""The contract with the host, one module for each interface and world of the WIT.

Within a component each has the component's own bindings; elsewhere `palisade_sdk.testing` plays the host.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Generic, TypeVar

E = TypeVar("E")


@dataclass
class Err(Exception, Generic[E]):
    """The error of a function of the contract."""

    value: E


if sys.platform == "wasi":
    from componentize_py_types import Err  # type: ignore
'''


def _module(item: wit.Interface) -> str:
    modules = sorted({snake(of) for of, _ in item.uses.values()})
    parts = [_HEAD + _docs(item.docs, ""), "\n\nfrom __future__ import annotations\n\nimport builtins\nimport sys\n"]
    parts.append("from dataclasses import dataclass\nfrom enum import Enum\nfrom typing import Union\n")
    if modules:
        parts.append(f"\nfrom . import {', '.join(modules)}\n")
    parts += [_definition(definition, item) for definition in item.definitions]
    if item.kind == "world":
        module = "wit_world"
    else:
        parts += [f"\n\n{_function(function, item, '')}" for function in item.functions]
        module = f"wit_world.imports.{snake(item.name)}"
    parts.append(f'\n\nif sys.platform == "wasi":\n    from {module} import *  # type: ignore\n')
    return "".join(parts)


def _definition(definition: wit.Definition, item: wit.Interface) -> str:
    name, docs = camel(definition.name), definition.docs
    if definition.alias:
        return f"\n\n{name} = {_type(definition.alias, item)}\n{_docs(docs, '')}\n"
    if definition.kind == "record":
        fields = (f"    {snake(it.name)}: {_type(it.type, item)}\n{_docs(it.docs, '    ')}\n" for it in definition.members)
        return f"\n\n@dataclass\nclass {name}:\n{_docs(docs, '    ')}\n\n{''.join(fields)}"
    if definition.kind == "enum":
        numbered = enumerate(definition.members)
        lines = (f"    {upper(case.name)} = {number}\n{_docs(case.docs, '    ')}\n" for number, case in numbered)
        return f"\n\nclass {name}(Enum):\n{_docs(docs, '    ')}\n\n{''.join(lines)}"
    if definition.kind == "variant":
        cases = []
        for case in definition.members:
            value = f"\n    value: {_type(case.type, item)}\n" if case.type else ""
            cases.append(f"\n\n@dataclass\nclass {name}_{camel(case.name)}:\n{_docs(case.docs, '    ')}\n{value}")
        names = ", ".join(f"{name}_{camel(case.name)}" for case in definition.members)
        return f"{''.join(cases)}\n\n{name} = Union[{names}]\n{_docs(docs, '')}\n"
    methods = "\n".join(_function(method, item, "    ") for method in definition.methods)
    return f"\n\nclass {name}:\n{_docs(docs, '    ')}\n\n{methods}{_LEAVE}"


_LEAVE = '''
    def __exit__(self, kind: object, error: object, traceback: object) -> bool | None:
        """Drops it."""
        raise NotImplementedError
'''


def _function(function: wit.Function, item: wit.Interface, indent: str) -> str:
    parameters = [f"{snake(it.name)}: {_type(it.type, item)}" for it in function.parameters]
    if indent:
        parameters.insert(0, "self")
    docs, result = function.docs, function.result
    if result and result.name == "result":
        docs += f"\n\nRaises `Err` of {_type(result.of[1], item)}."
        result = result.of[0]
    of = _type(result, item) if result else "None"
    head = f"{indent}def {snake(function.name)}({', '.join(parameters)}) -> {of}:\n"
    return f"{head}{_docs(docs, indent + '    ')}\n{indent}    raise NotImplementedError\n"


def _type(of: wit.Type | None, item: wit.Interface) -> str:
    assert of
    parts = [_type(part, item) for part in of.of]
    if of.name == "list":
        if of.of[0].name != "u8":
            return f"list[{parts[0]}]"
        # Where a function is called so, too, the name alone is the function's.
        return "builtins.bytes" if any(it.name == "bytes" for it in item.functions) else "bytes"
    if of.name == "option":
        return f"{parts[0]} | None"
    if of.name == "tuple":
        return f"tuple[{', '.join(parts)}]"
    if of.name in _PLAIN:
        return _PLAIN[of.name]
    if of.name in item.uses:
        module, name = item.uses[of.name]
        return f"{snake(module)}.{camel(name)}"
    return camel(of.name)


def _docs(text: str, indent: str) -> str:
    lines = text.splitlines()
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""'
    body = "\n".join(indent + line if line else "" for line in lines)
    return f'{indent}"""{body[len(indent):]}\n{indent}"""'


def main() -> None:
    for path in there():
        (PACKAGE / path).unlink()
    for path, text in written().items():
        (PACKAGE / path).parent.mkdir(exist_ok=True)
        (PACKAGE / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
