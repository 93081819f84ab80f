"""docs/troubleshooting.md has every error of the code, by its text."""

import re
from pathlib import Path

import pytest

from docs.make_troubleshooting import PAGE, PIPELINE, REFUSALS, families, page
from lakehouse_constructs import _outcomes, _plan
from lakehouse_jobs.errors import AnswerRefusedError
from lakehouse_jobs.salesforce.answers import Refusal, error_for
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


def test_what_a_check_says_is_there_with_the_remedy_that_it_is_given_apart() -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page.split("## Checks of ")[1].split("\n## ")[0]
    rows = {r.split(" | ")[0]: r.split(" | ")[1] for r in section.splitlines() if " | " in r}

    assert rows["| not there, or this user may not read it"].startswith("give the user the perm")
    assert "Service Quotas" in rows["| the account may run no build, and dbt runs in one"]
    # A remedy that has a name in the function, and a text that stands in two checks.
    assert "bootstrap aws://" in rows["| bootstrap version ‹version›; needed: ‹needed›"]
    assert section.count("is in state ‹found› |") == 2


def test_every_kind_of_refusal_is_told_with_what_to_do() -> None:
    errors = [
        error_for(Refusal(status=status, code=code, message="no"), what="GET /x")
        for status, code, _ in REFUSALS
    ]

    assert {type(e) for e in errors} == {AnswerRefusedError, *_below(AnswerRefusedError)}
    section = (
        PAGE.read_text(encoding="utf-8").split("## Answers of Salesforce")[1].split("\n## ")[0]
    )
    for error in errors:
        (row,) = [r for r in section.splitlines() if f"`{error.code}`" in r.split(" | ")[0][:40]]
        assert str(error).partition("; ")[2] in row


def _below(kind: type) -> set[type]:
    return {found for one in kind.__subclasses__() for found in (one, *_below(one))}


def test_every_error_says_what_to_do() -> None:
    rows = [r for r in PAGE.read_text(encoding="utf-8").splitlines() if r.startswith("| ")]

    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_family_has_messages() -> None:
    for heading, kinds in families():
        assert sum(len(kind.messages) for kind in kinds) >= 3, heading


def test_every_error_of_an_execution_is_told_in_the_words_of_the_state_machine() -> None:
    sources = "".join(Path(m.__file__).read_text(encoding="utf-8") for m in (_outcomes, _plan))
    ends = re.findall(r'(?:\? |refused\(|unknown\()"([A-Z][a-z]+[A-Z][A-Za-z]+)"', sources)

    assert {error for error, _, _ in PIPELINE} == set(ends)
    words = " ".join(sources.split())
    for _, said, _ in PIPELINE:
        for part in re.split(r"‹[^›]*›|…|TIMED_OUT|TIMEOUT|: ", said):
            assert part.strip(" ();") in words, part
