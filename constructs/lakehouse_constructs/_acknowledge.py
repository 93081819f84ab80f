"""Reasons why findings of cdk-nag's AwsSolutions stand, each on the construct it is about."""

import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct


def acknowledge(scope: Construct, rule: str, reason: str) -> None:
    """Acknowledge one rule, for example ``SMG4``, on a construct and what it holds."""
    Validations.of(scope).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )


def acknowledge_wildcards(scope: Construct, statement: iam.PolicyStatement, reason: str) -> None:
    """Acknowledge each resource of ``statement`` that holds a wildcard."""
    for resource in statement.resources:
        text = _as_reported(Stack.of(scope).resolve(resource))
        if "*" in text:
            acknowledge(scope, f"IAM5[Resource::{text}]", reason)


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
