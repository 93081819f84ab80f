"""``salesforce_objects.json``: which objects are extracted, in which groups, with which fields.

Read at synthesis, where a mistake stops the deployment, and by the job, which gets
the same file. An object belongs to the group that names it; else to the first group
of the file with a pattern that matches it. Names compare without regard to case, as
Salesforce's do.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from enum import StrEnum
from fnmatch import translate
from pathlib import Path

from lakehouse_jobs.contract.checked import Section
from lakehouse_jobs.contract.errors import ConfigError

API_VERSION = "62.0"
WORKER_TYPES = ("G.1X", "G.2X", "G.4X", "G.8X")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PATTERN = re.compile(r"[A-Za-z0-9_*?]+")
_GROUP = re.compile(r"[a-z][a-z0-9_]{0,39}")


class SchemaChanges(StrEnum):
    """What an administrator's change in Salesforce may change in raw by itself."""

    ALLOW = "allow"  # new objects of a pattern, new fields, new types
    ALLOW_COLUMNS = "allow_columns"  # new fields and types of objects that raw has already
    BLOCK = "block"  # nothing: what is new waits until the configuration accepts it


@dataclass(frozen=True, kw_only=True)
class ApiBudget:
    """How much of the org's limits a run may use up, whoever has used the rest."""

    daily_share: float = 0.8  # of each daily limit: requests, query jobs, bytes of results
    long_requests: int = 5  # of the org's 25 concurrent requests of 20 seconds and more


@dataclass(frozen=True, kw_only=True)
class FieldRules:
    """Fields that are not written, or written as a hash. API names, any case."""

    exclude: frozenset[str] = frozenset()  # lower case
    hash: frozenset[str] = frozenset()  # lower case
    accept: frozenset[str] = frozenset()  # lower case; let in though schema_changes blocks

    def merged(self, other: "FieldRules") -> "FieldRules":
        """Both sets of rules; what either excludes is excluded."""
        return FieldRules(
            exclude=self.exclude | other.exclude,
            hash=self.hash | other.hash,
            accept=self.accept | other.accept,
        )


@dataclass(frozen=True, kw_only=True)
class ObjectRules:
    """How one object is read. ``None`` means that the defaults hold."""

    fields: FieldRules = FieldRules()
    lookback_minutes: int | None = None  # overlap below the watermark
    margin_seconds: int | None = None  # distance kept from the server's clock
    schema_changes: SchemaChanges | None = None
    max_delete_share: float | None = None  # of the records that a resync may find gone
    max_rejected: int | None = None  # values per run that may not fit their columns
    stale_after_minutes: int | None = None  # age at which `lakehouse status` complains

    def overlaid(self, own: "ObjectRules") -> "ObjectRules":
        """These rules where ``own`` has none; the rules of fields add up."""
        given = {f.name: getattr(own, f.name) for f in dataclass_fields(own) if f.name != "fields"}
        chosen = {name: value for name, value in given.items() if value is not None}
        return replace(self, fields=self.fields.merged(own.fields), **chosen)


