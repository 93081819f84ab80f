import json

import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_local.home import Home
from lakehouse_tools.checks import CheckFailedError, Note
from lakehouse_tools.deploy import governance
from lakehouse_tools.environment import Environment
from lakehouse_tools.review.assembly import Template

EXECUTOR = "arn:aws:iam::123456789012:role/cdk-hnb659fds-cfn-exec-role-123456789012-us-east-1"
DATABASE = {
    "Type": "AWS::Glue::Database",
    "Properties": {"DatabaseInput": {"Name": "lakehouse_dev_raw"}},
}
GRANT = {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {}}
DEFAULT = {"Name": "default"}
GRANT_ON_DEFAULT = {**GRANT, "Properties": {"Resource": {"Database": DEFAULT}}}
OPEN = [
    {
        "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
        "Permissions": ["ALL"],
    }
]
GROUPS = {
    "groups": {
        "big": {"include": ["Account"], "worker_type": "G.2X", "workers": 10},
        "small": {"include": ["Lead"]},
    }
}


@pytest.fixture
def look(account, stub):
    """The check against an account with these settings."""

    def run(
        *, databases=(), tables=(), admins=(), template=(DATABASE,), may_create=None, asked=True
    ):
        settings = {
            "CreateDatabaseDefaultPermissions": list(databases),
            "CreateTableDefaultPermissions": list(tables),
            "DataLakeAdmins": [{"DataLakePrincipalIdentifier": a} for a in admins],
        }
        stubbed = stub("lakeformation")
        if asked:
            stubbed.add_response("get_data_lake_settings", {"DataLakeSettings": settings}, {})
        if may_create is not None:
            given = ["CREATE_DATABASE"] if may_create else []
            stubbed.add_response(
                "list_permissions",
                {"PrincipalResourcePermissions": [{"Permissions": given}]},
                {
                    "Principal": {"DataLakePrincipalIdentifier": EXECUTOR},
                    "ResourceType": "CATALOG",
                },
            )
        resources = {f"R{n}": resource for n, resource in enumerate(template)}
        return governance.lake_formation(
            account, Template({"Resources": resources}), executor=EXECUTOR
        )

    return run


def test_an_untouched_account_needs_no_grants(look):
    assert "open to IAM" in look(databases=OPEN, tables=OPEN)


@pytest.mark.parametrize("still_open", [{}, {"databases": OPEN}, {"tables": OPEN}])
def test_removed_defaults_need_grants_in_the_template(look, still_open):
    with pytest.raises(CheckFailedError, match="the template grants nothing") as caught:
        look(**still_open)
    assert "lakehouse_dev_raw" in str(caught.value.remedy)


def test_the_role_that_deploys_has_to_be_let_in(look):
    with pytest.raises(CheckFailedError, match="may not create databases") as caught:
        look(template=(DATABASE, GRANT), may_create=False)
    assert EXECUTOR in str(caught.value)
    assert "CREATE_DATABASE" in str(caught.value.remedy)


def test_an_administrator_and_one_who_may_create_are_let_in(look):
    assert "1 grants" in look(template=(DATABASE, GRANT), admins=[EXECUTOR])
    assert "1 grants" in look(template=(DATABASE, GRANT), may_create=True)


def test_a_grant_on_the_database_default_needs_one(look, stub):
    """Granted where it is missing, it would fail the whole deployment."""
    stub("glue").add_client_error(
        "get_database", "EntityNotFoundException", expected_params=DEFAULT
    )
    with pytest.raises(CheckFailedError, match="no Glue database default") as caught:
        look(template=(DATABASE, GRANT_ON_DEFAULT), asked=False)
    assert "glue create-database" in str(caught.value.remedy)


def test_a_grant_on_the_database_default_that_is_there(look, stub):
    stub("glue").add_response("get_database", {"Database": DEFAULT}, DEFAULT)
    assert "1 grants" in look(template=(DATABASE, GRANT_ON_DEFAULT), admins=[EXECUTOR])


@pytest.fixture
def quotas(account, stub):
    """The check in an account that allows so much."""
    config = ObjectsConfig.from_text(json.dumps(GROUPS), where="test")

    def run(runs, dpus):
        for code, value in ((governance.RUNS, runs), (governance.DPUS, dpus)):
            name = {"ServiceCode": "glue", "QuotaCode": code}
            if value is None:
                stub("service-quotas").add_client_error(
                    "get_service_quota", "NoSuchResourceException", expected_params=name
                )
                stub("service-quotas").add_response(
                    "get_aws_default_service_quota", {"Quota": {"Value": 1000.0}}, name
                )
            else:
                stub("service-quotas").add_response(
                    "get_service_quota", {"Quota": {"Value": float(value)}}, name
                )
        return governance.quotas(account, config, session_dpus=4)

    return run


def test_quotas_that_are_enough(quotas):
    # 10 workers of 2 DPU, 2 of 1, and dbt's 4.
    assert quotas(2, 26) == "at most 2 of 2 Glue runs and 26 of 26 Glue DPUs at once"


def test_a_quota_without_a_value_of_its_own_has_the_default(quotas):
    assert "of 1,000 Glue DPUs" in quotas(50, None)


def test_too_few_dpus_name_the_quota(quotas):
    with pytest.raises(CheckFailedError, match=r"allows 25 Glue DPUs .* want 26") as caught:
        quotas(50, 25)
    assert governance.DPUS in str(caught.value.remedy)


BUILDS = {"ServiceCode": "codebuild", "QuotaCode": governance.BUILDS}


def test_one_build_is_enough(account, stub):
    stub("service-quotas").add_response("get_service_quota", {"Quota": {"Value": 1.0}}, BUILDS)
    assert governance.builds(account) == "1 of 1 builds at once"


def test_an_account_that_may_run_no_build_is_told_where_to_ask(account, stub):
    stub("service-quotas").add_response("get_service_quota", {"Quota": {"Value": 0.0}}, BUILDS)
    with pytest.raises(CheckFailedError, match="may run no build") as caught:
        governance.builds(account)
    assert governance.BUILDS in str(caught.value.remedy)


@pytest.mark.parametrize("code", ["AccessDeniedException", "NoSuchResourceException"])
def test_a_quota_of_builds_that_cannot_be_read_stops_nothing(account, stub, code):
    stub("service-quotas").add_client_error("get_service_quota", code, expected_params=BUILDS)
    if code == "NoSuchResourceException":
        stub("service-quotas").add_client_error(
            "get_aws_default_service_quota", code, expected_params=BUILDS
        )
    with pytest.raises(Note, match=code) as caught:
        governance.builds(account)
    assert governance.BUILDS in str(caught.value.remedy)


def test_the_local_aws_has_neither(tmp_path):
    local = Environment("local", Home(root=tmp_path, port=5793))
    with pytest.raises(Note):
        governance.lake_formation(local, Template({}), executor=EXECUTOR)
    with pytest.raises(Note):
        governance.quotas(local, ObjectsConfig(), session_dpus=0)
    with pytest.raises(Note):
        governance.builds(local)
