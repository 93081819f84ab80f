from lakehouse_jobs.build.selection import Source, left_out

ACCOUNT = Source(source="salesforce", table="account")
LEAD = Source(source="salesforce", table="lead")
CASE = Source(source="salesforce", table="case")


def reasons(**known: object) -> dict[str, str]:
    found = left_out([LEAD, ACCOUNT, CASE], **known)  # type: ignore[arg-type]
    return {each.source.name: each.reason for each in found}


def test_nothing_is_left_out_when_all_is_there() -> None:
    assert reasons(raw_tables={"account", "lead", "case", "other"}, failed_objects=()) == {}


def test_a_source_without_a_table_is_left_out() -> None:
    assert reasons(raw_tables={"account", "case"}, failed_objects=()) == {
        "salesforce.lead": "it has no raw table yet"
    }


def test_a_failed_object_is_left_out_though_its_table_is_there() -> None:
    assert reasons(raw_tables={"account", "lead", "case"}, failed_objects=("Account",)) == {
        "salesforce.account": "its extraction failed"
    }


def test_a_failed_object_that_is_no_source_changes_nothing() -> None:
    raw = {"account", "lead", "case"}

    assert reasons(raw_tables=raw, failed_objects=("Invoice__c",)) == {}


def test_the_order_is_that_of_the_names() -> None:
    assert list(reasons(raw_tables=(), failed_objects=())) == [
        "salesforce.account",
        "salesforce.case",
        "salesforce.lead",
    ]


def test_the_selector_takes_the_descendants_too() -> None:
    assert LEAD.selector == "source:salesforce.lead+"
