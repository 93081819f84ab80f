"""The seed of stages beside what an org has: as shipped, and as a person left it."""

from pathlib import Path

import pytest

from lakehouse_tools.dbt_models.seed import SEED, SHIPPED, kept_up, write_seed
from lakehouse_tools.dbt_models.stages import Stage
from lakehouse_tools.errors import ModelsError

ROOT = Path(__file__).parents[4]
HEAD = "stage_name,stage_order,phase,outcome\n"
ORG = (
    Stage(name="Discovery", phase="Prospecting", outcome="Open"),
    Stage(name="Qualification", phase="Prospecting", outcome="Open"),
    Stage(name="Contract", phase="Negotiation", outcome="Open"),
    Stage(name="Closed Won", phase="Closed", outcome="Won"),
    Stage(name="No Go", phase="Closed", outcome="Lost"),
)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "seeds").mkdir()
    (tmp_path / SEED).write_bytes((ROOT / "dbt_project" / SEED).read_bytes())
    return tmp_path


def written(project, *lines):
    (project / SEED).write_text(HEAD + "".join(f"{line}\n" for line in lines))


def test_what_counts_as_shipped_is_what_is_shipped():
    shipped = (ROOT / "dbt_project" / SEED).read_text()

    assert shipped == HEAD + "".join(f"{','.join(line)}\n" for line in SHIPPED)


def test_a_seed_that_nobody_edited_becomes_the_orgs(project):
    change = kept_up(project, ORG)

    # Phases of shipped stages stay: a person could not have meant them otherwise.
    assert change.text == HEAD + (
        "Discovery,1,Prospecting,Open\n"
        "Qualification,2,Qualification,Open\n"
        "Contract,3,Negotiation,Open\n"
        "Closed Won,4,Closed,Won\n"
        "No Go,5,Closed,Lost\n"
    )
    assert change.added == ("Discovery", "Contract", "No Go")
    assert change.removed[:2] == ("Prospecting", "Needs Analysis")
    assert len(change.removed) == 8
    assert change.unknown == ()


@pytest.mark.parametrize("stages", [ORG, ORG[1:2]], ids=["of its own", "a few of the shipped"])
def test_a_second_time_it_changes_nothing(project, stages):
    write_seed(project, kept_up(project, stages).text)

    again = kept_up(project, stages)

    assert (again.text, again.added, again.removed, again.unknown) == (None, (), (), ())
    assert [path.name for path in (project / "seeds").iterdir()] == [SEED.name]


def test_a_persons_lines_stay_and_the_missing_come_where_the_org_has_them(project):
    written(
        project,
        "Qualification,1,Our phase,Open",
        "Pilot,4,Qualification,Open",
        "Closed Won,5,Done,Won",
        "Closed Lost,10,Closed,Lost",
    )

    change = kept_up(project, ORG)

    # The numbers behind a new line move where there is no gap, and nothing else does.
    assert change.text == HEAD + (
        "Discovery,1,Prospecting,Open\n"
        "Qualification,2,Our phase,Open\n"
        "Contract,3,Negotiation,Open\n"
        "Pilot,4,Qualification,Open\n"
        "Closed Won,5,Done,Won\n"
        "No Go,6,Closed,Lost\n"
    )
    assert change.added == ("Discovery", "Contract", "No Go")
    assert change.removed == ("Closed Lost",)  # as it is shipped, and not of this org
    assert change.unknown == ("Pilot",)


def test_a_gap_takes_a_new_line_and_other_columns_stay(project):
    text = "\ufeffstage_name,stage_order,phase,outcome,team\r\nQualification,10,Q,Open,a\r\n"
    text += "Closed Won,20,Closed,Won,\r\n"
    (project / SEED).write_text(text, encoding="utf-8", newline="")

    change = kept_up(project, ORG[1:4])

    assert change.text == (
        "stage_name,stage_order,phase,outcome,team\n"
        "Qualification,10,Q,Open,a\n"
        "Contract,11,Negotiation,Open,\n"
        "Closed Won,20,Closed,Won,\n"
    )
    # As it was edited in another program it stays, where nothing is missing.
    assert kept_up(project, (ORG[1], ORG[3])).text is None


def test_an_org_that_shows_no_stage_takes_none_away(project):
    change = kept_up(project, ())

    assert (change.text, change.removed) == (None, ())
    assert change.refused == "the org shows this user no stage"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stage_name,phase\nA,B\n", "lacks the column stage_order, outcome; add it to"),
        (HEAD + "A,1,B,Open\nC,first,B,Open\n", "line 3: stage_order is 'first'; write a whole"),
        (HEAD + "A\n", "line 2: stage_order is ''; write a whole number from 1"),
    ],
)
def test_a_seed_that_cannot_be_read_is_told_in_a_line(project, text, message):
    (project / SEED).write_text(text)

    with pytest.raises(ModelsError, match=message) as raised:
        kept_up(project, ORG)

    assert str(raised.value).startswith(str(project / SEED))


def test_where_it_cannot_be_written_it_stays(project, monkeypatch):
    before = (project / SEED).read_bytes()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(ModelsError, match="cannot be written: No space left on device; it is as"):
        write_seed(project, HEAD)

    assert (project / SEED).read_bytes() == before
