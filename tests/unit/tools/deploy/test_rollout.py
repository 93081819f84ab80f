import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from lakehouse_local.home import Home
from lakehouse_tools.deploy import rollout, synthesis
from lakehouse_tools.environment import Environment
from lakehouse_tools.review.report import StackReview

CHANGED = StackReview(
    stack="LakehouseDev",
    losses=[],
    allowed=frozenset(),
    added={},
    removed={},
    assets=[],
    diff="[~] a change",
)


@pytest.fixture
def cli(monkeypatch):
    """A CDK CLI whose every synthesis differs; what its deployments found in the assembly."""
    calls: dict[str, list[str]] = {"synth": [], "deploy": []}

    def run(argv, **_):
        word = argv[1]
        if word == "synth":
            folder = Path(argv[argv.index("--output") + 1])
            calls["synth"].append(str(folder))
            (folder / "manifest.json").write_text(json.dumps({"made": len(calls["synth"])}))
        else:
            folder = Path(argv[argv.index("--app") + 1])
            calls["deploy"].append((folder / "manifest.json").read_text())

    class Synthesis(rollout.Preflight):
        def checks(self):
            yield self._try("synthesis", self._only_synthesis)

        def _only_synthesis(self):
            self.assembly = synthesis.synthesize(
                self._environment, self._home, self._folder, report=self._report
            )
            return "made"

    monkeypatch.setattr(synthesis.cdk, "run_logged", run)
    monkeypatch.setattr(synthesis.cdk, "command", lambda _: ["cdk"])
    monkeypatch.setattr(rollout, "Preflight", Synthesis)
    return calls


@contextmanager
def silent(_title, _few):
    yield lambda _: None


def of(environment: Environment) -> rollout.Rollout:
    return rollout.Rollout(environment, allowed=(), skip=(), status=silent, told=lambda _: None)


def test_what_was_reviewed_is_deployed_whatever_others_synthesize_meanwhile(
    account, cli, tmp_path, monkeypatch
):
    home = Home(root=tmp_path, port=5795)
    monkeypatch.setattr(Home, "from_environment", classmethod(lambda cls: home))
    with of(account) as mine:
        assert mine.check()
        with of(account) as other:
            assert other.check()
        mine.deploy(CHANGED)
    assert [json.loads(found) for found in cli["deploy"]] == [{"made": 1}]
    assert not [folder for folder in cli["synth"] if Path(folder).exists()]
