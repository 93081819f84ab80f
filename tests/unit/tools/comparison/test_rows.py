"""Which keys differ: missing, extra, duplicated, null, moved, explained."""

import pytest

from lakehouse_tools.comparison.errors import NotComparedError

ROWS = "SELECT i AS id, 'name ' || i AS x FROM range({}) t(i)"
VALUES = "SELECT * FROM (VALUES {}) t(id, x)"


def test_equal_counts_with_different_rows(lab):
    found = lab.compare(ROWS.format(100), ROWS.replace("range({})", "range(1, 101)"))
    assert (found.rows_old, found.rows_new) == (100, 100)
    assert (found.pairs, found.only_old, found.only_new, found.changed) == (99, 1, 1, 0)
    assert found.accuracy() * 101 == 99
    assert {(d.side, d.key) for d in found.differing} == {("old", ("0",)), ("new", ("100",))}


def test_duplicated_and_null_keys(lab):
    found = lab.compare(
        VALUES.format("(1, 'a'), (2, 'a'), (2, 'a'), (3, 'a'), (NULL, 'a'), (NULL, 'b')"),
        VALUES.format("(1, 'a'), (2, 'a'), (3, 'b'), (NULL, 'a')"),
    )
    assert (found.duplicated, found.duplicated_old, found.duplicated_new) == (1, 1, 0)
    assert (found.null_old, found.null_new) == (2, 1)
    assert (found.pairs, found.changed, found.only_old, found.only_new) == (2, 1, 0, 0)
    assert (found.keys, found.wrong) == (6, 5)
    assert {(d.side, d.key) for d in found.differing} == {("duplicated", ("2",)), ("both", ("3",))}


def test_a_row_that_is_there_twice_does_not_cancel_itself_out(lab):
    found = lab.compare(
        VALUES.format("(1, 'a'), (1, 'a'), (2, 'x')"), VALUES.format("(1, 'b'), (1, 'b'), (2, 'x')")
    )
    assert (found.duplicated, found.pairs, found.unexplained) == (1, 1, 1)


def test_the_same_duplicates_and_nulls_on_both_sides_are_wrong_too(lab):
    rows = VALUES.format("(1, 'a'), (2, 'a'), (2, 'a'), (NULL, 'a')")
    found = lab.compare(rows, rows)
    assert (found.duplicated, found.null_old, found.null_new, found.pairs) == (1, 1, 1, 1)


def test_a_key_of_several_columns(lab):
    rows = "SELECT i // 10 AS a, i % 10 AS b, 'x' AS x FROM range(100) t(i) WHERE i <> {}"
    key = {"a": {}, "b": {}}
    found = lab.compare(rows.format(12), rows.format(34), key=key)
    assert {(d.side, d.key) for d in found.differing} == {("old", ("3", "4")), ("new", ("1", "2"))}


def test_a_key_of_which_a_part_is_null_is_no_key(lab):
    rows = (
        "SELECT * FROM (VALUES ('a', 'c', '{0}'), ('a', NULL, '{0}'), (NULL, 'c', 'x'),"
        " (NULL, NULL, 'x'), ('b', NULL, 'x')) t(id, part, x)"
    )
    found = lab.compare(
        rows.format("x"),
        rows.format("y") + " WHERE id IS NULL OR id <> 'b'",
        key={"id": {}, "part": {}},
    )
    assert (found.null_old, found.null_new, found.pairs, found.changed) == (4, 3, 1, 1)
    assert [one.key for one in found.differing] == [("a", "c")]
    assert (found.keys, found.unexplained) == (8, 8)


def test_ids_of_15_and_18_characters_are_one_key(lab):
    found = lab.compare(
        VALUES.format("('0015000000VALDt', 'a'), ('0015000000VALDT', 'b')"),
        VALUES.format("('0015000000VALDtAAP', 'a'), ('0015000000VALDTAA5', 'b')"),
        key={"id": {"normalise": ["id18"]}},
    )
    assert (found.pairs, found.wrong) == (2, 0)


def test_an_empty_side_is_not_compared(lab):
    for sides in ((ROWS.format(0), ROWS.format(3)), (ROWS.format(0), ROWS.format(0))):
        with pytest.raises(NotComparedError, match="0 rows to compare"):
            lab.compare(*sides)


def test_filters(lab):
    found = lab.compare(
        ROWS.format(10), ROWS.format(8), old_filter="id < 8", new_filter="x <> 'name 3'"
    )
    assert (found.rows_old, found.rows_new, found.only_old) == (8, 7, 1)


