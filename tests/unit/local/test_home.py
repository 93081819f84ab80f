import pytest

from lakehouse_local import home, server
from lakehouse_local.home import Home


@pytest.mark.parametrize(("text", "processes"), [(None, 1), ("", 1), ("0", 0), ("16", 16)])
def test_spark_processes_that_wait(
    monkeypatch: pytest.MonkeyPatch, text: str | None, processes: int
) -> None:
    monkeypatch.delenv("LAKEHOUSE_SPARK_POOL", raising=False)
    if text is not None:
        monkeypatch.setenv("LAKEHOUSE_SPARK_POOL", text)
    assert home.spark_pool_from_environment() == processes


@pytest.mark.parametrize("text", ["x", "-1", "17", "1.5"])
def test_another_number_of_them_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path, text: str
) -> None:
    monkeypatch.setenv("LAKEHOUSE_SPARK_POOL", text)
    with pytest.raises(ValueError, match="allowed: a number of Spark processes") as error:
        server.start(Home(root=tmp_path), report=print)
    assert str(error.value).startswith(f"LAKEHOUSE_SPARK_POOL: got '{text}'; ")
    assert not list(tmp_path.iterdir())
