"""The page that `lakehouse docs` makes, in a real browser."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse_local.home import Home
from lakehouse_tools.dbt_docs.page import make
from lakehouse_tools.dbt_docs.server import server
from lakehouse_tools.errors import MachineError, ModelsError
from tests.browser import Browser

PROJECT = Path(__file__).parents[2] / "dbt_project"
DIM_ACCOUNT = "#!/model/model.lakehouse.dim_account"


@pytest.fixture(scope="module")
def page(runtime: Home) -> str:
    return make(PROJECT, dbt=runtime.build_bin / "dbt")


@pytest.fixture(scope="module")
def address(page: str) -> Iterator[str]:
    """The page as `lakehouse docs` serves it."""
    with server(page) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()
        thread.join()


def test_a_mart_with_its_description_columns_and_lineage(browser: Browser, address: str) -> None:
    seen = browser.open(address + DIM_ACCOUNT)

    assert "One row per account and period in which its tracked attributes did not" in seen.text
    # A column with its type and description, then what depends on it and on what it stands.
    assert "account_key string Identifies the row" in seen.text
    referenced, depends = seen.text.split("Depends On")[0:2], seen.text.split("Depends On")[-1]
    assert "dim_account" in referenced[0]
    assert "base_salesforce__accounts" in depends
    assert [line for line in seen.console if "Error" in line] == []


def test_the_graph_is_drawn(browser: Browser, address: str) -> None:
    seen = browser.open(f"{address}{DIM_ACCOUNT}?g_v=1")

    assert "Lineage Graph" in seen.text
    assert "<canvas" in seen.dom


def test_a_file_is_enough(browser: Browser, page: str, tmp_path: Path) -> None:
    file = tmp_path / "docs.html"
    file.write_text(page, encoding="utf-8")

    seen = browser.open(f"{file.as_uri()}#!/exposure/exposure.lakehouse.sales_review")

    assert "sales_review" in seen.text


def test_no_place_of_this_machine_is_in_it(page: str) -> None:
    assert str(PROJECT) not in page


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelsError, match=r"no dbt_project\.yml in .*: name the folder with"):
        make(tmp_path, dbt=tmp_path / "dbt")
    with pytest.raises(MachineError, match=r"dbt is not in .*: `lakehouse setup` brings it"):
        make(PROJECT, dbt=tmp_path / "dbt")
