"""Opportunities, the history of their stages, their line items, and the products."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from lakehouse_local.salesforce_org import words
from lakehouse_local.salesforce_org.draw import DAY, Draw
from lakehouse_local.salesforce_org.fields import Field, owner, system_fields
from lakehouse_local.salesforce_org.identifiers import record_id
from lakehouse_local.salesforce_org.instants import day_text, from_seconds
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec, Row, World


class Stage(NamedTuple):
    """A stage of the sales process. ``probability`` in percent."""

    name: str
    probability: float
    forecast: str
    closed: int = 0
    won: int = 0


STAGES: Final = (
    Stage("Prospecting", 10.0, "Pipeline"),
    Stage("Qualification", 20.0, "Pipeline"),
    Stage("Needs Analysis", 40.0, "Pipeline"),
    Stage("Proposal/Price Quote", 65.0, "BestCase"),
    Stage("Negotiation/Review", 80.0, "Forecast"),
    Stage("Closed Won", 100.0, "Closed", 1, 1),
    Stage("Closed Lost", 0.0, "Omitted", 1, 0),
)
BY_NAME: Final = {stage.name: stage for stage in STAGES}
FORECASTS: Final = ("Omitted", "Pipeline", "BestCase", "Forecast", "Closed")


class Step(NamedTuple):
    """One entry of an opportunity's history."""

    at: float
    stage: Stage
    amount: float | None
    close_date: str


