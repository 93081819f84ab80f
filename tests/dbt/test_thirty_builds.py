"""Thirty daily builds are one build from raw, row by row: `make prove`."""

from typing import Any

import pytest

from tests.dbt.builds import assert_one_build_gives_the_same, land_and_build
from tests.dbt.month import DAILY, KINDS, deliveries

pytestmark = [pytest.mark.local_aws, pytest.mark.prove, pytest.mark.timeout(7_200)]

Lake = Any  # of conftest.py, which tests cannot import


def test_thirty_builds_equal_one_from_raw(lake: Lake) -> None:
    brought = [row for kind in KINDS for rows in deliveries(kind, DAILY)[19:] for row in rows]
    assert {row.get("_change", "read") for row in brought} == {"read", "resync", "hard_delete"}

    land_and_build(lake, DAILY, failed_at=12)

    assert_one_build_gives_the_same(lake)
