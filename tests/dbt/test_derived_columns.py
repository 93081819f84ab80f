"""Each column that a model works out stands in what one of the model's unit tests expects."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest

Node = dict[str, Any]
# All histories make their key by it: a test of one is a test of each.
KEY: Final = re.compile(r"\{\{ history_key\('\w+'\) \}\}")
# A column, a literal, or a cast of one: nothing is worked out.
PLAIN: Final = re.compile(r"[\w.]+|'[^']*'|cast\([\w.]+ as [\w(), ]+\)")
TYPES: Final = frozenset(
    {"bigint", "boolean", "date", "decimal", "double", "int", "string", "timestamp"}
)
HIDDEN: Final = re.compile(r"--[^\n]*|\{#.*?#\}|\{%.*?%\}", flags=re.DOTALL)
TOKEN: Final = re.compile(r"'[^']*'|\w+|[(),]")
BEFORE: Final = frozenset({"select", "from", "join", "where", "on", ","})


def aliased(sql: str) -> Iterator[tuple[str, str]]:
    """Name and expression of whatever has a name after ``as``; Jinja's calls stay as they are."""
    sql = HIDDEN.sub("", sql)
    tokens = list(TOKEN.finditer(sql))
    begins = [0]  # of the expression at hand, at each depth
    for token, after in pairwise(tokens):
        if token[0] in ("(", "case"):
            begins.append(token.end() if token[0] == "(" else token.start())
        elif token[0] in (")", "end"):
            begins.pop()
        elif token[0] in BEFORE:
            begins[-1] = token.end()
        elif token[0] == "as" and after[0] not in TYPES | {"("}:
            yield after[0], " ".join(sql[begins[-1] : token.start()].split())


def worked_out(node: Node) -> dict[str, str]:
    """The columns of a model that its own text works out, with how."""
    return {
        name: expression
        for name, expression in aliased(node["raw_code"])
        if name in node["columns"] and not PLAIN.fullmatch(expression)
    }


def expected(manifest: dict[str, Any], model: str) -> set[str]:
    """The columns that unit tests of a model expect: of rows, or of the rows' SQL."""
    found: set[str] = set()
    for test in manifest["unit_tests"].values():
        if test["model"] == model:
            rows = test["expect"]["rows"]
            written = {name for name, _ in aliased(rows)} if isinstance(rows, str) else set()
            found |= written or {name for row in rows for name in row}
    return found


@pytest.fixture
def models(manifest: dict[str, Any]) -> list[Node]:
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    return [n for n in nodes if n["fqn"][1] != "staging"]


def test_what_stands_behind_a_name_is_found() -> None:
    sql = """
        with a as (
            select b, sum(case when c in (1, 2) then d end) over (order by e) as f, -- not as x
                cast(g as decimal(18, 2)) as h
            from t as u
        )
        select {{ macro('i', 'j') }} as k, a.f from a as v
    """

    assert dict(aliased(sql)) == {
        "f": "sum(case when c in (1, 2) then d end) over (order by e)",
        "h": "cast(g as decimal(18, 2))",
        "u": "t",
        "k": "{{ macro('i', 'j') }}",
        "v": "a",
    }


def test_every_column_that_is_worked_out_is_expected_by_a_unit_test(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    found = {
        (node["name"], name): expression
        for node in models
        for name, expression in worked_out(node).items()
    }
    untested = {each for each in found if each[1] not in expected(manifest, each[0])}
    keys = {each for each, expression in found.items() if KEY.fullmatch(expression)}

    assert len(found) > 60
    assert keys - untested
    assert sorted(untested - keys) == []


def test_what_macros_work_out_has_a_unit_test(manifest: dict[str, Any], models: list[Node]) -> None:
    """Their columns have no name in the model's text; the histories share one macro."""
    tested = {test["model"] for test in manifest["unit_tests"].values()}

    found = [n["name"] for n in models if re.search(r"(climb|hierarchy)\(", n["raw_code"])]

    assert found
    assert [name for name in found if name not in tested] == []


def test_what_is_empty_by_state_is_no_news_to_the_test_of_nulls(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    """What a build brings is open for the most part, what is there is closed."""
    by_state = {
        test["attached_node"]: test["test_metadata"]["kwargs"].get("by_state", [])
        for test in manifest["nodes"].values()
        if (test.get("test_metadata") or {}).get("name") == "steady"
    }
    held = [node for node in models if node["unique_id"] in by_state]

    assert held
    for node in held:
        named = set(by_state[node["unique_id"]])
        left_empty = {
            name
            for name, expression in worked_out(node).items()
            if expression.startswith("case ") and " else " not in expression
        }
        assert left_empty - named == set(), node["name"]
        assert "valid_to" not in node["columns"] or "valid_to" in named, node["name"]
        assert named - node["columns"].keys() == set(), node["name"]
