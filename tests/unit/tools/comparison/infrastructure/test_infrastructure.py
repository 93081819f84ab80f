"""A hand-written old template against a new one: what is lacking, open, and importable."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakehouse_tools.cli import cli
from lakehouse_tools.comparison.infrastructure.compared import compared
from lakehouse_tools.comparison.infrastructure.counterparts import Have
from lakehouse_tools.comparison.infrastructure.openings import Kind, openings
from lakehouse_tools.comparison.infrastructure.report import as_json, as_markdown, verdict
from lakehouse_tools.comparison.infrastructure.system import read_old, system

OLD = Path(__file__).with_name("old_lake.json")
BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)
BUCKET = {
    "Type": "AWS::S3::Bucket",
    "DeletionPolicy": "Retain",
    "Properties": {
        "PublicAccessBlockConfiguration": BLOCK,
        "BucketEncryption": {"ServerSideEncryptionConfiguration": []},
        "LifecycleConfiguration": {"Rules": [{"Status": "Enabled"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
    },
}
TLS = {
    "Type": "AWS::S3::BucketPolicy",
    "Properties": {
        "Bucket": {"Ref": "Lake"},
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        },
    },
}
ROLE = {  # a statement without Effect
    "Type": "AWS::IAM::Role",
    "Properties": {"Policies": [{"PolicyDocument": {"Statement": {"Action": "*"}}}]},
}
NEW = {"Resources": {"Lake": BUCKET, "Tls": TLS}}


def found(old, new=NEW, agreed=()):
    old = old if hasattr(old, "resources") else system({"Resources": old})
    return compared(old, system(new), files=["old.json"], stack="S", physical={}, agreed=agreed)


def test_the_old_template_is_resolved_and_judged():
    old = read_old([OLD])
    (bucket,) = (r for r in old.resources if r.id == "DataBucket")
    assert bucket.value("BucketName") == "acme-salesforce-lake-prod"
    by_id = {}
    for one in openings(old):
        by_id.setdefault(one.id, {})[one.kind] = one.text
    assert set(by_id["DataBucket"]) == {
        Kind.BLOCK, Kind.PLAIN, Kind.DELETED, Kind.VERSIONS, Kind.FOREVER, Kind.NO_TLS
    }  # fmt: skip
    assert by_id["DataBucket"][Kind.VERSIONS].endswith("depending on a condition")
    assert by_id["LogBucket"][Kind.BLOCK] == "not RestrictPublicBuckets"
    assert set(by_id["DataBucketPolicy"]) == {Kind.PUBLIC, Kind.PUBLIC_IF, Kind.OUTSIDE}
    assert "203.0.113.0/24" in by_id["DataBucketPolicy"][Kind.PUBLIC_IF]
    assert set(by_id["EtlRole"]) == {Kind.ACTIONS, Kind.RESOURCES, Kind.MANAGED}
    assert "PutMetricData" not in by_id["EtlRole"][Kind.RESOURCES]
    secrets = {o.id: o.text for o in openings(old) if o.kind is Kind.SECRET}
    assert secrets == {
        "SalesforcePassword": "its Default stands in the template",
        "ExtractFunction": "Environment.Variables: SF_PASSWORD",
        "ToParquetJob": "DefaultArguments: --salesforce_password",
        "SalesforceSecret": "SecretString stands in the template",
        "TokenParameter": "an SSM parameter of CloudFormation is never a SecureString",
    }


def test_no_secret_and_no_address_is_repeated():
    one = found(read_old([OLD]))
    for text in (as_json(one), as_markdown(one)):
        assert "hunter2" not in text
        assert "@example.com" not in text


def test_a_well_kept_bucket_is_not_open():
    assert openings(system(NEW)) == []


def test_a_condition_is_looked_at_both_ways():
    block = {"Fn::If": ["Open", {"Ref": "AWS::NoValue"}, BLOCK]}
    one = {
        **BUCKET,
        "Properties": {**BUCKET["Properties"], "PublicAccessBlockConfiguration": block},
    }
    said = {o.kind: o.text for o in openings(system({"Resources": {"X": one}}))}
    assert said[Kind.BLOCK] == "none of it is set, depending on a condition"


def test_the_new_system_is_worse_where_the_old_is_not():
    bare = {"Resources": {"Lake": {"Type": "AWS::S3::Bucket"}}}
    one = found(NEW["Resources"], bare)
    assert {o.kind for o in one.worse} == {
        Kind.BLOCK, Kind.PLAIN, Kind.DELETED, Kind.VERSIONS, Kind.FOREVER, Kind.NO_TLS
    }  # fmt: skip
    assert not one.passes
    assert found({"Old": {"Type": "AWS::S3::Bucket"}}, bare).passes  # no kind that is not there
    assert found({"Old": BUCKET}, bare, agreed=["open:Lake"]).passes
    assert found({"Old": BUCKET}).passes
    assert {o.kind for o in found({"Old": {"Type": "AWS::S3::Bucket"}}).better} >= {Kind.BLOCK}


def test_what_lets_others_in_counts_whatever_the_old_let():
    def public(acl):
        return {**BUCKET, "Properties": {**BUCKET["Properties"], "AccessControl": acl}}

    old = {"Site": public("PublicRead")}
    new = {"Site": public("PublicRead"), "Drop": public("PublicReadWrite")}
    one = found(old, {"Resources": new}, agreed=["open:Site"])
    assert [(o.id, o.text) for o in one.worse if o.kind is Kind.PUBLIC] == [
        ("Drop", "AccessControl PublicReadWrite")
    ]
    assert verdict(one).endswith(f"to close or to agree to: {len(one.worse)}")


def test_what_is_agreed_to_be_lacking_may_not_be_open():
    old = {"A": {"Type": "AWS::Athena::NamedQuery"}}
    new = {"Resources": {"A": {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}}}}
    one = found(old, new, agreed=["lacks:A"])
    assert (one.lacking, [o.id for o in one.worse]) == ([], ["A"])
    assert [c.id for c in found(old, new, agreed=["open:A"]).lacking] == ["A"]


def test_a_rule_may_match_its_sources_by_prefix():
    def rule(*sources):
        pattern = {"source": list(sources)}
        return {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}}

    old, new = {"R": rule({"prefix": "acme."})}, {"N": rule({"prefix": "acme."}, "aws.s3")}
    assert [c.have for c in found(old, {"Resources": new}).counterparts] == [Have.SAME]
    (one,) = found(old).lacking
    assert '{"prefix": "acme."}' in one.why


def test_what_nothing_stands_for_is_lacking():
    one = found(read_old([OLD]))
    have = {c.id: c.have for c in one.counterparts if c.type != "AWS::S3::Bucket"}
    assert have["TopAccounts"] is Have.LACKS
    assert have["prod-lake-bucket"] is Have.LACKS  # an export
    assert have["DataBucketPolicy"] is Have.SAME
    lacking = {c.id for c in one.lacking}
    assert {"DataBucket", "AgencyRole", "PartnerRule", "ScoringJob"} <= lacking
    again = found(read_old([OLD]), agreed=[f"lacks:{name}" for name in lacking])
    assert again.lacking == []
    assert "agreed to" in as_markdown(again)


@pytest.fixture
def assembly(tmp_path):
    folder = tmp_path / "cdk.out"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    (folder / "LakehouseProd.template.json").write_text(json.dumps(NEW))
    return folder


def run(*arguments):
    return CliRunner().invoke(cli, ["compare", "infrastructure", *map(str, arguments)])


def test_the_command(tmp_path, assembly):
    new = ("--new", assembly)
    result = run(OLD, *new)
    assert result.exit_code == 1
    assert "infrastructure: the new lacks" in result.output
    told = json.loads(run(OLD, *new, "--json").output)
    assert told["pass"] is False
    fine = tmp_path / "fine.json"
    fine.write_text(json.dumps(NEW))
    resources = tmp_path / "resources.json"
    row = {"LogicalResourceId": "Lake", "PhysicalResourceId": "acme"}
    resources.write_text(json.dumps({"StackResourceSummaries": [row]}))
    page, mapped = tmp_path / "page.md", tmp_path / "import.json"
    result = run(fine, *new, "--resources", resources, "--mapping", mapped, "--output", page)
    assert (result.exit_code, page.read_text().splitlines()[0]) == (
        0, "# Infrastructure: the new lacks nothing and is open in no new way"
    )  # fmt: skip
    assert json.loads(mapped.read_text()) == {"Lake": {"BucketName": "acme"}}
    for unknown in ("DataBucket", "open:DataBucket", "lacks:nothing"):
        again = run(OLD, *new, "--allow", unknown)
        assert (again.exit_code, f"--allow: got '{unknown}'" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"Resources": ', "it is no JSON"),
        ("Resources:\n  B: {Type: AWS::S3::Bucket}\n", "it is no JSON"),
        ('"Resources: {}"', "it holds one text"),
        ("[]", "it has no Resources"),
        ('{"Resources": {}}', "it has no Resources"),
        ('{"Resources": {"B": {}}}', "the resource B has no Type"),
        (
            '{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": {"Type": "A"}}}',
            "it has the Transform AWS::Serverless-2016-10-31",
        ),
        (
            '{"Resources": {"B": {"Type": "A", "Properties": {"X": {"Fn::If": ["a"]}}}}}',
            "not formed as CloudFormation wants it",
        ),
        (
            json.dumps({"Resources": {"R": ROLE}}),
            ": R: a part of it",
        ),
        ('{"Parameters": {"P": 1}, "Resources": {"B": {"Type": "A"}}}', ": a part of it"),
    ],
)
def test_a_template_that_cannot_be_compared_is_one_line(tmp_path, assembly, text, words):
    path = tmp_path / "old.json"
    path.write_text(text)
    result = run(path, "--new", assembly)
    assert result.exit_code == 2
    assert words in result.stderr
    assert str(path) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_what_else_is_missing_is_one_line(tmp_path, assembly):
    for arguments, words in (
        ((tmp_path / "none.json", "--new", assembly), "it cannot be read"),
        ((OLD, OLD, "--new", assembly), "are called old_lake"),
        ((OLD, "--new", tmp_path), "is no cloud assembly"),
        ((OLD, "--new", assembly, "--stack", "Other"), "but"),
        ((OLD, "--new", assembly, "--resources", OLD), "list-stack-resources"),
        ((OLD, "--new", assembly, "--output", tmp_path / "no" / "a.md"), "--output: "),
        ((OLD, "--new", assembly, "--mapping", "/proc/mapping.json"), "--mapping: "),
    ):
        result = run(*arguments)
        assert (result.exit_code, words in result.stderr) == (2, True)
        assert len(result.stderr.splitlines()) == 1


def test_options_before_a_subcommand_are_refused():
    for option in (["--values"], ["--env", "dev"], ["--config", "c.json"]):
        result = CliRunner().invoke(cli, ["compare", *option, "infrastructure", str(OLD)])
        told = f"{option[0]} stands before infrastructure"
        assert (result.exit_code, told in result.output) == (2, True)
