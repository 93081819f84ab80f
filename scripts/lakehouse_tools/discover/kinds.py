"""Which objects are worth extracting, by what describeGlobal says of them."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

# The objects that the shipped models read, or that others are joined by: proposed even while
# they are empty. Group of the proposal -> objects.
STANDARD: Final = {
    "sales": (
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityLineItem",
        "OpportunityHistory",
        "Product2",
        "User",
        "UserRole",
    ),
    "engagement": ("Lead", "Campaign", "CampaignMember", "Case", "Task", "Event"),
}
# Small tables without a layout that people join by all the same.
_LOOKUPS: Final = frozenset(
    {
        "AccountContactRelation",
        "AccountContactRole",
        "BusinessHours",
        "CampaignMemberStatus",
        "CurrencyType",
        "DatedConversionRate",
        "Group",
        "GroupMember",
        "OpportunityContactRole",
        "OpportunityStage",
        "Pricebook2",
        "PricebookEntry",
        "Profile",
        "RecordType",
    }
)
_STANDARD: Final = frozenset(name for names in STANDARD.values() for name in names)
_SUFFIXES: Final = (
    (r"ChangeEvent|__e", "events, no records"),
    (r"Feed|__Feed", "the feed of another object"),
    (r"Share|__Share", "who may see the records of another object"),
    (r"(?:Field)?History|__History", "the field history of another object"),
    (r"Tag|__Tag", "tags"),
    (r"__mdt", "custom metadata: configuration"),
    (r"__x", "rows that another system holds"),
    (r"__b", "a big object: not for bulk queries"),
    (r"OwnerSharingRule|Localization|ViewStat|VoteStat", "a system object"),
)
# What the Bulk API refuses although it can be queried, as far as is known beforehand.
_BULK_REFUSES: Final = re.compile(
    r"(?:Case|Contract|Order|Solution|Task|WorkOrder|WorkOrderLineItem|ServiceAppointment|Shift"
    r"|WorkStep)Status|TaskPriority|PartnerRole|(?:Accepted|Declined|Undecided)EventRelation"
    r"|(?:Task|Event)WhoRelation|RecentlyViewed|UserRecordAccess|FieldSecurityClassification"
    r"|AttachedContent\w+|OwnedContentDocument|KnowledgeArticle"
)


def folded(row: Mapping[str, Any], names: Collection[str]) -> str | None:
    """Why an object is not worth extracting; None if it may be. ``names``: all of the org's."""
    name = str(row["name"])
    if name in _STANDARD or name in _LOOKUPS:
        return None
    for pattern, reason in _SUFFIXES:
        found = re.fullmatch(rf"(.+?)(?:{pattern})", name)
        if found and (not reason.endswith("of another object") or _has_parent(found[1], names)):
            return reason
    if row.get("customSetting"):
        return "a custom setting: configuration"
    if row.get("deprecatedAndHidden"):
        return "deprecated"
    if row.get("custom") or row.get("layoutable") or row.get("searchable"):
        return None
    return "a system object"


def is_standard(name: str) -> bool:
    """Whether an object is proposed even while it is empty."""
    return name in _STANDARD


def bulk_refuses(name: str) -> bool:
    """Whether the Bulk API is known to refuse the object."""
    return _BULK_REFUSES.fullmatch(name) is not None


OTHERS: Final = "others"


def group_of(name: str) -> str:
    """The group of the proposed configuration that an object goes to.

    Few groups: each is a Glue run of its own, which costs at least a minute.
    """
    for group, names in STANDARD.items():
        if name in names:
            return group
    return OTHERS


def _has_parent(stem: str, names: Collection[str]) -> bool:
    return stem in names or f"{stem}__c" in names
