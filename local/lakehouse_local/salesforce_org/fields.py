"""Fields as the org's own objects declare them, and the describe that Salesforce gives.

A :class:`Field` is what an author writes; :meth:`Field.describe` renders the full metadata
with every key of a real answer (API v62). Foreign objects bring recorded describes instead.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

_SOAP: Final = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "address": "urn:address",
    "location": "urn:location",
    "base64": "xsd:base64Binary",
    "anyType": "xsd:anyType",
}
_LENGTHS: Final = {
    "id": 18,
    "reference": 18,
    "picklist": 255,
    "multipicklist": 4099,
    "combobox": 255,
    "phone": 40,
    "email": 80,
    "url": 255,
    "string": 255,
    "textarea": 255,
}
_DECIMALS: Final = {"double": (18, 2), "currency": (18, 2), "percent": (18, 2)}
# No column of their own: they are read as an object made of their parts.
COMPOUND_TYPES: Final = frozenset({"address", "location"})
_DEFAULTS: Final[dict[str, Any]] = {
    "aggregatable": True,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": 0,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": True,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filterable": True,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": True,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": False,
    "inlineHelpText": None,
    "label": "",
    "length": 0,
    "mask": None,
    "maskType": None,
    "name": "",
    "nameField": False,
    "namePointing": False,
    "nillable": True,
    "permissionable": True,
    "picklistValues": [],
    "polymorphicForeignKey": False,
    "precision": 0,
    "queryByDistance": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "scale": 0,
    "searchPrefilterable": False,
    "soapType": "xsd:string",
    "sortable": True,
    "type": "string",
    "unique": False,
    "updateable": True,
    "writeRequiresMasterRead": False,
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of an object. ``length`` 0 means the usual one of its type."""

    name: str
    type: str = "string"
    label: str = ""
    length: int = 0
    decimals: tuple[int, int] | None = None  # precision, scale
    required: bool = False
    read_only: bool = False
    formula: str | None = None
    compound: str | None = None  # the compound field that this one is a part of
    to: tuple[str, ...] = ()  # objects that a reference points to
    values: tuple[str, ...] = ()  # of a picklist
    name_field: bool = False
    external_id: bool = False
    html: bool = False

    @classmethod
    def from_describe(cls, entry: dict[str, Any]) -> "Field":
        """What a describe tells of a field, as far as making values needs it."""
        return cls(
            name=entry["name"],
            type=entry["type"],
            length=entry["length"],
            decimals=(entry["precision"], entry["scale"]),
            required=not entry["nillable"],
            read_only=not entry["updateable"],
            formula=(entry["calculatedFormula"] or "?") if entry["calculated"] else None,
            compound=entry["compoundFieldName"],
            to=tuple(entry["referenceTo"]),
            values=tuple(value["value"] for value in entry["picklistValues"]),
            name_field=entry["nameField"],
            external_id=entry["externalId"],
        )

    @property
    def custom(self) -> bool:
        """Whether the field was made by the org's administrator."""
        return self.name.endswith(("__c", "__s"))

    def describe(self) -> dict[str, Any]:
        """The field's entry in a describe answer."""
        fixed = self.read_only or self.formula is not None or self.type in COMPOUND_TYPES
        length = self.length or _LENGTHS.get(self.type, 0)
        precision, scale = self.decimals or _DECIMALS.get(self.type, (0, 0))
        long_text = self.type == "textarea" and length > 255
        stem = self.name.removesuffix("__c").removesuffix("Id").replace("_", " ")
        return _DEFAULTS | {
            "name": self.name,
            "label": self.label or (self.name if self.name == "Id" else spaced(stem)),
            "type": self.type,
            "soapType": _SOAP.get(self.type, "xsd:string"),
            "length": length,
            "byteLength": length if self.type in ("id", "reference") else length * 3,
            "precision": precision,
            "scale": scale,
            "digits": 8 if self.type == "int" else 0,
            "nillable": not self.required,
            "createable": not fixed,
            "updateable": not fixed,
            "calculated": self.formula is not None,
            "calculatedFormula": self.formula,
            "compoundFieldName": self.compound,
            "custom": self.custom,
            "referenceTo": list(self.to),
            "relationshipName": self._relationship(),
            "polymorphicForeignKey": len(self.to) > 1,
            "namePointing": len(self.to) > 1,
            "nameField": self.name_field,
            "idLookup": self.name == "Id" or self.external_id,
            "externalId": self.external_id,
            "unique": self.external_id,
            "extraTypeInfo": "plaintextarea" if self.type == "textarea" and not self.html else None,
            "htmlFormatted": self.html,
            "filterable": not long_text and self.type not in ("base64", *COMPOUND_TYPES),
            "sortable": not long_text and self.type not in ("base64", "multipicklist"),
            "groupable": not long_text and self.type not in ("double", "currency", "percent"),
            "aggregatable": not long_text and self.type != "boolean",
            "permissionable": not (self.required or self.name in _SYSTEM),
            "defaultedOnCreate": self.required and (fixed or self.type == "boolean"),
            "defaultValue": False if self.type == "boolean" else None,
            "picklistValues": [picklist_value(value) for value in self.values],
        }

    def _relationship(self) -> str | None:
        if self.type != "reference":
            return None
        if self.custom:
            return self.name.removesuffix("__c") + "__r"
        return self.name.removesuffix("Id")


