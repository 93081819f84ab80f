"""Who may query the marts: roles that config names."""

import re
from typing import Final

from lakehouse_jobs.contract.checked import Section

# AWS lets nobody change the roles below aws-reserved/, those of IAM Identity Center among them.
_ROLE: Final = re.compile(
    r"arn:[a-z-]+:iam::([0-9]{12}):role/(?!aws-(?:reserved|service-role)/)[\w+=,.@/-]+", re.ASCII
)
_A_ROLE: Final = "the ARN of a role, arn:aws:iam::<account>:role/<name>, outside of aws-reserved/"


def readers(section: Section, *, account: str | None) -> tuple[str, ...]:
    """The ARNs under ``readers``, all of one account. Raises ConfigError.

    :param account: that of the stack; None: whichever the first role is of. CDK grants a role
        of another account nothing, and says nothing.
    """
    arns = section.texts("readers")
    for arn in arns:
        found = _ROLE.fullmatch(arn)
        if found is None:
            raise section.error("readers", arn, _A_ROLE)
        account = account or found[1]
        if found[1] != account:
            raise section.error("readers", arn, f"a role of the stack's account, {account}")
    return arns
