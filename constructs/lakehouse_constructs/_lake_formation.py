"""AWS Lake Formation: who may use which database, table and column.

Sources: docs.aws.amazon.com/lake-formation/latest/dg, "Lake Formation permissions
reference" and "Implicit permissions"; the order of grants: issue 2500 of
aws-cloudformation/cloudformation-coverage-roadmap.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lakeformation as lakeformation
from constructs import Construct

from lakehouse_constructs._errors import SynthesisError
from lakehouse_constructs._interfaces import scope_of

_Permissions = lakeformation.CfnPrincipalPermissions

DESCRIBE: Final = "DESCRIBE"
SELECT: Final = "SELECT"
DATA_LOCATION_ACCESS: Final = "DATA_LOCATION_ACCESS"


class LakeFormation(StrEnum):
    """What Lake Formation decides, beside IAM, in the account of the catalog."""

    OFF = "off"
    """Nothing: IAM alone, as in an account that never touched Lake Formation."""

    CATALOG = "catalog"
    """Who may use databases and tables. Files are read with the S3 rights of each role."""

    CATALOG_AND_FILES = "catalog-and-files"
    """Files too: an administrator has registered the bucket as a data location, and readers
    get the files from Lake Formation, not from S3. Needed for grants of columns.

    A bucket that does not exist yet cannot be registered, and access to a location that is
    not registered cannot be granted. So a bucket made in the same app takes two
    deployments: the first with CATALOG, then the administrator registers the bucket, the
    second with CATALOG_AND_FILES."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a permission is about: how Lake Formation names it, and its id in the tree."""

    id: str
    resource: dict[str, Any]


class LakeFormationGrants:
    """Writes one ``AWS::LakeFormation::PrincipalPermissions`` per principal and target.

    Two of them on one target would undo each other: the permissions of a principal add up,
    and whichever leaves the template first revokes what the other still grants. For the
    same reason each column is a target of its own, and catalogs of one stack share what they
    give. All grants of a stack are made one after the other; made at once, CloudFormation
    loses track of some.
    """

    def __init__(self, catalog: Construct) -> None:
        self._catalog = catalog

    def permit(
        self,
        grantee: iam.IGrantable,
        target: Target,
        permissions: Sequence[str],
        *,
        database: glue.IDatabase | None = None,
    ) -> _Permissions:
        """Give the grantee these permissions on the target, with those it has already.

        :param database: which the target names. One that is made in this app is made before
            the grant; the name alone, a text, makes CloudFormation wait for nothing.
        """
        scope = scope_of(grantee, default=_grants_of(Stack.of(self._catalog)))
        principal = _arn(grantee, self._catalog)
        # Whatever is the same in two catalogs, or two references to one role, is one grant.
        id = f"LakeFormation{target.id}{_digest(scope, principal, target)}"
        made = scope.node.try_find_child(id)
        if made is None:
            made = self._new(scope, id, principal=principal, target=target)
        assert isinstance(made, _Permissions)  # noqa: S101 - for the type checker
        made.permissions = sorted({*made.permissions, *permissions})
        cfn_database = None if database is None else database.node.default_child
        if isinstance(cfn_database, glue.CfnDatabase):
            made.add_resource_dependency(cfn_database)
        return made

    def _new(self, scope: Construct, id: str, *, principal: str, target: Target) -> _Permissions:
        made = _Permissions(
            scope,
            id,
            principal=_Permissions.DataLakePrincipalProperty(
                data_lake_principal_identifier=principal
            ),
            resource=_Permissions.ResourceProperty(**target.resource),
            permissions=[],
            permissions_with_grant_option=[],
        )
        _after_the_last(made)
        return made

    def database(self, name: str, *, id: str) -> Target:
        """A database itself."""
        resource = _Permissions.DatabaseResourceProperty(catalog_id=self._account, name=name)
        return Target(id=f"{id}Database", resource={"database": resource})

    def all_tables(self, database: str, *, id: str) -> Target:
        """Every table of a database, those to come too."""
        resource = _Permissions.TableResourceProperty(
            catalog_id=self._account, database_name=database, table_wildcard={}
        )
        return Target(id=f"{id}Tables", resource={"table": resource})

    def table(self, database: str, table: str, *, id: str) -> Target:
        """One table, which must exist when the grant is deployed."""
        resource = _Permissions.TableResourceProperty(
            catalog_id=self._account, database_name=database, name=table
        )
        return Target(id=f"{id}Table-{table}", resource={"table": resource})

    def column(self, database: str, table: str, column: str, *, id: str) -> Target:
        """One column, which must exist when the grant is deployed."""
        resource = _Permissions.TableWithColumnsResourceProperty(
            catalog_id=self._account, database_name=database, name=table, column_names=[column]
        )
        return Target(id=f"{id}Column-{table}.{column}", resource={"table_with_columns": resource})

    def location(self, arn: str) -> Target:
        """A registered data location: who makes tables there needs access to it."""
        resource = _Permissions.DataLocationResourceProperty(
            catalog_id=self._account, resource_arn=arn
        )
        return Target(id="Location", resource={"data_location": resource})

    @property
    def _account(self) -> str:
        return Stack.of(self._catalog).account


def _after_the_last(made: _Permissions) -> None:
    order = _below(_grants_of(Stack.of(made)), "Order")
    before = order.node.dependencies
    if before:
        made.node.add_dependency(before[-1])
    order.node.add_dependency(made)


def _grants_of(stack: Stack) -> Construct:
    """Holds the grants to references, and the order of all: catalogs do not know each other."""
    return _below(stack, "LakeFormation")


def _below(scope: Construct, id: str) -> Construct:
    found = scope.node.try_find_child(id)
    return Construct(scope, id) if found is None else cast("Construct", found)


def _digest(scope: Construct, principal: str, target: Target) -> str:
    stack = Stack.of(scope)
    text = json.dumps(stack.resolve([principal, target.resource]), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _arn(grantee: iam.IGrantable, catalog: Construct) -> str:
    principal = grantee.grant_principal.policy_fragment.principal_json
    arns = principal.get("AWS", [])
    if len(arns) != 1:
        raise SynthesisError(
            f"{catalog.node.path}: grantee: got the principal {principal}; Lake Formation "
            "grants go to one IAM role or user"
        )
    return arns[0]
