"""Log groups, encrypted with the lake's key; a new one leaves with the stack."""

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lakehouse_constructs._checks import check_unused
from lakehouse_constructs._interfaces import as_log_group

_THREE_MONTHS: Final = logs.RetentionDays.THREE_MONTHS


def log_group_for(
    scope: Construct,
    *,
    given: logs.ILogGroup | None,
    retention: logs.RetentionDays | None,
    key: kms.IKey,
    name: str | None = None,
) -> logs.ILogGroup:
    """The log group that was given; else a new one. Raises SynthesisError."""
    if given is None:
        return as_log_group(new_log_group(scope, "Logs", retention=retention, key=key, name=name))
    allowed = "none with log_group=, which keeps what it has"
    check_unused(scope, allowed, log_retention=retention)
    return given


def new_log_group(
    scope: Construct,
    id: str,
    *,
    retention: logs.RetentionDays | None,  # None: three months
    key: kms.IKey,
    name: str | None,
) -> logs.LogGroup:
    """A log group."""
    return logs.LogGroup(
        scope,
        id,
        log_group_name=name,
        retention=_THREE_MONTHS if retention is None else retention,
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
    )
