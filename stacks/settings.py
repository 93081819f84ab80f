"""``config/<environment>.json`` as typed settings. A mistake is a ConfigError."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs

from lakehouse_constructs import ExtractionSchedule, GlueSessions, LakeFormation
from lakehouse_constructs._expression import EXPRESSIONS, TIME_ZONES, is_expression, is_time_zone
from lakehouse_jobs.contract.arguments import Mode
from lakehouse_jobs.contract.checked import Section
from lakehouse_jobs.contract.objects import WORKER_TYPES, ObjectsConfig
from stacks.old_lake import A_BUCKET, A_DATABASE, A_KEY, BUCKET, DATABASE, KEY, OldLake
from stacks.readers import readers
from stacks.values import account, matching, optional, region
from stacks.vpc import VpcSettings, vpc

_PREFIX: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_RUNBOOK: Final = re.compile(r"https?://[^#\s]{1,790}")  # a section is appended
_SCHEDULE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,39}")

# The ages that CloudWatch Logs knows, in days.
_RETENTION: Final = {
    1: logs.RetentionDays.ONE_DAY,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    731: logs.RetentionDays.TWO_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
}


@dataclass(frozen=True, kw_only=True)
class ExtractionLimits:
    """Limits on the Glue runs of the extraction."""

    worker_type: str  # this and the next two: of runs started without the pipeline
    workers: int
    timeout: Duration
    max_concurrent_runs: int  # over all executions


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One environment."""

    prefix: str  # of databases, workgroup and sessions: a-z, 0-9 and _
    account: str | None  # None: whatever the deployment's credentials lead to
    region: str | None
    removal_policy: RemovalPolicy
    termination_protection: bool
    keep_old_versions_for: Duration
    alert_emails: tuple[str, ...]
    runbook: str | None  # its address; None: the path in the project
    log_retention: logs.RetentionDays
    lake_formation: LakeFormation
    readers: tuple[str, ...]  # ARNs of the roles that may query the marts
    vpc: VpcSettings | None  # where everything runs; None: outside of any
    extraction: ExtractionLimits
    sessions: GlueSessions
    build_timeout: Duration
    execution_timeout: Duration
    schedules_enabled: bool
    schedules: tuple[ExtractionSchedule, ...]
    objects_config: Path
    old_lake: OldLake | None  # None: nothing is compared
    comparison_config: Path  # of that comparison

    @property
    def kebab_prefix(self) -> str:
        """The prefix with hyphens, for names in which AWS's custom is that."""
        return self.prefix.replace("_", "-")


def load(environment: Literal["dev", "prod"], *, folder: Path) -> Settings:
    """Read ``<folder>/<environment>.json`` and check it against ``salesforce_objects.json``."""
    objects_config = folder / "salesforce_objects.json"
    objects = ObjectsConfig.from_file(objects_config)
    section = Section.from_file(folder / f"{environment}.json")
    return section.read(lambda s: _settings(s, objects_config=objects_config, objects=objects))


def _settings(section: Section, *, objects_config: Path, objects: ObjectsConfig) -> Settings:
    emails, runbook = section.section("alerts").read(_alerts)
    sessions, build_timeout = section.section("dbt").read(_dbt)
    own_account = account(section)
    own_region = region(section)
    return Settings(
        prefix=matching(section, "prefix", _PREFIX, "a-z, 0-9 and _, such as lakehouse_dev"),
        account=own_account,
        region=own_region,
        removal_policy=RemovalPolicy[
            (section.text("removal_policy", "retain", one_of=("retain", "destroy"))).upper()
        ],
        termination_protection=section.flag("termination_protection", True),
        keep_old_versions_for=Duration.days(
            section.whole("keep_old_versions_days", 14, low=0, high=3650)
        ),
        alert_emails=emails,
        runbook=runbook,
        log_retention=_retention(section),
        lake_formation=LakeFormation(
            section.text("lake_formation", LakeFormation.OFF.value, one_of=tuple(LakeFormation))
        ),
        readers=readers(section, account=own_account),
        vpc=vpc(section.optional_section("vpc"), region=own_region),
        extraction=section.section("extraction").read(_extraction),
        sessions=sessions,
        build_timeout=build_timeout,
        execution_timeout=_minutes(section, "execution_timeout_minutes", 1_440, high=525_600),
        schedules_enabled=section.flag("schedules_enabled", False),
        schedules=tuple(_schedules(section, objects)),
        objects_config=objects_config,
        old_lake=section.section("old_lake").read(_old_lake),
        comparison_config=objects_config.with_name("comparison.json"),
    )


