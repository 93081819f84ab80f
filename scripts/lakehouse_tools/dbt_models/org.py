"""The configured objects of a live org: one call lists them, one describe each."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig
from lakehouse_jobs.errors import ObjectNotFoundError, UnsupportedObjectError
from lakehouse_jobs.salesforce import Org
from lakehouse_tools.dbt_models.facts import ObjectFacts, from_describe

AT_ONCE: Final = 8  # calls; each is answered in well under a second
Progress = Callable[[int, int, str], None]  # calls done, calls in all, what is being done


def configured(config: ObjectsConfig, available: Collection[str]) -> list[str]:
    """The objects that the configuration takes of those that the org lists."""
    return [name for group in config.groups for name in config.members(group.name, available)]


def read_org(
    org: Org, config: ObjectsConfig, *, known: Collection[str], progress: Progress
) -> tuple[list[ObjectFacts], dict[str, str]]:
    """What the org says of its configured objects, and why some cannot be extracted.

    ``known``: raw tables of objects with a hand-made model; they are not described.
    """
    names = configured(config, org.object_names())
    asked = [name for name in names if name.lower() not in known]
    found = [ObjectFacts(name=n, label=n, fields=()) for n in names if n.lower() in known]
    left_out: dict[str, str] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="describe") as pool:
        answers = {n: pool.submit(copy_context().run, _describe, org, n) for n in asked}
        for number, (name, future) in enumerate(answers.items(), start=1):
            try:
                found.append(from_describe(future.result(), rules_of(config, name)))
            except (ObjectNotFoundError, UnsupportedObjectError) as error:
                left_out[name] = str(error)
            progress(number, len(asked), f"fields of {name}")
    return found, left_out


def rules_of(config: ObjectsConfig, name: str) -> FieldRules:
    """Which fields of an object are read."""
    return config.rules(name).fields


def _describe(org: Org, name: str) -> Any:
    path = f"/services/data/v{org.api_version}/sobjects/{name}/describe"
    return org.transport.json("GET", path) or {}
