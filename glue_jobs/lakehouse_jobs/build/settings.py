"""The build's settings from its environment (:class:`BuildVariable`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse_jobs.contract.arguments import BuildVariable
from lakehouse_jobs.contract.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """What one build works on."""

    lake_bucket: str
    raw_database: str
    staging_database: str
    intermediate_database: str
    marts_database: str
    session_prefix: str
    failed_objects: tuple[str, ...] = ()  # API names
    select: tuple[str, ...] = ()  # dbt selectors; none means everything
    full_refresh: bool = False  # every model anew from raw, every seed from its file
    models: tuple[str, ...] = ()  # of this build alone, instead of `select`; none: `select`
    # API names: what is made of them is built from scratch, and nothing else (see .erased).
    erased_objects: tuple[str, ...] = ()
    timeout_minutes: int | None = None  # of the build, a little more than it; None: no end
    execution_name: str | None = None  # None: started by hand, nothing is recorded

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "BuildSettings":
        """Read the variables. Raises :class:`ConfigError` for one that is missing."""
        return cls(
            lake_bucket=needed(environment, BuildVariable.LAKE_BUCKET),
            raw_database=needed(environment, BuildVariable.RAW_DATABASE),
            staging_database=needed(environment, BuildVariable.STAGING_DATABASE),
            intermediate_database=needed(environment, BuildVariable.INTERMEDIATE_DATABASE),
            marts_database=needed(environment, BuildVariable.MARTS_DATABASE),
            session_prefix=needed(environment, BuildVariable.SESSION_PREFIX),
            failed_objects=_names(environment.get(BuildVariable.FAILED_OBJECTS, "")),
            select=tuple(environment.get(BuildVariable.SELECT, "").split()),
            full_refresh=environment.get(BuildVariable.FULL_REFRESH) == "true",
            models=_selectors(environment),
            erased_objects=_names(environment.get(BuildVariable.ERASED_OBJECTS, "")),
            timeout_minutes=_minutes(environment),
            execution_name=environment.get(BuildVariable.EXECUTION_NAME) or None,
        )

    @property
    def databases(self) -> tuple[str, ...]:
        """The lake's databases, each once."""
        layers = (
            self.raw_database,
            self.staging_database,
            self.intermediate_database,
            self.marts_database,
        )
        return tuple(dict.fromkeys(layers))


def session_prefix(environment: Mapping[str, str]) -> str:
    """What the ids of this project's Glue sessions begin with. Raises ConfigError."""
    return needed(environment, BuildVariable.SESSION_PREFIX)


def needed(environment: Mapping[str, str], name: BuildVariable) -> str:
    """The value of a variable. Raises :class:`ConfigError` where there is none."""
    value = environment.get(name)
    if not value:
        raise ConfigError(
            where="the build's environment",
            key=name,
            value=value,
            allowed="a value (the deployed CodeBuild project sets it)",
        )
    return value


def _selectors(environment: Mapping[str, str]) -> tuple[str, ...]:
    text = environment.get(BuildVariable.MODELS, "")
    if any(word.startswith("-") for word in text.split()):
        raise ConfigError(
            where="the build's environment",
            key=BuildVariable.MODELS,
            value=text,
            allowed="dbt's selectors, such as tag:core, with blanks between them; no options",
        )
    return tuple(text.split())


def _minutes(environment: Mapping[str, str]) -> int | None:
    text = environment.get(BuildVariable.SESSION_TIMEOUT)
    if text is not None and not text.isdecimal():
        raise ConfigError(
            where="the build's environment",
            key=BuildVariable.SESSION_TIMEOUT,
            value=text,
            allowed="a whole number of minutes",
        )
    return None if text is None else int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
