"""Roles with which GitHub Actions review and deploy, without a secret kept anywhere."""

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse_constructs._grants import grant
from lakehouse_constructs._statements import (
    READ_FILES,
    allow,
    on_catalog,
    on_key,
    on_listing,
    on_objects,
)
from lakehouse_jobs.contract.raw_log import COMPARISON_RUNS_TABLE
from stacks.delivery_settings import PROD, DeliverySettings, GatedLake

ISSUER: Final = "token.actions.githubusercontent.com"
_STACK: Final = "LakehouseProd"
_AUDIENCE: Final = "sts.amazonaws.com"


class DeliveryStack(Stack):
    """One role that may look, for pull requests, and one for each environment that may deploy.

    The roles can do nothing but assume those of the CDK bootstrap; that of ``prod`` reads the
    runs of the comparison too where the settings name its lake for the gate. Whose token may
    assume them is told by its subject: a pull request of the repository, or a job in a GitHub
    environment, which GitHub's own rules protect.
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: DeliverySettings, **kwargs: Any
    ) -> None:
        super().__init__(scope, id, **kwargs)
        self._repository = settings.repository
        self._provider_arn = settings.provider_arn or self._provider().ref
        self.review_role = self._role(
            "ReviewRole", subject="pull_request", bootstrap_roles=["lookup"]
        )
        self.deploy_roles = {
            environment: self._role(
                f"{environment.capitalize()}Role",
                subject=f"environment:{environment}",
                bootstrap_roles=["deploy", "file-publishing", "lookup"],
            )
            for environment in settings.environments
        }
        if settings.gate is not None:
            self._let_ask_the_gate(self.deploy_roles[PROD], settings.gate)

    def _let_ask_the_gate(self, role: iam.Role, lake: GatedLake) -> None:
        """Read the runs of the comparison, and what the stack calls its parts: nothing else."""
        bucket = s3.Bucket.from_bucket_name(self, "LakeBucket", lake.bucket)
        prefix = f"{lake.database}/{COMPARISON_RUNS_TABLE}/"
        statements = [
            allow(
                "cloudformation:DescribeStacks",
                on=[
                    self.format_arn(
                        service="cloudformation", resource="stack", resource_name=f"{_STACK}/*"
                    )
                ],
                wildcard="CloudFormation ends the ARN of a stack with an id; the name is fixed",
            ),
            on_catalog(
                self,
                databases=[lake.database],
                tables=[COMPARISON_RUNS_TABLE],
                actions=("GetDatabase", "GetTable"),
            ),
            on_objects(bucket, prefixes=[prefix], actions=READ_FILES),
            *on_listing(bucket, prefixes=[prefix]),
        ]
        if lake.key is not None:
            key = kms.Key.from_key_arn(self, "LakeKey", lake.key)
            statements.append(on_key(key, services=["s3"], write=False))
        grant(role, statements, scope=self)

    def _provider(self) -> iam.CfnOIDCProvider:
        # An account has one for each issuer: `provider_arn` names one that is there.
        return iam.CfnOIDCProvider(
            self, "GitHub", url=f"https://{ISSUER}", client_id_list=[_AUDIENCE]
        )

    def _role(self, name: str, *, subject: str, bootstrap_roles: Sequence[str]) -> iam.Role:
        principal = iam.WebIdentityPrincipal(
            self._provider_arn,
            {
                "StringEquals": {
                    f"{ISSUER}:aud": _AUDIENCE,
                    f"{ISSUER}:sub": f"repo:{self._repository}:{subject}",
                }
            },
        )
        role = iam.Role(
            self,
            name,
            assumed_by=principal,  # pyright: ignore[reportArgumentType] - jsii's parameter names
            description=f"GitHub Actions of {self._repository}: {subject}",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["sts:AssumeRole"],
                resources=[self._bootstrap_role(kind) for kind in bootstrap_roles],
            )
        )
        CfnOutput(self, f"{name}Arn", value=role.role_arn)
        return role

    def _bootstrap_role(self, kind: str) -> str:
        qualifier = (
            self.node.try_get_context("@aws-cdk/core:bootstrapQualifier")
            or DefaultStackSynthesizer.DEFAULT_QUALIFIER
        )
        return self.format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name=f"cdk-{qualifier}-{kind}-role-{self.account}-{self.region}",
        )
