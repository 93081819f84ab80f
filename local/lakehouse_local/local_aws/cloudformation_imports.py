"""What ministack leaves out of an import (a change set of type IMPORT).

docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html. ministack takes
over buckets, keys, topics, queues and tables. Its change set for a Glue database, a workgroup or
a secret cannot be executed; and it takes a template that refers to what is neither in it nor
imported, where AWS answers "Unresolved resource dependencies".
"""

from collections.abc import Callable, Mapping
from typing import Any

from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.context import Context
from lakehouse_local.references import unresolved


def install(context: Context) -> None:  # noqa: ARG001 - all adapters are called alike
    """Register the types, and put the check before ministack's own."""
    from ministack.services import athena, glue, secretsmanager
    from ministack.services.cloudformation import changesets, provisioners

    secret = patching.expect(secretsmanager, "_resolve", parameters="secret_id use_arn_scope")
    for kind, key, there in (
        ("AWS::Athena::WorkGroup", "Name", lambda name: name in athena._workgroups),
        ("AWS::Glue::Database", "DatabaseName", lambda name: name in glue._databases),
        ("AWS::SecretsManager::Secret", "Id", lambda arn: secret(arn)[1] is not None),
    ):
        if "import" in provisioners._RESOURCE_HANDLERS[kind]:
            raise patching.MinistackChangedError(
                f"ministack now imports {kind}: compare it with cloudformation_imports.py, and"
                " leave one"
            )
        provisioners._RESOURCE_HANDLERS[kind]["import"] = _taken_over(key)
        missing = changesets._IMPORT_NOT_FOUND
        changesets._IMPORT_LOOKUPS[kind] = ((key,), _problem(kind, there, missing))

    def import_changes(
        resources_to_import: list[Any], template: Mapping[str, Any], diff: list[Any]
    ) -> Any:
        loose = unresolved(template.get("Resources", {}), template.get("Parameters", {}))
        if loose:
            raise ValueError(
                f"Template format error: Unresolved resource dependencies [{', '.join(loose)}] in"
                " the Resources block of the template"
            )
        return changes(resources_to_import, template, diff)

    changes = patching.replace(
        changesets,
        "_import_changes",
        import_changes,
        parameters="resources_to_import template diff",
    )


def _taken_over(key: str) -> Callable[[Mapping[str, str]], tuple[str, dict[str, Any]]]:
    def taken(identifier: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        value = identifier[key]
        return value, {"Id": value, "Arn": value} if key == "Id" else {}

    return taken


def _problem(kind: str, there: Callable[[str], bool], missing: str) -> Callable[[str], str | None]:
    return lambda value: None if there(value) else missing.format(type=kind, value=value)
