import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Fn, Stack, Tags, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match, Template

from lakehouse_constructs import IcebergCatalog, LakeBucket, SalesforceExtractor, SynthesisError
from lakehouse_constructs._interfaces import service_principal
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.secret import PLACEHOLDER, UNFILLED_KEY


@pytest.fixture
def job(extractor, resources) -> dict:
    (properties,) = resources("AWS::Glue::Job")
    return properties


@pytest.fixture
def allowed(extractor, statements) -> list[dict]:
    return statements("Extraction job")


class TestDefaults:
    def test_the_job_is_glue_5_1_and_never_retries_by_itself(self, job) -> None:
        assert job["GlueVersion"] == "5.1"
        assert job["Command"]["Name"] == "glueetl"
        assert job["MaxRetries"] == 0

    def test_worker_type_default_is_g1x(self, job) -> None:
        assert job["WorkerType"] == "G.1X"

    def test_number_of_workers_default_is_glues_minimum(self, job) -> None:
        assert job["NumberOfWorkers"] == 2

    def test_timeout_default_is_an_hour(self, job) -> None:
        assert job["Timeout"] == 60

    def test_max_concurrent_runs_default_is_50(self, job) -> None:
        assert job["ExecutionProperty"]["MaxConcurrentRuns"] == 50

    def test_the_arguments_are_those_the_job_reads(self, job) -> None:
        arguments = job["DefaultArguments"]

        assert arguments["--raw_database"] == "lake_test_raw"
        assert set(arguments) == {
            "--lake_bucket",
            "--raw_database",
            "--salesforce_secret_arn",
            "--objects_config",
            "--extra-py-files",
            "--additional-python-modules",
            "--python-modules-installer-option",
            "--job-bookmark-option",
            "--TempDir",
        }
        assert arguments["--python-modules-installer-option"] == "--no-index"

    def test_the_wheels_have_the_name_that_glue_goes_by(self, job) -> None:
        assert json.dumps(job["DefaultArguments"]["--additional-python-modules"]).endswith(
            '.gluewheels.zip"}'
        )

    def test_secret_default_is_generated_not_written_into_the_template(
        self, stack: Stack, extractor, resources
    ) -> None:
        (secret,) = resources("AWS::SecretsManager::Secret")

        assert "SecretString" not in secret
        generated = secret["GenerateSecretString"]
        assert generated["GenerateStringKey"] == UNFILLED_KEY
        assert json.loads(generated["SecretStringTemplate"]) == PLACEHOLDER
        Template.from_stack(stack).has_resource(
            "AWS::SecretsManager::Secret", {"DeletionPolicy": "Retain"}
        )

    def test_role_default_writes_raw_and_its_own_prefixes_and_nothing_else(self, allowed) -> None:
        written = [
            resource["Fn::Join"][1][-1]
            for s in allowed
            if "s3:PutObject" in s["Action"]
            for resource in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]])
        ]
        assert sorted(written) == ["/lake_test_raw/*", "/loads/*", "/runs/*", "/tmp/*"]

    def test_the_job_can_neither_drop_nor_list_tables(self, allowed) -> None:
        actions = {a for s in allowed for a in _listed(s["Action"]) if a.startswith("glue:")}

        assert actions == {
            "glue:GetDatabase",
            "glue:GetTable",
            "glue:CreateTable",
            "glue:UpdateTable",
        }

    def test_the_only_star_is_for_metrics_of_glue(self, allowed) -> None:
        (star,) = [s for s in allowed if s["Resource"] == "*"]

        assert star["Action"] == "cloudwatch:PutMetricData"
        assert star["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Glue"}}

    def test_assets_are_readable_one_by_one(self, allowed) -> None:
        (assets,) = [s for s in allowed if "cdk-hnb659fds" in json.dumps(s)]

        assert assets["Action"] == "s3:GetObject"
        assert len(assets["Resource"]) == 4
        assert "*" not in json.dumps(assets["Resource"])

    def test_logging_may_be_encrypted(self, allowed) -> None:
        (log,) = [s for s in allowed if "logs:PutLogEvents" in s["Action"]]

        assert "logs:AssociateKmsKey" in log["Action"]

    def test_log_groups_exist_before_glue_would_make_them(
        self, stack: Stack, extractor, resources
    ) -> None:
        groups = resources("AWS::Logs::LogGroup")

        assert [g["LogGroupName"]["Fn::Join"][1][-1] for g in groups] == ["/error", "/output"]
        assert all("KmsKeyId" in g for g in groups)
        template = Template.from_stack(stack)
        (job,) = template.find_resources("AWS::Glue::Job").values()
        assert template.find_resources("AWS::Logs::LogGroup").keys() <= set(job["DependsOn"])

    def test_the_job_waits_for_all_rights_of_its_role(self, stack: Stack, extractor) -> None:
        template = Template.from_stack(stack)

        (policy,) = template.find_resources("AWS::IAM::Policy")  # what the catalog grants
        (job,) = template.find_resources("AWS::Glue::Job").values()
        assert policy in job["DependsOn"]

    def test_log_retention_default_is_three_months(self, extractor, resources) -> None:
        assert {g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup")} == {90}

    def test_security_configuration_default_encrypts_logs_and_bookmarks(
        self, extractor, resources
    ) -> None:
        (configuration,) = resources("AWS::Glue::SecurityConfiguration")

        assert configuration["EncryptionConfiguration"].keys() == {
            "CloudWatchEncryption",
            "JobBookmarksEncryption",
            "S3Encryptions",
        }

    def test_the_security_configuration_leaves_with_the_stack(
        self, stack: Stack, extractor
    ) -> None:
        # Retained, its name would stop the next deployment.
        found = Template.from_stack(stack).find_resources("AWS::Glue::SecurityConfiguration")
        assert [r["DeletionPolicy"] for r in found.values()] == ["Delete"]


class TestCustom:
    @pytest.fixture
    def make(self, stack: Stack, lake, catalog, objects_config: Path, wheel_cache: Path):
        def made(*, id: str = "Extractor", **props: Any) -> SalesforceExtractor:
            given = {
                "lake": lake,
                "catalog": catalog,
                "objects_config": objects_config,
                "wheel_cache": wheel_cache,
                **props,
            }
            return SalesforceExtractor(stack, id, **given)

        return made

    def test_secret_custom_is_read_and_no_other_is_made(
        self, stack: Stack, make, resources, statements
    ) -> None:
        theirs = secretsmanager.Secret.from_secret_name_v2(stack, "Existing", "crm")

        assert make(secret=theirs).secret is theirs
        assert resources("AWS::SecretsManager::Secret") == []
        (read,) = [s for s in statements("Extraction job") if "GetSecretValue" in s["Action"]]
        assert "secret:crm" in json.dumps(read["Resource"])

    def test_worker_type_custom(self, make, resources) -> None:
        make(worker_type="G.2X")

        assert resources("AWS::Glue::Job")[0]["WorkerType"] == "G.2X"

    def test_number_of_workers_custom(self, make, resources) -> None:
        make(number_of_workers=5)

        assert resources("AWS::Glue::Job")[0]["NumberOfWorkers"] == 5

    def test_timeout_custom(self, make, resources) -> None:
        make(timeout=Duration.minutes(20))

        assert resources("AWS::Glue::Job")[0]["Timeout"] == 20

    def test_max_concurrent_runs_custom(self, make, resources) -> None:
        make(max_concurrent_runs=3)

        assert resources("AWS::Glue::Job")[0]["ExecutionProperty"] == {"MaxConcurrentRuns": 3}

    def test_log_retention_custom(self, make, resources) -> None:
        make(log_retention=logs.RetentionDays.ONE_WEEK)

        assert {g["RetentionInDays"] for g in resources("AWS::Logs::LogGroup")} == {7}

    def test_wheel_cache_default_is_in_the_users_cache_folder(
        self, make, monkeypatch: pytest.MonkeyPatch, wheel_cache: Path
    ) -> None:
        asked = []
        monkeypatch.setattr(
            "lakehouse_constructs.salesforce_extractor.default_cache",
            lambda: asked.append("default") or wheel_cache,
        )

        make(wheel_cache=None)

        assert asked == ["default"]

    def test_wheel_cache_custom_is_the_only_one_looked_at(
        self, make, monkeypatch: pytest.MonkeyPatch, wheel_cache: Path
    ) -> None:
        monkeypatch.delattr("lakehouse_constructs.salesforce_extractor.default_cache")

        make(wheel_cache=wheel_cache)

    def test_tags_reach_the_job(self, make, resources) -> None:
        Tags.of(make().job).add("team", "crm")

        assert resources("AWS::Glue::Job")[0]["Tags"] == {"team": "crm"}

    def test_security_configuration_custom(self, stack: Stack, make, resources) -> None:
        theirs = glue.SecurityConfiguration.from_security_configuration_name(
            stack, "Theirs", "theirs"
        )

        assert make(security_configuration=theirs).security_configuration is theirs
        assert resources("AWS::Glue::SecurityConfiguration") == []
        assert resources("AWS::Glue::Job")[0]["SecurityConfiguration"] == "theirs"
        assert all("/jobs/theirs-role/" in json.dumps(g) for g in resources("AWS::Logs::LogGroup"))

    @pytest.mark.parametrize("given", [(), ("role",), ("security_configuration",)])
    def test_make_log_groups_default_where_no_other_job_has_the_names(
        self, make, theirs, resources, given
    ) -> None:
        assert len(make(**{prop: theirs[prop] for prop in given}).log_groups) == 2
        assert len(resources("AWS::Logs::LogGroup")) == 2

    def test_make_log_groups_default_where_they_may_exist(
        self, stack: Stack, make, theirs, resources
    ) -> None:
        assert make(**theirs).log_groups == make(id="Second", **theirs).log_groups == []
        assert resources("AWS::Logs::LogGroup") == []

    def test_make_log_groups_custom(self, make, theirs, resources) -> None:
        with pytest.raises(SynthesisError, match=r"log_retention: got 'ONE_DAY'; allowed: none"):
            make(id="Third", make_log_groups=False, log_retention=logs.RetentionDays.ONE_DAY)
        make(make_log_groups=True, **theirs)
        make(id="Second", make_log_groups=False)

        names = [json.dumps(g["LogGroupName"]) for g in resources("AWS::Logs::LogGroup")]
        assert names == [
            f'"/aws-glue/jobs/theirs-role/theirs/{stream}"' for stream in ("error", "output")
        ]

    @pytest.fixture
    def theirs(self, stack: Stack) -> dict[str, Any]:
        arn = "arn:aws:iam::123456789012:role/theirs"
        configurations = glue.SecurityConfiguration
        return {
            "role": iam.Role.from_role_arn(stack, "TheirRole", arn),
            "security_configuration": configurations.from_security_configuration_name(
                stack, "TheirConfiguration", "theirs"
            ),
        }

    def test_one_role_for_the_job_and_whoever_starts_it_is_no_circle(
        self, stack: Stack, make, template_of
    ) -> None:
        role = iam.Role(stack, "Theirs", assumed_by=service_principal("glue.amazonaws.com"))

        make(role=role).grant_start_run(role)

        template_of(stack)  # it refuses a template whose resources wait for each other

    def test_role_custom_gets_what_the_job_needs(self, stack: Stack, make, resources) -> None:
        glue_service = iam.ServicePrincipal("glue.amazonaws.com")
        theirs = iam.Role(stack, "Theirs", assumed_by=glue_service)

        assert make(role=theirs).role is theirs
        assert len(resources("AWS::IAM::Role")) == 1
        (policy,) = resources("AWS::IAM::Policy")
        text = json.dumps(policy["PolicyDocument"])
        for action in ("secretsmanager:GetSecretValue", "glue:CreateTable", "logs:AssociateKmsKey"):
            assert action in text
        assert "Theirs" in json.dumps(resources("AWS::Glue::Job")[0]["Role"])

    def test_role_custom_that_may_not_be_changed_is_left_alone(
        self, stack: Stack, make, resources
    ) -> None:
        arn = "arn:aws:iam::123456789012:role/theirs"
        make(role=iam.Role.from_role_arn(stack, "Theirs", arn, mutable=False))

        assert resources("AWS::IAM::Policy") == resources("AWS::IAM::Role") == []
        assert resources("AWS::Glue::Job")[0]["Role"] == arn

    def test_vpc_default_is_none_and_no_connection(self, make, resources) -> None:
        extractor = make()

        assert (extractor.connection, extractor.security_groups) == (None, ())
        assert "Connections" not in resources("AWS::Glue::Job")[0]

    def test_vpc_custom_grants_what_the_job_does_there(
        self, stack: Stack, make, resources, statements
    ) -> None:
        extractor = make(vpc=ec2.Vpc(stack, "Vpc"))

        name = {"Ref": stack.get_logical_id(extractor.connection.node.default_child)}
        assert resources("AWS::Glue::Job")[0]["Connections"] == {"Connections": [name]}
        (connection,) = resources("AWS::Glue::Connection")
        assert connection["ConnectionInput"]["ConnectionType"] == "NETWORK"
        by_action = {
            action: s for s in statements("Extraction job") for action in _listed(s["Action"])
        }
        for action in ("glue:GetConnection", "ec2:CreateNetworkInterface", "ec2:CreateTags"):
            assert "*" not in _listed(by_action[action]["Resource"])
        assert by_action["ec2:DescribeVpcEndpoints"]["Resource"] == "*"

    def test_security_groups_default_is_a_new_one_that_lets_workers_in(
        self, stack: Stack, make, resources
    ) -> None:
        make(vpc=ec2.Vpc(stack, "Vpc"))

        (own,) = resources("AWS::EC2::SecurityGroupIngress")
        assert own["GroupId"] == own["SourceSecurityGroupId"]
        assert (own["FromPort"], own["ToPort"]) == (0, 65535)
        # `cdk synth --strict` refuses an app with a warning.
        Annotations.from_stack(stack).has_no_warning("*", Match.any_value())

    def test_vpc_subnets_default_is_the_private_ones(self, stack: Stack, make, resources) -> None:
        make(vpc=ec2.Vpc(stack, "Vpc"))

        assert "VpcPrivateSubnet1" in _subnet(resources)

    def test_vpc_subnets_custom(self, stack: Stack, make, resources) -> None:
        vpc = ec2.Vpc(stack, "Vpc")

        make(vpc=vpc, vpc_subnets=ec2.SubnetSelection(subnets=[vpc.private_subnets[1]]))

        assert "VpcPrivateSubnet2" in _subnet(resources)

    def test_security_groups_custom(self, stack: Stack, make, resources) -> None:
        vpc = ec2.Vpc(stack, "Vpc")
        group = ec2.SecurityGroup(stack, "Theirs", vpc=vpc)

        assert make(vpc=vpc, security_groups=[group]).security_groups == (group,)
        assert len(resources("AWS::EC2::SecurityGroup")) == 1

    @pytest.mark.parametrize(
        "wanted",
        [
            ec2.SubnetSelection(availability_zones=["mars-1a"]),
            ec2.SubnetSelection(subnet_group_name="Mars"),
            ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ec2.SubnetSelection(subnets=[]),
        ],
    )
    def test_subnets_that_are_not_there_are_refused(self, stack: Stack, make, wanted) -> None:
        told = r"^Test/Extractor: vpc_subnets: got SubnetSelection\(.*; allowed: .* Test/Vpc[^\n]*$"
        with pytest.raises(SynthesisError, match=told):
            make(vpc=ec2.Vpc(stack, "Vpc"), vpc_subnets=wanted)

    def test_subnets_are_not_known_until_the_vpc_is_looked_up(
        self, objects_config: Path, wheel_cache: Path
    ) -> None:
        here = Environment(account="123456789012", region="us-east-1")
        stack = Stack(App(), "Test", env=here)
        lake = LakeBucket(stack, "Lake")

        extractor = SalesforceExtractor(
            stack,
            "Extractor",
            lake=lake,
            catalog=IcebergCatalog(stack, "Catalog", lake=lake, prefix="lake"),
            objects_config=objects_config,
            vpc=ec2.Vpc.from_lookup(stack, "Vpc", vpc_id="vpc-1"),
            vpc_subnets=ec2.SubnetSelection(availability_zones=["us-east-1a"]),
            wheel_cache=wheel_cache,
        )

        assert extractor.connection is not None

    @pytest.mark.parametrize(
        ("props", "told"),
        [
            ({"worker_type": "G.025X"}, r"Test/Extractor: worker_type: got 'G.025X'; allowed: G"),
            ({"number_of_workers": 1}, r"number_of_workers: got 1; allowed: a whole number from 2"),
            ({"timeout": Duration.seconds(90)}, r"timeout: got '1 minute 30 seconds'; allowed: "),
            ({"max_concurrent_runs": 0}, r"max_concurrent_runs: got 0; allowed: .* from 1 to"),
            ({"vpc_subnets": ec2.SubnetSelection()}, r"vpc_subnets: got .* nothing without vpc"),
        ],
    )
    def test_what_glue_would_refuse_is_refused_here(self, make, props, told) -> None:
        with pytest.raises(SynthesisError, match=told):
            make(**props)

    def test_a_value_known_at_deployment_passes(self, make) -> None:
        make(number_of_workers=Token.as_number({"Ref": "Workers"}), worker_type=Fn.ref("Type"))

    @pytest.mark.parametrize("of_its_own", [True, False])
    def test_a_secret_under_a_key_of_its_own_can_be_decrypted(
        self,
        stack: Stack,
        lake,
        catalog,
        objects_config: Path,
        wheel_cache: Path,
        statements,
        of_its_own: bool,
    ) -> None:
        arn = "arn:aws:kms:us-east-1:123456789012:key/theirs"
        key = kms.Key.from_key_arn(stack, "Theirs", arn) if of_its_own else None
        secret = secretsmanager.Secret.from_secret_attributes(
            stack,
            "Existing",
            encryption_key=key,
            secret_complete_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:crm-AbCdEf",
        )
        SalesforceExtractor(
            stack,
            "Extractor",
            lake=lake,
            catalog=catalog,
            objects_config=objects_config,
            secret=secret,
            wheel_cache=wheel_cache,
        )

        found = [s for s in statements("Extraction job") if s["Resource"] == arn]
        assert [s["Action"] for s in found] == (["kms:Decrypt"] if of_its_own else [])
        for statement in found:
            assert '"secretsmanager."' in json.dumps(statement["Condition"])

    def test_a_broken_objects_file_stops_the_synthesis(
        self, stack: Stack, lake, catalog, tmp_path: Path, wheel_cache: Path
    ) -> None:
        path = tmp_path / "objects.json"
        path.write_text('{"groups": {"sales": {"includes": ["Account"]}}}')

        with pytest.raises(ConfigError, match=r"objects\.json"):
            SalesforceExtractor(
                stack,
                "Extractor",
                lake=lake,
                catalog=catalog,
                objects_config=path,
                wheel_cache=wheel_cache,
            )


class TestUse:
    @pytest.fixture
    def granted(self, stack: Stack, extractor, resources):
        user = iam.User(stack, "User")

        def statements(grant: str) -> list[dict]:
            getattr(extractor, grant)(user)
            (policy,) = [p for p in resources("AWS::IAM::Policy") if "Users" in p]
            return policy["PolicyDocument"]["Statement"]

        return statements

    def test_who_fills_the_secret_cannot_read_it(self, granted) -> None:
        put, key = granted("grant_fill_secret")

        assert put["Action"] == ["secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret"]
        assert "ExtractorSecret" in json.dumps(put["Resource"])
        assert key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
        assert '"secretsmanager."' in json.dumps(key["Condition"])

    def test_who_starts_runs_gets_this_job_alone(self, granted) -> None:
        (start,) = granted("grant_start_run")

        assert "glue:StartJobRun" in start["Action"]
        assert "ExtractorJob" in json.dumps(start["Resource"])

    def test_each_metric_counts_how_runs_of_this_job_end(self, extractor, resources) -> None:
        extractor.metric_succeeded()
        extractor.metric_failed(period=Duration.hours(1))
        extractor.metric_failed()
        extractor.metric_timed_out()

        rules = resources("AWS::Events::Rule")
        states = {state for rule in rules for state in rule["EventPattern"]["detail"]["state"]}
        assert (len(rules), states) == (3, {"SUCCEEDED", "FAILED", "TIMEOUT"})


def test_two_syntheses_publish_the_same_files(objects_config: Path, wheel_cache: Path) -> None:
    def job() -> dict:
        stack = Stack(App(), "Test")
        lake = LakeBucket(stack, "Lake")
        SalesforceExtractor(
            stack,
            "Extractor",
            lake=lake,
            catalog=IcebergCatalog(stack, "Catalog", lake=lake, prefix="p"),
            objects_config=objects_config,
            wheel_cache=wheel_cache,
        )
        return Template.from_stack(stack).find_resources("AWS::Glue::Job")

    assert job() == job()


def _subnet(resources) -> str:
    """The subnet in which the one connection places Glue's workers."""
    (connection,) = resources("AWS::Glue::Connection")
    placed = connection["ConnectionInput"]["PhysicalConnectionRequirements"]
    return json.dumps(placed["SubnetId"])


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
