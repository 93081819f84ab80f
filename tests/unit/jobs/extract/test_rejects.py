"""The count of values that do not fit, and its ceiling."""

import pytest

from lakehouse_jobs.errors import TooManyRejectedError
from lakehouse_jobs.extract import rejects
from lakehouse_jobs.extract.rejects import Rejected, Tally


def value(number, field="Amount__c", text="secret"):
    return Rejected(
        id=f"001{number}", stamp="2024-01-01T00:00:00.000Z", field=field, value=text, reason="odd"
    )


def tally(limit=5, known=frozenset()):
    return Tally(object_name="Account", limit=limit, known=lambda: known)


def test_a_page_that_is_read_again_counts_once():
    counts = tally()
    for _ in range(3):
        assert len(counts.new([value(1), value(2)])) == 2
    assert counts.count == 2
    assert counts.sentence == "2 values of Amount__c did not fit, see _rejected"


def test_what_the_table_has_is_not_new():
    counts = tally(limit=0, known=frozenset({value(1).key}))
    assert counts.new([value(1)]) == []
    assert counts.sentence is None


def test_the_ceiling_names_field_count_and_key_and_no_value():
    counts = tally(limit=3)
    with pytest.raises(TooManyRejectedError) as refused:
        counts.new([value(0, field="Other__c"), *(value(n) for n in range(9))])
    text = str(refused.value)
    assert "more than 3 values" in text
    assert "9 of those seen so far are of Amount__c" in text
    assert "objects.Account.max_rejected" in text
    assert "secret" not in text


def test_long_values_have_a_ceiling_of_their_own(monkeypatch):
    monkeypatch.setattr(rejects, "MOST_CHARACTERS", 100)
    with pytest.raises(TooManyRejectedError):
        tally().new([value(1, text="x" * 101)])


def test_a_sentence_names_three_fields():
    counts = tally(limit=100)
    counts.new([value(n, field=f"F{n % 5}__c") for n in range(11)])
    assert counts.sentence == (
        "3 values of F0__c and 2 values of F1__c and 2 values of F2__c "
        "and values of 2 more fields did not fit, see _rejected"
    )
