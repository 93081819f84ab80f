import json
from pathlib import Path

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_logs as logs

from lakehouse_constructs import DbtBuild, GlueSessions, ShippedFilesError
from lakehouse_jobs.contract.arguments import BuildVariable

SET_BY_THE_PIPELINE = {BuildVariable.EXECUTION_NAME, BuildVariable.FAILED_OBJECTS}


@pytest.fixture
def project(dbt_build, resources) -> dict:
    (properties,) = resources("AWS::CodeBuild::Project")
    return properties


def _variables(project: dict) -> dict:
    return {v["Name"]: v["Value"] for v in project["Environment"]["EnvironmentVariables"]}


class TestDefaults:
    def test_builds_run_one_at_a_time(self, project) -> None:
        assert project["ConcurrentBuildLimit"] == 1
        assert project["TimeoutInMinutes"] == 240

    def test_the_buildspec_stands_in_the_template_as_in_the_file(
        self, project, dbt_project: Path
    ) -> None:
        assert project["Source"]["BuildSpec"] == (dbt_project / "buildspec.yml").read_text()

    def test_packages_and_jobs_are_sources(self, project) -> None:
        assert [s["SourceIdentifier"] for s in project["SecondarySources"]] == ["wheels", "jobs"]
        assert project["Source"]["Type"] == "S3"

    def test_every_variable_of_the_contract_is_set(self, project) -> None:
        variables = _variables(project)

        assert set(variables) == set(BuildVariable) - SET_BY_THE_PIPELINE
        assert variables["MARTS_DATABASE"] == "lake_test_marts"
        assert variables["DBT_SESSION_PREFIX"] == "lake-test-dbt"
        assert variables["LAKEHOUSE_FULL_REFRESH"] == "false"
        assert (variables["DBT_SESSION_WORKERS"], variables["DBT_THREADS"]) == ("2", "1")

    def test_the_build_may_use_its_own_sessions_only(self, dbt_build, statements) -> None:
        allowed = statements("dbt build")

        (sessions,) = [s for s in allowed if "glue:RunStatement" in s["Action"]]
        assert sessions["Resource"]["Fn::Join"][1][-1] == ":session/lake-test-dbt*"
        (passes,) = [s for s in allowed if s["Action"] == "iam:PassRole"]
        assert passes["Condition"] == {
            "StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}
        }

    def test_the_build_changes_no_table_and_no_file_but_its_outcome(
        self, dbt_build, statements
    ) -> None:
        allowed = statements("dbt build")

        text = json.dumps(allowed)
        for action in ("UpdateTable", "DeleteTable", "CreateDatabase", "s3:DeleteObject"):
            assert action not in text
        (files,) = [s for s in allowed if "s3:PutObject" in s["Action"]]
        assert files["Resource"]["Fn::Join"][1][-1] == "/runs/*"

    def test_codebuild_may_take_each_source_and_locate_its_bucket(
        self, dbt_build, statements
    ) -> None:
        objects, bucket = [s for s in statements("dbt build") if "hnb659fds" in json.dumps(s)]

        assert objects["Action"] == ["s3:GetObject", "s3:GetObjectVersion"]
        assert len(objects["Resource"]) == 3
        assert bucket["Action"] == "s3:GetBucketLocation"
        assert "*" not in json.dumps([objects["Resource"], bucket["Resource"]])

    def test_cdk_adds_nothing_to_the_role(self, dbt_build, resources) -> None:
        assert resources("AWS::IAM::Policy") == []

    def test_sessions_read_raw_and_write_the_other_layers(self, dbt_build, statements) -> None:
        allowed = statements("Glue sessions")

        (written,) = [s for s in allowed if "s3:PutObject" in s["Action"]]
        assert [r["Fn::Join"][1][-1] for r in written["Resource"]] == [
            "/lake_test_staging/*",
            "/lake_test_intermediate/*",
            "/lake_test_marts/*",
        ]
        for statement in allowed:
            if "glue:DeleteTable" in statement["Action"]:
                assert "lake_test_raw" not in json.dumps(statement)


class TestCustom:
    def test_props(
        self, stack: Stack, lake, catalog, dbt_project: Path, wheel_cache: Path, resources
    ) -> None:
        build = DbtBuild(
            stack,
            "DbtBuild",
            lake=lake,
            catalog=catalog,
            session_prefix="x",
            sessions=GlueSessions(worker_type="G.2X", workers=7, threads=3),
            dbt_project=dbt_project,
            timeout=Duration.minutes(25),
            log_retention=logs.RetentionDays.ONE_DAY,
            wheel_cache=wheel_cache,
        )

        (project,) = resources("AWS::CodeBuild::Project")
        variables = _variables(project)
        assert variables["DBT_SESSION_WORKER_TYPE"] == "G.2X"
        assert (variables["DBT_SESSION_WORKERS"], variables["DBT_THREADS"]) == ("7", "3")
        assert project["TimeoutInMinutes"] == build.timeout.to_minutes() == 25
        assert resources("AWS::Logs::LogGroup")[0]["RetentionInDays"] == 1

    def test_a_project_without_a_buildspec_is_refused(
        self, stack: Stack, lake, catalog, dbt_project: Path, wheel_cache: Path
    ) -> None:
        (dbt_project / "buildspec.yml").unlink()

        with pytest.raises(ShippedFilesError, match=r"buildspec\.yml"):
            DbtBuild(
                stack,
                "DbtBuild",
                lake=lake,
                catalog=catalog,
                session_prefix="x",
                dbt_project=dbt_project,
                wheel_cache=wheel_cache,
            )
