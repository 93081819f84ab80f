"""Users and their roles: a tree of roles, managers, and people who left."""

from lakehouse_local.salesforce_org import words
from lakehouse_local.salesforce_org.draw import Draw
from lakehouse_local.salesforce_org.fields import Field, address, person_name, system_fields
from lakehouse_local.salesforce_org.identifiers import record_id
from lakehouse_local.salesforce_org.objects.account import fill_address
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World

_ROLES = ("CEO", "VP", "Director", "Manager", "Team")
_AREAS = ("Sales", "Service", "Marketing", "Operations")
_REGIONS = ("EMEA", "APAC", "Américas", "DACH", "Nordics")


def fill_name(row: Row, draw: Draw, *, first: float = 0.9) -> None:
    """The parts of a name, and the whole that Salesforce makes of them."""
    row["LastName"] = draw.pick(words.LAST_NAMES)
    row["FirstName"] = draw.maybe(first, draw.pick(words.FIRST_NAMES))
    row["Name"] = " ".join(filter(None, (row["FirstName"], row["LastName"])))


def fill_role(row: Row, _draw: Draw, world: World, index: int) -> None:
    """A tree with one root."""
    row["ParentRoleId"] = world.id("UserRole", (index - 1) // 3) if index else None
    level = min(len(_ROLES) - 1, index.bit_length() // 2)
    row["Name"] = f"{_ROLES[level]} {_AREAS[index % 4]} {_REGIONS[index % 5]} {index}"
    row["DeveloperName"] = f"Role_{index}"
    row["ForecastUserId"] = None


def fill_user(row: Row, draw: Draw, world: World, index: int) -> None:
    """The first user is the integration user; managers come before their people."""
    fill_name(row, draw)
    fill_address(row, draw, "", filled=0.5)
    row["Username"] = f"user{index}@demo.example.com"
    row["Email"] = f"user{index}@example.com"
    row["Alias"] = f"user{index}"[:8]
    row["IsActive"] = 1 if index == 0 else int(draw.chance(0.8))
    row["UserRoleId"] = world.any("UserRole", draw) if draw.chance(0.9) else None
    row["ManagerId"] = world.id("User", draw.whole(0, index - 1)) if index else None
    row["ProfileId"] = record_id("00e", index % 3)


USER_ROLE = ObjectSpec(
    name="UserRole",
    prefix="00E",
    label="Role",
    plural="Roles",
    share=0.0004,
    deletable=False,
    fill=fill_role,
    # As in Salesforce: neither IsDeleted nor CreatedDate.
    fields=(
        Field(name="Name", length=80, required=True, name_field=True),
        Field(name="ParentRoleId", type="reference", to=("UserRole",)),
        Field(name="RollupDescription", length=80),
        Field(
            name="OpportunityAccessForAccountOwner",
            type="picklist",
            values=("Edit", "Read", "None"),
            required=True,
        ),
        Field(name="CaseAccessForAccountOwner", type="picklist", values=("Edit", "Read", "None")),
        Field(name="ForecastUserId", type="reference", to=("User",), read_only=True),
        Field(name="MayForecastManagerShare", type="boolean", required=True, read_only=True),
        *(f for f in system_fields() if not f.name.startswith("Created")),
        Field(name="DeveloperName", length=80),
        Field(name="PortalType", type="picklist", values=("None",), required=True),
    ),
)

USER = ObjectSpec(
    name="User",
    prefix="005",
    plural="Users",
    share=0.003,
    deletable=False,  # users are deactivated, so there is no IsDeleted
    fill=fill_user,
    fields=(
        Field(name="Username", length=80, required=True),
        *person_name(),
        Field(name="CompanyName", length=80),
        Field(name="Department", length=80),
        Field(name="Title", length=80),
        *address("Address"),
        Field(name="Email", type="email", length=128, required=True),
        Field(name="Phone", type="phone"),
        Field(name="Alias", length=8, required=True),
        Field(name="IsActive", type="boolean", required=True),
        Field(name="TimeZoneSidKey", type="picklist", values=("Europe/Berlin", "Asia/Tokyo")),
        Field(name="UserRoleId", type="reference", to=("UserRole",)),
        Field(name="ProfileId", type="reference", to=("Profile",), required=True),
        Field(name="UserType", type="picklist", values=("Standard",), read_only=True),
        Field(name="LanguageLocaleKey", type="picklist", values=("en_US", "de", "ja")),
        Field(name="EmployeeNumber", length=20),
        Field(name="ManagerId", type="reference", to=("User",)),
        Field(name="LastLoginDate", type="datetime", read_only=True),
        *system_fields(),
        Field(name="Cost_Center__c", length=20),
        Field(name="Quota__c", type="currency"),
    ),
)
