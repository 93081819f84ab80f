"""A permission set for the extraction user, as a package for the Metadata API.

It reads: Read and View All Records of each object, Read of each field that field-level
security applies to; nothing to create, edit or delete. Elements stand in the order of the
Metadata API's own schema, which is alphabetical
(developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_permissionset.htm).
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from lakehouse_tools.discover.findings import Census, ObjectFinding

NAME: Final = "Lakehouse_Extraction"
NAMESPACE: Final = "http://soap.sforce.com/2006/04/metadata"
# To read all of these, Salesforce wants the user to read all of those: a deployment without
# them is refused ("Permission Read All … depends on permission(s): Read All Account").
_STANDARD_MASTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Asset": ("Account", "Contact"),
    "Case": ("Account", "Contact"),
    "Contact": ("Account",),
    "Contract": ("Account",),
    "Opportunity": ("Account",),
    "Order": ("Account", "Contract"),
}
# Objects without permissions of their own, where the org does not tell which: they follow
# another object, or a user permission.
_FOLLOWING: Final = frozenset(
    {
        "AccountContactRelation",
        "AccountContactRole",
        "BusinessHours",
        "CampaignMember",
        "CampaignMemberStatus",
        "CurrencyType",
        "DatedConversionRate",
        "Event",
        "Group",
        "GroupMember",
        "OpportunityContactRole",
        "OpportunityHistory",
        "OpportunityLineItem",
        "OpportunityStage",
        "PricebookEntry",
        "Profile",
        "RecordType",
        "Task",
        "User",
        "UserRole",
    }
)


def files(census: Census, *, api_version: str) -> dict[Path, str]:
    """The package's files by their place in it."""
    return {
        Path("package.xml"): package(api_version),
        Path("permissionsets", f"{NAME}.permissionset"): permission_set(census),
    }


def package(api_version: str) -> str:
    """The manifest."""
    return _document(
        "Package",
        [
            "<types>",
            f"    <members>{NAME}</members>",
            "    <name>PermissionSet</name>",
            "</types>",
            f"<version>{api_version}</version>",
        ],
    )


def permission_set(census: Census) -> str:
    """The permission set itself."""
    return _document("PermissionSet", _elements(census))


def granted(census: Census) -> list[str]:
    """The objects that the permission set names: the proposed ones, and those they belong to."""
    known = {o.name: o for o in census.objects}
    names: set[str] = set()
    waiting = [o.name for o in census.proposed]
    while waiting:
        name = waiting.pop()
        if name in names or name not in known or not _can_be_granted(census, name):
            continue
        names.add(name)
        waiting += [*known[name].masters, *_STANDARD_MASTERS.get(name, ())]
    return sorted(names)


def _can_be_granted(census: Census, name: str) -> bool:
    return name in census.grantable if census.grantable is not None else name not in _FOLLOWING


def _elements(census: Census) -> Iterator[str]:
    yield (
        "<description>Reads what the lakehouse extracts, all records of it. Changes nothing."
        "</description>"
    )
    for field in _fields(census.proposed):
        yield from (
            "<fieldPermissions>",
            "    <editable>false</editable>",
            f"    <field>{escape(field)}</field>",
            "    <readable>true</readable>",
            "</fieldPermissions>",
        )
    yield "<hasActivationRequired>false</hasActivationRequired>"
    yield "<label>Lakehouse Extraction</label>"
    for name in granted(census):
        yield from (
            "<objectPermissions>",
            "    <allowCreate>false</allowCreate>",
            "    <allowDelete>false</allowDelete>",
            "    <allowEdit>false</allowEdit>",
            "    <allowRead>true</allowRead>",
            "    <modifyAllRecords>false</modifyAllRecords>",
            f"    <object>{escape(name)}</object>",
            "    <viewAllRecords>true</viewAllRecords>",
            "</objectPermissions>",
        )
    yield from (
        "<userPermissions>",
        "    <enabled>true</enabled>",
        "    <name>ApiEnabled</name>",
        "</userPermissions>",
    )


def _fields(objects: Iterable[ObjectFinding]) -> Iterator[str]:
    """Required fields, Ids and names are not among them: Salesforce refuses to grant those.

    A compound is granted as a whole, its parts are not. Hidden fields are left to the
    administrator, who hid them.
    """
    for found in objects:
        for field in found.fields:
            if field.grantable and not field.part:
                yield f"{found.name}.{field.name}"


def _document(root: str, lines: Iterable[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="{NAMESPACE}">\n{body}</{root}>\n'
