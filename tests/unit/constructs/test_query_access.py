import json

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_iam as iam

from lakehouse_constructs import Layer, QueryAccess, SynthesisError


@pytest.fixture
def queries(stack: Stack, lake, catalog) -> QueryAccess:
    return QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="lake-test")


@pytest.fixture
def theirs(stack: Stack) -> athena.CfnWorkGroup:
    return athena.CfnWorkGroup(stack, "Theirs", name="theirs")


def _settings(resources) -> dict:
    (group,) = resources("AWS::Athena::WorkGroup")
    return group["WorkGroupConfiguration"]


def _location(resources) -> str:
    return _settings(resources)["ResultConfiguration"]["OutputLocation"]["Fn::Join"][1][-1]


class TestWorkGroup:
    def test_no_client_overrides_its_settings(self, queries, resources) -> None:
        settings = _settings(resources)

        assert settings["EnforceWorkGroupConfiguration"] is True
        assert settings["PublishCloudWatchMetricsEnabled"] is True
        encryption = settings["ResultConfiguration"]["EncryptionConfiguration"]
        assert encryption["EncryptionOption"] == "SSE_KMS"

    def test_name_custom(self, stack: Stack, lake, catalog, resources) -> None:
        queries = QueryAccess(stack, "Queries", lake=lake, catalog=catalog, name="lake-test")

        (group,) = resources("AWS::Athena::WorkGroup")

        assert group["Name"] == queries.work_group_name == "lake-test"

    def test_name_default_needs_an_existing_workgroup(self, stack: Stack, lake, catalog) -> None:
        with pytest.raises(SynthesisError, match=r"Test/Q: name: got None; .* work_group="):
            QueryAccess(stack, "Q", lake=lake, catalog=catalog)

    @pytest.mark.parametrize("name", ["", "a b", "a/b", "a" * 129])
    def test_name_that_athena_refuses(self, stack: Stack, lake, catalog, name: str) -> None:
        with pytest.raises(SynthesisError, match=f"Test/Q: name: got '{name}'; allowed: letters"):
            QueryAccess(stack, "Q", lake=lake, catalog=catalog, name=name)

    def test_name_known_at_deployment_only(self, stack: Stack, lake, catalog) -> None:
        name = CfnParameter(stack, "Name").value_as_string

        assert QueryAccess(stack, "Q", lake=lake, catalog=catalog, name=name).results_prefix

    def test_work_group_default_is_a_new_one(self, queries, resources) -> None:
        assert len(resources("AWS::Athena::WorkGroup")) == 1

    def test_work_group_custom_is_taken_as_it_is(
        self, stack: Stack, lake, catalog, theirs, resources
    ) -> None:
        queries = QueryAccess(stack, "Q", lake=lake, catalog=catalog, work_group=theirs)

        assert queries.results_prefix is None
        queries.grant_query(iam.User(stack, "Analyst"))
        (group,) = resources("AWS::Athena::WorkGroup")
        assert "WorkGroupConfiguration" not in group
        text = json.dumps(resources("AWS::IAM::Policy"))
        assert '"Theirs"' in text
        assert "athena/" not in text  # its results are not ours to grant

    def test_an_imported_workgroup(self, stack: Stack, lake, catalog) -> None:
        imported = athena.CfnWorkGroup.from_work_group_name(stack, "Imported", "primary")

        queries = QueryAccess(stack, "Q", lake=lake, catalog=catalog, work_group=imported)

        assert queries.work_group_name == "primary"

    @pytest.mark.parametrize("prop", [{"name": "x"}, {"scan_limit_gib": 1}])
    def test_a_prop_that_an_existing_workgroup_would_ignore_is_refused(
        self, stack: Stack, lake, catalog, theirs, prop
    ) -> None:
        with pytest.raises(
            SynthesisError, match=rf"{next(iter(prop))}: got .*none with work_group="
        ):
            QueryAccess(stack, "Q", lake=lake, catalog=catalog, work_group=theirs, **prop)

    def test_results_prefix_default_is_the_workgroups_own(self, queries, resources) -> None:
        assert _location(resources) == "/athena/lake-test/"

    def test_results_prefix_custom(self, stack: Stack, lake, catalog, resources) -> None:
        QueryAccess(
            stack, "Q", lake=lake, catalog=catalog, name="x", results_prefix="athena/sales/eu/"
        )

        assert _location(resources) == "/athena/sales/eu/"

    def test_results_prefix_of_an_existing_workgroup(
        self, stack: Stack, lake, catalog, theirs, resources
    ) -> None:
        queries = QueryAccess(
            stack, "Q", lake=lake, catalog=catalog, work_group=theirs, results_prefix="athena/t/"
        )

        queries.grant_query(iam.User(stack, "Analyst"))
        assert "athena/t/*" in json.dumps(resources("AWS::IAM::Policy"))

    @pytest.mark.parametrize(
        "prefix", ["athena/", "athena", "results/", "athena/x", "athena//", "athena/*/"]
    )
    def test_results_prefix_elsewhere(self, stack: Stack, lake, catalog, prefix: str) -> None:
        with pytest.raises(SynthesisError, match="Test/Q: results_prefix: got"):
            QueryAccess(stack, "Q", lake=lake, catalog=catalog, name="x", results_prefix=prefix)

    def test_scan_limit_gib_default(self, queries, resources) -> None:
        assert _settings(resources)["BytesScannedCutoffPerQuery"] == 100 * 1024**3

    def test_scan_limit_gib_custom(self, stack: Stack, lake, catalog, resources) -> None:
        QueryAccess(stack, "Q", lake=lake, catalog=catalog, name="x", scan_limit_gib=1)

        assert _settings(resources)["BytesScannedCutoffPerQuery"] == 1024**3

    def test_scan_limit_gib_of_nothing(self, stack: Stack, lake, catalog) -> None:
        with pytest.raises(SynthesisError, match="scan_limit_gib: got 0; allowed: a whole number"):
            QueryAccess(stack, "Q", lake=lake, catalog=catalog, name="x", scan_limit_gib=0)


