import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from lakehouse_constructs import DbtBuild, GlueSessions, SynthesisError, _shipped
from lakehouse_constructs._interfaces import service_principal
from lakehouse_jobs.contract.arguments import BuildVariable

THEIR_LOGS = logs.LogGroup.from_log_group_name(Stack(), "Logs", "theirs")
SET_BY_THE_PIPELINE = {
    BuildVariable.EXECUTION_NAME,
    BuildVariable.MODELS,
    BuildVariable.FAILED_OBJECTS,
}
SET_WHERE_ASKED_FOR = {BuildVariable.SELECT, BuildVariable.SESSION_CONNECTIONS}
SET_TO_COMPARE = {BuildVariable.WORK_GROUP, BuildVariable.STATE_MACHINE_ARN}
SET_TO_ERASE = {BuildVariable.ERASED_OBJECTS}


@pytest.fixture
def project(dbt_build, resources) -> dict:
    (properties,) = resources("AWS::CodeBuild::Project")
    return properties


def _variables(project: dict) -> dict:
    return {v["Name"]: v["Value"] for v in project["Environment"]["EnvironmentVariables"]}


class TestDefaults:
    def test_builds_run_one_at_a_time(self, project) -> None:
        assert project["ConcurrentBuildLimit"] == 1

    def test_timeout_default_is_four_hours(self, project) -> None:
        assert project["TimeoutInMinutes"] == 240
        assert _variables(project)[BuildVariable.SESSION_TIMEOUT] == "245"

    def test_the_buildspec_stands_in_the_template_as_in_the_file(
        self, project, dbt_project: Path
    ) -> None:
        assert project["Source"]["BuildSpec"] == (dbt_project / "buildspec.yml").read_text()

    def test_packages_and_jobs_are_sources(self, project) -> None:
        assert [s["SourceIdentifier"] for s in project["SecondarySources"]] == ["wheels", "jobs"]
        assert project["Source"]["Type"] == "S3"

    def test_every_variable_of_the_contract_is_set(self, project) -> None:
        variables = _variables(project)

        elsewhere = SET_BY_THE_PIPELINE | SET_WHERE_ASKED_FOR | SET_TO_COMPARE | SET_TO_ERASE
        assert set(variables) == set(BuildVariable) - elsewhere
        assert variables["MARTS_DATABASE"] == "lake_test_marts"
        assert variables["DBT_SESSION_PREFIX"] == "lake-test-dbt"
        assert variables["LAKEHOUSE_FULL_REFRESH"] == "false"

    def test_sessions_default_is_one_of_two_workers(self, project) -> None:
        variables = _variables(project)

        assert variables["DBT_SESSION_WORKER_TYPE"] == "G.1X"
        assert (variables["DBT_SESSION_WORKERS"], variables["DBT_THREADS"]) == ("2", "1")

    def test_select_default_is_everything(self, project) -> None:
        assert BuildVariable.SELECT not in _variables(project)

    def test_vpc_default_is_none(self, project, resources) -> None:
        assert "VpcConfig" not in project
        assert resources("AWS::Glue::Connection") == []

    def test_log_group_default_is_a_new_one_on_the_lakes_key(self, project, resources) -> None:
        (group,) = resources("AWS::Logs::LogGroup")

        assert "KmsKeyId" in group
        assert "Logs" in project["LogsConfig"]["CloudWatchLogs"]["GroupName"]["Ref"]

    def test_log_retention_default_is_three_months(self, project, resources) -> None:
        assert [g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup")] == [90]

    def test_the_build_may_use_its_own_sessions_only(self, dbt_build, statements) -> None:
        allowed = statements("dbt build")

        (sessions,) = [s for s in allowed if "glue:RunStatement" in s["Action"]]
        assert sessions["Resource"]["Fn::Join"][1][-1] == ":session/lake-test-dbt*"
        (passes,) = [s for s in allowed if s["Action"] == "iam:PassRole"]
        assert passes["Condition"] == {
            "StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}
        }

    def test_role_default_changes_no_table_and_no_file_but_its_outcome(
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

    def test_only_the_catalog_adds_to_the_roles(self, dbt_build, resources) -> None:
        actions = {
            action
            for policy in resources("AWS::IAM::Policy")
            for statement in policy["PolicyDocument"]["Statement"]
            for action in _listed(statement["Action"])
        }
        # CDK would add its own: of reports, logs, whole buckets.
        assert {action.split(":")[0] for action in actions} <= {"glue", "s3", "kms"}
        assert not any("*" in action for action in actions)

    def test_session_role_default_reads_raw_and_writes_the_other_layers(
        self, dbt_build, statements
    ) -> None:
        allowed = statements("Glue sessions")

        written = [
            resource["Fn::Join"][1][-1]
            for s in allowed
            if "s3:PutObject" in s["Action"]
            for resource in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])
        ]
        assert sorted(written) == [
            "/lake_test_intermediate/*",
            "/lake_test_marts/*",
            "/lake_test_staging/*",
        ]
        for statement in allowed:
            if "glue:DeleteTable" in statement["Action"]:
                assert "lake_test_raw" not in json.dumps(statement)
            if "s3:PutObject" in statement["Action"]:
                assert "s3:DeleteObject" in statement["Action"]  # upkeep: what it replaced


