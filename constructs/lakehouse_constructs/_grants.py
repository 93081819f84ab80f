"""Statements given to a role or user that somebody else made."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge_wildcards
from lakehouse_constructs._statements import Statement, wildcards


def grant(
    grantee: iam.IGrantable, statements: Sequence[Statement], *, scope: Construct
) -> iam.Grant:
    """Add the statements to the grantee's policy; reasons for wildcards go with them.

    ``success`` of the answer is false where the grantee has no policy to add to, such as
    an ARN; ``assert_success()`` makes that an error.
    """
    grants = [
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(statement.actions),
            resource_arns=list(statement.resources),
            conditions=statement.conditions,
        )
        for statement in statements
    ]
    for owner in policy_owners(grantee, default=scope):
        acknowledge_wildcards(owner, wildcards(statements))
    # All of them go into one policy: one grant stands for all.
    return grants[-1]


def attach(
    role: iam.IRole, statements: Sequence[Statement], *, scope: Construct, id: str
) -> iam.Policy | None:
    """Give a role that was granted something before the statements in a policy of their own.

    What waits for this policy does not wait for whatever else the role is granted, which may
    name it. None for a role that may not be changed.
    """
    if not _may_be_changed(role):
        return None
    made = iam.Policy(scope, id, statements=[s.as_policy() for s in statements], roles=[role])
    acknowledge_wildcards(made, wildcards(statements))
    return made


def grant_apart(
    role: iam.IRole, statements: Sequence[Statement], *, scope: Construct, id: str
) -> iam.Grant:
    """As :func:`grant`, in a policy of its own, as :func:`attach` makes one.

    ``id`` is of a reference to the role, below which that policy lies.
    """
    if not _may_be_changed(role):
        return grant(role, statements, scope=scope)
    known = scope.node.try_find_child(id)
    reference = (
        iam.Role.from_role_name(scope, id, role.role_name)
        if known is None
        else cast("iam.IRole", known)
    )
    return grant(reference, statements, scope=scope)


def policy_owners(grantee: iam.IGrantable, *, default: Construct) -> list[Construct]:
    """What holds the grantee's policy, and so the findings about it.

    The role or user made in this app; below a reference, the policy itself; ``default``
    where there is neither.
    """
    principal = grantee.grant_principal
    if isinstance(principal, Construct):
        return [principal]
    return [*_policies(principal)] or [default]


def _may_be_changed(role: iam.IRole) -> bool:
    """Whether the role takes policies; one of another app must have been granted something."""
    return isinstance(role, iam.Role) or bool(_policies(role))


def _policies(principal: object) -> list[iam.Policy]:
    """Those that lie below a reference: one, once it was granted something."""
    node = getattr(principal, "node", None)
    children = [] if node is None else node.children
    return [child for child in children if isinstance(child, iam.Policy)]