def _old_lake(section: Section) -> OldLake | None:
    if not section.names():
        return None
    return OldLake(
        database=matching(section, "database", DATABASE, A_DATABASE),
        bucket=matching(section, "bucket", BUCKET, A_BUCKET),
        key=optional(section, "key", KEY, A_KEY),
    )


def _alerts(section: Section) -> tuple[tuple[str, ...], str | None]:
    """Who gets the alerts, and where the runbook is that they point to."""
    emails = section.texts("emails")
    for email in emails:
        if not _EMAIL.fullmatch(email):
            raise section.error("emails", email, "an e-mail address")
    allowed = "an address such as https://wiki.example/lakehouse/runbook, without #, or null"
    return emails, optional(section, "runbook", _RUNBOOK, allowed)


def _retention(section: Section) -> logs.RetentionDays:
    days = section.whole("log_retention_days", 90, low=1, high=3653)
    if days not in _RETENTION:
        allowed = ", ".join(str(known) for known in _RETENTION)
        raise section.error("log_retention_days", days, f"one of {allowed}")
    return _RETENTION[days]


def _minutes(section: Section, name: str, default: int, *, low: int = 1, high: int) -> Duration:
    return Duration.minutes(section.whole(name, default, low=low, high=high))


def _extraction(section: Section) -> ExtractionLimits:
    return ExtractionLimits(
        worker_type=section.text("worker_type", "G.1X", one_of=WORKER_TYPES),
        workers=section.whole("workers", 2, low=2, high=299),
        timeout=_minutes(section, "timeout_minutes", 60, high=10_080),
        max_concurrent_runs=section.whole("max_concurrent_runs", 50, low=1, high=1_000),
    )


def _dbt(section: Section) -> tuple[GlueSessions, Duration]:
    sessions = GlueSessions(
        worker_type=section.text("worker_type", "G.1X", one_of=WORKER_TYPES),
        workers=section.whole("workers", 2, low=2, high=299),
        threads=section.whole("threads", 1, low=1, high=16),
    )
    return sessions, _minutes(section, "timeout_minutes", 240, low=5, high=2_160)


def _schedules(section: Section, objects: ObjectsConfig) -> Iterable[ExtractionSchedule]:
    seen: set[str] = set()
    for entry in section.sections("schedules"):
        schedule = entry.read(lambda s: _schedule(s, objects))
        if schedule.name in seen:
            raise entry.error("name", schedule.name, "each schedule's name once")
        seen.add(schedule.name)
        yield schedule


def _schedule(section: Section, objects: ObjectsConfig) -> ExtractionSchedule:
    known = [group.name for group in objects.groups]
    groups = section.texts("groups")
    for group in groups:
        if group not in known:
            raise section.error("groups", group, f"configured groups: {', '.join(known)}")
    expression = section.text("expression")
    if expression is None or not is_expression(expression):
        raise section.error("expression", expression, EXPRESSIONS)
    time_zone = section.text("time_zone", "Etc/UTC")
    if not is_time_zone(time_zone):
        raise section.error("time_zone", time_zone, TIME_ZONES)
    return ExtractionSchedule(
        name=matching(section, "name", _SCHEDULE_NAME, "letters and digits, such as Nightly"),
        expression=expression,
        groups=groups,
        mode=Mode(section.text("mode", Mode.INCREMENTAL.value, one_of=tuple(Mode))),
        time_zone=time_zone,
        flexible_minutes=section.whole("flexible_minutes", 0, low=0, high=1_440),
    )