class TestUsers:
    @pytest.mark.parametrize(
        ("layers", "seen", "unseen"),
        [
            ((), "lake_test_marts", "lake_test_raw"),
            ((Layer.RAW,), "lake_test_raw", "lake_test_marts"),
        ],
    )
    def test_a_user_reads_the_granted_layers_only(
        self, stack: Stack, queries, resources, layers, seen: str, unseen: str
    ) -> None:
        analyst = iam.User(stack, "Analyst")

        granted = (
            queries.grant_query(analyst, layers=layers) if layers else queries.grant_query(analyst)
        )

        assert granted.success
        (policy,) = resources("AWS::IAM::Policy")
        listed = [
            s["Condition"]["StringLike"]["s3:prefix"]
            for s in policy["PolicyDocument"]["Statement"]
            if s["Action"] == "s3:ListBucket"
        ]
        assert listed == [["athena/lake-test/*"], [f"{seen}/*"]]
        text = json.dumps(policy)
        assert f"table/{seen}/*" in text
        assert f"/{seen}/*" in text
        assert unseen not in text
        assert "s3:DeleteObject" not in text
        assert "glue:UpdateTable" not in text

    def test_a_tool_can_list_what_there_is(self, stack: Stack, queries, resources) -> None:
        """What the JDBC and ODBC drivers ask for, on what AWS lets it be given."""
        queries.grant_query(iam.User(stack, "Analyst"))

        allowed = _allowed(resources)
        for action in ("ListDatabases", "GetDatabase", "ListTableMetadata", "GetTableMetadata"):
            (on,) = allowed[f"athena:{action}"]
            assert on.endswith(":datacatalog/AwsDataCatalog")
        for action in ("ListDataCatalogs", "ListWorkGroups"):
            assert allowed[f"athena:{action}"] == {"*"}
        assert {"catalog", "database/*"} <= {
            on.rpartition(":")[2] for on in allowed["glue:GetDatabases"]
        }

    def test_who_lists_all_databases_looks_into_the_granted_ones_alone(
        self, stack: Stack, queries, resources
    ) -> None:
        queries.grant_query(iam.User(stack, "Analyst"))

        for action, on in _allowed(resources).items():
            if action.startswith("glue:") and action != "glue:GetDatabases":
                seen = {"catalog", "database/lake_test_marts", "table/lake_test_marts/*"}
                # Drivers begin in it; it holds no table of the lake.
                seen |= {"database/default"} if action == "glue:GetDatabase" else set()
                assert {each.rpartition(":")[2] for each in on} == seen, action

    def test_two_teams_do_not_read_each_others_results(
        self, stack: Stack, lake, catalog, resources
    ) -> None:
        for team in ("sales", "finance"):
            queries = QueryAccess(stack, team, lake=lake, catalog=catalog, name=team)
            queries.grant_query(iam.User(stack, f"Of{team}"))

        texts = [json.dumps(policy) for policy in resources("AWS::IAM::Policy")]
        assert len(texts) == 2
        for team, other in (("sales", "finance"), ("finance", "sales")):
            (text,) = [text for text in texts if f"athena/{team}/*" in text]
            assert f"athena/{other}" not in text
            assert f"workgroup/{other}" not in text

    def test_without_layers_the_workgroup_alone(self, stack: Stack, queries, resources) -> None:
        queries.grant_query(iam.User(stack, "Analyst"), layers=())

        text = json.dumps(resources("AWS::IAM::Policy"))
        assert "workgroup/lake-test" in text
        allowed = _allowed(resources)
        assert {action for action in allowed if action.startswith("glue:")} == {
            *("glue:GetDatabase", "glue:GetDatabases")
        }
        default = {on.rpartition(":")[2] for on in allowed["glue:GetDatabase"]}
        assert default == {"catalog", "database/default"}
        assert "lake_test" not in text


def _allowed(resources) -> dict[str, set[str]]:
    """Action -> the ARNs that the one policy allows it on, their references left out."""
    (policy,) = resources("AWS::IAM::Policy")
    found: dict[str, set[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions, on = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            found.setdefault(action, set()).update(
                _text(each) for each in (on if isinstance(on, list) else [on])
            )
    return found


def _text(arn) -> str:
    parts = arn["Fn::Join"][1] if isinstance(arn, dict) and "Fn::Join" in arn else [arn]
    return "".join(part if isinstance(part, str) else "" for part in parts)


def test_metrics_are_of_the_workgroup(queries) -> None:
    scanned, time = queries.metric_scanned_bytes(), queries.metric_query_time(statistic="p90")

    assert (scanned.namespace, scanned.metric_name) == ("AWS/Athena", "ProcessedBytes")
    assert scanned.statistic == "Sum"
    assert (time.metric_name, time.statistic) == ("TotalExecutionTime", "p90")
    assert scanned.dimensions == time.dimensions == {"WorkGroup": "lake-test"}
