"""Destroying data takes two yeses: a property and a context flag."""

from typing import Final

from aws_cdk import Annotations, RemovalPolicy
from constructs import Construct

from lakehouse_constructs._checks import refused

ALLOW_DESTROY: Final = "lakehouse:allow-destroy"


def confirmed(scope: Construct, wanted: RemovalPolicy) -> RemovalPolicy:
    """``wanted``, or RETAIN where DESTROY was not confirmed by the context flag.

    The flag is ``--context lakehouse:allow-destroy=true``; without it DESTROY is
    answered with a warning.
    """
    if wanted == RemovalPolicy.SNAPSHOT:
        allowed = "RETAIN or DESTROY, as AWS makes no snapshot of this"
        raise refused(scope, "removal_policy", wanted.name, allowed)
    if wanted != RemovalPolicy.DESTROY or _is_true(scope.node.try_get_context(ALLOW_DESTROY)):
        return wanted
    Annotations.of(scope).add_warning_v2(
        "lakehouse:destroyNotConfirmed",
        "removal policy DESTROY was asked for and RETAIN is kept: deleting data needs "
        f"--context {ALLOW_DESTROY}=true as well",
    )
    return RemovalPolicy.RETAIN


def _is_true(value: object) -> bool:
    return value is True or value == "true"
