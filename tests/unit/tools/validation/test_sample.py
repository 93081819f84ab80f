"""Records of raw against a demo org's, field by field."""

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig
from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_tools.comparison.checks import Status


def test_a_field_that_differs_is_named_without_its_value(raw, contacts):
    one = contacts[0]["Id"]
    change = f"CASE WHEN id = '{one}' THEN 'Mallory' ELSE lastname END AS lastname"
    check = raw.checks(f"SELECT * REPLACE ({change}) FROM contact")["sampled records"]
    assert (check.status, f"1 differ: {one} (lastname)" in check.figure) == (Status.FAIL, True)
    assert "Mallory" not in check.figure


def test_fields_that_raw_does_not_hold_yet_are_not_compared(raw):
    change = "SELECT * REPLACE ('x' AS email, 5 AS birthdate) FROM contact"
    check = raw.checks(change, **{TableProperty.UNFILLED: '{"email": 3}'})["sampled records"]
    assert check.status is Status.PASS
    assert "1 of another type than raw's (Birthdate)" in check.figure
    rules = ObjectsConfig.from_text(
        '{"groups": {"a": {"include": ["Contact"]}}, "objects": {"Contact":'
        ' {"fields": {"exclude": ["Email"]}}}}',
        where="test",
    )
    assert rules.rules("Contact").fields == FieldRules(exclude=frozenset({"email"}))
    excluded = raw.checks("SELECT * REPLACE ('x' AS email) FROM contact", rules)
    assert excluded["sampled records"].status is Status.PASS
