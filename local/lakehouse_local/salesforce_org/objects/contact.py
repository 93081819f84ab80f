"""Contacts and leads: the people an org sells to."""

from lakehouse_local.salesforce_org import words
from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.fields import (
    Field,
    address,
    owner,
    person_name,
    system_fields,
)
from lakehouse_local.salesforce_org.instants import day_text
from lakehouse_local.salesforce_org.objects.account import fill_address
from lakehouse_local.salesforce_org.objects.person import fill_name
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World

_STATUSES = (
    "Open - Not Contacted",
    "Working - Contacted",
    "Closed - Converted",
    "Closed - Not Converted",
)


def fill_contact(row: Row, draw: Draw, world: World, index: int) -> None:
    """Most belong to an account, some to one that is gone."""
    fill_name(row, draw)
    fill_address(row, draw, "Mailing", filled=0.6)
    row["AccountId"] = world.maybe("Account", draw, 0.94)
    row["ReportsToId"] = world.id("Contact", draw.whole(0, index - 1)) if index % 6 == 5 else None
    row["OwnerId"] = world.user(draw)
    row["Birthdate"] = draw.maybe(0.3, day_text(draw.whole(-14_600, 13_000)))


def fill_lead(row: Row, draw: Draw, world: World, index: int) -> None:
    """A lead; the converted ones carry what they became."""
    fill_name(row, draw, first=0.7)
    fill_address(row, draw, "", filled=0.5)
    row["Company"] = f"{draw.pick(words.COMPANY_STEMS)} {draw.pick(words.COMPANY_ENDS)}".strip()
    row["Status"] = status = draw.pick(_STATUSES)
    converted = status == _STATUSES[2]
    row["IsConverted"] = int(converted)
    for field, name in (
        ("ConvertedAccountId", "Account"),
        ("ConvertedContactId", "Contact"),
        ("ConvertedOpportunityId", "Opportunity"),
    ):
        row[field] = world.any(name, draw) if converted else None
    row["ConvertedDate"] = day_text(world.today - draw.whole(1, 600)) if converted else None
    row["OwnerId"] = world.user(draw)
    row["Email"] = draw.maybe(0.8, f"lead{index}@example.org")


CONTACT = ObjectSpec(
    name="Contact",
    prefix="003",
    plural="Contacts",
    share=0.15,
    fill=fill_contact,
    fields=(
        Field(name="AccountId", type="reference", to=("Account",)),
        *person_name(),
        *address("MailingAddress"),
        Field(name="Phone", type="phone"),
        Field(name="MobilePhone", type="phone"),
        Field(name="ReportsToId", type="reference", to=("Contact",)),
        Field(name="Email", type="email"),
        Field(name="Title", length=128),
        Field(name="Department", length=80),
        Field(name="LeadSource", type="picklist", values=words.LEAD_SOURCES),
        Field(name="Birthdate", type="date"),
        Field(name="Description", type="textarea", length=32_000),
        owner(),
        *system_fields(),
        Field(name="EmailBouncedDate", type="datetime"),
        Field(name="IsEmailBounced", type="boolean", required=True, read_only=True),
        Field(name="Level__c", type="picklist", values=("Primary", "Secondary", "Tertiary")),
        Field(
            name="Languages__c",
            type="multipicklist",
            values=("English", "Deutsch", "日本語", "العربية"),
        ),
        Field(name="Consent_Given_At__c", type="datetime"),
    ),
)

LEAD = ObjectSpec(
    name="Lead",
    prefix="00Q",
    plural="Leads",
    share=0.10,
    fill=fill_lead,
    fields=(
        *person_name(),
        Field(name="Title", length=128),
        Field(name="Company", required=True),
        *address("Address"),
        Field(name="Phone", type="phone"),
        Field(name="Email", type="email"),
        Field(name="Website", type="url"),
        Field(name="Description", type="textarea", length=32_000),
        Field(name="LeadSource", type="picklist", values=words.LEAD_SOURCES),
        Field(name="Status", type="picklist", values=_STATUSES, required=True),
        Field(name="Industry", type="picklist", values=words.INDUSTRIES),
        Field(name="Rating", type="picklist", values=("Hot", "Warm", "Cold")),
        Field(name="AnnualRevenue", type="currency", decimals=(18, 0)),
        Field(name="NumberOfEmployees", type="int"),
        owner("Group"),
        Field(name="IsConverted", type="boolean", required=True, read_only=True),
        Field(name="ConvertedDate", type="date", read_only=True),
        Field(name="ConvertedAccountId", type="reference", to=("Account",), read_only=True),
        Field(name="ConvertedContactId", type="reference", to=("Contact",), read_only=True),
        Field(name="ConvertedOpportunityId", type="reference", to=("Opportunity",), read_only=True),
        *system_fields(),
        Field(name="Preferred_Call_Time__c", type="time"),
        Field(name="Score__c", type="double", decimals=(18, 4)),
    ),
)
