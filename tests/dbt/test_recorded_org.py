"""Recorded describes and public records: extracted by the job, generated, built: `make prove`."""

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lakehouse_local.salesforce_org.foreign import make_foreign
from lakehouse_local.salesforce_org.org import open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_tools.cli import cli
from lakehouse_tools.dbt_models.project import read_project

ROOT = Path(__file__).parents[2]
RECORDED = ROOT.parent / "shared" / "salesforce"
NAMES = ("Account", "Contact", "Opportunity", "Campaign", "CampaignMember", "User")
CONTACT_ROLE = "OpportunityContactRole"  # no model of it is shipped
Lake = Any  # of conftest.py, which tests cannot import

pytestmark = [
    pytest.mark.local_aws,
    pytest.mark.prove,
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(
        not RECORDED.is_dir(), reason="the recorded describes and records are not beside the repo"
    ),
]


def test_the_recorded_org_is_generated_and_built(lake: Lake, tmp_path: Path) -> None:
    make_foreign(tmp_path / "org", describes=RECORDED / "describe", records=RECORDED / "records")
    config = {"groups": {"all": {"include": [*NAMES, CONTACT_ROLE]}}}
    (tmp_path / "objects.json").write_text(json.dumps(config))
    org = open_org(tmp_path / "org")
    with serving(org) as url:
        secret = {
            "instance_url": url,
            "client_id": org.store.meta("client_id"),
            "client_secret": org.store.meta("client_secret"),
        }
        (tmp_path / "secret.json").write_text(json.dumps(secret))
        extract(lake, tmp_path)
        argv = ["dbt", "generate", "--secret-file", tmp_path / "secret.json"]
        argv += ["--config", tmp_path / "objects.json", "--project", lake.project]
        result = CliRunner().invoke(cli, [str(each) for each in argv])
        assert result.exit_code == 0, result.output

    outcome = lake.build("recorded")

    assert outcome["status"] == "succeeded", outcome["log"]
    accounts = lake.rows("staging", "stg_salesforce__accounts")
    kind = "npe01__SYSTEM_AccountType__c"  # a field that only this org has
    assert Counter(a["account_name"] for a in accounts) == column("Account", "Name")
    assert Counter(a[name_of(lake, "account", kind)] or "" for a in accounts) == column(
        "Account", kind
    )
    roles = lake.rows("staging", "stg_salesforce__opportunity_contact_roles")
    assert len(roles) == len(records(CONTACT_ROLE))
    facts = lake.rows("marts", "fct_opportunities", "amount")
    expected = sum(float(row["amount"] or 0) for row in records("Opportunity"))
    assert float(sum(f["amount"] or 0 for f in facts)) == pytest.approx(expected, abs=0.01)


def extract(lake: Lake, folder: Path) -> None:
    """The job itself, as Glue starts it."""
    bucket = "lake"
    config = (folder / "objects.json").read_bytes()
    lake.client("s3").put_object(Bucket=bucket, Key="objects.json", Body=config)
    secret = lake.client("secretsmanager").create_secret(
        Name="recorded", SecretString=(folder / "secret.json").read_text()
    )
    arguments = {
        "lake_bucket": bucket,
        "raw_database": "t_raw",
        "salesforce_secret_arn": secret["ARN"],
        "objects_config": f"s3://{bucket}/objects.json",
        "execution_name": "recorded",
        "group": "all",
        "JOB_NAME": "extract",
    }
    argv = [text for key, value in arguments.items() for text in (f"--{key}", value)]
    done = subprocess.run(
        [sys.executable, "-m", "lakehouse_jobs.entry.salesforce_extractor", *argv],
        env=lake.environment | {"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def name_of(lake: Lake, table: str, field: str) -> str:
    model = read_project(lake.project).generated[table].model
    return next(c.name for c in model.columns if c.field == field)


def records(name: str) -> list[dict[str, str]]:
    with (RECORDED / "records" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(name: str, field: str) -> Counter[str]:
    return Counter(row[field] for row in records(name))
