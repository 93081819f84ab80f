"""The comparison of an old system's tables with the marts, as a step of the pipeline."""

import json
from pathlib import Path
from typing import Any, Final

from aws_cdk import Token
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lakehouse_constructs import _shipped
from lakehouse_constructs._assets import archive_asset, wheels_asset
from lakehouse_constructs._catalog_access import READ_CATALOG
from lakehouse_constructs._grants import grant
from lakehouse_constructs._kinds import check_kinds
from lakehouse_constructs._lake_formation import LakeFormation
from lakehouse_constructs._statements import (
    READ_FILES,
    Statement,
    allow,
    glue_arns,
    located,
    on_bucket,
    on_catalog,
    on_key,
    on_objects,
    on_sources,
)
from lakehouse_constructs._wheels import WheelSet, default_cache
from lakehouse_constructs.dbt_build import DbtBuild
from lakehouse_constructs.iceberg_catalog import Layer
from lakehouse_constructs.query_access import QueryAccess
from lakehouse_jobs.contract.arguments import (
    BUILD_SOURCE_COMPARISON,
    BUILD_SOURCE_COMPARISON_WHEELS,
    BUILD_SOURCE_JOBS,
    COMPARISON_CONFIG,
)
from lakehouse_jobs.contract.checked import Section
from lakehouse_jobs.contract.raw_log import COMPARISON_RUNS_TABLE

_WHEELS: Final = f"$CODEBUILD_SRC_DIR_{BUILD_SOURCE_COMPARISON_WHEELS}"
# Nothing is fetched: packages and code come as sources of the build.
_BUILDSPEC: Final = {
    "version": 0.2,
    "env": {
        "shell": "bash",
        "variables": {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"},
    },
    "phases": {
        "install": {
            "runtime-versions": {"python": 3.11},
            "commands": [
                "python -m pip install --quiet --root-user-action ignore --no-index"
                f' --find-links "{_WHEELS}" --require-hashes'
                f' --requirement "{_WHEELS}/requirements.txt"'
            ],
        },
        "build": {
            "commands": [
                f'cd "$CODEBUILD_SRC_DIR_{BUILD_SOURCE_COMPARISON}" &&'
                f' PYTHONPATH="$CODEBUILD_SRC_DIR_{BUILD_SOURCE_JOBS}:$PWD"'
                " python -m lakehouse_tools.comparison.step"
            ]
        },
    },
}


class SystemComparison(Construct):
    """What the dbt project needs to compare an old lake with the marts, by Athena.

    It adds to the project two sources, and to the project's role: to read the old database
    and its bucket, to query the marts in the workgroup, and to write ``_comparison_runs`` in
    the raw database. Pass it to :class:`Pipeline`, which runs it after each build that
    succeeded.

    At rest it costs nothing. A comparison costs a few minutes of CodeBuild at US$ 0.005 and
    what its queries scan, a few times each table that is compared. It never changes a table
    but ``_comparison_runs``, and never anything in the old lake.

    :ivar dbt_build: the build in whose project it runs.
    :ivar buildspec: of a build of the project that compares.
    :ivar work_group_name: of the workgroup in which it queries.
    :ivar glue_jobs: jobs of the old system whose run times are compared.
    """

    @check_kinds
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        dbt_build: DbtBuild,
        queries: QueryAccess,
        old_database: glue.IDatabase,
        old_bucket: s3.IBucket,
        config: Path,
        wheel_cache: Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Add the sources and the grants. Raises ConfigError, ShippedFilesError, WheelSetError.

        :param dbt_build: in whose project it runs, with its lake and its catalog.
        :param queries: the workgroup; its results must lie in the lake bucket.
        :param old_database: of the old system, in this account and region. Under Lake
            Formation somebody who administers it grants the project's role DESCRIBE on it, and
            SELECT on its tables.
        :param old_bucket: with its tables' files; all of it can be read. Where a KMS key
            encrypts it, import it with that
            (``Bucket.from_bucket_attributes(encryption_key=…)``).
        :param config: file that says what is compared, such as ``config/comparison.json``.
            Its ``old`` must be ``old_database`` and its ``new`` the marts.
        :param wheel_cache: folder that keeps fetched wheels between syntheses.
            Default: ``~/.cache/lakehouse-constructs/wheels``.
        """
        super().__init__(scope, id, **kwargs)
        self.dbt_build = dbt_build
        # On one line: the rules for states take no other text.
        self.buildspec: str = json.dumps(_BUILDSPEC)
        self.work_group_name: str = queries.work_group_name
        self.glue_jobs: tuple[str, ...] = _jobs(config, old_database.database_name)
        role = dbt_build.role
        code = archive_asset(
            self, "Code", entries={**_shipped.tools_entries(), COMPARISON_CONFIG: config}
        )
        lock = _shipped.lock_file("comparison.lock")
        cache = default_cache() if wheel_cache is None else wheel_cache
        wheels = wheels_asset(self, "Wheels", wheels=WheelSet(lock=lock, cache=cache))
        for identifier, asset in (
            (BUILD_SOURCE_COMPARISON, code),
            (BUILD_SOURCE_COMPARISON_WHEELS, wheels),
        ):
            dbt_build.project.add_secondary_source(
                codebuild.Source.s3(
                    identifier=identifier, bucket=asset.bucket, path=asset.s3_object_key
                )
            )
        grant(
            role,
            [
                *on_sources(located(code), located(wheels)),
                *self._old(old_database, old_bucket),
                *self._metadata(),
            ],
            scope=self,
        )
        queries.grant_query(role)
        dbt_build.catalog.grant_extraction(role, tables=[COMPARISON_RUNS_TABLE])

    def _old(self, database: glue.IDatabase, bucket: s3.IBucket) -> list[Statement]:
        statements = [
            on_catalog(self, databases=[database.database_name], actions=READ_CATALOG),
            on_bucket(bucket),
            on_objects(bucket, prefixes=[""], actions=READ_FILES),
        ]
        if bucket.encryption_key is not None:
            statements.append(on_key(bucket.encryption_key, services=["s3"], write=False))
        if self.glue_jobs:
            jobs = glue_arns(self, *(f"job/{name}" for name in self.glue_jobs))
            statements.append(allow("glue:GetJobRuns", on=jobs))
        return statements

    def _metadata(self) -> list[Statement]:
        """Where Lake Formation hands out the files: those by which a snapshot is pinned."""
        catalog = self.dbt_build.catalog
        if catalog.lake_formation != LakeFormation.CATALOG_AND_FILES:
            return []
        prefix = f"{catalog.name(Layer.MARTS)}/*/metadata/"
        return [on_objects(catalog.lake.bucket, prefixes=[prefix], actions=READ_FILES)]


def _jobs(config: Path, old_database: str) -> tuple[str, ...]:
    """The Glue jobs that the file names; the file has to be of this old lake."""
    file = Section.from_file(config)
    old, new = file.section("old"), file.section("new")
    database, layer = old.text("database"), new.text("layer")
    if database != old_database and not Token.is_unresolved(old_database):
        raise old.error("database", database, f"{old_database!r}, the old database")
    if layer != Layer.MARTS:
        raise new.error("layer", layer, f"{str(Layer.MARTS)!r}, which the pipeline's step may read")
    return file.section("performance").section("old").texts("glue_jobs")
