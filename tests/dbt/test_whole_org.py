"""All of an org of 60 objects and 3,000 fields, generated and built on Spark: `make prove`."""

from typing import Any

import pytest

from lakehouse_tools.dbt_models.project import read_project
from tests.dbt.test_generate import facts_of, generate, land, version
from tests.dbt.wide_org import OBJECTS, describes

pytestmark = [pytest.mark.local_aws, pytest.mark.prove, pytest.mark.timeout(3_600)]

Lake = Any  # of conftest.py, which tests cannot import


def test_the_whole_org_is_built(lake: Lake) -> None:
    answers = describes()
    assert len(answers) == OBJECTS
    generate(lake.project, facts_of(answers))
    for name in [answer["name"] for answer in answers] + ["User"]:
        land(lake, name, [version("a"), version("b")], batch=1)

    outcome = lake.build("whole")

    assert outcome["status"] == "succeeded", outcome["log"]
    generated = read_project(lake.project).generated
    for answer in answers:
        model = generated[answer["name"].lower()].model
        assert len(lake.rows("staging", model.name, model.key)) == 2
