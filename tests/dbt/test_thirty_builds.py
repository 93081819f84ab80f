"""Thirty daily builds are one build from raw, row by row: `make prove`."""

from typing import Any

import pytest

from tests.dbt.builds import assert_one_build_gives_the_same, land_and_build
from tests.dbt.month import DAILY

pytestmark = [pytest.mark.local_aws, pytest.mark.prove, pytest.mark.timeout(7_200)]

Lake = Any  # of conftest.py, which tests cannot import


def test_thirty_builds_equal_one_from_raw(lake: Lake) -> None:
    settings = lake.project / "dbt_project.yml"
    utc = "org_time_zone: UTC"
    assert utc in settings.read_text()
    settings.write_text(settings.read_text().replace(utc, "org_time_zone: Pacific/Auckland"))

    land_and_build(lake, DAILY, failed_at=12)

    assert_one_build_gives_the_same(lake)