_SYSTEM: Final = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp", "Name"}
)


def picklist_value(value: str) -> dict[str, Any]:
    """One entry of ``picklistValues``."""
    return {
        "active": True,
        "defaultValue": False,
        "label": value,
        "validFor": None,
        "value": value,
    }


def spaced(name: str) -> str:
    """A label from an API name: ``LeadSource`` gives ``Lead Source``."""
    text = "".join(
        f" {char}" if char.isupper() and i and name[i - 1].islower() else char
        for i, char in enumerate(name)
    )
    return " ".join(text.split())


def address(name: str) -> tuple[Field, ...]:
    """A compound address with its parts, ``BillingAddress`` or (Lead) plain ``Address``."""
    stem = name.removesuffix("Address")
    part = Field(name="", compound=name)
    return (
        replace(part, name=f"{stem}Street", type="textarea"),
        replace(part, name=f"{stem}City", length=40),
        replace(part, name=f"{stem}State", length=80),
        replace(part, name=f"{stem}PostalCode", length=20),
        replace(part, name=f"{stem}Country", length=80),
        replace(part, name=f"{stem}Latitude", type="double", decimals=(18, 15)),
        replace(part, name=f"{stem}Longitude", type="double", decimals=(18, 15)),
        Field(name=name, type="address"),
    )


def person_name() -> tuple[Field, ...]:
    """The compound ``Name`` of a person: unlike an address it is text and can be read."""
    return (
        Field(name="LastName", length=80, required=True, compound="Name"),
        Field(name="FirstName", length=40, compound="Name"),
        Field(
            name="Salutation",
            type="picklist",
            length=40,
            compound="Name",
            values=("Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
        ),
        Field(name="Name", length=121, required=True, read_only=True, name_field=True),
    )


def owner(*others: str) -> Field:
    """``OwnerId``: a user, or one of ``others``."""
    return Field(name="OwnerId", type="reference", to=(*others, "User"), required=True)


def system_fields() -> tuple[Field, ...]:
    """What nearly every object carries, but for ``Id`` and ``IsDeleted``."""
    user = ("User",)
    return tuple(
        Field(name=name, type=kind, to=to, required=True, read_only=True)
        for name, kind, to in (
            ("CreatedDate", "datetime", ()),
            ("CreatedById", "reference", user),
            ("LastModifiedDate", "datetime", ()),
            ("LastModifiedById", "reference", user),
            ("SystemModstamp", "datetime", ()),
        )
    )
