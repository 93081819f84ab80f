"""Account: dirty names, and hierarchies that are deep, broken and cyclic."""

from typing import Final

from lakehouse_local.salesforce_org import words
from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.fields import Field, address, owner, system_fields
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World

DEEP: Final = 40  # the first accounts form one chain of this depth
LONGEST: Final = 3  # the account with a text as long as Salesforce allows
CYCLE: Final = 3  # the accounts after the chain are each other's ancestors


def fill(row: Row, draw: Draw, world: World, index: int) -> None:
    """Names with and without dirt; a city whose parts belong together; a parent."""
    if draw.chance(0.01):
        row["Name"] = draw.pick(words.DIRT).strip() or "?"
    else:
        number = f" {index}" if draw.chance(0.7) else ""
        stem, end = draw.pick(words.COMPANY_STEMS), draw.pick(words.COMPANY_ENDS)
        row["Name"] = f"{stem}{number} {end}".strip()
    row["ParentId"] = _parent(draw, world, index)
    for stem in ("Billing", "Shipping"):
        fill_address(row, draw, stem, filled=0.85)
    row["HQ__Latitude__s"] = row["BillingLatitude"]
    row["HQ__Longitude__s"] = row["BillingLongitude"]
    row["OwnerId"] = world.user(draw)
    row["AccountNumber"] = f"{index:08}"  # leading zeros are part of the value
    row["External_Id__c"] = f"ERP-{index:07}"
    row["NumberOfEmployees"] = people = draw.maybe(0.8, int(draw.random() ** 4 * 400_000))
    row["AnnualRevenue"] = revenue = draw.maybe(0.8, draw.amount(60_000_000))
    each = round(revenue / people, 2) if people and revenue is not None else None
    row["Revenue_Per_Employee__c"] = each
    row["MasterRecordId"] = None
    if index == LONGEST:
        row["Internal_Notes__c"] = draw.longest(131_072)


def _parent(draw: Draw, world: World, index: int) -> str | None:
    if 0 < index < DEEP:
        return world.id("Account", index - 1)
    first = DEEP
    if first <= index < first + CYCLE and world.counts["Account"] >= first + CYCLE:
        return world.id("Account", first + (index - first + 1) % CYCLE)
    return world.maybe("Account", draw, 0.15)


def fill_address(row: Row, draw: Draw, stem: str, *, filled: float) -> None:
    """The parts of an address, all of them or none."""
    if not draw.chance(filled):
        parts: tuple[object, ...] = (None,) * 7
    else:
        city, state, code, country, latitude, longitude = draw.pick(words.CITIES)
        street = draw.pick(words.STREETS)
        parts = (street, city, state or None, code, country, latitude, longitude)
    names = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude")
    for name, value in zip(names, parts, strict=True):
        row[stem + name] = value


OBJECT = ObjectSpec(
    name="Account",
    prefix="001",
    plural="Accounts",
    share=0.10,
    fill=fill,
    fields=(
        Field(name="MasterRecordId", type="reference", to=("Account",), read_only=True),
        # With person accounts an account's name is a compound of itself, yet it is text.
        Field(name="Name", required=True, name_field=True, compound="Name"),
        Field(
            name="Type",
            type="picklist",
            values=("Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other"),
        ),
        Field(name="ParentId", type="reference", to=("Account",)),
        *address("BillingAddress"),
        *address("ShippingAddress"),
        Field(name="Phone", type="phone"),
        Field(name="Website", type="url"),
        Field(name="AccountNumber", length=40),
        Field(name="Industry", type="picklist", values=words.INDUSTRIES),
        Field(name="AnnualRevenue", type="currency", decimals=(18, 0)),
        Field(name="NumberOfEmployees", type="int"),
        Field(name="Rating", type="picklist", values=("Hot", "Warm", "Cold")),
        Field(name="Description", type="textarea", length=32_000),
        owner(),
        *system_fields(),
        Field(name="LastActivityDate", type="date", read_only=True),
        Field(name="External_Id__c", length=40, external_id=True),
        Field(
            name="Interests__c",
            type="multipicklist",
            values=("Hardware", "Software", "Services", "Training", "Other; misc"),
        ),
        Field(name="Discount__c", type="percent", decimals=(5, 1)),
        Field(name="Contract_End__c", type="date"),
        Field(name="HQ__Latitude__s", type="double", decimals=(18, 15), compound="HQ__c"),
        Field(name="HQ__Longitude__s", type="double", decimals=(18, 15), compound="HQ__c"),
        Field(name="HQ__c", type="location"),
        Field(
            name="Revenue_Per_Employee__c",
            type="currency",
            formula="AnnualRevenue / NumberOfEmployees",
        ),
        Field(name="Internal_Notes__c", type="textarea", length=131_072, html=True),
        Field(name="Is_Strategic__c", type="boolean", required=True),
    ),
)
