import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs

from lakehouse_constructs import ExtractionSchedule, GlueSessions, LakeFormation
from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.errors import ConfigError
from stacks.old_lake import OldLake
from stacks.settings import load
from stacks.vpc import VpcSettings

REPOSITORY = Path(__file__).resolve().parents[3]
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1f0c"
_VPC = {
    "id": "vpc-0123abcd",
    "availability_zones": ["eu-central-1a", "eu-central-1b"],
    "private_subnets": ["subnet-0123abcd", "subnet-4567abcd"],
}
OBJECTS = {"groups": {"sales": {"include": ["Account"]}, "support": {"include": ["Case"]}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "salesforce_objects.json").write_text(json.dumps(OBJECTS))
    return tmp_path


def _role(name: str, *, account: str = "123456789012") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def _write(folder: Path, **values: Any) -> None:
    (folder / "dev.json").write_text(json.dumps({"prefix": "lake", **values}))


def test_defaults_keep_data_and_fire_no_schedule(folder: Path) -> None:
    _write(folder)

    settings = load("dev", folder=folder)

    assert settings.account is None
    assert settings.region is None
    assert settings.removal_policy == RemovalPolicy.RETAIN
    assert settings.keep_old_versions_for.to_days() == 14
    assert settings.termination_protection is True
    assert settings.log_retention == logs.RetentionDays.THREE_MONTHS
    assert settings.lake_formation == LakeFormation.OFF
    limits = settings.extraction
    assert (limits.worker_type, limits.workers, limits.max_concurrent_runs) == ("G.1X", 2, 50)
    assert limits.timeout.to_minutes() == 60
    assert settings.sessions == GlueSessions()
    assert settings.build_timeout.to_hours() == 4
    assert settings.execution_timeout.to_hours() == 24
    assert settings.schedules_enabled is False
    assert settings.schedules == ()
    assert settings.alert_emails == ()
    assert settings.runbook is None
    assert settings.old_lake is None
    assert settings.readers == ()
    assert settings.vpc is None


def test_everything_can_be_set(folder: Path) -> None:
    _write(
        folder,
        prefix="our_lake",
        account="123456789012",
        region="eu-central-1",
        removal_policy="destroy",
        keep_old_versions_days=3,
        termination_protection=False,
        log_retention_days=7,
        alerts={"emails": ["ops@example.com"], "runbook": "https://wiki.example/lake"},
        lake_formation="catalog-and-files",
        readers=[_role("team/analysts")],
        vpc=_VPC | {"security_groups": ["sg-0123abcd"]},
        extraction={
            "worker_type": "G.4X",
            "workers": 3,
            "timeout_minutes": 90,
            "max_concurrent_runs": 7,
        },
        dbt={"worker_type": "G.2X", "workers": 4, "threads": 2, "timeout_minutes": 900},
        execution_timeout_minutes=120,
        old_lake={"database": "erp", "bucket": "erp-dumps", "key": KEY},
        schedules_enabled=True,
        schedules=[
            {
                "name": "Support",
                "expression": "rate(1 hour)",
                "groups": ["support"],
                "mode": "full",
                "time_zone": "Europe/Paris",
                "flexible_minutes": 5,
            }
        ],
    )

    settings = load("dev", folder=folder)

    assert settings.kebab_prefix == "our-lake"
    assert settings.old_lake == OldLake(database="erp", bucket="erp-dumps", key=KEY)
    assert settings.comparison_config == folder / "comparison.json"
    assert (settings.account, settings.region) == ("123456789012", "eu-central-1")
    assert settings.removal_policy == RemovalPolicy.DESTROY
    assert settings.keep_old_versions_for.to_days() == 3
    assert settings.log_retention == logs.RetentionDays.ONE_WEEK
    assert settings.alert_emails == ("ops@example.com",)
    assert settings.runbook == "https://wiki.example/lake"
    assert settings.lake_formation == LakeFormation.CATALOG_AND_FILES
    assert settings.readers == (_role("team/analysts"),)
    assert settings.vpc == VpcSettings(
        id="vpc-0123abcd",
        availability_zones=("eu-central-1a", "eu-central-1b"),
        private_subnets=("subnet-0123abcd", "subnet-4567abcd"),
        security_groups=("sg-0123abcd",),
    )
    limits = settings.extraction
    assert (limits.worker_type, limits.workers, limits.max_concurrent_runs) == ("G.4X", 3, 7)
    assert limits.timeout.to_minutes() == 90
    assert settings.execution_timeout.to_minutes() == 120
    assert settings.sessions == GlueSessions(worker_type="G.2X", workers=4, threads=2)
    assert settings.build_timeout.to_minutes() == 900
    assert settings.schedules == (
        ExtractionSchedule(
            name="Support",
            expression="rate(1 hour)",
            groups=("support",),
            mode=Mode.FULL,
            time_zone="Europe/Paris",
            flexible_minutes=5,
        ),
    )


_OLD = {"database": "erp", "bucket": "erp-dumps"}


def _schedule(**values: Any) -> list[dict[str, Any]]:
    return [{"name": "A", "expression": "rate(1 hour)", **values}]


@pytest.mark.parametrize(
    ("values", "key", "allowed"),
    [
        ({"prefx": "x"}, "prefx", "alerts"),
        ({"prefix": None}, "prefix", "lakehouse_dev"),
        ({"prefix": "Lake-House"}, "prefix", "lakehouse_dev"),
        ({"account": 123456789012}, "account", "string"),
        ({"account": "12345"}, "account", "twelve digits"),
        ({"region": "europe"}, "region", "eu-central-1"),
        ({"removal_policy": "delete"}, "removal_policy", "retain, destroy"),
        ({"keep_old_versions_days": -1}, "keep_old_versions_days", "from 0 to 3650"),
        ({"termination_protection": "yes"}, "termination_protection", "true or false"),
        ({"log_retention_days": 8}, "log_retention_days", "1, 7, 14"),
        ({"alerts": {"emails": ["ops"]}}, "alerts.emails", "e-mail"),
        ({"alerts": {"email": []}}, "alerts.email", "emails"),
        ({"alerts": {"runbook": "docs/runbook.md"}}, "alerts.runbook", "https://"),
        ({"alerts": {"runbook": "https://wiki.example/#lake"}}, "alerts.runbook", "without #"),
        ({"lake_formation": "on"}, "lake_formation", "off, catalog, catalog-and-files"),
        ({"readers": "analysts"}, "readers", "a list of strings"),
        ({"readers": ["analysts"]}, "readers", "arn:aws:iam::<account>:role/<name>"),
        ({"readers": ["arn:aws:iam::123456789012:user/ada"]}, "readers", ":role/<name>"),
        ({"readers": [_role("aws-reserved/sso/Ada")]}, "readers", "outside of aws-reserved/"),
        (
            {"readers": [_role("a")], "account": "210987654321"},
            "readers",
            "the stack's account, 210987654321",
        ),
        ({"readers": [_role("a"), _role("a", account="210987654321")]}, "readers", "123456789012"),
        ({"vpc": "vpc-0123abcd"}, "vpc", "a JSON object"),
        ({"vpc": {}}, "vpc.id", "the id of a VPC"),
        ({"vpc": _VPC | {"id": "our-vpc"}}, "vpc.id", "such as vpc-0a1b2c3d4e5f67890"),
        ({"vpc": _VPC | {"private_subnets": []}}, "vpc.private_subnets", "one subnet at least"),
        ({"vpc": _VPC | {"private_subnets": ["sg-0123abcd"]}}, "vpc.private_subnets", "subnet-0a"),
        (
            {"vpc": _VPC | {"private_subnets": ["subnet-0123abcd"]}},
            "vpc.availability_zones",
            "one for each of the 1 private_subnets",
        ),
        (
            {"vpc": _VPC | {"availability_zones": ["euc1-az2", "euc1-az3"]}},
            "vpc.availability_zones",
            "eu-central-1a",
        ),
        ({"vpc": _VPC, "region": "eu-west-1"}, "vpc.availability_zones", "region, eu-west-1"),
        ({"vpc": _VPC | {"security_groups": ["default"]}}, "vpc.security_groups", "sg-0a1b2c"),
        (
            {"vpc": _VPC | {"security_groups": [f"sg-0123abc{n}" for n in range(6)]}},
            "vpc.security_groups",
            "5 at most",
        ),
        ({"vpc": _VPC | {"subnets": []}}, "vpc.subnets", "private_subnets"),
        ({"extraction": {"workers": 300}}, "extraction.workers", "from 2 to 299"),
        ({"extraction": {"worker_type": "G.025X"}}, "extraction.worker_type", "G.1X"),
        ({"extraction": {"timeout_minutes": 0}}, "extraction.timeout_minutes", "from 1 to 10080"),
        ({"extraction": {"max_concurrent_runs": 0}}, "extraction.max_concurrent_runs", "to 1000"),
        ({"extraction": {"number_of_workers": 2}}, "extraction.number_of_workers", "workers"),
        ({"execution_timeout_minutes": "1h"}, "execution_timeout_minutes", "from 1 to 525600"),
        ({"dbt": {"workers": 1}}, "dbt.workers", "from 2 to"),
        ({"dbt": {"timeout_minutes": 4}}, "dbt.timeout_minutes", "from 5 to 2160"),
        ({"dbt": {"worker_type": "G.0"}}, "dbt.worker_type", "G.1X"),
        ({"old_lake": {"bucket": "erp-dumps"}}, "old_lake.database", "a Glue database"),
        ({"old_lake": {"database": "erp"}}, "old_lake.bucket", "the name of a bucket"),
        ({"old_lake": _OLD | {"bucket": "s3://erp"}}, "old_lake.bucket", "the name of a bucket"),
        ({"old_lake": _OLD | {"key": "alias/erp"}}, "old_lake.key", "the ARN of a KMS key"),
        ({"old_lake": _OLD | {"buckets": []}}, "old_lake.buckets", "bucket"),
        ({"old_lake": "erp"}, "old_lake", "a JSON object"),
        ({"schedules": {}}, "schedules", "a list"),
        ({"schedules": _schedule(groups=["nope"])}, "schedules[0].groups", "sales, support"),
        ({"schedules": _schedule(mode="fast")}, "schedules[0].mode", "incremental"),
        ({"schedules": _schedule(expression="hourly")}, "schedules[0].expression", "rate("),
        (
            {"schedules": _schedule(expression="cron(0 2 * * *)")},
            "schedules[0].expression",
            "cron(0 2 * * ? *)",
        ),
        ({"schedules": _schedule(time_zone="CEST")}, "schedules[0].time_zone", "Europe/Berlin"),
        ({"schedules": _schedule(name="my schedule")}, "schedules[0].name", "letters"),
        ({"schedules": _schedule() * 2}, "schedules[1].name", "once"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_value_and_what_is_allowed(
    folder: Path, values: dict[str, Any], key: str, allowed: str
) -> None:
    _write(folder, **values)

    with pytest.raises(ConfigError) as caught:
        load("dev", folder=folder)

    message = str(caught.value)
    assert message.startswith(f"{folder / 'dev.json'}: {key}: got ")
    assert allowed in message.split("allowed: ")[1]
    assert "\n" not in message


def _told(heading: str) -> set[str]:
    """The keys of the table below a heading of the page."""
    page = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def _known(folder: Path, path: str) -> set[str]:
    """The keys that the error about an unknown one lists."""
    with pytest.raises(ConfigError) as caught:
        load("dev", folder=folder)
    return {path + key for key in str(caught.value).split("one of the keys ")[1].split(", ")}


def test_the_page_tells_of_every_key_and_of_no_other(folder: Path) -> None:
    def known(path: str, **values: Any) -> set[str]:
        _write(folder, **values)
        return _known(folder, path)

    unknown = {"unknown": 1}
    sections = {
        "alerts.": {"alerts": unknown},
        "extraction.": {"extraction": unknown},
        "dbt.": {"dbt": unknown},
        "old_lake.": {"old_lake": _OLD | unknown},
        "vpc.": {"vpc": _VPC | unknown},
        "schedules[].": {"schedules": _schedule(**unknown)},
    }
    keys = {k for path, values in sections.items() for k in known(path, **values)}
    keys |= known("", **unknown) - {re.split(r"[.[]", path)[0] for path in sections}

    assert _told("An environment") == keys


def test_the_page_tells_of_every_key_of_the_objects(folder: Path) -> None:
    def known(path: str, **values: Any) -> set[str]:
        (folder / "salesforce_objects.json").write_text(json.dumps({**OBJECTS, **values}))
        return _known(folder, path)

    unknown = {"unknown": 1}
    keys = {"objects.<name>"}
    keys |= known("groups.<name>.", groups={"sales": {"include": ["Account"], **unknown}})
    keys |= known("api_budget.", api_budget=unknown)
    keys |= known("defaults.", defaults=unknown) - {"defaults.fields"}
    keys |= known("defaults.fields.", defaults={"fields": unknown})
    keys |= known("", **unknown) - {"groups", "api_budget", "defaults", "objects"}

    assert _told("The objects") == keys


def test_a_vpc_that_is_null_is_none(folder: Path) -> None:
    _write(folder, vpc=None)

    assert load("dev", folder=folder).vpc is None


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(str(folder / "prod.json"))):
        load("prod", folder=folder)


def test_broken_json_names_the_line(folder: Path) -> None:
    (folder / "dev.json").write_text('{\n  "prefix": "x",\n}')

    with pytest.raises(ConfigError, match=r"dev\.json, line 3"):
        load("dev", folder=folder)


@pytest.mark.parametrize(
    ("environment", "prefix"), [("dev", "lakehouse_dev"), ("prod", "lakehouse_prod")]
)
def test_the_projects_own_files_are_good(environment: Any, prefix: str) -> None:
    settings = load(environment, folder=REPOSITORY / "config")

    assert settings.prefix == prefix
    # The secret is filled after the first deployment.
    assert settings.schedules_enabled is False
    # No incremental read sees a record that is gone without a trace.
    assert Mode.RECONCILE in {schedule.mode for schedule in settings.schedules}
    # Groups that no schedule names, such as that of an org's own objects, are read each day.
    assert Mode.INCREMENTAL in {s.mode for s in settings.schedules if not s.groups}
    assert settings.removal_policy == RemovalPolicy.RETAIN
