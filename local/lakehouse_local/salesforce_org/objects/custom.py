"""What an administrator made: a custom object and a custom metadata type."""

from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.fields import Field, owner, system_fields
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World


def fill_project(row: Row, draw: Draw, world: World, index: int) -> None:
    """A project of some account."""
    row["Name"], row["OwnerId"] = f"P-{index:05}", world.user(draw)
    row["Account__c"] = world.maybe("Account", draw, 0.9)


def fill_rule(row: Row, _draw: Draw, _world: World, index: int) -> None:
    """A few rules with names that follow from one another."""
    row["DeveloperName"], row["MasterLabel"] = f"Step_{index}", f"Step {index}"
    row["QualifiedApiName"], row["Percent__c"] = f"Step_{index}", 5.0 * index


PROJECT = ObjectSpec(
    name="Project__c",
    prefix="a00",
    label="Project",
    plural="Projects",
    fixed=30,
    fill=fill_project,
    fields=(
        Field(name="Name", length=80, required=True, name_field=True),
        Field(name="Account__c", type="reference", to=("Account",)),
        Field(name="Budget__c", type="currency"),
        Field(name="Status__c", type="picklist", values=("Planned", "Running", "Done")),
        owner(),
        *system_fields(),
    ),
)

# No date of any kind, and no IsDeleted: it can only be read as a whole.
DISCOUNT_RULE = ObjectSpec(
    name="Discount_Rule__mdt",
    prefix="m00",
    label="Discount Rule",
    plural="Discount Rules",
    fixed=4,
    deletable=False,
    writeable=False,
    bulk=False,
    replicateable=False,
    fill=fill_rule,
    fields=(
        Field(name="DeveloperName", length=40, required=True, name_field=True),
        Field(name="MasterLabel", length=40, required=True),
        Field(name="Language", type="picklist", values=("en_US",)),
        Field(name="NamespacePrefix", length=15, read_only=True),
        Field(name="QualifiedApiName", length=70, read_only=True),
        Field(name="Percent__c", type="percent"),
    ),
)
