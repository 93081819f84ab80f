"""Buildspecs, version 0.2: what is in them, and what the local AWS does not do.

docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

PHASES: Final = ("install", "pre_build", "build", "post_build")


class BuildSpecError(ValueError):
    """A buildspec is malformed, or asks for what the local AWS does not do."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Commands of one phase; ``last`` (buildspec: finally) run even after a failure."""

    commands: tuple[str, ...] = ()
    last: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BuildSpec:
    """A buildspec that can be carried out."""

    phases: Mapping[str, Phase]
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)  # name to id:json-key:stage
    exported: tuple[str, ...] = ()


def parse(text: str) -> BuildSpec:
    """Read a buildspec, YAML or JSON. Raises `BuildSpecError` naming key and value."""
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BuildSpecError(f"YAML_FILE_ERROR: {' '.join(str(error).split())}") from error
    spec = _mapping(given, "the buildspec")
    if str(spec.get("version")) != "0.2":
        raise BuildSpecError(f"version: got {spec.get('version')!r}; allowed here: 0.2")
    # Caches and artifacts change nothing in what a build computes.
    _only(spec, ("version", "env", "phases", "cache", "artifacts"), "the buildspec")
    env = _mapping(spec.get("env") or {}, "env")
    known = ("shell", "variables", "secrets-manager", "exported-variables")
    _only(env, known, "env")
    if env.get("shell", "bash") != "bash":
        raise BuildSpecError(f"env.shell: got {env['shell']!r}; allowed here: bash")
    phases = _mapping(spec.get("phases") or {}, "phases")
    _only(phases, PHASES, "phases")
    return BuildSpec(
        phases={name: _phase(name, phases.get(name) or {}) for name in PHASES},
        variables=_strings(env.get("variables") or {}, "env.variables"),
        secrets=_strings(env.get("secrets-manager") or {}, "env.secrets-manager"),
        exported=tuple(_list(env.get("exported-variables") or [], "env.exported-variables")),
    )


def _phase(name: str, given: Any) -> Phase:
    where = f"phases.{name}"
    phase = _mapping(given, where)
    versions = ("runtime-versions",) if name == "install" else ()
    _only(phase, ("commands", "finally", "on-failure", *versions), where)
    # What CONTINUE and RETRY make of the whole build's status is not documented.
    if phase.get("on-failure", "ABORT") != "ABORT":
        raise BuildSpecError(
            f"{where}.on-failure: got {phase['on-failure']!r}; allowed here: ABORT"
        )
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    for tool, version in _strings(phase.get("runtime-versions") or {}, where).items():
        if (tool, version) != ("python", here):
            raise BuildSpecError(
                f"{where}.runtime-versions: got {tool}: {version}; allowed here: python: {here}"
            )
    return Phase(
        commands=tuple(_list(phase.get("commands") or [], f"{where}.commands")),
        last=tuple(_list(phase.get("finally") or [], f"{where}.finally")),
    )


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BuildSpecError(f"{where}: got {given!r}; allowed: keys with values")
    return given


def _only(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise BuildSpecError(
                f"{where}: the local AWS does not support {key!r}; it supports {', '.join(known)}"
            )


def _strings(given: Any, where: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in _mapping(given, where).items()}


def _list(given: Any, where: str) -> list[str]:
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise BuildSpecError(f"{where}: got {given!r}; allowed: a list of texts")
    return given
