"""A value of another kind is refused where it is passed, by its prop, before CDK sees it."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

import lakehouse_constructs
from lakehouse_constructs import (
    DbtBuild,
    ExtractionSchedule,
    ExtractionSchedules,
    GlueJobExtraction,
    GlueSessions,
    IcebergCatalog,
    JobGroup,
    LakeBucket,
    Layer,
    Pipeline,
    SalesforceExtractor,
    SynthesisError,
)
from lakehouse_constructs._kinds import check_kinds

PUBLIC = [getattr(lakehouse_constructs, name) for name in lakehouse_constructs.__all__]
CONSTRUCTS = [each for each in PUBLIC if issubclass(each, Construct)]
VALUES: dict[type, dict[str, Any]] = {
    ExtractionSchedule: {"name": "hourly", "expression": "rate(1 hour)"},
    GlueJobExtraction: {"job": glue.Job.from_job_attributes(Stack(), "Job", job_name="job")},
    GlueSessions: {},
    JobGroup: {"name": "orders"},
}


def _keywords(method: Callable[..., Any]) -> Iterator[str]:
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind != inspect.Parameter.VAR_KEYWORD and name not in ("self", "scope", "id"):
            yield name


@pytest.mark.parametrize(
    ("construct", "prop"),
    [(each, prop) for each in CONSTRUCTS for prop in _keywords(each.__init__)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_prop_of_each_construct(stack: Stack, construct: Any, prop: str) -> None:
    with pytest.raises(SynthesisError, match=rf"^Test/Mine: {prop}: got <object.*; allowed: "):
        construct(stack, "Mine", **{prop: object()})


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (method, name)
        for each in CONSTRUCTS
        for grant, method in inspect.getmembers(each, inspect.isfunction)
        if grant.startswith("grant_")
        for name in _keywords(method)
    ],
    ids=lambda value: getattr(value, "__qualname__", value),
)
def test_each_parameter_of_each_grant(method: Callable[..., Any], name: str) -> None:
    mine = SimpleNamespace(node=SimpleNamespace(path="Test/Mine"))

    with pytest.raises(SynthesisError, match=rf"^Test/Mine: {name}: got <object.*; allowed: "):
        method(mine, **{name: object()})


def test_each_value_has_an_example() -> None:
    assert {each for each in PUBLIC if is_dataclass(each)} == set(VALUES)


@pytest.mark.parametrize(
    ("value", "name"),
    [(each, field.name) for each in VALUES for field in fields(each)],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_field_of_each_value(value: type, name: str) -> None:
    with pytest.raises(SynthesisError, match=rf"^{value.__name__}.*: {name}: got <object"):
        value(**{**VALUES[value], name: object()})


@pytest.mark.parametrize(
    ("construct", "props", "told"),
    [
        (
            LakeBucket,
            {"bucket": "acme-lake"},
            "bucket: got 'acme-lake'; allowed: aws_cdk.aws_s3.IBucket, not its name or ARN (CDK's "
            "from_… methods import what exists)",
        ),
        (IcebergCatalog, {"lake": "acme"}, "lake: got 'acme'; allowed: lakehouse_constructs.LakeB"),
        (IcebergCatalog, {"databases": {"bronze": None}}, "databases: got {'bronze': None}; "),
        (SalesforceExtractor, {"objects_config": "objects.json"}, "allowed: a pathlib.Path"),
        (SalesforceExtractor, {"number_of_workers": 2.5}, "got 2.5; allowed: a whole number"),
        (SalesforceExtractor, {"number_of_workers": True}, "got True; allowed: a whole number"),
        (SalesforceExtractor, {"timeout": 60}, "timeout: got 60; allowed: aws_cdk.Duration"),
        # Its letters would be taken for selectors, addresses and groups.
        (DbtBuild, {"select": "tag:daily"}, "select: got 'tag:daily'; allowed: a list, each a te"),
        (Pipeline, {"alert_emails": "a@example.com"}, "got 'a@example.com'; allowed: a list"),
        (ExtractionSchedules, {"schedules": ["rate(1 hour)"]}, "got ['rate(1 hour)']; allowed: a"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_people_pass(stack: Stack, construct: Any, props: dict[str, Any], told: str) -> None:
    with pytest.raises(SynthesisError, match=re.escape(told)):
        construct(stack, "Mine", **props)


def test_a_resource_of_the_template_is_no_bucket(stack: Stack) -> None:
    key = kms.Key(stack, "Key")

    with pytest.raises(SynthesisError, match=r"bucket: got 'CfnBucket Test/Theirs'"):
        LakeBucket(stack, "Mine", bucket=s3.CfnBucket(stack, "Theirs"), key=key)


def test_a_table_is_not_a_list_of_letters(catalog: IcebergCatalog, stack: Stack) -> None:
    with pytest.raises(SynthesisError, match=r"^Test/Catalog: tables: got 'dim_account'"):
        catalog.grant_read(iam.User(stack, "User"), tables="dim_account")


def test_without_a_scope_the_class_is_named() -> None:
    with pytest.raises(SynthesisError, match=r"^LakeBucket: key: got 'alias/lake'"):
        LakeBucket(None, "Mine", key="alias/lake")


class Taker(Construct):
    """Takes one of each kind that needs care."""

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        role: iam.IRole | None = None,
        job: glue.CfnJob | glue.IJob | None = None,
        number: int = 1,
        layers: tuple[Layer, ...] = (),
        machines: list[sfn.IStateMachine] | None = None,
    ) -> None:
        super().__init__(scope, id)


@pytest.mark.parametrize(
    "props",
    [
        lambda stack: {"role": iam.Role(stack, "R", assumed_by=iam.AccountRootPrincipal())},
        lambda stack: {"role": iam.Role.from_role_name(stack, "R", "theirs")},
        lambda stack: {"role": iam.Role.from_role_arn(stack, "R", ARN, mutable=False)},
        lambda stack: {"job": glue.Job.from_job_attributes(stack, "J", job_name="job")},
        lambda stack: {"number": Token.as_number({"Ref": "Workers"})},
        lambda stack: {"layers": ["raw", Layer.MARTS]},
        lambda stack: {"machines": [sfn.StateMachine.from_state_machine_name(stack, "M", "m")]},
        lambda stack: {"role": None, "machines": None},
    ],
)
def test_what_stands_for_it_passes(props: Callable[[Stack], dict[str, Any]]) -> None:
    stack = Stack(App(), "Test")

    Taker(stack, "Mine", **props(stack))


ARN = "arn:aws:iam::123456789012:role/theirs"


def test_what_can_be_read_once_is_still_there(stack: Stack) -> None:
    machine = sfn.StateMachine.from_state_machine_name(stack, "M", "m")
    schedules = (ExtractionSchedule(name=name, expression="rate(1 hour)") for name in "ab")

    made = ExtractionSchedules(stack, "Schedules", state_machine=machine, schedules=schedules)

    assert list(made.schedules) == ["a", "b"]


def test_a_file_is_named_by_a_path(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match=r"dbt_project: got '.*'; allowed: a pathlib.Path"):
        DbtBuild(stack, "Build", dbt_project=str(tmp_path))
