"""Every prop of every public construct has a test of its default and one of another value.

The convention, in ``test_<module>.py`` for the constructs of ``<module>.py``:

- ``test_<prop>_default…`` synthesizes without the prop and asserts what the template then
  holds;
- ``test_<prop>_custom…`` passes ``<prop>=`` and asserts what changed.

A required prop has no default, and every other test passes it.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from constructs import Construct

import lakehouse_constructs

HERE = Path(__file__).parent
CONSTRUCTS = [
    value
    for name in lakehouse_constructs.__all__
    if issubclass(value := getattr(lakehouse_constructs, name), Construct)
]


def _props(construct: type) -> Iterator[inspect.Parameter]:
    for parameter in inspect.signature(construct.__init__).parameters.values():
        if parameter.kind == inspect.Parameter.KEYWORD_ONLY:
            yield parameter


def _tests(construct: type) -> dict[str, set[str]]:
    """Test -> the keywords that are passed anywhere in it."""
    module = construct.__module__.rpartition(".")[2].lstrip("_")
    path = HERE / f"test_{module}.py"
    return {
        node.name: {
            child.arg for child in ast.walk(node) if isinstance(child, ast.keyword) and child.arg
        }
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.__name__)
def test_each_prop_has_its_tests(construct: type) -> None:
    tests = _tests(construct)
    missing = []
    for prop in _props(construct):
        if prop.default is inspect.Parameter.empty:
            continue
        if not any(name.startswith(f"test_{prop.name}_default") for name in tests):
            missing.append(f"test_{prop.name}_default…")
        if not any(
            name.startswith(f"test_{prop.name}_custom") and prop.name in keywords
            for name, keywords in tests.items()
        ):
            missing.append(f"test_{prop.name}_custom…, passing {prop.name}=")
    assert missing == []
