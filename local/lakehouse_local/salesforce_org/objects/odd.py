"""Objects that need another way: refused by Bulk, without SystemModstamp, with base64."""

import base64

from lakehouse_local.salesforce_org.draw import DAY, Draw
from lakehouse_local.salesforce_org.fields import Field, owner, system_fields
from lakehouse_local.salesforce_org.objects.service import CASE_STATUSES
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World


def fill_status(row: Row, _draw: Draw, _world: World, index: int) -> None:
    """One row for each status of a case."""
    row["ApiName"] = row["MasterLabel"] = CASE_STATUSES[index]
    row["SortOrder"] = index + 1
    row["IsDefault"], row["IsClosed"] = int(index == 0), int(index == len(CASE_STATUSES) - 1)


def fill_history(row: Row, draw: Draw, world: World, _index: int) -> None:
    """A change of an account's owner or rating."""
    row["AccountId"] = world.any("Account", draw)
    row["Field"], row["DataType"] = "Owner", "EntityId"
    row["OldValue"], row["NewValue"] = world.user(draw), world.user(draw)


def fill_share(row: Row, draw: Draw, world: World, _index: int) -> None:
    """An account and somebody who may see it."""
    row["AccountId"], row["UserOrGroupId"] = world.any("Account", draw), world.user(draw)
    row["AccountAccessLevel"] = draw.pick(("Read", "Edit", "All"))


def fill_attachment(row: Row, draw: Draw, world: World, index: int) -> None:
    """A few bytes that are no text."""
    body = bytes(range(index * 8, index * 8 + 64))
    row["Name"], row["ContentType"] = f"scan {index}.bin", "application/octet-stream"
    row["Body"], row["BodyLength"] = base64.b64encode(body).decode(), len(body)
    row["ParentId"], row["OwnerId"] = world.any("Account", draw), world.user(draw)


def fill_organization(row: Row, _draw: Draw, world: World, _index: int) -> None:
    """The org itself."""
    row["Id"], row["Name"] = world.org_id, "Demo Org"
    row["OrganizationType"], row["IsSandbox"] = "Developer Edition", 0
    row["InstanceName"] = "DEMO1"
    row["_created"] = row["_modified"] = world.now - 1_001 * DAY


# One of those that the real Bulk API refuses; it has no IsDeleted either.
CASE_STATUS = ObjectSpec(
    name="CaseStatus",
    prefix="01J",
    label="Case Status Value",
    plural="Case Status Values",
    fixed=len(CASE_STATUSES),
    deletable=False,
    writeable=False,
    bulk=False,
    fill=fill_status,
    fields=(
        Field(name="ApiName", required=True, read_only=True),
        Field(name="MasterLabel", required=True, read_only=True, name_field=True),
        Field(name="SortOrder", type="int", read_only=True),
        Field(name="IsDefault", type="boolean", required=True, read_only=True),
        Field(name="IsClosed", type="boolean", required=True, read_only=True),
        *system_fields(),
    ),
)

# No SystemModstamp: CreatedDate tells when a record came.
ACCOUNT_HISTORY = ObjectSpec(
    name="AccountHistory",
    prefix="017",
    label="Account History",
    plural="Account Histories",
    fixed=60,
    writeable=False,
    fill=fill_history,
    fields=(
        Field(name="AccountId", type="reference", to=("Account",), required=True, read_only=True),
        *(f for f in system_fields() if f.name in ("CreatedById", "CreatedDate")),
        Field(name="Field", type="picklist", values=("Owner", "Rating"), read_only=True),
        Field(name="DataType", type="picklist", values=("EntityId", "Text"), read_only=True),
        Field(name="OldValue", type="anyType", read_only=True),
        Field(name="NewValue", type="anyType", read_only=True),
    ),
)

# Who may see an account, and why. No SystemModstamp either: LastModifiedDate.
ACCOUNT_SHARE = ObjectSpec(
    name="AccountShare",
    prefix="00r",
    label="Account Share",
    plural="Account Shares",
    fixed=40,
    writeable=False,
    replicateable=False,
    fill=fill_share,
    fields=(
        Field(name="AccountId", type="reference", to=("Account",), required=True),
        Field(name="UserOrGroupId", type="reference", to=("Group", "User"), required=True),
        Field(name="AccountAccessLevel", type="picklist", values=("Read", "Edit", "All")),
        Field(name="RowCause", type="picklist", values=("Owner", "Rule", "Manual")),
        *(f for f in system_fields() if f.name.startswith("LastModified")),
    ),
)

# What no query can read.
ACCOUNT_CHANGE_EVENT = ObjectSpec(
    name="AccountChangeEvent",
    prefix="1AC",
    label="Account Change Event",
    plural="Account Change Events",
    fixed=0,
    deletable=False,
    writeable=False,
    bulk=False,
    queryable=False,
    replicateable=False,
    fields=(
        Field(name="ReplayId", length=1333, read_only=True),
        Field(name="Name", read_only=True, name_field=True),
    ),
)

ATTACHMENT = ObjectSpec(
    name="Attachment",
    prefix="00P",
    plural="Attachments",
    fixed=5,
    fill=fill_attachment,
    fields=(
        Field(name="ParentId", type="reference", to=("Account", "Case"), required=True),
        Field(name="Name", required=True, name_field=True),
        Field(name="IsPrivate", type="boolean", required=True),
        Field(name="ContentType", length=120),
        Field(name="BodyLength", type="int", read_only=True),
        Field(name="Body", type="base64", required=True),
        owner(),
        *system_fields(),
        Field(name="Description", length=500),
    ),
)

ORGANIZATION = ObjectSpec(
    name="Organization",
    prefix="00D",
    plural="Organizations",
    fixed=1,
    deletable=False,
    writeable=False,
    fill=fill_organization,
    fields=(
        Field(name="Name", length=80, required=True, name_field=True),
        Field(name="OrganizationType", type="picklist", values=("Developer Edition",)),
        Field(name="InstanceName", length=5, read_only=True),
        Field(name="IsSandbox", type="boolean", required=True, read_only=True),
        *system_fields(),
    ),
)
