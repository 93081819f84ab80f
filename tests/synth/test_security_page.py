"""docs/security.md tells of every role that the template makes."""

from typing import Any

from tests.synth.conftest import REPOSITORY


def test_every_role_is_told_of(template: dict[str, Any]) -> None:
    page = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8").replace("/", "")
    roles = [n for n, r in template["Resources"].items() if r["Type"] == "AWS::IAM::Role"]

    assert roles
    for name in roles:
        # A logical id is the construct's path without slashes, and eight characters more.
        assert f"`{name[:-8]}`" in page, name


def test_no_role_writes_iam_or_has_a_managed_policy(template: dict[str, Any]) -> None:
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        assert not properties.get("ManagedPolicyArns"), name
        for statement in properties.get("PolicyDocument", {}).get("Statement", []):
            actions = statement.get("Action", [])
            actions = [actions] if isinstance(actions, str) else actions
            written = [a for a in actions if a.startswith("iam:") and a != "iam:PassRole"]
            assert statement["Effect"] == "Deny" or not written, name
