"""The build after an erasure, by answers of CodeBuild and Glue."""

import io
import json
from datetime import UTC, datetime

import pytest
from botocore.stub import ANY

from lakehouse_tools.erasure import models
from lakehouse_tools.errors import ErasureError

BUILD = "dbt:1"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tables(stub, stack, **locations):
    """What Glue has of the three layers: all in the marts."""
    for database in (stack.staging_database, stack.intermediate_database, stack.marts_database):
        found = locations if database == stack.marts_database else {}
        answer = [
            {"Name": name, "Parameters": {"metadata_location": location} if location else {}}
            for name, location in found.items()
        ]
        stub("glue").add_response("get_tables", {"TableList": answer}, {"DatabaseName": database})


def starts(stub, stack):
    stub("codebuild").add_response(
        "start_build",
        {"build": {"id": BUILD}},
        {
            "projectName": stack.dbt_project_name,
            "environmentVariablesOverride": [
                {"name": "LAKEHOUSE_EXECUTION_NAME", "value": ANY, "type": "PLAINTEXT"},
                {
                    "name": "LAKEHOUSE_ERASED_OBJECTS",
                    "value": "Contact,Lead",
                    "type": "PLAINTEXT",
                },
            ],
        },
    )


def ends(stub, *statuses):
    for status in statuses:
        answer = {"builds": [{"id": BUILD, "buildStatus": status}]}
        stub("codebuild").add_response("batch_get_builds", answer, {"ids": [BUILD]})


def rebuild(account, stack, said=None):
    say = (said if said is not None else []).append
    objects = ["Contact", "Lead"]
    return models.rebuild(account, stack, objects, clock=lambda: NOW, say=say, sleep=lambda _: None)


def test_the_tables_that_the_build_wrote_are_told(account, stub, stack):
    tables(stub, stack, dim_contact="s3://lake/1", dim_user="s3://lake/1", a_view=None)
    starts(stub, stack)
    # What another build wrote before this one had its turn is none of it.
    tables(stub, stack, dim_contact="s3://lake/2", dim_user="s3://lake/2", a_view=None)
    ends(stub, "IN_PROGRESS", "SUCCEEDED")
    tables(stub, stack, dim_contact="s3://lake/3", dim_user="s3://lake/2", a_view=None)
    assert rebuild(account, stack) == ([(stack.marts_database, "dim_contact")], NOW)


def test_it_waits_for_the_end_of_another_build(account, stub, stack):
    tables(stub, stack, dim_contact="s3://lake/1")
    for _ in range(2):
        stub("codebuild").add_client_error("start_build", "AccountLimitExceededException")
    starts(stub, stack)
    tables(stub, stack, dim_contact="s3://lake/1")
    ends(stub, "SUCCEEDED")
    tables(stub, stack, dim_contact="s3://lake/3")
    said = []
    assert rebuild(account, stack, said)
    assert said.count("another build is under way: waiting for its end") == 1


def test_a_build_that_failed_says_why_and_what_then(account, stub, stack):
    tables(stub, stack, dim_contact="s3://lake/1")
    starts(stub, stack)
    tables(stub, stack, dim_contact="s3://lake/1")
    ends(stub, "FAILED")
    outcome = json.dumps({"cause": "model dim_contact: no session"}).encode()
    stub("s3").add_response("get_object", {"Body": io.BytesIO(outcome)})
    with pytest.raises(ErasureError, match=r"out of raw, but build dbt:1 failed: model dim_co"):
        rebuild(account, stack)


def test_where_dbt_built_nothing_no_build_starts(account, stub, stack):
    tables(stub, stack)
    assert rebuild(account, stack) == ([], NOW)
