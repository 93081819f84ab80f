"""What ministack 1.5.33 has, and the adapters rely on: an upgrade fails here, by name."""

import types
from importlib import import_module
from importlib.metadata import version

import pytest

from lakehouse_local.local_aws.patching import (
    MINISTACK_VERSION,
    MinistackChangedError,
    expect,
    replace,
)


def test_the_version_the_adapters_were_written_for() -> None:
    assert version("ministack") == MINISTACK_VERSION


@pytest.mark.parametrize(
    ("module", "name", "parameters"),
    [
        ("app", "_build_persistence_save_dict", ""),
        ("app", "save_all", "services"),
        ("services.s3", "_read_body", "bucket_name key obj"),
        ("services.s3", "_get_object", "bucket_name key headers query_params"),
        ("services.s3", "_object_disk_path", "bucket key account_id"),
        ("services.s3", "_get_object_data", "bucket_name key version_id"),
        ("services.glue", "_start_job_run", "data"),
        ("services.glue", "_batch_stop_job_run", "data"),
        ("services.glue", "_get_job_runs", "data"),
        ("services.glue", "_create_job", "data"),
        ("services.glue", "_update_job", "data"),
        ("services.glue", "load_persisted_state", "data"),
        ("services.glue", "_handle_request_sync", "method path headers body query_params"),
        ("services.codebuild", "_start_build", "data"),
        ("services.codebuild", "_stop_build", "data"),
        ("services.codebuild", "load_persisted_state", "data"),
        ("services.codebuild", "_create_project", "data"),
        ("services.codebuild", "_update_project", "data"),
        ("services.codebuild", "_project_shape", "project"),
        ("services.codebuild", "_make_build_record", "project build_id source_version"),
        ("services.secretsmanager", "_get_secret_value", "data"),
        ("services.cloudwatch_logs", "_create_log_group", "data"),
        ("services.cloudwatch_logs", "_create_log_stream", "data"),
        ("services.cloudwatch_logs", "_put_log_events", "data"),
        ("services.eventbridge", "_put_events", "data allow_aws_source"),
    ],
)
def test_functions_that_are_replaced_or_called(module: str, name: str, parameters: str) -> None:
    expect(import_module(f"ministack.{module}"), name, parameters=parameters)


def test_what_is_read_beside_functions() -> None:
    from ministack.services import codebuild, glue
    from ministack.services.cloudformation import provisioners

    assert "ExecutionProperty" not in provisioners._GLUE_JOB_DEFAULTS
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CodeBuild::Project"]
    assert handlers["create"] is provisioners._codebuild_project_create
    assert handlers["update"] is provisioners._codebuild_project_update
    for store in (glue._jobs, glue._job_runs, codebuild._projects, codebuild._builds):
        assert store.values() == []


def test_a_changed_function_is_named() -> None:
    module = types.ModuleType("somewhere")
    module.known = lambda a, b: (a, b)  # pyright: ignore[reportAttributeAccessIssue]
    original = module.known
    assert replace(module, "known", len, parameters="a b") is original
    assert module.known is len
    with pytest.raises(MinistackChangedError, match=r"somewhere.gone\(a\) .* it is not there"):
        replace(module, "gone", len, parameters="a")
    with pytest.raises(MinistackChangedError, match=r"it takes \(obj\)"):
        expect(module, "known", parameters="a b")
