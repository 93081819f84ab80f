"""docs/troubleshooting.md has every error of the code, by its text."""

import pytest

from docs.make_troubleshooting import PAGE, families, page
from lakehouse_jobs.salesforce.secret import read_secret


def test_the_page_is_made_from_the_sources_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(families()), "run `make reference`"


def test_an_error_that_one_meets_is_found_by_its_text() -> None:
    with pytest.raises(Exception, match="is not filled yet") as error:
        read_secret('{"unfilled": true}', name="lake")

    rows = PAGE.read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in rows if "is not filled yet" in row]
    assert "put the org's credentials into it" in row
    assert "put the org's credentials into it" in str(error.value)


def test_every_error_says_what_to_do() -> None:
    rows = [r for r in PAGE.read_text(encoding="utf-8").splitlines() if r.startswith("| ")]

    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_family_has_messages() -> None:
    for heading, kinds in families():
        assert sum(len(kind.messages) for kind in kinds) >= 3, heading
