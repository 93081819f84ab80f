"""Every message of an error that a person can meet says what to do.

Messages are read out of the code, where they are raised: a test of each raise would show
the same with a thousand times the work.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse_jobs import errors
from lakehouse_jobs.contract import errors as contract_errors
from lakehouse_jobs.salesforce.answers import Refusal, error_for

PACKAGE = Path(inspect.getfile(errors)).parent
CLASSES = {
    name
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.LakehouseError)
}
# What to do stands behind a semicolon, as "…; run this object again".
REMEDY = re.compile(r"; \S+|\{\w+REMEDY\}")
# Messages without a remedy of their own, by file and beginning, and why they need none.
EXPLAINED = {
    # The transport tries again by itself, and says what to do when it gives up: all of these
    # stand inside another message then.
    ("salesforce/body.py", ""): "a broken transfer",
    ("salesforce/transport.py", "the results are not ready"): "a broken transfer",
    ("salesforce/transport.py", "{what}: no attempt"): "never told: an attempt is always made",
    ("salesforce/tokens.py", "{what}: no attempt"): "likewise, for the login",
    ("salesforce/tokens.py", "{what}: {self._clean"): "the last attempt's reason",
    ("extract/page_csv.py", "a result page has "): "a broken transfer",
    ("extract/page_lenient.py", "a result page has "): "a broken transfer",
}


def texts(node: ast.expr, names: dict[str, ast.expr]) -> str:
    """The text of a message, with the code of its fields in braces."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(texts(part, names) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        if isinstance(node.value, ast.Name) and node.value.id in names:
            return texts(names[node.value.id], names)
        return "{" + ast.unparse(node.value) + "}"
    if isinstance(node, ast.Name) and node.id in names:
        return texts(names[node.id], names)
    if isinstance(node, ast.BinOp):
        return texts(node.left, names) + texts(node.right, names)
    return "{" + ast.unparse(node) + "}"


def messages() -> Iterator[tuple[str, str, str]]:
    """File, class and message of every error that is made anywhere in the jobs."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and is_text(node.value)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and name_of(node.func) in CLASSES:
                where = path.relative_to(PACKAGE).as_posix()
                yield where, name_of(node.func), texts(node.args[0], names)


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


FOUND = list(messages())


def test_messages_are_found():
    assert len(FOUND) > 40
    assert {"LoginRefusedError", "RequestError", "SupersededError"} <= {
        kind for _, kind, _ in FOUND
    }


@pytest.mark.parametrize(("where", "kind", "text"), FOUND, ids=[f"{w}:{k}" for w, k, _ in FOUND])
def test_every_message_says_what_to_do(where, kind, text):
    if any(where == file and text.startswith(start) for file, start in EXPLAINED):
        return
    # A variable alone is a message that stands elsewhere, where it is looked at.
    assert REMEDY.search(text) or re.fullmatch(r"\{(str\()?\w+\)?\}", text), (
        f"{where}: {kind}: {text!r} names no remedy: end it with '; do this'"
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "MALFORMED_QUERY"),
        (400, "INVALID_FIELD"),
        (400, "INVALIDENTITY"),
        (400, "OPERATION_TOO_LARGE"),
        (401, "INVALID_SESSION_ID"),
        (403, "REQUEST_LIMIT_EXCEEDED"),
        (403, "INSUFFICIENT_ACCESS"),
        (404, "NOT_FOUND"),
        (414, "HTTP_414"),
        (503, "HTTP_503"),
    ],
)
def test_every_refusal_of_salesforce_says_what_to_do(status, code):
    refusal = Refusal(status=status, code=code, message="no")
    assert REMEDY.search(str(error_for(refusal, what="GET /x")))


def test_an_org_without_the_api_is_not_told_of_permissions_on_objects():
    refusal = Refusal(
        status=403, code="API_DISABLED_FOR_ORG", message="The REST API is not enabled"
    )

    told = str(error_for(refusal, what="GET /x"))

    assert "edition" in told
    assert "API Enabled" in told
    assert "check the extraction user's permissions" not in told


def test_every_exception_is_looked_for():
    for where, start in EXPLAINED:
        assert any(w == where and text.startswith(start) for w, _, text in FOUND), (where, start)


def test_every_class_is_in_the_tree_of_the_docstring():
    assert errors.__doc__
    for name in CLASSES - {"LakehouseError"}:
        assert re.search(rf"── {name}\b", errors.__doc__), name


def test_a_configuration_error_says_what_is_allowed():
    error = contract_errors.ConfigError(where="f.json", key="k", value=1, allowed="a string")
    assert str(error) == "f.json: k: got 1; allowed: a string"
