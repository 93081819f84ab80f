"""``salesforce_objects.json``: which objects are extracted, in which groups, with which fields.

Read at synthesis, where a mistake stops the deployment, and by the job, which gets
the same file. An object belongs to the group that names it; else to the first group
of the file with a pattern that matches it. Names compare without regard to case, as
Salesforce's do.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from lakehouse_jobs.contract.checked import Section
from lakehouse_jobs.contract.errors import ConfigError

API_VERSION = "62.0"
WORKER_TYPES = ("G.1X", "G.2X", "G.4X", "G.8X")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PATTERN = re.compile(r"[A-Za-z0-9_*?]+")
_GROUP = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, kw_only=True)
class FieldRules:
    """Fields that are not written, or written as a hash. API names, any case."""

    exclude: frozenset[str] = frozenset()  # lower case
    hash: frozenset[str] = frozenset()  # lower case

    def merged(self, other: "FieldRules") -> "FieldRules":
        """Both sets of rules; what either excludes is excluded."""
        return FieldRules(exclude=self.exclude | other.exclude, hash=self.hash | other.hash)


@dataclass(frozen=True, kw_only=True)
class ObjectRules:
    """How one object is read. ``None`` means that the defaults hold."""

    fields: FieldRules = FieldRules()
    lookback_minutes: int | None = None  # overlap below the watermark
    margin_seconds: int | None = None  # distance kept from the server's clock


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
    defaults: ObjectRules = ObjectRules(lookback_minutes=10, margin_seconds=60)
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
        base = self.defaults
        return ObjectRules(
            fields=base.fields.merged(own.fields),
            lookback_minutes=_either(own.lookback_minutes, base.lookback_minutes),
            margin_seconds=_either(own.margin_seconds, base.margin_seconds),
        )


def is_pattern(entry: str) -> bool:
    """Whether an include or exclude entry is a pattern."""
    return "*" in entry or "?" in entry


def matches(entry: str, object_name: str) -> bool:
    """Whether a name or pattern takes an object, without regard to case."""
    return re.match(translate(entry.lower()), object_name.lower()) is not None


def _either(own: int | None, base: int | None) -> int | None:
    return base if own is None else own


def _config(section: Section) -> ObjectsConfig:
    version = section.text("api_version", API_VERSION)
    if not re.fullmatch(r"[0-9]{2,3}\.0", version):
        raise section.error("api_version", version, 'a Salesforce API version such as "62.0"')
    defaults = section.section("defaults").read(_rules)
    groups = section.section("groups")
    objects = section.section("objects")
    result = ObjectsConfig(
        api_version=version,
        defaults=ObjectRules(
            fields=defaults.fields,
            lookback_minutes=_either(defaults.lookback_minutes, 10),
            margin_seconds=_either(defaults.margin_seconds, 60),
        ),
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
        exclude=frozenset(n.lower() for n in exclude), hash=frozenset(n.lower() for n in hashed)
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
