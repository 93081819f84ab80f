import json
import shutil
from pathlib import Path

import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.discover import files, proposal
from lakehouse_tools.errors import RequestError
from stacks import settings

from .conftest import PLAIN

CONFIG = Path(__file__).parents[4] / "config"


@pytest.fixture
def census(small, take):
    for name in ("User", "Lead"):
        small.add(name, PLAIN, cached=0, layoutable=True)
    return take(small)


def test_the_configuration_is_one_the_job_reads(census, tmp_path):
    written = files.write(census, tmp_path, api_version="62.0", force=False)
    config = ObjectsConfig.from_file(written[0])
    assert [(g.name, g.include) for g in config.groups] == [
        ("sales", ("Account", "Contact", "User")),
        ("engagement", ("Lead",)),
        ("others", ("Order__c",)),
    ]
    # What is proposed is a comment: nothing is excluded before a person says so.
    assert config.rules("Contact").fields.exclude == frozenset()


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_app_takes_it(census, tmp_path, environment):
    shutil.copy(CONFIG / f"{environment}.json", tmp_path)
    files.write(census, tmp_path, api_version="62.0", force=False)
    assert settings.load(environment, folder=tmp_path).schedules


def test_rules_of_a_proposal_hold_once_their_slashes_are_gone(census):
    content = json.loads(proposal.text(census, api_version="62.0"))
    rules = content["objects"]["Contact"]
    assert rules["//fields"] == {
        "exclude": ["LastName", "Birthdate", "MailingStreet"],
        "hash": ["Email"],
    }
    assert rules["//why"]["Email"] == "an e-mail address (type email)"
    assert "Score__c" in rules["//formulas"]
    assert "Salary__c" in rules["//hidden"]
    rules["fields"] = rules.pop("//fields")
    config = ObjectsConfig.from_text(json.dumps(content), where="test")
    assert config.rules("Contact").fields.hash == {"email"}


def test_what_is_left_out_is_said(census):
    content = proposal.config(census, api_version="62.0")
    assert content["//left out"]["empty"] == "Empty__c"


def test_nothing_is_overwritten_by_surprise(census, tmp_path):
    first = files.write(census, tmp_path, api_version="62.0", force=False)
    first[0].write_text("mine")
    with pytest.raises(RequestError, match="is there already: --force overwrites it"):
        files.write(census, tmp_path, api_version="62.0", force=False)
    assert first[0].read_text() == "mine"
    files.write(census, tmp_path, api_version="62.0", force=True)
    assert first[0].read_text() != "mine"
