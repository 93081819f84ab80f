import socket

import pytest
from botocore import exceptions

from lakehouse_local.home import Home
from lakehouse_tools import dbt_by_hand
from lakehouse_tools.deploy import synthesis
from lakehouse_tools.environment import Environment, aws_errors
from lakehouse_tools.errors import AwsError, CredentialsError, LocalAwsDownError


@pytest.fixture
def local(tmp_path) -> Environment:
    return Environment("local", Home(root=tmp_path, port=5791))


def test_the_local_client_ignores_the_users_aws_settings(local, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "does-not-exist")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    client = local.client("s3")
    credentials = client._request_signer._credentials
    assert client.meta.endpoint_url == "http://127.0.0.1:5791"
    assert client.meta.region_name == "us-east-1"
    assert (credentials.access_key, credentials.token) == ("test", None)


def test_no_proxy_stands_between_us_and_the_local_aws(local, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.2)
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        with pytest.raises(LocalAwsDownError), aws_errors(local):
            local.client("sts").get_caller_identity()
        with pytest.raises(TimeoutError):
            proxy.accept()


def test_a_client_is_made_once(local):
    assert local.client("s3") is local.client("s3")


def test_a_local_aws_that_is_down_is_said_to_be_down(local):
    words = r"127\.0\.0\.1:5791.*`lakehouse up`"
    with pytest.raises(LocalAwsDownError, match=words), aws_errors(local):
        local.client("sts").get_caller_identity()


def test_an_account_without_credentials_says_how_to_sign_in(account, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    words = "no AWS credentials for --env dev"
    with pytest.raises(CredentialsError, match=words), aws_errors(account):
        account.client("sts").get_caller_identity()


def test_an_account_without_region_says_so(account, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(CredentialsError, match="no AWS region"), aws_errors(account):
        account.client("glue")


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
        ({}, "ap-south-1"),
    ],
)
def test_clients_and_child_processes_work_in_one_region(
    account, monkeypatch, tmp_path, variables, region
):
    (tmp_path / "config").write_text("[default]\nregion = ap-south-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert account.client("sts").meta.region_name == region
    child = synthesis.child_environment(account, Home(root=tmp_path, port=5791))
    assert (child["AWS_REGION"], child["AWS_DEFAULT_REGION"]) == (region, region)
    by_hand = dbt_by_hand.change(account, {}).values
    assert (by_hand["AWS_REGION"], by_hand["AWS_DEFAULT_REGION"]) == (region, region)


def test_an_unknown_profile_is_named(account, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsError, match="nobody"), aws_errors(account):
        account.client("s3")


def test_an_answer_of_aws_keeps_operation_code_and_message(account):
    answer = {"Error": {"Code": "AccessDenied", "Message": "not you"}}
    with pytest.raises(AwsError, match="GetObject: AccessDenied: not you"), aws_errors(account):
        raise exceptions.ClientError(answer, "GetObject")


@pytest.mark.parametrize(
    "code",
    [
        *("ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId"),
        *("InvalidToken", "UnrecognizedClientException"),
    ],
)
def test_credentials_that_ran_out_say_how_to_sign_in_again(account, code):
    answer = {"Error": {"Code": code, "Message": "The security token included is expired"}}
    words = rf"--env dev \({code}\): sign in again \(`aws sso login`\)"
    with pytest.raises(CredentialsError, match=words), aws_errors(account):
        raise exceptions.ClientError(answer, "DescribeStacks")


def test_suggested_commands_carry_the_environment(local, account):
    assert (local.option, account.option) == ("", " --env dev")
    assert (local.stack_name, Environment("prod").stack_name) == ("LakehouseDev", "LakehouseProd")
