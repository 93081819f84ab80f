"""What the new system has in place of each old resource: the same, another way, or nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lakehouse_tools.comparison.infrastructure.resolving import SECRET
from lakehouse_tools.comparison.infrastructure.system import Resource, System, formed


class Have(StrEnum):
    """Whether the new system has what an old resource is for."""

    SAME = "same"  # a resource of the same kind
    OTHERWISE = "otherwise"  # done in another way
    LACKS = "lacks"


@dataclass(frozen=True, kw_only=True)
class Counterpart:
    """One old resource, or one thing about it, and what stands for it."""

    id: str  # of the old resource
    type: str
    part: str  # of the system
    have: Have
    by: tuple[str, ...]  # names of the new resources that do its work
    why: str


_SCHEDULES: Final = ("AWS::Scheduler::Schedule",)
_PIPELINE: Final = ("AWS::StepFunctions::StateMachine",)
_JOB: Final = ("AWS::Glue::Job",)
_DBT: Final = ("AWS::CodeBuild::Project",)
_ALARM: Final = "AWS::CloudWatch::Alarm"

# Type → part of the system, and the types that do its work in another way, with the reason.
# What is not here is compared by its own type, or lacks.
PARTS: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "AWS::S3::Bucket": ("storage", (), ""),
    "AWS::S3::BucketPolicy": ("storage", (), ""),
    "AWS::Glue::Database": ("catalog", (), ""),
    "AWS::Glue::Table": ("catalog", _JOB, "tables are made at run time, by the job and by dbt"),
    "AWS::Glue::Partition": ("catalog", _JOB, "Iceberg tables keep their partitions themselves"),
    "AWS::Glue::Crawler": ("catalog", _JOB, "the job writes a table's schema with its rows"),
    "AWS::Glue::Classifier": ("catalog", _JOB, "there is no crawler"),
    "AWS::Glue::Job": ("jobs", (), ""),
    "AWS::Lambda::Function": ("jobs", (), ""),
    "AWS::Lambda::Permission": ("jobs", _PIPELINE, "the pipeline's role calls the services"),
    "AWS::Glue::Workflow": ("orchestration", _PIPELINE, "one state machine runs everything"),
    "AWS::Glue::Trigger": ("orchestration", _PIPELINE, "one state machine runs everything"),
    "AWS::StepFunctions::StateMachine": ("orchestration", (), ""),
    "AWS::Events::Rule": ("orchestration", (), ""),
    "AWS::Scheduler::Schedule": ("schedules", (), ""),
    "AWS::Scheduler::ScheduleGroup": ("schedules", (), ""),
    "AWS::CloudWatch::Alarm": ("alarms", (), ""),
    "AWS::CloudWatch::CompositeAlarm": ("alarms", (_ALARM,), "each alarm tells for itself"),
    "AWS::SNS::Topic": ("messages", (), ""),
    "AWS::SNS::TopicPolicy": ("messages", (), ""),
    "AWS::SNS::Subscription": ("messages", (), ""),
    "AWS::SQS::Queue": ("messages", (), ""),
    "AWS::SQS::QueuePolicy": ("messages", (), ""),
    "AWS::Logs::LogGroup": ("logs", (), ""),
    "AWS::KMS::Key": ("keys", (), ""),
    "AWS::KMS::Alias": ("keys", ("AWS::KMS::Key",), "the key is named by its ARN"),
    "AWS::SecretsManager::Secret": ("secrets", (), ""),
    "AWS::SSM::Parameter": ("secrets", (), ""),
    "AWS::Athena::WorkGroup": ("queries", (), ""),
    "AWS::IAM::Role": ("roles", (), ""),
    "AWS::IAM::Policy": ("roles", ("AWS::IAM::Role",), "each role has its own statements"),
    "AWS::IAM::ManagedPolicy": ("roles", ("AWS::IAM::Role",), "each role has its own statements"),
}
_OTHER: Final = "other"

# Property of a type → what the old has in it that no resource of this type in the new has.
_FEATURES: Final = {
    ("AWS::S3::Bucket", "NotificationConfiguration"): "it calls others when an object arrives",
    ("AWS::S3::Bucket", "ReplicationConfiguration"): "its objects are copied to another bucket",
    ("AWS::S3::Bucket", "ObjectLockConfiguration"): "its objects cannot be deleted for a time",
    ("AWS::S3::Bucket", "LoggingConfiguration"): "who read what is logged",
    ("AWS::SNS::Topic", "Subscription"): "somebody gets its messages",
}

# What the task of a job or function is, by the words in its names.
_TASKS: Final = (
    (re.compile(r"alert|notif|slack|pager|email"), ("AWS::SNS::Topic",), "messages go to a topic"),
    (
        re.compile(r"salesforce|sfdc|(?<![a-z])sf[-_]|extract|ingest|fetch|pull"),
        _JOB,
        "one Glue job extracts every object",
    ),
    (
        re.compile(r"transform|etl|clean|curat|parquet|convert|build|merge|load|mart|dim|fact"),
        _DBT,
        "dbt builds the models",
    ),
)


def part_of(type_: str) -> str:
    """The part of the system that a type belongs to."""
    return PARTS[type_][0] if type_ in PARTS else _OTHER


def counterparts(old: System, new: System) -> list[Counterpart]:
    """Every old resource, its features and the old exports, each with what stands for it."""
    found: list[Counterpart] = []
    for one in old.resources:
        with formed(f"{one.source}: {one.logical_id}"):
            have, by, why = _SPECIAL.get(one.type, _by_type)(one, new)
        found.append(_counterpart(one, have, by, why))
        found += [
            _counterpart(one, Have.LACKS, [], f"{name}: {what}; no {one.type} of the new does")
            for (type_, name), what in _FEATURES.items()
            if type_ == one.type
            and one.value(name) is not None
            and not any(n.value(name) is not None for n in new.of(type_))
            and not (name == "Subscription" and new.of("AWS::SNS::Subscription"))
        ]
    found += [
        Counterpart(
            id=name,
            type="export",
            part=_OTHER,
            have=Have.LACKS,
            by=(),
            why="other stacks may import it: `aws cloudformation list-imports --export-name …`",
        )
        for name in old.exports
        if name not in new.exports
    ]
    return found


def _counterpart(one: Resource, have: Have, by: list[Resource], why: str) -> Counterpart:
    names = tuple(resource.name for resource in by)
    part = part_of(one.type)
    return Counterpart(id=one.id, type=one.type, part=part, have=have, by=names, why=why)


_Found = tuple[Have, list[Resource], str]


def _by_type(one: Resource, new: System) -> _Found:
    same = new.of(one.type)
    if same:
        return Have.SAME, same, ""
    _, others, why = PARTS.get(one.type, (_OTHER, (), ""))
    return _otherwise(new, others, why, f"the new stack has no {one.type}")


def _otherwise(new: System, types: tuple[str, ...], why: str, lacking: str) -> _Found:
    by = new.of(*types)
    return (Have.OTHERWISE, by, why) if by else (Have.LACKS, [], lacking)


def _by_task(one: Resource, new: System) -> _Found:
    words = one.words()
    for pattern, types, why in _TASKS:
        if pattern.search(words):
            lacking = f"nothing in the new stack stands for it ({why} elsewhere)"
            return _otherwise(new, types, why, lacking)
    return Have.LACKS, [], "its names do not say what it does: look, and agree if it is not needed"


def _rule(one: Resource, new: System) -> _Found:
    expression = one.value("ScheduleExpression") or one.value("Schedule")
    if expression is not None:
        return _schedule(one, new)
    if one.type == "AWS::Glue::Trigger":
        return _by_type(one, new)
    sources = _sources(one)
    same = [rule for rule in new.of("AWS::Events::Rule") if sources & _sources(rule)]
    if same:
        return Have.SAME, same, ""
    told = ", ".join(sorted(sources)) or "its events"
    if sources and sources <= {"aws.glue", "aws.states", "aws.codebuild"}:
        why = "the pipeline waits for what it starts, and sends a message when it fails"
        return _otherwise(new, _PIPELINE, why, f"nothing in the new stack listens to {told}")
    return Have.LACKS, [], f"nothing in the new stack listens to {told}"


def _sources(rule: Resource) -> set[str]:
    return {rule.template.text(source) for source in _list(rule.value("EventPattern.source"))}


def _schedule(one: Resource, new: System) -> _Found:
    expression = one.value("ScheduleExpression") or one.value("Schedule")
    by = [r for r in new.of(*_SCHEDULES, "AWS::Events::Rule") if r.value("ScheduleExpression")]
    if not by:
        return Have.LACKS, [], f"{expression}: the new stack has no schedule"
    theirs = sorted({str(r.value("ScheduleExpression")) for r in by})
    off = all(r.value("State") == "DISABLED" for r in by)
    why = f"old {one.template.text(expression)}, new {', '.join(theirs)}"
    return Have.SAME, by, why + "; off until schedules_enabled" * off


def _alarm(one: Resource, new: System) -> _Found:
    space = one.value("Namespace")
    by = new.of(_ALARM)
    if space is not None and not str(space).startswith("AWS/"):
        by = [alarm for alarm in by if alarm.value("Namespace") == space]
        what = f"{one.template.text(space)} {one.template.text(one.value('MetricName'))}"
        if not by:
            return Have.LACKS, [], f"no alarm watches {what}"
        return Have.SAME, by, ""
    if not by:
        return Have.LACKS, [], "the new stack has no alarm"
    return Have.SAME, by, "alarms watch the pipeline as a whole, not each service"


def _role(one: Resource, new: System) -> _Found:
    trusted = _trusted(one)
    same = [role for role in new.of(one.type) if _trusted(role) & trusted]
    if same:
        return Have.SAME, same, ""
    if all(kind == "Service" for kind, _ in trusted):
        why = "it goes with what it serves"
        return Have.OTHERWISE, [], why
    return Have.LACKS, [], "somebody outside the stack works with it: give them another role"


def _trusted(role: Resource) -> set[tuple[str, str]]:
    document = role.value("AssumeRolePolicyDocument") or {}
    found = set()
    for statement in _list(document.get("Statement", [])):
        principal = statement.get("Principal", {})
        named = principal if isinstance(principal, dict) else {"AWS": principal}
        for kind, values in named.items():
            found |= {(kind, role.template.text(value)) for value in _list(values)}
    return found


def _parameter(one: Resource, new: System) -> _Found:
    if SECRET.search(f"{one.logical_id} {one.value('Name')}"):
        why = "credentials lie in Secrets Manager"
        return _otherwise(new, ("AWS::SecretsManager::Secret",), why, "the new has no secret")
    return Have.LACKS, [], "settings of the new lie in config/*.json: does anything else read it?"


_SPECIAL: Final[dict[str, Callable[[Resource, System], _Found]]] = {
    "AWS::Glue::Job": _by_task,
    "AWS::Lambda::Function": _by_task,
    "AWS::Events::Rule": _rule,
    "AWS::Glue::Trigger": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::IAM::Role": _role,
    "AWS::SSM::Parameter": _parameter,
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