def test_validity_at_the_cutoff(lab):
    """Both sides move: the new one is ahead by a change, a new record and a deletion."""
    old = "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) t(id, x)"
    new = """SELECT id, x, f::timestamptz AS valid_from, t::timestamptz AS valid_to FROM (VALUES
        (1, 'a', '2026-01-01 00:00:00Z', NULL),
        (2, 'b', '2026-01-01 00:00:00Z', '2026-02-02 00:00:00Z'),
        (2, 'B', '2026-02-02 00:00:00Z', NULL),
        (3, 'c', '2026-01-01 00:00:00Z', '2026-02-02 00:00:00Z'),
        (4, 'd', '2026-02-02 00:00:00Z', NULL)) t(id, x, f, t)"""
    as_of = {"cutoff": "x", "valid_from": "valid_from", "valid_to": "valid_to"}
    found = lab.compare(old, new, cutoff="2026-02-01 00:00:00.000000", as_of=as_of)
    assert (found.pairs, found.wrong) == (3, 0)
    found = lab.compare(old, new, cutoff="2026-02-03 00:00:00.000000", as_of=as_of)
    assert (found.changed, found.only_old, found.only_new) == (1, 1, 1)


def test_keys_that_moved_after_the_cutoff_are_left_out_on_both_sides(lab):
    old = "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) t(id, x)"
    new = """SELECT id, x, m::timestamptz AS changed FROM (VALUES
        (1, 'a', '2026-01-01 00:00:00Z'),
        (2, 'B', '2026-02-02 00:00:00Z'), (3, 'c', NULL),
        (4, 'd', '2026-02-02 00:00:00Z')) t(id, x, m)"""
    as_of = {"cutoff": "x", "moved": ["changed"]}
    cutoff = "2026-02-01 00:00:00.000000"
    found = lab.compare(old, new, cutoff=cutoff, as_of=as_of)
    assert (found.rows_old, found.rows_new, found.pairs, found.wrong) == (2, 2, 2, 0)
    moved = lab.sql(cutoff, columns={"x": {}}, as_of=as_of).moved()
    assert [int(row["moved"]) for row in lab.engine.answer(moved)] == [2]


def rule(**more):
    given = {
        "name": "known",
        "reason": "because",
        "owner": "Ada",
        "expires": "2999-01-01",
        "at_most": 9,
    }
    return {**given, **more}


def test_known_differences_explain_cells_and_rows(lab):
    found = lab.compare(
        "SELECT * FROM (VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 1), (4, 'old', 1)) t(id, x, y)",
        "SELECT * FROM (VALUES (1, 'A', 1), (2, 'Q', 1), (3, 'C', 2), (5, 'new', 1)) t(id, x, y)",
        columns={"x": {}, "y": {}},
        known_differences=[
            rule(name="capitals", columns=["x"], where="lower(new.x) = old.x"),
            rule(name="gone", rows="only_old", where="old.x = 'old'"),
        ],
    )
    assert found.explained == {"capitals": 2, "gone": 1}
    assert (found.changed, found.changed_unexplained) == (3, 2)
    assert (found.only_old, found.only_old_unexplained) == (1, 0)
    assert (found.only_new, found.only_new_unexplained) == (1, 1)
    assert [(c.mismatches, c.unexplained) for c in found.columns] == [(3, 1), (1, 1)]
    open_ = {d.key[0]: (d.columns, d.open) for d in found.differing if d.unexplained}
    assert open_ == {"2": (("x",), ("x",)), "3": (("x", "y"), ("y",)), "5": ((), ())}


def test_a_digest_names_just_these_differences(lab):
    one = lab.compare(ROWS.format(10), ROWS.format(9)).digest()
    assert one == lab.compare(ROWS.format(10), ROWS.format(9)).digest()
    assert one != lab.compare(ROWS.format(10), ROWS.format(8)).digest()
    assert lab.compare(ROWS.format(11_000), ROWS.format(5)).digest() is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": {"nothing": {}}}, "no column nothing: it has id, x"),
        ({"columns": {"y": {"old": "x", "new": "id"}}}, "say with `cast`"),
        ({"columns": {"x": {"old": "upper(x)"}}}, "say its type with `cast`"),
    ],
)
def test_what_cannot_be_compared_says_why(lab, change, words):
    with pytest.raises(NotComparedError, match=words):
        lab.compare(VALUES.format("(1, 'a')"), VALUES.format("(1, 'a')"), **change)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_of_a_wide_table_the_columns_are_named_that_may_be_meant(lab):
    wide = f"SELECT 1 AS id, 'a' AS is_opted_out, {', '.join(f'1 AS x{n}' for n in range(40))}"
    with pytest.raises(NotComparedError, match="no column has_opted_out: it has is_opted_out, "):
        lab.compare(wide, wide, columns={"has_opted_out": {}})
    with pytest.raises(NotComparedError) as caught:
        lab.compare(wide, wide, columns={"q": {}})
    assert len(str(caught.value)) < 200
