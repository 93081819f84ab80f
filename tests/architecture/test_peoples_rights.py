"""docs/security.md names each right that a command of `lakehouse` asks AWS for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "scripts" / "lakehouse_tools"
SERVICES = {
    "stepfunctions": "states",
    "service-quotas": "servicequotas",
}  # boto3's name → IAM's, where they differ
# IAM's name of an action, where it is not the call's.
RENAMED = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}
# What the page tells in words: files by where they lie, queries by who may query.
IN_WORDS = re.compile(r"s3:((Get|Put|Delete)Object|ListBucket)|athena:\w+|sts:GetCallerIdentity")


def modules() -> Iterator[Path]:
    """Whatever may run in an account: the demo is for the local AWS."""
    yield from (path for path in TOOLS.rglob("*.py") if "demo" not in path.parts)


def clients(tree: ast.AST) -> set[str]:
    """Services of which the module makes a client."""
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("client", "_client")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def called(tree: ast.AST, *, of_a_client: bool) -> set[str]:
    """Names of methods that are called, and what a paginator is asked for.

    ``of_a_client``: those of what is called ``client`` alone.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if of_a_client and not ast.unparse(node.func.value).endswith("client"):
                continue
            paged = node.func.attr == "get_paginator" and isinstance(node.args[0], ast.Constant)
            found.add(node.args[0].value if paged else node.func.attr)
    return found


def actions() -> dict[str, str]:
    """Each action of IAM that the commands need → a module that needs it."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules()}
    session = botocore.session.get_session()
    calls = {
        service: {
            xform_name(operation): operation
            for operation in session.get_service_model(service).operation_names
        }
        for service in set().union(*map(clients, trees.values()))
    }
    found = {}
    for path, tree in trees.items():
        own = clients(tree)
        # A module that is handed a client does not say of which service.
        for name in called(tree, of_a_client=not own):
            for service in [s for s in own or calls if name in calls[s]]:
                action = f"{SERVICES.get(service, service)}:{calls[service][name]}"
                found[RENAMED.get(action, action)] = str(path.relative_to(TOOLS))
    return found


@pytest.fixture(scope="module")
def needed() -> dict[str, str]:
    return actions()


def test_the_page_names_each_action(needed: dict[str, str]) -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    people = page.split("\n## People\n")[1].split("\n## ")[0]
    named, service = set(), ""
    for found in re.findall(r"`([a-z0-9-]+:)?([A-Z]\w+)`", people):
        service = found[0] or service  # `glue:GetTable` and `GetTables`
        named.add(f"{service}{found[1]}")

    missing = {a: where for a, where in needed.items() if not IN_WORDS.fullmatch(a)}.items()
    assert {f"{action} ({where})" for action, where in missing if action not in named} == set()


def test_calls_are_found_however_they_are_made(needed: dict[str, str]) -> None:
    assert needed["glue:GetTables"] == "glue_tables.py"  # through a paginator
    assert needed["logs:GetLogEvents"] == "executions/logs.py"  # of a client that it is handed
    assert needed["states:StartExecution"] == "executions/start.py"
    assert needed["s3:ListBucket"]
