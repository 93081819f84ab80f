"""An org with several currencies: what its describes gain, and opportunities in them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_local.salesforce_org.catalog import object_describe
from lakehouse_local.salesforce_org.fields import Field, system_fields
from lakehouse_tools.dbt_models.facts import from_describe
from lakehouse_tools.dbt_models.plan import make_plan
from lakehouse_tools.dbt_models.project import FOLDER, read_project
from lakehouse_tools.dbt_models.writing import write

CODES = ("USD", "EUR")
_CODE = Field(name="IsoCode", type="picklist", values=CODES)
_RATE = Field(name="ConversionRate", type="double")
_CURRENCY = Field(name="CurrencyIsoCode", type="picklist", values=CODES)
_FIELDS = {
    "Opportunity": [_CURRENCY],
    "OpportunityHistory": [_CURRENCY],
    "CurrencyType": [_CODE, _RATE, Field(name="IsCorporate", type="boolean")],
    "DatedConversionRate": [_CODE, _RATE, Field(name="StartDate", type="date")],
}
_MADE = {
    "createddate": datetime(2026, 1, 2, tzinfo=UTC),
    "systemmodstamp": datetime(2026, 1, 2, tzinfo=UTC),
}


def describes() -> list[dict[str, Any]]:
    """Of the objects that say which currencies there are, and of two with amounts in them."""
    return [
        object_describe(
            name=name,
            prefix=f"00{place}",
            label=name,
            plural=f"{name}s",
            fields=[f.describe() for f in (Field(name="Id", type="id"), *fields, *system_fields())],
        )
        for place, (name, fields) in enumerate(_FIELDS.items())
    ]


def generate(project: Path) -> None:
    """Give a project the models of these objects, as ``lakehouse dbt generate`` does."""
    objects = [from_describe(answer, FieldRules()) for answer in describes()]
    plan = make_plan(read_project(project), objects, left_out={})
    write(project, FOLDER, {name: plan.files[name] for name in plan.changed})


def rate(code: str, day: str, units: float) -> dict[str, Any]:
    """So many units of the currency are one of the corporate currency, from that day on."""
    start = datetime.fromisoformat(day).date()
    return _MADE | {
        "id": f"{code} {day}", "isocode": code, "conversionrate": units, "startdate": start
    }  # fmt: skip


def currency(code: str, *, is_corporate: bool) -> dict[str, Any]:
    """A currency of the org; its fixed rate is not the dated one."""
    return _MADE | {
        "id": code, "isocode": code, "conversionrate": 3.0, "iscorporate": is_corporate
    }  # fmt: skip


def opportunity(id: str, code: str, amount: float) -> dict[str, Any]:
    """An open opportunity that is to close on 15 March 2026, in one stage with all others."""
    return _MADE | {
        "id": id,
        "currencyisocode": code,
        "amount": amount,
        "probability": 50.0,
        "stagename": "Prospecting",
        "isclosed": False,
        "iswon": False,
        "closedate": datetime(2026, 3, 15, tzinfo=UTC).date(),
    }


def stage_change(id: str, opportunity: str, code: str, amount: float) -> dict[str, Any]:
    """The entry with which an opportunity began."""
    return _MADE | {
        "id": id,
        "opportunityid": opportunity,
        "currencyisocode": code,
        "amount": amount,
        "probability": 50.0,
        "stagename": "Prospecting",
    }


def line_item(id: str, opportunity: str, price: float) -> dict[str, Any]:
    """One unit, without a discount."""
    return _MADE | {
        "id": id, "opportunityid": opportunity, "quantity": 1.0, "unitprice": price,
        "totalprice": price,
    }  # fmt: skip
