"""An org whose own fields are called like what the marts work out."""

import re
from pathlib import Path
from typing import Any

from lakehouse_local.salesforce_org.catalog import object_describe
from lakehouse_local.salesforce_org.fields import Field, system_fields

# `cast(x as string)` gives a field called String__c: no harm.
_ALIAS = re.compile(r"\bas ([a-z][a-z0-9_]*)")


def names(project: Path) -> list[str]:
    """What marts, intermediate models and the macros under them call a column."""
    places = [project / "models" / "marts", project / "models" / "intermediate", project / "macros"]
    texts = [path.read_text() for place in places for path in place.rglob("*.sql")]
    return sorted({name for text in texts for name in _ALIAS.findall(text)})


def describes(project: Path, objects: list[str]) -> list[dict[str, Any]]:
    """Of these objects, each with a custom field of each name."""
    own = [Field(name=f"{name}__c") for name in names(project)]
    fields = [f.describe() for f in (Field(name="Id", type="id"), *own, *system_fields())]
    return [
        object_describe(name=name, prefix="a00", label=name, plural=f"{name}s", fields=fields)
        for name in objects
    ]
