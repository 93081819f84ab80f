"""Cases, tasks and events."""

from lakehouse_local.salesforce_org.draw import DAY, Draw
from lakehouse_local.salesforce_org.fields import Field, owner, system_fields
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World

_WHAT = ("Account", "Opportunity", "Case", "Campaign")
_WHO = ("Contact", "Lead")
CASE_STATUSES = ("New", "Working", "Escalated", "Closed")
_ARCHIVED_AFTER = 365 * DAY  # Salesforce's default: `query` shows the activity no more
_TASK_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else")


def fill_case(row: Row, draw: Draw, world: World, index: int) -> None:
    """A case; the closed ones have a date after they were made."""
    row["CaseNumber"] = f"{index + 1_000:08}"
    row["AccountId"] = world.maybe("Account", draw, 0.9)
    row["ContactId"] = world.maybe("Contact", draw, 0.8)
    row["ParentId"] = world.id("Case", draw.whole(0, index - 1)) if index % 20 == 19 else None
    row["OwnerId"] = world.user(draw)
    row["Status"] = status = draw.pick(CASE_STATUSES)
    row["IsClosed"] = int(status == "Closed")
    row["IsEscalated"] = int(status == "Escalated")
    row["_created"] = created = world.now - DAY - draw.random() * 700 * DAY
    closed = created + draw.random() * (world.now - DAY - created)
    row["ClosedDate"] = from_seconds(closed) if row["IsClosed"] else None


def fill_activity(row: Row, draw: Draw, world: World) -> None:
    """Somebody and something, each of several kinds, either may be missing."""
    who, what = draw.pick(_WHO), draw.pick(_WHAT)
    row["WhoId"] = world.maybe(who, draw, 0.7)
    row["WhatId"] = world.maybe(what, draw, 0.6) if who == "Contact" else None
    row["AccountId"] = row["WhatId"] if what == "Account" else world.maybe("Account", draw, 0.5)
    row["OwnerId"] = world.user(draw)


def fill_task(row: Row, draw: Draw, world: World, _index: int) -> None:
    """A task, done or not."""
    fill_activity(row, draw, world)
    row["Status"] = status = draw.pick(_TASK_STATUSES)
    row["IsClosed"] = int(status == "Completed")
    due = world.now + (60 - draw.random() * 700) * DAY
    row["ActivityDate"] = from_seconds(due)[:10]
    row["IsArchived"] = int(row["IsClosed"] and due < world.now - _ARCHIVED_AFTER)


def fill_event(row: Row, draw: Draw, world: World, _index: int) -> None:
    """An event with a start, an end and a length that agree."""
    fill_activity(row, draw, world)
    start = (world.now - draw.random() * 500 * DAY + 60 * DAY) // 900 * 900
    minutes = draw.whole(1, 12) * 15
    whole_day = draw.chance(0.1)
    row["IsAllDayEvent"] = int(whole_day)
    row["DurationInMinutes"] = minutes = 1_440 if whole_day else minutes
    start = start // DAY * DAY if whole_day else start
    row["StartDateTime"] = row["ActivityDateTime"] = from_seconds(start)
    row["EndDateTime"] = from_seconds(start + minutes * 60)
    row["ActivityDate"] = row["StartDateTime"][:10]
    row["IsArchived"] = int(start < world.now - _ARCHIVED_AFTER)


_ACTIVITY = (
    Field(name="WhoId", type="reference", to=_WHO),
    Field(name="WhatId", type="reference", to=_WHAT),
    Field(name="Subject", type="combobox", values=("Call", "Email", "Meeting", "Other")),
    Field(name="ActivityDate", type="date"),
    owner("Group"),
    Field(name="Description", type="textarea", length=32_000),
    Field(name="AccountId", type="reference", to=("Account",), read_only=True),
    *system_fields(),
    Field(name="IsArchived", type="boolean", required=True, read_only=True),
    Field(name="IsReminderSet", type="boolean", required=True),
    Field(name="ReminderDateTime", type="datetime"),
)

CASE = ObjectSpec(
    name="Case",
    prefix="500",
    plural="Cases",
    share=0.06,
    fill=fill_case,
    fields=(
        Field(name="CaseNumber", length=30, required=True, read_only=True, name_field=True),
        Field(name="ContactId", type="reference", to=("Contact",)),
        Field(name="AccountId", type="reference", to=("Account",)),
        Field(name="ParentId", type="reference", to=("Case",)),
        Field(name="SuppliedEmail", type="email"),
        Field(name="Type", type="picklist", values=("Problem", "Question", "Feature Request")),
        Field(name="Status", type="picklist", values=CASE_STATUSES, required=True),
        Field(name="Reason", type="picklist", values=("Installation", "Breakdown", "Other")),
        Field(name="Origin", type="picklist", values=("Phone", "Email", "Web")),
        Field(name="Subject"),
        Field(name="Priority", type="picklist", values=("High", "Medium", "Low")),
        Field(name="Description", type="textarea", length=32_000),
        Field(name="IsClosed", type="boolean", required=True, read_only=True),
        Field(name="ClosedDate", type="datetime", read_only=True),
        Field(name="IsEscalated", type="boolean", required=True),
        owner("Group"),
        *system_fields(),
        Field(name="Comments", type="textarea", length=4_000),
        Field(name="Satisfaction__c", type="double", decimals=(3, 1)),
        Field(name="Callback_Time__c", type="time"),
    ),
)

TASK = ObjectSpec(
    name="Task",
    prefix="00T",
    plural="Tasks",
    share=0.05,
    fill=fill_task,
    fields=(
        *_ACTIVITY,
        Field(name="Status", type="picklist", values=_TASK_STATUSES, required=True),
        Field(name="Priority", type="picklist", values=("High", "Normal", "Low"), required=True),
        Field(name="IsHighPriority", type="boolean", required=True, read_only=True),
        Field(name="IsClosed", type="boolean", required=True, read_only=True),
        Field(name="CallDurationInSeconds", type="int"),
        Field(name="CallType", type="picklist", values=("Inbound", "Outbound")),
        Field(name="Outcome__c", type="picklist", values=("Reached", "Voicemail", "Nobody")),
    ),
)

EVENT = ObjectSpec(
    name="Event",
    prefix="00U",
    plural="Events",
    share=0.02,
    fill=fill_event,
    fields=(
        *_ACTIVITY,
        Field(name="Location"),
        Field(name="IsAllDayEvent", type="boolean", required=True),
        Field(name="ActivityDateTime", type="datetime"),
        Field(name="StartDateTime", type="datetime"),
        Field(name="EndDateTime", type="datetime"),
        Field(name="DurationInMinutes", type="int"),
        Field(name="ShowAs", type="picklist", values=("Busy", "Free", "OutOfOffice")),
        Field(name="IsPrivate", type="boolean", required=True),
        Field(name="Travel_Minutes__c", type="int"),
    ),
)