DEFAULT_RULES = ObjectRules(
    lookback_minutes=10,
    margin_seconds=60,
    schema_changes=SchemaChanges.ALLOW,
    max_delete_share=0.01,
    max_rejected=1_000,
    stale_after_minutes=1_500,  # a day and an hour: right for a daily schedule
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Objects that one Glue run extracts."""

    name: str
    include: tuple[str, ...]  # names or patterns with * and ?
    exclude: tuple[str, ...] = ()
    worker_type: str = "G.1X"
    workers: int = 2  # Glue's minimum
    timeout_minutes: int = 60
    concurrency: int = 4  # objects read at once

    def names(self, object_name: str) -> bool:
        """Whether the group lists this object by name."""
        wanted = object_name.lower()
        return any(not is_pattern(i) and i.lower() == wanted for i in self.include)

    def matches(self, object_name: str) -> bool:
        """Whether a pattern of the group takes this object."""
        return any(is_pattern(i) and matches(i, object_name) for i in self.include) and not any(
            matches(e, object_name) for e in self.exclude
        )


@dataclass(frozen=True, kw_only=True)
class ObjectsConfig:
    """The whole file."""

    api_version: str = API_VERSION
    defaults: ObjectRules = DEFAULT_RULES
    api_budget: ApiBudget = ApiBudget()
    groups: tuple[Group, ...] = ()
    objects: dict[str, ObjectRules] = field(default_factory=dict)  # lower-case names

    @classmethod
    def from_file(cls, path: Path) -> "ObjectsConfig":
        """Read and check a file. Raises :class:`ConfigError`."""
        return Section.from_file(path).read(_config)

    @classmethod
    def from_text(cls, text: str, *, where: str) -> "ObjectsConfig":
        """Read and check JSON text. Raises :class:`ConfigError`."""
        return Section.from_text(text, where=where).read(_config)

    def group(self, name: str) -> Group:
        """A group by its name. Raises :class:`ConfigError`."""
        for group in self.groups:
            if group.name == name:
                return group
        raise ConfigError(
            where="groups", key="group", value=name, allowed=", ".join(g.name for g in self.groups)
        )

    def group_of(self, object_name: str) -> Group | None:
        """The group that extracts an object, or None where it is not configured."""
        for group in self.groups:
            if group.names(object_name):
                return group
        for group in self.groups:
            if group.matches(object_name):
                return group
        return None

    def members(self, group: str, available: Iterable[str]) -> list[str]:
        """The group's objects: those it names, then those its patterns take.

        ``available`` holds the API names that describeGlobal gives. A named object stays
        although the org does not list it: the run reports it as missing.
        """
        wanted = self.group(group)
        by_lower = {name.lower(): name for name in available}
        named = [by_lower.get(i.lower(), i) for i in wanted.include if not is_pattern(i)]
        taken = {n.lower() for n in named}
        return named + [
            name
            for lower, name in by_lower.items()
            if lower not in taken and self.group_of(name) is wanted
        ]

    def rules(self, object_name: str) -> ObjectRules:
        """The rules of one object with the defaults filled in."""
        own = self.objects.get(object_name.lower(), ObjectRules())
        return self.defaults.overlaid(own)


def is_pattern(entry: str) -> bool:
    """Whether an include or exclude entry is a pattern."""
    return "*" in entry or "?" in entry


def matches(entry: str, object_name: str) -> bool:
    """Whether a name or pattern takes an object, without regard to case."""
    return re.match(translate(entry.lower()), object_name.lower()) is not None


def _config(section: Section) -> ObjectsConfig:
    version = section.text("api_version", API_VERSION)
    if not re.fullmatch(r"[0-9]{2,3}\.0", version):
        raise section.error("api_version", version, 'a Salesforce API version such as "62.0"')
    defaults = section.section("defaults").read(_rules)
    groups = section.section("groups")
    objects = section.section("objects")
    result = ObjectsConfig(
        api_version=version,
        defaults=DEFAULT_RULES.overlaid(defaults),
        api_budget=section.section("api_budget").read(_budget),
        groups=tuple(_groups(groups)),
        objects=dict(_objects(objects)),
    )
    if not result.groups:
        raise section.error("groups", {}, "at least one group of objects")
    _refuse_two_groups(groups, result.groups)
    for name in objects_without_group(result):
        raise section.error("objects", name, "an object that one of the groups includes")
    return result


def objects_without_group(config: ObjectsConfig) -> list[str]:
    """Objects that have rules and no group."""
    return [name for name in config.objects if config.group_of(name) is None]


def _groups(section: Section) -> Iterable[Group]:
    for name in section.names():
        if not _GROUP.fullmatch(name):
            raise section.error(name, name, "a group name such as sales: a-z, 0-9 and _")
        yield section.section(name).read(lambda s, n=name: _group(n, s))


def _group(name: str, section: Section) -> Group:
    include = section.texts("include")
    if not include:
        raise section.error("include", [], "at least one object or pattern")
    exclude = section.texts("exclude")
    for key, entries in (("include", include), ("exclude", exclude)):
        for entry in entries:
            if not _PATTERN.fullmatch(entry):
                raise section.error(key, entry, "an API name such as Account, or a pattern with *")
    return Group(
        name=name,
        include=include,
        exclude=exclude,
        worker_type=section.text("worker_type", "G.1X", one_of=WORKER_TYPES),
        workers=section.whole("workers", 2, low=2, high=299),
        timeout_minutes=section.whole("timeout_minutes", 60, low=1, high=10_080),
        concurrency=section.whole("concurrency", 4, low=1, high=25),
    )


def _objects(section: Section) -> Iterable[tuple[str, ObjectRules]]:
    for name in section.names():
        if not _NAME.fullmatch(name):
            raise section.error(name, name, "an API name such as Account")
        yield name.lower(), section.section(name).read(_rules)


def _rules(section: Section) -> ObjectRules:
    return ObjectRules(
        fields=section.section("fields").read(_fields),
        lookback_minutes=section.whole("lookback_minutes", None, low=0, high=10_080),
        margin_seconds=section.whole("margin_seconds", None, low=0, high=3_600),
        schema_changes=_schema_changes(section),
        max_delete_share=section.share("max_delete_share", None),
        max_rejected=section.whole("max_rejected", None, low=0, high=1_000_000),
        stale_after_minutes=section.whole("stale_after_minutes", None, low=1, high=1_000_000),
    )


def _schema_changes(section: Section) -> SchemaChanges | None:
    word = section.text("schema_changes", None, one_of=tuple(SchemaChanges))
    return None if word is None else SchemaChanges(word)


def _budget(section: Section) -> ApiBudget:
    return ApiBudget(
        daily_share=section.share("daily_share", ApiBudget.daily_share),
        long_requests=section.whole("long_requests", ApiBudget.long_requests, low=1, high=25),
    )


def _fields(section: Section) -> FieldRules:
    exclude = section.texts("exclude")
    hashed = section.texts("hash")
    for name in exclude:
        if name.lower() in REQUIRED_FIELDS:
            raise section.error("exclude", name, "any field but Id, SystemModstamp, IsDeleted")
    for name in hashed:
        if name.lower() in REQUIRED_FIELDS:
            raise section.error("hash", name, "any field but Id, SystemModstamp, IsDeleted")
    return FieldRules(
        exclude=frozenset(n.lower() for n in exclude),
        hash=frozenset(n.lower() for n in hashed),
        accept=frozenset(n.lower() for n in section.texts("accept")),
    )


# Without these no version can be told from another.
REQUIRED_FIELDS = frozenset({"id", "systemmodstamp", "isdeleted"})


def _refuse_two_groups(section: Section, groups: tuple[Group, ...]) -> None:
    owner: dict[str, str] = {}
    for group in groups:
        for entry in group.include:
            if is_pattern(entry):
                continue
            first = owner.setdefault(entry.lower(), group.name)
            if first != group.name:
                raise section.error(
                    f"{group.name}.include", entry, f"an object in one group; {first} has it too"
                )
