"""The objects of the demo org: their fields and how their records come about."""

from typing import Final

from lakehouse_local.salesforce_org.objects import (
    account,
    contact,
    custom,
    marketing,
    odd,
    opportunity,
    person,
    service,
)
from lakehouse_local.salesforce_org.objects.spec import ObjectSpec

# The fourteen objects that the demo reads.
DEMO_OBJECTS: Final[tuple[ObjectSpec, ...]] = (
    account.OBJECT,
    contact.CONTACT,
    opportunity.OPPORTUNITY,
    opportunity.OPPORTUNITY_HISTORY,
    opportunity.OPPORTUNITY_LINE_ITEM,
    opportunity.PRODUCT,
    contact.LEAD,
    service.CASE,
    person.USER,
    person.USER_ROLE,
    marketing.CAMPAIGN,
    marketing.CAMPAIGN_MEMBER,
    service.TASK,
    service.EVENT,
)
# Beside them, for what a real org has and an extractor must get right.
ODD_OBJECTS: Final[tuple[ObjectSpec, ...]] = (
    odd.CASE_STATUS,
    opportunity.OPPORTUNITY_STAGE,
    odd.ACCOUNT_HISTORY,
    odd.ATTACHMENT,
    odd.ORGANIZATION,
    odd.ACCOUNT_SHARE,
    odd.ACCOUNT_CHANGE_EVENT,
    custom.PROJECT,
    custom.DISCOUNT_RULE,
)
ALL_OBJECTS: Final = DEMO_OBJECTS + ODD_OBJECTS
BY_NAME: Final = {spec.name: spec for spec in ALL_OBJECTS}