def path(world: World, index: int) -> list[Step]:
    """How an opportunity went, oldest step first; one to five steps."""
    draw = Draw(f"{world.seed}:path:{index}")
    at = world.now - DAY - draw.random() * 1_000 * DAY
    amount = draw.maybe(0.95, draw.amount())
    position = draw.whole(0, 2)
    close = int(at // DAY) + draw.whole(5, 200)
    steps = []
    for _ in range(draw.whole(1, 3) if draw.chance(0.8) else 5):
        steps.append(Step(at, STAGES[position], amount, day_text(close)))
        if position >= 5:
            break
        position = min(position + draw.whole(0, 2), 4) if draw.chance(0.7) else draw.whole(5, 6)
        at += draw.random() * max(0.0, world.now - DAY - at) / 3
        if draw.chance(0.2):
            amount, close = draw.amount(), close + draw.whole(-20, 60)
    return steps


def staged(stage: Stage, amount: float | None) -> Row:
    """The fields of an opportunity that follow from its stage and amount."""
    expected = None if amount is None else round(amount * stage.probability / 100, 2)
    return {
        "StageName": stage.name,
        "Probability": stage.probability,
        "ForecastCategory": stage.forecast,
        "ForecastCategoryName": stage.forecast,
        "IsClosed": stage.closed,
        "IsWon": stage.won,
        "Amount": amount,
        "ExpectedRevenue": expected,
        "Weighted_Amount__c": expected,
    }


def fill(row: Row, draw: Draw, world: World, index: int) -> None:
    """The state after the last step of its path."""
    steps = path(world, index)
    row["_created"], row["_modified"] = steps[0].at, steps[-1].at
    row.update(staged(steps[-1].stage, steps[-1].amount))
    row["CloseDate"] = steps[-1].close_date if draw.chance(0.999) else "4000-12-31"
    row["AccountId"] = world.maybe("Account", draw, 0.97)
    row["OwnerId"] = world.user(draw)
    row["Name"] = f"{draw.pick(words.COMPANY_STEMS)} - {draw.text(3)}"[:120]
    row["CampaignId"] = world.maybe("Campaign", draw, 0.2)
    row["ContactId"] = world.maybe("Contact", draw, 0.3)
    row["Pricebook2Id"] = record_id("01s", 1)
    row["LastStageChangeDate"] = from_seconds(steps[-1].at) if len(steps) > 1 else None


def history(world: World) -> Iterator[Row]:
    """A row for each step of each opportunity."""
    number = 0
    for index in range(world.counts["Opportunity"]):
        for step in path(world, index):
            row = history_row(world.id("Opportunity", index), step)
            row["_created"] = row["_modified"] = step.at
            row["_index"] = number
            number += 1
            yield row


def history_row(opportunity: str, step: Step) -> Row:
    """The fields of an entry of the history."""
    amount = step.amount
    return {
        "OpportunityId": opportunity,
        "StageName": step.stage.name,
        "Amount": amount,
        "ExpectedRevenue": staged(step.stage, amount)["ExpectedRevenue"],
        "CloseDate": step.close_date,
        "Probability": step.stage.probability,
        "ForecastCategory": step.stage.forecast,
    }


def fill_item(row: Row, draw: Draw, world: World, _index: int) -> None:
    """Quantities may be negative: credits."""
    row["OpportunityId"] = world.any("Opportunity", draw)
    row["Product2Id"] = world.any("Product2", draw)
    quantity = float(draw.whole(1, 50)) * (-1 if draw.chance(0.01) else 1)
    price = round(draw.random() * 4_000, 2)
    row["Quantity"], row["UnitPrice"], row["ListPrice"] = quantity, price, price
    row["Discount"] = discount = draw.maybe(0.3, float(draw.whole(0, 100)))
    row["TotalPrice"] = round(quantity * price * (1 - (discount or 0) / 100), 2)
    row["Subtotal"] = round(quantity * price, 2)
    row["SortOrder"] = draw.maybe(0.5, draw.whole(1, 9))


def fill_product(row: Row, draw: Draw, _world: World, index: int) -> None:
    """A product with a code that looks like a number."""
    row["Name"] = f"{draw.pick(words.WORDS).capitalize()} {draw.text(2)}"
    row["ProductCode"] = f"{index:05}"
    row["IsActive"] = int(draw.chance(0.85))
    row["IsArchived"] = 0


def fill_stage(row: Row, _draw: Draw, _world: World, index: int) -> None:
    """One row for each stage of the sales process."""
    stage = STAGES[index]
    row["ApiName"] = row["MasterLabel"] = stage.name
    row["SortOrder"], row["IsActive"] = index + 1, 1
    row["IsClosed"], row["IsWon"] = stage.closed, stage.won
    row["ForecastCategory"] = row["ForecastCategoryName"] = stage.forecast
    row["DefaultProbability"] = stage.probability


_STAGE_NAMES = tuple(stage.name for stage in STAGES)

OPPORTUNITY = ObjectSpec(
    name="Opportunity",
    prefix="006",
    plural="Opportunities",
    share=0.11,
    fill=fill,
    fields=(
        Field(name="AccountId", type="reference", to=("Account",)),
        Field(name="IsPrivate", type="boolean", required=True),
        Field(name="Name", length=120, required=True, name_field=True),
        Field(name="Description", type="textarea", length=32_000),
        Field(name="StageName", type="picklist", values=_STAGE_NAMES, required=True),
        Field(name="Amount", type="currency"),
        Field(name="Probability", type="percent", decimals=(3, 0)),
        Field(name="ExpectedRevenue", type="currency", read_only=True),
        Field(name="TotalOpportunityQuantity", type="double"),
        Field(name="CloseDate", type="date", required=True),
        Field(name="Type", type="picklist", values=("New Customer", "Existing", "Renewal")),
        Field(name="NextStep"),
        Field(name="LeadSource", type="picklist", values=words.LEAD_SOURCES),
        Field(name="IsClosed", type="boolean", required=True, read_only=True),
        Field(name="IsWon", type="boolean", required=True, read_only=True),
        Field(
            name="ForecastCategory",
            type="picklist",
            values=FORECASTS,
            required=True,
            read_only=True,
        ),
        Field(name="ForecastCategoryName", type="picklist", values=FORECASTS),
        Field(name="CampaignId", type="reference", to=("Campaign",)),
        Field(name="HasOpportunityLineItem", type="boolean", required=True, read_only=True),
        Field(name="Pricebook2Id", type="reference", to=("Pricebook2",)),
        owner(),
        *system_fields(),
        Field(name="LastStageChangeDate", type="datetime", read_only=True),
        Field(name="FiscalYear", type="int", read_only=True),
        Field(name="ContactId", type="reference", to=("Contact",)),
        Field(name="Competitors__c", type="multipicklist", values=("Alpha", "Beta", "None")),
        Field(name="Weighted_Amount__c", type="currency", formula="Amount * Probability"),
        Field(name="Handover_Notes__c", type="textarea", length=131_072),
    ),
)

OPPORTUNITY_HISTORY = ObjectSpec(
    name="OpportunityHistory",
    prefix="008",
    label="Opportunity History",
    plural="Opportunity Histories",
    share=0.22,  # about two for each opportunity; the rows themselves decide
    rows=history,
    writeable=False,
    fields=(
        Field(name="OpportunityId", type="reference", to=("Opportunity",), required=True),
        *(f for f in system_fields() if f.name in ("CreatedById", "CreatedDate")),
        Field(name="StageName", type="picklist", values=_STAGE_NAMES, read_only=True),
        Field(name="Amount", type="currency", read_only=True),
        Field(name="ExpectedRevenue", type="currency", read_only=True),
        Field(name="CloseDate", type="date", read_only=True),
        Field(name="Probability", type="percent", decimals=(3, 0), read_only=True),
        Field(name="ForecastCategory", type="picklist", values=FORECASTS, read_only=True),
        *(f for f in system_fields() if f.name == "SystemModstamp"),
    ),
)

OPPORTUNITY_LINE_ITEM = ObjectSpec(
    name="OpportunityLineItem",
    prefix="00k",
    label="Opportunity Product",
    plural="Opportunity Products",
    share=0.12,
    fill=fill_item,
    fields=(
        Field(name="OpportunityId", type="reference", to=("Opportunity",), required=True),
        Field(name="SortOrder", type="int", read_only=True),
        Field(name="PricebookEntryId", type="reference", to=("PricebookEntry",)),
        Field(name="Product2Id", type="reference", to=("Product2",)),
        Field(name="ProductCode", read_only=True),
        Field(name="Name", length=376, read_only=True, name_field=True),
        Field(name="Quantity", type="double", required=True),
        Field(name="Discount", type="percent"),
        Field(name="Subtotal", type="currency", read_only=True),
        Field(name="TotalPrice", type="currency"),
        Field(name="UnitPrice", type="currency"),
        Field(name="ListPrice", type="currency", read_only=True),
        Field(name="ServiceDate", type="date"),
        Field(name="Description"),
        *system_fields(),
    ),
)

PRODUCT = ObjectSpec(
    name="Product2",
    prefix="01t",
    label="Product",
    plural="Products",
    share=0.003,
    fill=fill_product,
    fields=(
        Field(name="Name", required=True, name_field=True),
        Field(name="ProductCode"),
        Field(name="Description", type="textarea", length=4_000),
        Field(name="IsActive", type="boolean", required=True),
        *system_fields(),
        Field(name="Family", type="picklist", values=("Hardware", "Software", "Service")),
        Field(name="QuantityUnitOfMeasure", type="picklist", values=("Each", "Hour", "kg")),
        Field(name="StockKeepingUnit", length=180),
        Field(name="IsArchived", type="boolean", required=True, read_only=True),
        Field(name="Weight__c", type="double", decimals=(18, 6)),
        Field(name="List_Price__c", type="currency"),
    ),
)

# What describes the values of Opportunity.StageName. It has no IsDeleted.
OPPORTUNITY_STAGE = ObjectSpec(
    name="OpportunityStage",
    prefix="01J",
    label="Opportunity Stage",
    plural="Opportunity Stages",
    fixed=len(STAGES),
    deletable=False,
    writeable=False,
    fill=fill_stage,
    fields=(
        Field(name="MasterLabel", required=True, read_only=True, name_field=True),
        Field(name="ApiName", required=True, read_only=True),
        Field(name="IsActive", type="boolean", required=True, read_only=True),
        Field(name="SortOrder", type="int", read_only=True),
        Field(name="IsClosed", type="boolean", required=True, read_only=True),
        Field(name="IsWon", type="boolean", required=True, read_only=True),
        Field(name="ForecastCategory", type="picklist", values=FORECASTS, read_only=True),
        Field(name="ForecastCategoryName", type="picklist", values=FORECASTS, read_only=True),
        Field(name="DefaultProbability", type="percent", decimals=(3, 0), read_only=True),
        Field(name="Description", read_only=True),
        *system_fields(),
    ),
)