class TestCustom:
    @pytest.fixture
    def make(self, stack: Stack, lake, catalog, dbt_project: Path, wheel_cache: Path):
        def made(**props: Any) -> DbtBuild:
            given = {
                "lake": lake,
                "catalog": catalog,
                "dbt_project": dbt_project,
                "wheel_cache": wheel_cache,
                **props,
            }
            return DbtBuild(stack, "DbtBuild", **given)

        return made

    def test_session_prefix_custom(self, make, resources) -> None:
        make(session_prefix="x")

        (project,) = resources("AWS::CodeBuild::Project")
        assert _variables(project)["DBT_SESSION_PREFIX"] == "x"

    def test_sessions_custom(self, make, resources) -> None:
        make(sessions=GlueSessions(worker_type="G.2X", workers=7, threads=3))

        (project,) = resources("AWS::CodeBuild::Project")
        variables = _variables(project)
        assert variables["DBT_SESSION_WORKER_TYPE"] == "G.2X"
        assert (variables["DBT_SESSION_WORKERS"], variables["DBT_THREADS"]) == ("7", "3")

    def test_timeout_custom(self, make, resources) -> None:
        build = make(timeout=Duration.minutes(25))

        (project,) = resources("AWS::CodeBuild::Project")
        assert project["TimeoutInMinutes"] == build.timeout.to_minutes() == 25
        # A session that ends before its build takes the build with it.
        assert _variables(project)[BuildVariable.SESSION_TIMEOUT] == "30"

    def test_timeout_known_at_deployment_leaves_sessions_their_longest_life(
        self, stack: Stack, make, resources
    ) -> None:
        minutes = CfnParameter(stack, "Minutes", type="Number").value_as_number

        make(timeout=Duration.minutes(minutes))

        (project,) = resources("AWS::CodeBuild::Project")
        assert project["TimeoutInMinutes"] == {"Ref": "Minutes"}
        assert _variables(project)[BuildVariable.SESSION_TIMEOUT] == "2880"

    def test_log_retention_custom(self, make, resources) -> None:
        make(log_retention=logs.RetentionDays.ONE_DAY)

        assert [g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup")] == [1]

    def test_wheel_cache_default_is_in_the_users_cache_folder(
        self, make, monkeypatch: pytest.MonkeyPatch, wheel_cache: Path
    ) -> None:
        asked = []
        monkeypatch.setattr(
            "lakehouse_constructs.dbt_build.default_cache",
            lambda: asked.append("default") or wheel_cache,
        )

        make(wheel_cache=None)

        assert asked == ["default"]

    def test_wheel_cache_custom_is_the_only_one_looked_at(
        self, make, monkeypatch: pytest.MonkeyPatch, wheel_cache: Path
    ) -> None:
        monkeypatch.delattr("lakehouse_constructs.dbt_build.default_cache")

        make(wheel_cache=wheel_cache)

    def test_dbt_project_default_is_the_shipped_one(self, make, resources) -> None:
        make(dbt_project=None)

        (project,) = resources("AWS::CodeBuild::Project")
        expected = _shipped.buildspec(_shipped.dbt_project())
        assert project["Source"]["BuildSpec"] == expected

    def test_session_prefix_default_is_named_after_the_construct(self, make, resources) -> None:
        make()

        (project,) = resources("AWS::CodeBuild::Project")
        assert _variables(project)["DBT_SESSION_PREFIX"] == "Test-DbtBuild-E497CDB8"

    def test_select_custom_is_what_is_built(self, make, resources) -> None:
        make(select=["tag:daily", "staging.erp+"])

        (project,) = resources("AWS::CodeBuild::Project")
        assert _variables(project)[BuildVariable.SELECT] == "tag:daily staging.erp+"

    def test_dbt_project_custom_gets_the_buildspec_that_it_lacks(
        self, make, dbt_project: Path, resources
    ) -> None:
        (dbt_project / "buildspec.yml").unlink()

        make(dbt_project=dbt_project)

        (project,) = resources("AWS::CodeBuild::Project")
        assert "lakehouse_jobs.entry.dbt_build" in project["Source"]["BuildSpec"]

    def test_log_group_custom(self, stack: Stack, make, resources, statements) -> None:
        arn = "arn:aws:logs:us-east-1:123456789012:log-group:/theirs"
        theirs = logs.LogGroup.from_log_group_arn(stack, "Theirs", arn)

        assert make(log_group=theirs).log_group is theirs
        assert resources("AWS::Logs::LogGroup") == []
        (write,) = [s for s in statements("dbt build") if "logs:PutLogEvents" in s["Action"]]
        assert write["Resource"] == f"{arn}:*"

    def test_role_custom_and_session_role_get_what_they_need(
        self, stack: Stack, make, resources
    ) -> None:
        theirs = {
            name: iam.Role(stack, name, assumed_by=iam.ServicePrincipal(service))
            for name, service in (
                ("Theirs", "codebuild.amazonaws.com"),
                ("TheirSession", "glue.amazonaws.com"),
            )
        }
        build = make(role=theirs["Theirs"], session_role=theirs["TheirSession"])

        assert (build.role, build.session_role) == (theirs["Theirs"], theirs["TheirSession"])
        assert len(resources("AWS::IAM::Role")) == 2
        session, own = sorted(
            (p["PolicyDocument"]["Statement"] for p in resources("AWS::IAM::Policy")),
            key=lambda found: "iam:PassRole" in json.dumps(found),
        )
        assert "glue:DeleteTable" in json.dumps(session)
        assert "glue:CreateSession" in json.dumps(own)
        assert "logs:PutLogEvents" in json.dumps(own)
        (project,) = resources("AWS::CodeBuild::Project")
        assert "Theirs" in json.dumps(project["ServiceRole"])

    def test_session_role_custom_and_role_that_may_not_be_changed_are_left_alone(
        self, stack: Stack, make, resources
    ) -> None:
        arn = "arn:aws:iam::123456789012:role/theirs"
        theirs = iam.Role.from_role_arn(stack, "Theirs", arn, mutable=False)

        make(role=theirs, session_role=theirs)

        assert resources("AWS::IAM::Policy") == resources("AWS::IAM::Role") == []
        (project,) = resources("AWS::CodeBuild::Project")
        assert project["ServiceRole"] == arn

    def test_the_project_waits_for_all_rights_of_its_roles(
        self, stack: Stack, make, template_of
    ) -> None:
        make()

        template = template_of(stack)
        policies = template.find_resources("AWS::IAM::Policy")  # what the catalog grants
        (project,) = template.find_resources("AWS::CodeBuild::Project").values()
        assert len(policies) == 2
        assert policies.keys() <= set(project["DependsOn"])

    def test_one_role_for_all_of_it_is_no_circle(self, stack: Stack, make, template_of) -> None:
        role = iam.Role(stack, "Theirs", assumed_by=service_principal("glue.amazonaws.com"))

        make(role=role, session_role=role).grant_start_build(role)

        template_of(stack)  # it refuses a template whose resources wait for each other

    def test_one_role_for_all_of_it_in_a_vpc_is_no_circle(
        self, stack: Stack, make, template_of
    ) -> None:
        role = iam.Role(stack, "Theirs", assumed_by=service_principal("codebuild.amazonaws.com"))

        make(role=role, session_role=role, vpc=ec2.Vpc(stack, "Vpc")).grant_start_build(role)

        template = template_of(stack)  # it refuses a circle, as above
        (project,) = template.find_resources("AWS::CodeBuild::Project").values()
        (waits_for,) = set(project["DependsOn"])
        rights = json.dumps(template.find_resources("AWS::IAM::Policy")[waits_for])
        assert "ec2:CreateNetworkInterfacePermission" in rights
        assert "codebuild:StartBuild" not in rights

    def test_role_custom_that_may_not_be_changed_is_left_alone_in_a_vpc_too(
        self, stack: Stack, make, resources
    ) -> None:
        arn = "arn:aws:iam::123456789012:role/theirs"
        theirs = iam.Role.from_role_arn(stack, "Theirs", arn, mutable=False)

        make(role=theirs, session_role=theirs, vpc=ec2.Vpc(stack, "Vpc"))

        assert resources("AWS::IAM::Policy") == []

    def test_vpc_custom_grants_what_sessions_and_builds_do_there(
        self, stack: Stack, make, resources, statements
    ) -> None:
        build = make(vpc=ec2.Vpc(stack, "Vpc"))

        (project,) = resources("AWS::CodeBuild::Project")
        assert len(project["VpcConfig"]["Subnets"]) == 2
        assert _variables(project)["DBT_SESSION_CONNECTIONS"] == {
            "Ref": stack.get_logical_id(build.connection.node.default_child)
        }
        session = {a for s in statements("Glue sessions of dbt") for a in _listed(s["Action"])}
        assert {
            "glue:GetConnection",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:CreateTags",
            "ec2:DescribeVpcEndpoints",
        } <= session
        (attach,) = [
            s
            for s in statements("dbt build")
            if s["Action"] == "ec2:CreateNetworkInterfacePermission"
        ]
        condition = attach["Condition"]["StringEquals"]
        assert condition["ec2:AuthorizedService"] == "codebuild.amazonaws.com"
        assert len(condition["ec2:Subnet"]) == 2

    def test_vpc_subnets_default_is_the_private_ones(self, stack: Stack, make, resources) -> None:
        make(vpc=ec2.Vpc(stack, "Vpc"))

        assert "VpcPrivateSubnet1" in _subnet(resources)

    def test_security_groups_default_is_a_new_one_that_lets_workers_in(
        self, stack: Stack, make, resources
    ) -> None:
        make(vpc=ec2.Vpc(stack, "Vpc"))

        (own,) = resources("AWS::EC2::SecurityGroupIngress")
        assert own["GroupId"] == own["SourceSecurityGroupId"]

    def test_vpc_subnets_custom(self, stack: Stack, make, resources) -> None:
        vpc = ec2.Vpc(stack, "Vpc")

        make(vpc=vpc, vpc_subnets=ec2.SubnetSelection(subnets=[vpc.private_subnets[1]]))

        assert "VpcPrivateSubnet2" in _subnet(resources)

    def test_vpc_subnets_custom_may_have_no_way_out(self, stack: Stack, make, resources) -> None:
        inside = ec2.SubnetConfiguration(name="In", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        vpc = ec2.Vpc(stack, "Vpc", subnet_configuration=[inside])

        make(vpc=vpc, vpc_subnets=ec2.SubnetSelection(subnet_group_name="In"))

        assert "VpcInSubnet1" in _subnet(resources)

    @pytest.mark.parametrize("chosen", [True, False])
    def test_public_subnets_are_refused(self, stack: Stack, make, chosen: bool) -> None:
        outside = ec2.SubnetConfiguration(name="Out", subnet_type=ec2.SubnetType.PUBLIC)
        vpc = ec2.Vpc(stack, "Vpc", subnet_configuration=[outside])
        public = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)

        with pytest.raises(SynthesisError, match=r"vpc_subnets: got .*; allowed: private subnets"):
            make(vpc=vpc, vpc_subnets=public if chosen else None)

    def test_security_groups_custom(self, stack: Stack, make, resources) -> None:
        vpc = ec2.Vpc(stack, "Vpc")
        group = ec2.SecurityGroup(stack, "Theirs", vpc=vpc)

        assert make(vpc=vpc, security_groups=[group]).security_groups == (group,)
        assert len(resources("AWS::EC2::SecurityGroup")) == 1

    @pytest.mark.parametrize(
        ("props", "told"),
        [
            ({"session_prefix": "a b"}, r"Test/DbtBuild: session_prefix: got 'a b'; allowed: "),
            ({"select": ["a b"]}, r"select: got 'a b'; allowed: a dbt selector"),
            ({"select": ["a", "--full-refresh"]}, r"select: got '--full-refresh'; .* no option"),
            ({"select": ["-x"]}, r"select: got '-x'; allowed: a dbt selector"),
            ({"timeout": Duration.minutes(4)}, r"timeout: got '4 minutes'; allowed: .* 5 minutes"),
            ({"dbt_project": Path("/nowhere")}, r"dbt_project: got '/nowhere'; allowed: a folder"),
            (
                {"log_group": THEIR_LOGS, "log_retention": logs.RetentionDays.ONE_DAY},
                r"log_retention: got 'ONE_DAY'; allowed: none with log_group=",
            ),
            ({"security_groups": []}, r"security_groups: got \[\]; allowed: nothing without vpc"),
        ],
    )
    def test_what_cannot_be_deployed_is_refused(self, make, props, told) -> None:
        with pytest.raises(SynthesisError, match=told):
            make(**props)

    def test_a_value_known_at_deployment_passes(self, make) -> None:
        make(session_prefix=Fn.import_value("prefix"))


@pytest.mark.parametrize(
    ("props", "told"),
    [
        ({"worker_type": "Standard"}, r"worker_type: got 'Standard'; allowed: G\.1X"),
        ({"workers": 1}, r"workers: got 1; allowed: a whole number from 2 to 299"),
        ({"threads": 17}, r"threads: got 17; allowed: .* to 16"),
    ],
)
def test_sessions_of_no_size_that_glue_has_are_refused(props, told) -> None:
    with pytest.raises(SynthesisError, match=told):
        GlueSessions(**props)


class TestUse:
    def test_who_may_start_builds_may_do_nothing_else(
        self, stack: Stack, dbt_build, resources
    ) -> None:
        user = iam.User(stack, "User")

        dbt_build.grant_start_build(user)

        (policy,) = [p for p in resources("AWS::IAM::Policy") if "Users" in p]
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Action"] == [
            "codebuild:StartBuild",
            "codebuild:BatchGetBuilds",
            "codebuild:StopBuild",
        ]
        assert "DbtBuildProject" in json.dumps(statement["Resource"])

    def test_metrics_are_those_of_the_project(self, dbt_build) -> None:
        names = [
            dbt_build.metric_failed(period=Duration.hours(1)).metric_name,
            dbt_build.metric_succeeded().metric_name,
            dbt_build.metric_duration().metric_name,
        ]
        assert names == ["FailedBuilds", "SucceededBuilds", "Duration"]


def _subnet(resources) -> str:
    """The subnet in which the one connection places Glue's workers."""
    (connection,) = resources("AWS::Glue::Connection")
    placed = connection["ConnectionInput"]["PhysicalConnectionRequirements"]
    return json.dumps(placed["SubnetId"])


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
