"""Stages as records of OpportunityStage tell them, given out of order as the API may."""

from lakehouse_tools.dbt_models.stages import ordered


def record(label, order, *, closed=False, won=False, probability=10.0, **others):
    return {
        "ApiName": label,
        "MasterLabel": label,
        "SortOrder": order,
        "IsActive": True,
        "IsClosed": closed,
        "IsWon": won,
        "DefaultProbability": probability,
    } | others


def told(*records):
    return [(stage.name, stage.phase, stage.outcome) for stage in ordered(records)]


def test_order_outcome_and_phase_are_the_orgs():
    assert told(
        record("Contract", 30, probability=80.0),
        record("Closed Lost", 50, closed=True, probability=0.0),
        record("Demo", 20, probability=20.0),
        record("Closed Won", 40, closed=True, won=True, probability=100.0),
        record("Offer", 25, probability=79.0),
        record("Discovery", 10, probability=19.0),
    ) == [
        ("Discovery", "Prospecting", "Open"),
        ("Demo", "Qualification", "Open"),
        ("Offer", "Proposal", "Open"),
        ("Contract", "Negotiation", "Open"),
        ("Closed Won", "Closed", "Won"),
        ("Closed Lost", "Closed", "Lost"),
    ]


def test_an_open_stage_behind_the_won_ones_is_not_taken_for_won():
    won = record("Signed", 1, closed=True, won=True)

    assert [name for name, *_ in told(won, record("On Hold", 2))] == ["On Hold", "Signed"]


def test_a_record_has_the_api_name_of_a_stage_whose_label_was_changed():
    renamed = record("Kick-off", 1, ApiName="Discovery")

    assert [name for name, *_ in told(renamed)] == ["Discovery"]


def test_a_name_that_was_used_before_counts_as_it_is_used_now():
    before = record("Review", 1, closed=True, IsActive=False)

    assert told(before, record("Review", 5)) == [("Review", "Prospecting", "Open")]


def test_inactive_stages_are_there_for_the_records_that_were_in_them():
    # What an org may leave empty is no reason to stop.
    old = record("Old", None, probability=None, IsActive=False, ApiName=None)

    assert told(old) == [("Old", "Prospecting", "Open")]
