"""Statements given to a role or user that somebody else made."""

from collections.abc import Sequence
from functools import reduce

from aws_cdk import aws_iam as iam
from constructs import Construct

from lakehouse_constructs._acknowledge import acknowledge_wildcards
from lakehouse_constructs._statements import Statement


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
            actions=list(statement.policy.actions),
            resource_arns=list(statement.policy.resources),
            conditions=statement.policy.conditions or None,
        )
        for statement in statements
    ]
    for owner in policy_owners(grantee, default=scope):
        for statement in statements:
            if statement.wildcard is not None:
                acknowledge_wildcards(owner, statement.policy, statement.wildcard)
    return reduce(lambda one, other: one.combine(other), grants)


def policy_owners(grantee: iam.IGrantable, *, default: Construct) -> list[Construct]:
    """What holds the grantee's policy, and so the findings about it.

    The role or user made in this app; below a reference, the policy itself; ``default``
    where there is neither.
    """
    principal = grantee.grant_principal
    if isinstance(principal, Construct):
        return [principal]
    node = getattr(principal, "node", None)
    children = [] if node is None else node.children
    return [child for child in children if isinstance(child, iam.Policy)] or [default]
