"""Describes of an org of 60 objects and 3,000 fields, with what administrators do to names."""

from collections.abc import Iterator
from typing import Any

from lakehouse_local.salesforce_org.catalog import object_describe
from lakehouse_local.salesforce_org.fields import Field, owner, picklist_value, system_fields

Describe = dict[str, Any]
OBJECTS, FIELDS = 60, 3_000
WIDE = "Wide_Load__c"  # as wide as an object may be, the odd ones among its fields
MOST_FIELDS = 800
NASTY = (
    "O'Neil",
    "''''",
    "back\\slash\\n",
    "{{ ref('x') }}",
    "{% raw %}",
    "{# no comment #}",
    "${spark.app.name}",
    "Größe – 東京",
    "ref('stg_salesforce__accounts')",
    "yes",
    "1",
    "null",
    '"quoted"',
    "[1, 2]",
)
HELP = "An administrator's {{ help }} text: ''' \\ {% if %} # - \"quoted\"\nin two lines; 東京."
ODD = (
    Field(name="Amount__c", type="currency", decimals=(16, 4)),
    Field(name="alpha__Amount__c", type="currency"),
    Field(name="beta__amount__c", type="double"),
    Field(name="My_Field__c", label="Überschrift „neu“"),
    Field(name="MyField__c"),
    Field(name="My__Field__c"),
    Field(name="Order__c"),
    Field(name="Select__c", type="picklist", values=NASTY),
    Field(name="Tags__c", type="multipicklist", values=("Red", "Green; no", "O'Neil")),
    Field(name="Group__c", type="boolean"),
    Field(name="Date__c", type="date"),
    Field(name="Timestamp__c", type="datetime"),
    Field(name="Valid_From__c", type="date"),
    Field(name="valid_from__pc", type="datetime"),
    Field(name="Is_Deleted__c", type="boolean"),
    Field(name="Batch__c", type="double"),
    Field(name="X3rd_Party__c"),
    Field(name="Account__c", type="reference", to=("Account__c",)),
    Field(name="Wide_Load__c", type="reference", to=(WIDE,)),
    Field(name="Place__Latitude__s", type="double", compound="Place__c"),
    Field(name="Name_2__c"),
    Field(name="Wide_Load_Name__c"),
    Field(name="Share_of__c", type="percent"),
    Field(name="At__c", type="time"),
    Field(name="A" * 38 + "__c", type="currency"),
    Field(name="Odd_Formula__c", type="double", formula="1 + 1"),
)

# Two lists that are longer together than one statement of Glue's may be.
LISTED = tuple(
    Field(
        name=f"{name}__c",
        type="picklist",
        values=tuple(f"{number:04} of the {name} that somebody put in" for number in range(900)),
    )
    for name in ("Industries", "Products")
)


def describes() -> list[Describe]:
    """All of them: custom, of two namespaces, history, share and metadata objects."""
    each, extra = divmod(FIELDS - MOST_FIELDS - 2 * 12, OBJECTS - 3)
    found = [
        _describe(WIDE, [*_common(), *ODD, *LISTED], MOST_FIELDS),
        _describe("Account__c", [*_common(), *ODD[:6]], each + extra),
        _describe("ns__Ledger__c", [*_common(), Field(name="ns__Sum__c", type="currency")], each),
        _describe("Wide_Load__History", list(_history()), 12),
        _describe("Ledger_Rule__mdt", list(_metadata()), 12),
    ]
    while len(found) < OBJECTS:
        number = len(found)
        name = f"{'ns__' if number % 3 == 0 else ''}Thing_{number:02}__c"
        to = Field(name="Parent__c", type="reference", to=(found[-1]["name"],))
        found.append(_describe(name, [*_common(), to], each))
    return found


def _common() -> Iterator[Field]:
    yield Field(name="Name", label="Name", required=True, name_field=True)
    yield owner()
    yield from system_fields()


def _history() -> Iterator[Field]:
    yield Field(name="ParentId", type="reference", to=(WIDE,))
    yield from (f for f in system_fields() if f.name in ("CreatedById", "CreatedDate"))
    yield from (Field(name=n, type="anyType") for n in ("OldValue", "NewValue"))
    yield Field(name="Field", type="picklist", values=("Name", "Owner"))


def _metadata() -> Iterator[Field]:
    yield Field(name="DeveloperName", required=True, name_field=True)
    yield from system_fields()


def _describe(name: str, fields: list[Field], number: int) -> Describe:
    kinds = ("string", "currency", "picklist", "double", "boolean", "date", "datetime", "reference")
    fields = [Field(name="Id", type="id"), Field(name="IsDeleted", type="boolean"), *fields]
    for index in range(number - len(fields)):
        kind = kinds[index % len(kinds)]
        to = ("User",) if kind == "reference" else ()
        values = ("One", "Two", "Three") if kind == "picklist" else ()
        fields.append(Field(name=f"Some_{kind}_{index}__c", type=kind, to=to, values=values))
    described = [f.describe() | {"inlineHelpText": HELP if f in ODD else None} for f in fields]
    for field in described:
        if field["name"] == "Select__c":
            field["picklistValues"].append(picklist_value("Retired") | {"active": False})
    label = name.removesuffix("__c").replace("_", " ")
    return object_describe(
        name=name, prefix="a01", label=f"{label}'s", plural=f"{label}s", fields=described
    )
