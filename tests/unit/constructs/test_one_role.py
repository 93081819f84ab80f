"""One role, and one VPC, for everything at once."""

import json
from pathlib import Path
from typing import Any, Final, cast

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from lakehouse_constructs._interfaces import service_principal
from tests.unit.constructs.everything import everything, files

Resources = dict[str, dict[str, Any]]

SERVICES: Final = ("glue", "codebuild", "states", "scheduler")
# IAM's limits, in characters without white space
# (docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
INLINE: Final = 10_240  # of all inline policies of a role
MANAGED: Final = 6_144  # of each managed one, of which a role has ten at most


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path) -> dict[str, Resources]:
    """The same with its own roles, with one of the app, and with one of somebody else.

    A template whose resources wait for each other is refused here.
    """
    folder = tmp_path_factory.mktemp("files")
    files(folder)
    app = App()
    own, made, imported = (Stack(app, id, stack_name="Test") for id in ("Own", "Made", "Imported"))
    trusted = iam.CompositePrincipal(*(_service(name) for name in SERVICES))
    everything(own, folder, wheel_cache, role=None)
    role = iam.Role(made, "Role", assumed_by=cast("iam.IPrincipal", trusted))
    everything(made, folder, wheel_cache, role=cast("iam.IRole", role))
    theirs = iam.Role.from_role_arn(imported, "Role", "arn:aws:iam::123456789012:role/theirs")
    everything(imported, folder, wheel_cache, role=theirs)
    return {
        stack.node.id: Template.from_stack(stack).to_json()["Resources"]
        for stack in (own, made, imported)
    }


def _service(name: str) -> iam.IPrincipal:
    return service_principal(f"{name}.amazonaws.com")


def _documents(resources: Resources, kind: str) -> list[dict[str, Any]]:
    found = [one["Properties"] for one in resources.values() if one["Type"] == f"AWS::IAM::{kind}"]
    if kind == "Role":
        found = [policy for role in found for policy in role.get("Policies", ())]
    return [each["PolicyDocument"] for each in found]


def _rights(resources: Resources) -> set[tuple[str, str, str]]:
    """Each action on each resource, with its condition; whom a role is passed to, once."""
    return {
        (action, "" if action == "iam:PassRole" else _text(on), _text(each.get("Condition")))
        for kind in ("Role", "Policy", "ManagedPolicy")
        for document in _documents(resources, kind)
        for each in document["Statement"]
        for action in _listed(each["Action"])
        for on in _listed(each["Resource"])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _characters(document: Any) -> int:
    """As IAM counts them, with references to names of 60 and to ARNs of 80."""
    return len(json.dumps(_resolved(document), separators=(",", ":")))


def _resolved(value: Any) -> Any:
    if isinstance(value, list):
        return [_resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return "".join(_resolved(value["Fn::Join"][1]))
    if "Fn::GetAtt" in value:
        return "x" * 80
    if "Fn::Sub" in value:
        return value["Fn::Sub"]
    if "Ref" in value:
        return "x" * (14 if value["Ref"].startswith("AWS::") else 60)
    return {key: _resolved(each) for key, each in value.items()}


@pytest.mark.parametrize("whose", ["Made", "Imported"])
def test_it_has_the_rights_of_all_the_others(templates: dict[str, Resources], whose: str) -> None:
    assert len(_rights(templates["Own"])) > 200
    assert _rights(templates["Own"]) - _rights(templates[whose]) == set()


@pytest.mark.parametrize(("whose", "roles"), [("Made", 1), ("Imported", 0)])
def test_no_other_role_is_made(templates: dict[str, Resources], whose: str, roles: int) -> None:
    kinds = [one["Type"] for one in templates[whose].values()]
    assert kinds.count("AWS::IAM::Role") == roles


def test_one_of_the_app_holds_it_all(templates: dict[str, Resources]) -> None:
    made = templates["Made"]
    managed = [_characters(each) for each in _documents(made, "ManagedPolicy")]
    assert sum(_characters(each) for each in _documents(made, "Policy")) < INLINE
    assert max(managed) < MANAGED
    assert len(managed) <= 10


def test_one_of_somebody_else_does_not(templates: dict[str, Resources]) -> None:
    """The guide says so: CDK makes no managed policies for an imported role."""
    inline = _documents(templates["Imported"], "Policy")
    assert sum(_characters(each) for each in inline) > INLINE
