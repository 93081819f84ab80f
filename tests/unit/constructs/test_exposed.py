"""Whoever uses a construct reaches what it made: nothing is hidden in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnResource, Stack
from constructs import Construct, IConstruct

import lakehouse_constructs
from tests.unit.constructs.everything import everything, files

# A role exposes its policies; what stands beside it is attached to the one that was given.
HIDDEN = {"AWS::IAM::Policy"}
PUBLIC = tuple(
    value
    for name in lakehouse_constructs.__all__
    if issubclass(value := getattr(lakehouse_constructs, name), Construct)
)


@pytest.fixture(scope="module")
def constructs(tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path) -> list[IConstruct]:
    stack = Stack(App(), "Test")
    everything(stack, files(tmp_path_factory.mktemp("files")), wheel_cache)
    return [each for each in stack.node.children if isinstance(each, PUBLIC)]


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _values(each)
    else:
        yield value


def _makes(child: IConstruct) -> bool:
    return any(
        isinstance(each, CfnResource) and each.cfn_resource_type not in HIDDEN
        for each in child.node.find_all()
    )


def test_every_resource_is_reached_by_a_public_attribute(constructs: list[IConstruct]) -> None:
    assert {type(each) for each in constructs} == set(PUBLIC)
    for construct in constructs:
        attributes = {name: value for name, value in vars(construct).items() if name[0] != "_"}
        reached = {value.node.path for value in _values(attributes) if isinstance(value, Construct)}
        made = [child.node.path for child in construct.node.children if _makes(child)]

        assert [path for path in made if path not in reached] == []
