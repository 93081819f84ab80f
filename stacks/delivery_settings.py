"""``config/delivery.json``: the repository whose GitHub Actions may review and deploy."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lakehouse_jobs.contract.checked import Section
from stacks.old_lake import A_BUCKET, A_DATABASE, A_KEY, BUCKET, DATABASE, KEY
from stacks.values import account, matching, optional, region

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_PROVIDER: Final = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/\S+")
ENVIRONMENTS: Final = ("dev", "prod")
PROD: Final = "prod"


@dataclass(frozen=True, kw_only=True)
class GatedLake:
    """The lake of ``prod``, where the gate reads the runs of the comparison."""

    database: str  # the raw one
    bucket: str
    key: str | None  # ARN of the KMS key; None: S3's own keys


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """Who may deliver, and to where."""

    repository: str  # "owner/name"
    environments: tuple[str, ...]  # GitHub environments, named like ours
    provider_arn: str | None  # of an OIDC provider that the account has already
    gate: GatedLake | None  # None: the delivery to prod may not ask the gate
    account: str | None
    region: str | None


def load_delivery(path: Path) -> DeliverySettings | None:
    """None where no repository is named: then nothing is delivered from GitHub."""
    return Section.from_file(path).read(_settings)


def _settings(section: Section) -> DeliverySettings | None:
    repository = optional(section, "repository", _REPOSITORY, "owner/name, or null")
    settings = DeliverySettings(
        repository=repository or "",
        environments=section.texts("environments", ENVIRONMENTS),
        provider_arn=optional(
            section, "provider_arn", _PROVIDER, "the ARN of an OIDC provider, or null"
        ),
        gate=section.section("gate").read(_gate),
        account=account(section),
        region=region(section),
    )
    for environment in settings.environments:
        if environment not in ENVIRONMENTS:
            raise section.error("environments", environment, ", ".join(ENVIRONMENTS))
    if settings.gate is not None and PROD not in settings.environments:
        raise section.error(
            "gate", settings.gate.bucket, f"{{}}, as {PROD} is not among the environments"
        )
    return settings if repository else None


def _gate(section: Section) -> GatedLake | None:
    if not section.names():
        return None
    return GatedLake(
        database=matching(section, "database", DATABASE, A_DATABASE),
        bucket=matching(section, "bucket", BUCKET, A_BUCKET),
        key=optional(section, "key", KEY, A_KEY),
    )
