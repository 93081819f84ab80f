import pytest

from lakehouse_tools.discover.kinds import bulk_refuses, folded, group_of

NAMES = {"Account", "Order__c", "Opportunity"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "AccountHistory"}, "the field history of another object"),
        ({"name": "Order__History"}, "the field history of another object"),
        ({"name": "Order__Share"}, "who may see the records of another object"),
        ({"name": "OpportunityFieldHistory"}, "the field history of another object"),
        ({"name": "OpportunityHistory"}, None),
        ({"name": "Browser_History__c", "custom": True}, None),
        ({"name": "LoginHistory"}, "a system object"),
        ({"name": "Rate__mdt", "custom": True}, "custom metadata: configuration"),
        ({"name": "Sap__x", "custom": True}, "rows that another system holds"),
        ({"name": "Keys__c", "custom": True, "customSetting": True}, "a custom setting"),
        ({"name": "Asset", "layoutable": True}, None),
        ({"name": "RecordType"}, None),
        ({"name": "ApexClass"}, "a system object"),
    ],
)
def test_what_is_folded(row, reason):
    found = folded(row, NAMES)
    assert (found or "").startswith(reason or "")
    assert (found is None) is (reason is None)


def test_apis_and_groups():
    assert bulk_refuses("CaseStatus")
    assert not bulk_refuses("Case")
    assert group_of("Contact") == "sales"
    assert group_of("Order__c") == group_of("Asset") == "others"
