"""What of the org's permissions can be asked: who may read which field, what can be granted.

Salesforce keeps them as the objects FieldPermissions and ObjectPermissions. Of these the
demo org answers one query, which fields somebody may read, and one describe, whose picklist
names the objects that a permission set can grant. Its user has View Setup and Configuration;
somebody else, the administrator, may read every field.
"""

import re
from typing import Any, Final

from lakehouse_local.salesforce_org.catalog import Catalog

OBJECT_PERMISSIONS: Final = "ObjectPermissions"
_ASKED: Final = re.compile(
    r"\s*SELECT\s+SobjectType\s*,\s*Field\s+FROM\s+FieldPermissions"
    r"\s+WHERE\s+PermissionsRead\s*=\s*true\s+AND\s+SobjectType\s+IN\s*\(([^()]*)\)"
    r"\s+GROUP\s+BY\s+SobjectType\s*,\s*Field\s*",
    re.IGNORECASE,
)
# They have no permissions of their own: they follow another object, or a user permission.
_FOLLOWING: Final = frozenset(
    {
        "AccountHistory",
        "AccountShare",
        "Attachment",
        "CampaignMember",
        "CaseStatus",
        "Event",
        "OpportunityHistory",
        "OpportunityLineItem",
        "OpportunityStage",
        "Organization",
        "Task",
        "User",
        "UserRole",
    }
)


def readable_fields(catalog: Catalog, soql: str) -> dict[str, Any] | None:
    """The answer to the query about FieldPermissions; None for any other query."""
    found = _ASKED.fullmatch(soql)
    if found is None:
        return None
    wanted = {name.lower() for name in re.findall(r"'(\w+)'", found[1])}
    records = [
        {
            "attributes": {"type": "AggregateResult"},
            "SobjectType": sobject.name,
            "Field": f"{sobject.name}.{field.name}",
        }
        for sobject in catalog
        if sobject.name.lower() in wanted
        for field in sobject.fields.values()
        if field.describe["permissionable"]
    ]
    return {"totalSize": len(records), "done": True, "records": records}


def describe(catalog: Catalog) -> dict[str, Any]:
    """ObjectPermissions, as far as it tells what can be granted."""
    names = [
        one.name for one in catalog if one.name not in _FOLLOWING and not one.name.endswith("__mdt")
    ]
    values = [{"active": True, "label": name, "value": name} for name in names]
    field = {
        "name": "SobjectType",
        "type": "picklist",
        "label": "Object Type Name",
        "picklistValues": values,
    }
    return {"name": OBJECT_PERMISSIONS, "queryable": True, "fields": [field]}
