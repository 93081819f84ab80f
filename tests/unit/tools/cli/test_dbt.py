"""``lakehouse dbt generate`` against the demo org behind its socket."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lakehouse_constructs import _shipped
from lakehouse_local.salesforce_org.administer import add, hide
from lakehouse_local.salesforce_org.fields import Field
from lakehouse_local.salesforce_org.org import make, open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_local.salesforce_org.settings import Birth
from lakehouse_tools.cli import cli
from lakehouse_tools.dbt_models.project import FOLDER

ROOT = Path(__file__).parents[4]
OBJECTS = ["Account", "Project__c", "AccountHistory", "AccountShare", "Attachment", "Nowhere__c"]


@pytest.fixture
def place(tmp_path):
    """A project, a configuration, and an org that nobody else changes."""
    ignore = shutil.ignore_patterns("target", "logs")
    shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=ignore)
    configure(tmp_path, OBJECTS)
    make(tmp_path / "org", Birth(records=600, now=1_790_000_000.0))
    org = open_org(tmp_path / "org")
    with serving(org) as url:
        secret = {
            "instance_url": url,
            "client_id": org.store.meta("client_id"),
            "client_secret": org.store.meta("client_secret"),
        }
        (tmp_path / "secret.json").write_text(json.dumps(secret))
        yield tmp_path, org


def configure(folder, objects, **rules):
    config = {"groups": {"all": {"include": objects}}, "objects": rules}
    (folder / "objects.json").write_text(json.dumps(config))


def generate(folder, *arguments):
    argv = ["dbt", "generate", "--secret-file", folder / "secret.json"]
    argv += ["--config", folder / "objects.json", "--project", folder / "dbt_project", *arguments]
    return CliRunner().invoke(cli, [str(a) for a in argv])


def outcomes(result):
    return {row["object"]: row for row in json.loads(result.stdout)["objects"]}


def files(folder):
    own = folder / "dbt_project" / FOLDER
    return {path.name: path.read_bytes() for path in own.iterdir()} if own.is_dir() else {}


def test_written_once_and_then_as_it_is(place):
    folder, _ = place
    checked = generate(folder, "--check")
    shipped = files(folder)
    assert checked.exit_code == 1
    assert "11 files would change in" in checked.stdout

    assert files(folder) == shipped
    result = generate(folder)
    assert result.exit_code == 0, result.output
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert rows["Account"][:2] == ["updated", "stg_salesforce__accounts"]
    assert rows["Lead"][:2] == ["dropped", "stg_salesforce__leads"]  # not configured here
    assert rows["Project__c"] == ["written", "stg_salesforce__projects", "8"]
    assert rows["AccountShare"][:2] == ["written", "stg_salesforce__account_shares"]
    assert "Nowhere__c: " in result.stdout
    assert "left out" in result.stdout
    written = files(folder)
    assert len(written) == len(shipped) + 8  # four models
    assert written["stg_salesforce__leads.yml"] == shipped["stg_salesforce__leads.yml"]
    model = written["stg_salesforce__projects.sql"].decode()
    assert "{{ field(raw, 'budget__c', 'decimal(18, 2)') }} as budget," in model
    assert "base64" not in written["stg_salesforce__attachments.yml"].decode()

    again = generate(folder)
    assert again.stdout.splitlines()[-1].startswith("nothing to write: ")
    assert (files(folder), generate(folder, "--check").exit_code) == (written, 0)
    # What is deployed is the project's folder, whole.
    entries = _shipped.dbt_project_entries(folder / "dbt_project")
    assert f"{FOLDER.as_posix()}/stg_salesforce__projects.sql" in entries
    assert not [name for name in entries if name.startswith("target")]


def test_what_the_org_gains_and_drops(place):
    folder, org = place
    generate(folder)
    hide(org.store, org.store.catalog.find("Project__c"), "Budget__c")
    add(org.store, org.store.catalog.find("Project__c"), Field(name="Stage__c"))

    result = generate(folder, "--json")

    row = outcomes(result)["Project__c"]
    assert row["outcome"] == "updated"
    assert row["notes"] == ["new: Stage__c", "not in the org: Budget__c: kept"]
    model = files(folder)["stg_salesforce__projects.sql"].decode()
    assert " as budget," in model
    assert " as stage," in model
    assert json.loads(generate(folder, "--json").stdout)["files"] == []


def test_an_object_that_is_no_longer_configured_is_left(place):
    folder, _ = place
    generate(folder)
    before = files(folder)
    configure(folder, ["Account"])

    result = generate(folder, "--json")

    assert outcomes(result)["Project__c"]["outcome"] == "dropped"
    assert files(folder) == before


def test_what_a_person_edited_is_kept(place):
    folder, org = place
    generate(folder)
    path = folder / "dbt_project" / FOLDER / "stg_salesforce__projects.sql"
    path.write_text(path.read_text().replace("as budget,", "as budget_of_all,"))
    before = files(folder)
    add(org.store, org.store.catalog.find("Project__c"), Field(name="Stage__c"))

    result = generate(folder, "--json")

    row = outcomes(result)["Project__c"]
    assert row["outcome"] == "edited"
    assert row["notes"][0] == "lacks Stage__c"
    assert files(folder) == before


def test_a_model_that_was_moved_is_ones_own(place):
    folder, org = place
    generate(folder)
    own = folder / "dbt_project" / FOLDER
    (own.parent / "salesforce").mkdir()
    for end in ("sql", "yml"):
        (own / f"stg_salesforce__projects.{end}").rename(
            own.parent / "salesforce" / f"stg_salesforce__projects.{end}"
        )
    add(org.store, org.store.catalog.find("Project__c"), Field(name="Stage__c"))

    result = generate(folder, "--json")

    assert outcomes(result)["Project__c"]["outcome"] == "hand-made"
    assert json.loads(result.stdout)["files"] == []
    assert b"project__c" in files(folder)["_salesforce_generated__sources.yml"]


def test_shipped_names_stay_and_the_orgs_fields_join_them(place):
    folder, _ = place
    before = {row.split(" as ")[1] for row in expressions(folder, "base_salesforce__accounts")}

    generate(folder)

    after = {row.split(" as ")[1] for row in expressions(folder, "base_salesforce__accounts")}
    assert before < after
    assert "parent_account_id," in after  # by rule it would be parent_id
    assert "ref('base_salesforce__accounts')" in text(folder, "stg_salesforce__accounts")
    described = files(folder)["stg_salesforce__accounts.yml"].decode()
    assert "generated_from: describe" in described
    assert "listed_values_stg_salesforce__accounts" in described


def test_a_model_of_all_versions_comes_when_a_history_asks_for_it(place):
    folder, _ = place
    generate(folder)
    history = "select * from {{ ref('base_salesforce__projects') }}\n"
    (folder / "dbt_project" / "models" / "marts" / "sales" / "dim_project.sql").write_text(history)

    generate(folder)

    assert "ref('base_salesforce__projects')" in text(folder, "stg_salesforce__projects")
    assert "source('salesforce', 'project__c')" in text(folder, "base_salesforce__projects")
    assert json.loads(generate(folder, "--json").stdout)["files"] == []


def text(folder, model):
    return files(folder)[f"{model}.sql"].decode()


def expressions(folder, model):
    return [line for line in text(folder, model).splitlines() if "{{ field(" in line]


def test_excluded_fields_are_not_in_it_and_hashed_ones_are_text(place):
    folder, _ = place
    rules = {"fields": {"exclude": ["Status__c"], "hash": ["Budget__c"]}}
    configure(folder, ["Project__c"], Project__c=rules)

    generate(folder)

    model = files(folder)["stg_salesforce__projects.sql"].decode()
    assert "status__c" not in model
    assert "{{ field(raw, 'budget__c') }} as budget," in model


def test_where_nothing_can_be_written_nothing_is(place, monkeypatch):
    folder, org = place
    generate(folder)
    before = files(folder)
    add(org.store, org.store.catalog.find("Project__c"), Field(name="Stage__c"))

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    result = generate(folder)

    assert result.exit_code == 1
    assert "cannot be written: No space left on device; nothing was changed" in result.stderr
    assert files(folder) == before


def test_a_project_that_is_none_is_told_in_a_line(place):
    folder, _ = place
    shutil.rmtree(folder / "dbt_project")

    result = generate(folder)

    assert result.exit_code == 2
    assert "it has no dbt_project.yml; give its folder with --project" in result.stderr


SOURCES = "_salesforce_generated__sources.yml"


def test_sources_that_a_person_edited_are_kept(place):
    folder, org = place
    generate(folder)
    path = folder / "dbt_project" / FOLDER / SOURCES
    path.write_text(path.read_text().replace("count: 25", "count: 3"))
    before = files(folder)

    # They declare all that is needed: nothing is in the way.
    add(org.store, org.store.catalog.find("Project__c"), Field(name="Stage__c"))
    assert generate(folder).exit_code == 0
    assert files(folder)[SOURCES] == before[SOURCES]
    assert files(folder) != before

    before = files(folder)
    configure(folder, [*OBJECTS, "CaseStatus"])
    result = generate(folder)
    assert result.exit_code == 1
    assert f"{SOURCES} was edited and lacks casestatus: move it to" in result.stderr
    assert files(folder) == before

    # What the message says helps.
    own = folder / "dbt_project" / "models" / "staging" / "salesforce"
    own.mkdir()
    path.rename(own / "sources.yml")
    assert generate(folder).exit_code == 0
    declared = files(folder)[SOURCES].decode()
    assert "- name: casestatus" in declared
    assert "project__c" not in declared


def test_two_readers_of_one_object_are_told(place):
    folder, _ = place
    generate(folder)
    own = folder / "dbt_project" / "models" / "staging" / "salesforce"
    own.mkdir()
    model = "{{ config(unique_key='id') }} select 1 from {{ source('salesforce', 'project__c') }}"
    (own / "stg_salesforce__our_projects.sql").write_text(model)
    before = files(folder)

    result = generate(folder, "--json")

    row = outcomes(result)["Project__c"]
    assert (row["outcome"], row["model"]) == ("hand-made", "stg_salesforce__our_projects")
    assert row["notes"] == [
        "the generated stg_salesforce__projects reads it too: delete one of them"
    ]
    assert files(folder) == before

    # Half of the generated one is gone: it is no reader, but it is in dbt's way.
    (folder / "dbt_project" / FOLDER / "stg_salesforce__projects.sql").unlink()
    row = outcomes(generate(folder, "--json"))["Project__c"]
    assert row["notes"] == [
        "stg_salesforce__projects.yml lies with the generated ones still: move it too"
    ]


def test_an_org_with_several_currencies_is_told_what_its_reports_add_up(place):
    folder, org = place
    configure(folder, ["Opportunity", "Account"])
    one = generate(folder, "--json")
    assert json.loads(one.stdout)["notes"] == []
    # The marts need the column, the org has no such field: no news, and nothing to test.
    assert "CurrencyIsoCode" not in one.stdout
    assert b"one_currency" not in files(folder)["stg_salesforce__opportunities.yml"]
    for name in ("Opportunity", "Account"):
        code = Field(name="CurrencyIsoCode", type="picklist", values=("EUR", "JPY"))
        add(org.store, org.store.catalog.find(name), code)

    result = generate(folder)

    told = " ".join(result.stdout.split())
    assert "the org has several currencies and multi_currency is false in dbt_project.yml" in told
    assert "set multi_currency to fixed or dated: docs/marts.md" in told
    # Reports add up opportunities; what of them is built is tested until amounts are converted.
    assert text(folder, "base_salesforce__opportunities").count("'currencyisocode'") == 1
    assert b"column: currency_iso_code" in files(folder)["stg_salesforce__opportunities.yml"]
    assert b"one_currency" not in files(folder)["stg_salesforce__accounts.yml"]
    [note] = json.loads(generate(folder, "--json").stdout)["notes"]
    assert note.startswith("the org has several currencies")

    project = folder / "dbt_project" / "dbt_project.yml"
    shipped = project.read_text()
    project.write_text(shipped.replace("multi_currency: false", "multi_currency: dated"))
    assert json.loads(generate(folder, "--json").stdout)["notes"] == []
    project.write_text(shipped.replace("vars:", "vars:\n  lakehouse: {multi_currency: fixed}"))
    assert json.loads(generate(folder, "--json").stdout)["notes"] == []


def test_a_source_may_be_as_old_as_the_configuration_says(place):
    folder, _ = place
    configure(folder, OBJECTS, Project__c={"stale_after_minutes": 10_080})
    generate(folder)

    text = files(folder)[SOURCES].decode()

    [source] = yaml.safe_load(text)["sources"]
    told = {table["name"]: table.get("config") for table in source["tables"]}
    weekly = {"warn_after": {"count": 10_080, "period": "minute"}}
    assert told["project__c"] == {"freshness": weekly}
    assert told["accounthistory"] is None  # as all
    assert json.loads(generate(folder, "--json").stdout)["files"] == []


STAGES = Path("seeds") / "opportunity_stages.csv"


def seed(folder):
    return (folder / "dbt_project" / STAGES).read_text()


def test_the_orgs_stages_come_into_the_seed_and_stay(place):
    folder, _ = place
    configure(folder, ["Opportunity"])
    shipped = seed(folder)

    checked = generate(folder, "--check")

    assert (checked.exit_code, seed(folder)) == (1, shipped)
    assert checked.stdout.splitlines()[-1].endswith(f"; {STAGES} would change")
    result = generate(folder, "--json")
    told = json.loads(result.stdout)["stages"]
    assert (told["changed"], told["added"]) == (True, [])
    assert "Value Proposition" in told["removed"]
    names = [line.split(",")[:2] for line in seed(folder).splitlines()[1:]]
    assert names[3:] == [
        ["Proposal/Price Quote", "4"],
        ["Negotiation/Review", "5"],
        ["Closed Won", "6"],
        ["Closed Lost", "7"],
    ]
    again = generate(folder, "--check")
    assert (again.exit_code, again.stdout.splitlines()[-1][:17]) == (0, "nothing to write:")


def test_stages_that_the_org_does_not_tell_leave_the_seed_as_it_is(place):
    folder, org = place
    configure(folder, ["Opportunity"])
    shipped = seed(folder)
    hide(org.store, org.store.catalog.find("OpportunityStage"), "SortOrder")

    result = generate(folder)

    assert result.exit_code == 0, result.output
    told = " ".join(result.stdout.split())
    assert f"{STAGES} stays as it is, as the org does not tell its stages: " in told
    assert "SortOrder" in told
    assert seed(folder) == shipped


def test_without_opportunities_or_a_seed_no_stage_is_asked_for(place):
    folder, _ = place
    assert "stages" not in json.loads(generate(folder, "--json").stdout)
    configure(folder, ["Opportunity"])
    (folder / "dbt_project" / STAGES).unlink()

    result = generate(folder, "--json")

    assert result.exit_code == 0, result.output
    assert "stages" not in json.loads(result.stdout)
