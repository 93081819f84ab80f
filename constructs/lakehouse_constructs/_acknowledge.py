"""Reasons why findings stand, each on the construct it is about."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct


def acknowledge(scope: Construct, rule: str, reason: str) -> None:
    """Acknowledge one rule of cdk-nag, for example ``SMG4``, on a construct and what it holds."""
    Validations.of(scope).acknowledge(_reason(rule, reason))


def acknowledge_template(scope: Construct, rule: str, reason: str) -> None:
    """The same for a rule by which CDK itself checks templates, for example ``W3010``."""
    Validations.of(scope).acknowledge(
        Acknowledgment(id=f"CloudFormation-Validate::{rule}", reason=reason)
    )


def acknowledge_wildcards(scope: Construct, reasons: Iterable[tuple[str, str]]) -> None:
    """Acknowledge resources that hold a wildcard, each with its reason."""
    found = list(reasons)
    if not found:
        return
    resolved = Stack.of(scope).resolve([resource for resource, _ in found])
    Validations.of(scope).acknowledge(
        *(
            _reason(f"IAM5[Resource::{_as_reported(resource)}]", reason)
            for resource, (_, reason) in zip(resolved, found, strict=True)
        )
    )


def _reason(rule: str, reason: str) -> Acknowledgment:
    return Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)


def _as_reported(value: Any) -> str:
    """An ARN as cdk-nag prints it: references in angle brackets, what it does not know as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        if "Ref" in value:
            return f"<{value['Ref']}>"
        if "Fn::GetAtt" in value:
            return f"<{'.'.join(value['Fn::GetAtt'])}>"
        if "Fn::Join" in value:
            separator, parts = value["Fn::Join"]
            return separator.join(_as_reported(part) for part in parts)
        if "Fn::ImportValue" in value:
            return _as_reported(value["Fn::ImportValue"])
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
