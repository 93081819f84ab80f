"""Campaigns and their members."""

from lakehouse_local.salesforce_org import words
from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.fields import Field, owner, system_fields
from lakehouse_local.salesforce_org.instants import day_text
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World

_MEMBER = ("Sent", "Responded", "Registered", "Attended", "No Show")


def fill_campaign(row: Row, draw: Draw, world: World, index: int) -> None:
    """A campaign of some weeks; a few have a parent."""
    start = world.today - draw.whole(0, 900)
    row["Name"] = f"{draw.pick(words.LEAD_SOURCES)} {2020 + index % 7} – {draw.text(3)}"[:80]
    row["StartDate"], row["EndDate"] = day_text(start), day_text(start + draw.whole(-1, 60))
    row["ParentId"] = world.id("Campaign", draw.whole(0, index - 1)) if index % 8 == 7 else None
    row["OwnerId"] = world.user(draw)


def fill_member(row: Row, draw: Draw, world: World, _index: int) -> None:
    """A contact or a lead, never both."""
    row["CampaignId"] = world.any("Campaign", draw)
    is_contact = draw.chance(0.6)
    row["ContactId"] = world.any("Contact", draw) if is_contact else None
    row["LeadId"] = None if is_contact else world.any("Lead", draw)
    row["LeadOrContactId"] = row["ContactId"] or row["LeadId"]
    row["Type"] = "Contact" if is_contact else "Lead"
    row["Status"] = status = draw.pick(_MEMBER)
    row["HasResponded"] = int(status != "Sent")
    responded = day_text(world.today - draw.whole(0, 400))
    row["FirstRespondedDate"] = responded if row["HasResponded"] else None


CAMPAIGN = ObjectSpec(
    name="Campaign",
    prefix="701",
    plural="Campaigns",
    share=0.002,
    fill=fill_campaign,
    fields=(
        Field(name="Name", length=80, required=True, name_field=True),
        Field(name="ParentId", type="reference", to=("Campaign",)),
        Field(name="Type", type="picklist", values=("Conference", "Webinar", "Email", "Other")),
        Field(name="Status", type="picklist", values=("Planned", "In Progress", "Completed")),
        Field(name="StartDate", type="date"),
        Field(name="EndDate", type="date"),
        Field(name="ExpectedRevenue", type="currency", decimals=(18, 0)),
        Field(name="BudgetedCost", type="currency", decimals=(18, 0)),
        Field(name="ActualCost", type="currency", decimals=(18, 0)),
        Field(name="ExpectedResponse", type="percent", decimals=(10, 2)),
        Field(name="NumberSent", type="double", decimals=(18, 0)),
        Field(name="IsActive", type="boolean", required=True),
        Field(name="Description", type="textarea", length=32_000),
        Field(name="NumberOfLeads", type="int", required=True, read_only=True),
        owner(),
        *system_fields(),
        Field(name="Channel__c", type="picklist", values=("Online", "Offline")),
    ),
)

CAMPAIGN_MEMBER = ObjectSpec(
    name="CampaignMember",
    prefix="00v",
    label="Campaign Member",
    plural="Campaign Members",
    share=0.06,
    fill=fill_member,
    fields=(
        Field(name="CampaignId", type="reference", to=("Campaign",), required=True),
        Field(name="LeadId", type="reference", to=("Lead",)),
        Field(name="ContactId", type="reference", to=("Contact",)),
        Field(name="LeadOrContactId", type="reference", to=("Contact", "Lead"), read_only=True),
        Field(name="Type", length=40, read_only=True),
        Field(name="Status", type="picklist", values=_MEMBER),
        Field(name="HasResponded", type="boolean", required=True, read_only=True),
        Field(name="FirstRespondedDate", type="date", read_only=True),
        *system_fields(),
        Field(name="Score__c", type="double"),
        Field(name="Comment__c", type="textarea"),
    ),
)
