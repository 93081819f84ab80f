"""What an account's own settings may refuse: Lake Formation, and quotas."""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.environment import Environment
from lakehouse_tools.review.assembly import Template
from lakehouse_tools.review.permissions import LAKE_FORMATION_ANYBODY

# DPUs of a worker, docs.aws.amazon.com/glue/latest/dg/add-job.html.
WORKER_DPUS: Final = {"G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
# Codes in Service Quotas, service "glue".
RUNS: Final = "L-5E4153CA"  # Max concurrent job runs per account
DPUS: Final = "L-08F3B322"  # Max task DPUs per account
# Service "codebuild", the environment of DbtBuild's project.
# Spark asks for this database at its start, and dbt's sessions are granted DESCRIBE on it.
_DEFAULT: Final = "default"
BUILDS: Final = "L-9D07B6EF"
_BUILDS_NAME: Final = "Concurrently running builds for Linux/Small environment"


def lake_formation(environment: Environment, template: Template, *, executor: str) -> str:
    """Whether databases and tables can be made, and by what the roles then reach them.

    ``executor``: ARN of the role with which CloudFormation makes the stack.
    """
    if environment.home is not None:
        raise Note("the local AWS has no Lake Formation: not looked at")
    grants = _of_type(template, "AWS::LakeFormation::PrincipalPermissions")
    _look_for_default(environment, grants)
    client = environment.client("lakeformation")
    found = client.get_data_lake_settings()["DataLakeSettings"]
    closed = [
        what
        for what, key in (
            ("databases", "CreateDatabaseDefaultPermissions"),
            ("tables", "CreateTableDefaultPermissions"),
        )
        if not _for_everybody(found.get(key, []))
    ]
    if not closed:
        return "new databases and tables are open to IAM: no grants needed"
    told = f"new {' and '.join(closed)} answer to Lake Formation's grants alone"
    names = ", ".join(_databases(template))
    if not grants:
        raise CheckFailedError(
            f"{told}, and the template grants nothing",
            f"switch on the catalog's Lake Formation grants (lake_formation), which grant the roles"
            f" of extraction and build what they need on {names}",
        )
    admins = [a["DataLakePrincipalIdentifier"] for a in found.get("DataLakeAdmins", [])]
    if executor not in admins and not _may_create(client, executor):
        raise CheckFailedError(
            f"{told}, and {executor} may not create databases",
            "make that role a Lake Formation administrator, which may grant as well; or grant it"
            f" CREATE_DATABASE on the catalog, and the grant option on {names}",
        )
    return f"{told}; the template makes {len(grants)} grants on {names}"


def _look_for_default(environment: Environment, grants: list[Mapping[str, Any]]) -> None:
    """Refuse a grant on the database ``default`` where there is none: it would fail the stack."""
    databases = [grant["Properties"].get("Resource", {}).get("Database", {}) for grant in grants]
    if not any(database.get("Name") == _DEFAULT for database in databases):
        return
    client = environment.client("glue")
    try:
        client.get_database(Name=_DEFAULT)
    except client.exceptions.EntityNotFoundException:
        raise CheckFailedError(
            "the account has no Glue database default, which Spark asks for at its start and on"
            " which the template makes a grant",
            "let an administrator of Lake Formation make it, once:"
            " `aws glue create-database --database-input Name=default`",
        ) from None


def _for_everybody(permissions: list[Mapping[str, Any]]) -> bool:
    return any(
        p["Principal"].get("DataLakePrincipalIdentifier") == LAKE_FORMATION_ANYBODY
        and "ALL" in p.get("Permissions", [])
        for p in permissions
    )


def _may_create(client: Any, principal: str) -> bool:
    answer = client.list_permissions(
        Principal={"DataLakePrincipalIdentifier": principal}, ResourceType="CATALOG"
    )
    return any(
        "CREATE_DATABASE" in p["Permissions"] for p in answer["PrincipalResourcePermissions"]
    )


def _of_type(template: Template, kind: str) -> list[Mapping[str, Any]]:
    return [r for r in template.resources.values() if r["Type"] == kind]


def _databases(template: Template) -> list[str]:
    found = _of_type(template, "AWS::Glue::Database")
    return sorted(str(d["Properties"]["DatabaseInput"].get("Name")) for d in found)


def wanted_dpus(config: ObjectsConfig, *, sessions: int) -> int:
    """DPUs when all groups run side by side; ``sessions``: those of dbt's."""
    return sessions + sum(g.workers * WORKER_DPUS[g.worker_type] for g in config.groups)


def quotas(environment: Environment, config: ObjectsConfig, *, session_dpus: int) -> str:
    """Whether Glue lets all groups run at once, and dbt beside them."""
    if environment.home is not None:
        raise Note("the local AWS has no quotas: not looked at")
    client = environment.client("service-quotas")
    told: list[str] = []
    for code, what, wanted in (
        (RUNS, "Glue runs", len(config.groups)),
        (DPUS, "Glue DPUs", wanted_dpus(config, sessions=session_dpus)),
    ):
        allowed = int(_quota(client, "glue", code))
        if allowed < wanted:
            raise CheckFailedError(
                f"the account allows {allowed:,} {what} at once, and all groups together want"
                f" {wanted:,}",
                f"ask for more in Service Quotas (AWS Glue, {code}), or give groups fewer workers"
                " or schedules of their own",
            )
        told.append(f"{wanted:,} of {allowed:,} {what}")
    return f"at most {' and '.join(told)} at once"


def builds(environment: Environment) -> str:
    """Whether CodeBuild lets a build run: new accounts may have none.

    One is enough, as builds wait for one another. A quota that cannot be read is a Note.
    """
    if environment.home is not None:
        raise Note("the local AWS has no quotas: not looked at")
    where = f"Service Quotas, AWS CodeBuild, {_BUILDS_NAME} ({BUILDS})"
    try:
        allowed = int(_quota(environment.client("service-quotas"), "codebuild", BUILDS))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise Note(
            f"CodeBuild's quota cannot be read ({code})", f"see that it is 1 at least: {where}"
        ) from None
    if allowed < 1:
        raise CheckFailedError(
            "the account may run no build, and dbt runs in one", f"ask for 1 at least: {where}"
        )
    return f"1 of {allowed:,} builds at once"


def _quota(client: Any, service: str, code: str) -> float:
    """The account's own value; the default where it has none of its own."""
    name = {"ServiceCode": service, "QuotaCode": code}
    try:
        return client.get_service_quota(**name)["Quota"]["Value"]
    except client.exceptions.NoSuchResourceException:
        return client.get_aws_default_service_quota(**name)["Quota"]["Value"]
