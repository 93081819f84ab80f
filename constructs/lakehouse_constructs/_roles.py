"""Roles that a construct makes, or takes from whoever brings one."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._grants import grant
from lakehouse_constructs._interfaces import as_role
from lakehouse_constructs._statements import Statement, role


def role_for(
    scope: Construct,
    id: str,
    *,
    given: iam.IRole | None,
    service: str,
    description: str,
    statements: Sequence[Statement],
    trusted_when: dict[str, Any] | None = None,
) -> iam.IRole:
    """The role that was given, with these statements added; else a new one with them.

    What others grant it, such as the catalog, lies in a policy beside it: whatever needs
    all of its rights depends on the role as a construct, not on its resource alone.
    A role that may not be changed (imported with ``mutable=False``, or
    ``without_policy_updates()``) stays as it is: whoever brings it has granted all this.
    ``trusted_when``: under which conditions the service may take a new role on.
    """
    if given is None:
        made = role(
            scope,
            id,
            service=service,
            description=description,
            statements=statements,
            trusted_when=trusted_when,
        )
        return as_role(made)
    grant(given, statements, scope=scope)
    return given


def as_it_stands(scope: Construct, role: iam.IRole) -> iam.IRole:
    """The role as other constructs may use it, who then add nothing to it."""
    if isinstance(role, iam.Role):
        return role.without_policy_updates()
    return iam.Role.from_role_arn(scope, "RoleAsItStands", role.role_arn, mutable=False)
