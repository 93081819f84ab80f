import json
from datetime import UTC, datetime

import pytest

from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.deploy import deployed
from lakehouse_tools.display.review import lines
from lakehouse_tools.review import build
from lakehouse_tools.review.assembly import Assembly
from lakehouse_tools.review.report import markdown


@pytest.fixture
def standing(stub):
    """The stack is in this state, or not there."""

    def say(status, **more):
        if status is None:
            stub("cloudformation").add_client_error(
                "describe_stacks", "ValidationError", "Stack with id LakehouseDev does not exist"
            )
            return
        stack = {
            "StackName": "LakehouseDev",
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "StackStatus": status,
            **more,
        }
        stub("cloudformation").add_response("describe_stacks", {"Stacks": [stack]})

    return say


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "delete it"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "another deployment is under way"),
        ("REVIEW_IN_PROGRESS", "never carried out"),
    ],
)
def test_a_stack_that_takes_no_deployment(account, standing, status, remedy):
    standing(status)
    with pytest.raises(CheckFailedError, match=status) as caught:
        deployed.ready(account)
    assert remedy in str(caught.value.remedy)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_does(account, standing, status):
    standing(status)
    assert status in deployed.ready(account)


def test_a_first_deployment(account, standing, tmp_path):
    standing(None)
    with pytest.raises(Note, match="not deployed yet"):
        deployed.ready(account)
    standing(None)
    assert deployed.as_assembly(account, tmp_path).stacks == {}


def test_the_deployed_template_is_what_is_compared(account, standing, stub, tmp_path):
    template = {"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}
    standing("CREATE_COMPLETE")
    stub("cloudformation").add_response(
        "get_template",
        {"TemplateBody": json.dumps(template)},
        {"StackName": "LakehouseDev", "TemplateStage": "Original"},
    )
    found = deployed.as_assembly(account, tmp_path)
    assert dict(found.stacks["LakehouseDev"].resources) == template["Resources"]
    assert not found.knows_assets("LakehouseDev")


def test_protection_and_tags_of_the_stack_are_compared_although_no_template_has_them(
    account, standing, stub, tmp_path, monkeypatch
):
    template = json.dumps({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}})
    tags = [{"Key": "team", "Value": "sales"}, {"Key": "old", "Value": "x"}]
    standing("CREATE_COMPLETE", EnableTerminationProtection=False, Tags=tags)
    stub("cloudformation").add_response("get_template", {"TemplateBody": template})
    head = tmp_path / "head"
    head.mkdir()
    (head / "LakehouseDev.template.json").write_text(template)
    properties = {"terminationProtection": True, "tags": {"team": "service"}}
    manifest = {"artifacts": {"LakehouseDev": {"properties": properties}}}
    (head / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(build, "cdk_diff", lambda *_, **__: "There were no differences")

    def compare(base):
        (found,) = build.review(
            base, Assembly.at(head), stacks=(), allowed=(), node_modules=tmp_path, environ={}
        )
        return found

    found = compare(deployed.as_assembly(account, tmp_path / "base"))
    assert list(found.settings) == [
        "stack tag old: x → not set",
        "stack tag team: sales → service",
        "termination protection: off → on",
    ]
    assert not found.is_empty
    assert "termination protection: off → on" in "\n".join(lines(found))
    assert "termination protection: off → on" in markdown([found])
    assert compare(Assembly.at(head)).is_empty
