import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk import Stack
from constructs import Construct

from lakehouse_constructs import (
    DbtBuild,
    IcebergCatalog,
    LakeFormation,
    QueryAccess,
    SystemComparison,
)
from lakehouse_jobs.contract.errors import ConfigError
from tests.unit.constructs.everything import old_system

CONFIG = {"old": {"database": "erp"}, "new": {"layer": "marts"}, "tables": []}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1f0c"
BUILD = "dbt build: starts Glue sessions"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "comparison.json"
    path.write_text(json.dumps(CONFIG))
    return path


@pytest.fixture
def make(stack: Stack, lake, catalog, dbt_build, config, wheel_cache) -> Callable[..., Construct]:
    def made(**props: Any) -> SystemComparison:
        given = {
            "dbt_build": dbt_build,
            "queries": QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="q"),
            **({} if "old_database" in props else old_system(stack)),
            "config": config,
            "wheel_cache": wheel_cache,
            **props,
        }
        return SystemComparison(stack, "Comparison", **given)

    return made


def _allowed(statements: list[dict[str, Any]], action: str) -> str:
    """On what an action is allowed, and under which conditions, as text."""
    found = [
        (s["Resource"], s.get("Condition"))
        for s in statements
        if action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    ]
    return json.dumps(found)


class TestGrants:
    def test_the_old_lake_is_read_and_not_written(self, make, statements) -> None:
        make()
        given = statements(BUILD)

        assert "database/erp" in _allowed(given, "glue:GetDatabase")
        assert "table/erp/*" in _allowed(given, "glue:GetTable")
        assert "table/erp/*" in _allowed(given, "glue:GetPartitions")
        assert ":s3:::erp-dumps/*" in _allowed(given, "s3:GetObject")
        assert ':s3:::erp-dumps"' in _allowed(given, "s3:ListBucket")
        for action in ("s3:PutObject", "s3:DeleteObject", "glue:UpdateTable", "glue:CreateTable"):
            assert "erp" not in _allowed(given, action)

    def test_a_key_is_for_reading_from_s3_alone(self, stack: Stack, make, statements) -> None:
        make(**old_system(stack, key=KEY))
        given = statements(BUILD)

        on = [one for one in json.loads(_allowed(given, "kms:Decrypt")) if one[0] == KEY]
        ((_, condition),) = on
        assert "s3." in json.dumps(condition["StringEquals"]["kms:ViaService"])
        assert KEY not in _allowed(given, "kms:GenerateDataKey")

    def test_of_the_raw_tables_only_that_of_its_runs_is_written(self, make, statements) -> None:
        make()
        given = statements(BUILD)

        assert "lake_test_raw/_comparison_runs/*" in _allowed(given, "s3:PutObject")
        assert "lake_test_raw/*" not in _allowed(given, "s3:PutObject")
        assert "table/lake_test_raw/_comparison_runs" in _allowed(given, "glue:UpdateTable")
        assert "lake_test_marts" not in _allowed(given, "s3:PutObject")

    def test_the_marts_are_queried_in_the_workgroup(self, make, statements) -> None:
        make()
        given = statements(BUILD)

        assert "workgroup/q" in _allowed(given, "athena:StartQueryExecution")
        assert "lake_test_marts/*" in _allowed(given, "s3:GetObject")

    def test_run_times_of_the_jobs_that_the_file_names(self, make, config, statements) -> None:
        jobs = {"performance": {"old": {"glue_jobs": ["nightly"]}}}
        config.write_text(json.dumps({**CONFIG, **jobs}))
        make()

        assert "job/nightly" in _allowed(statements(BUILD), "glue:GetJobRuns")

    def test_no_run_times_without_such_jobs(self, make, statements) -> None:
        make()

        assert _allowed(statements(BUILD), "glue:GetJobRuns") == "[]"

    @pytest.mark.parametrize("mode", [LakeFormation.CATALOG, LakeFormation.CATALOG_AND_FILES])
    def test_snapshots_are_found_where_lake_formation_hands_out_the_files(
        self, stack: Stack, make, lake, dbt_project, wheel_cache, resources, mode
    ) -> None:
        catalog = IcebergCatalog(stack, "Other", lake=lake, prefix="other", lake_formation=mode)
        common = {"lake": lake, "catalog": catalog}
        build = DbtBuild(stack, "B", dbt_project=dbt_project, wheel_cache=wheel_cache, **common)
        make(dbt_build=build, queries=QueryAccess(stack, "Q", name="x", **common))

        found = "other_marts/*/metadata/*" in json.dumps(resources("AWS::IAM::Policy"))
        assert found == (mode == LakeFormation.CATALOG_AND_FILES)


class TestProject:
    def test_its_code_and_packages_are_sources_of_the_one_project(self, make, resources) -> None:
        make()

        (project,) = resources("AWS::CodeBuild::Project")
        names = [source["SourceIdentifier"] for source in project["SecondarySources"]]
        assert names == ["wheels", "jobs", "comparison", "comparison_wheels"]

    def test_its_buildspec_fetches_nothing_and_starts_the_step(self, make) -> None:
        spec = yaml.safe_load(make().buildspec)

        (install,) = spec["phases"]["install"]["commands"]
        (compare,) = spec["phases"]["build"]["commands"]
        assert "--no-index" in install
        assert "--require-hashes" in install
        assert "$CODEBUILD_SRC_DIR_comparison_wheels/requirements.txt" in install
        assert "python -m lakehouse_tools.comparison.step" in compare
        assert 'PYTHONPATH="$CODEBUILD_SRC_DIR_jobs:$PWD"' in compare

    def test_wheel_cache_default_is_in_the_users_cache_folder(
        self, make, monkeypatch: pytest.MonkeyPatch, wheel_cache: Path
    ) -> None:
        asked = []
        monkeypatch.setattr(
            "lakehouse_constructs.comparison.default_cache",
            lambda: asked.append("default") or wheel_cache,
        )

        make(wheel_cache=None)

        assert asked == ["default"]

    def test_wheel_cache_custom_is_the_only_one_looked_at(
        self, make, monkeypatch: pytest.MonkeyPatch, wheel_cache: Path
    ) -> None:
        monkeypatch.delattr("lakehouse_constructs.comparison.default_cache")

        make(wheel_cache=wheel_cache)


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (
                json.dumps({**CONFIG, "old": {"database": "crm"}}),
                r"comparison\.json: old\.database: got 'crm'; allowed: 'erp', the old database",
            ),
            (
                json.dumps({**CONFIG, "new": {"layer": "staging"}}),
                r"comparison\.json: new\.layer: got 'staging'; allowed: 'marts'",
            ),
        ],
    )
    def test_a_file_that_is_not_of_this_old_lake(self, make, config, text, told) -> None:
        config.write_text(text)

        with pytest.raises(ConfigError, match=told):
            make()
