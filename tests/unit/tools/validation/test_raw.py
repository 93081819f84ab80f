"""The raw table as it is found."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lakehouse_tools.comparison.checks import Status
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.validation.raw import raw_table


def test_freshness_is_the_watermarks_age(raw):
    raw.watermark = raw.org.server_time() - timedelta(days=3)
    assert raw.checks()["freshness"].status is Status.FAIL


def test_a_table_without_a_watermark_is_not_looked_at(raw):
    with pytest.raises(NotComparedError, match="has no watermark"):
        raw_table(raw.engine, replace(raw.found(), properties={}), "Contact")
