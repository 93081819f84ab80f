"""What a model of one's own is told, by dbt's compiler: no connection is made."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from lakehouse_local.home import aws_environment

NOWHERE = "http://127.0.0.1:9"  # where nobody listens
SQL = """{{ config(unique_key='account_id') }}

select
    account_id,
    _batch
from {{ ref('stg_salesforce__accounts') }}
{{ newer_batches() }}
"""
YML = """models:
  - name: int_own_accounts
    description: One row per account.
"""


@pytest.mark.parametrize("full_refresh", [[], ["--full-refresh"]], ids=["delta", "full"])
def test_an_incremental_model_without_columns_is_refused_by_name(
    dbt: Callable[..., CompletedProcess[str]], project: Path, full_refresh: list[str]
) -> None:
    model = project / "models" / "intermediate" / "sales" / "int_own_accounts.sql"
    model.write_text(SQL)
    model.with_suffix(".yml").write_text(YML)

    done = dbt(
        "dbt", "--no-populate-cache", "compile", "--select", model.stem, *full_refresh,
        folder=project, env=aws_environment(NOWHERE) | {"AWS_MAX_ATTEMPTS": "1"},
    )  # fmt: skip

    assert done.returncode != 0
    assert "int_own_accounts: its yml lists no columns; list all that its query" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
