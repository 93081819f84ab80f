"""Which of several times tells how new a side is."""

from lakehouse_tools.comparison.counts import Differing, RowCounts
from lakehouse_tools.comparison.quality import freshness
from lakehouse_tools.comparison.sql.profile import loaded
from lakehouse_tools.comparison.sql.sides import NEW, OLD

NEWEST = "2026-02-01T04:00:00+00:00"


def test_texts_are_as_new_as_their_moments_and_not_as_they_sort(lab):
    """At 23:00 in New York it is the next day already in Greenwich."""
    rows = (
        "SELECT * FROM (VALUES ('a', 'x', '2026-01-31T23:00:00.000-0500'),"
        " ('b', 'x', '2026-02-01T00:00:00.000+0000'), ('c', 'x', 'unknown')) t(id, x, changed)"
    )
    lab.write(OLD, rows)
    lab.write(NEW, f"{rows} WHERE id <> 'a'")
    sql = lab.sql(columns={"x": {}, "changed": {}}, modified="changed")

    found = freshness(lab.engine, sql, RowCounts())

    assert found is not None
    assert found.old is not None
    assert found.old.isoformat() == NEWEST
    assert found.behind is True


def test_a_key_of_several_columns_is_looked_up_part_by_part(lab):
    """The right key's change is old, and one that reads alike when put together is new."""
    rows = (
        "SELECT * FROM (VALUES ('a b', 'c', 'x', '2026-01-01T00:00:00Z'),"
        " ('a', 'b c', 'x', '2026-02-01T00:00:00Z'), (NULL, 'c', 'x', '2026-02-02T00:00:00Z'),"
        " ('', 'c', 'x', '2026-01-02T00:00:00Z')) t(id, part, x, stamp)"
    )
    lab.write(OLD, rows)
    lab.write(NEW, rows)
    sql = lab.sql(key={"id": {}, "part": {}}, columns={"x": {}})

    def newest(*keys):
        return lab.engine.answer(loaded(sql, "stamp", list(keys)))[0]["newest"][:10]

    assert newest(("a b", "c")) == "2026-01-01"
    assert newest(("a b", "c"), ("a", "b c")) == "2026-02-01"
    assert newest(("", "c")) == "2026-01-02"  # a part that is null is no empty text
    assert lab.engine.answer(loaded(sql, "stamp", [("a", "c")]))[0]["newest"] is None


def test_a_key_of_several_columns_that_differs_tells_whether_the_side_is_behind(lab):
    old = (
        "SELECT 'a' AS id, 1 AS part, 'new' AS x, '2026-02-01T00:00:00Z' AS stamp"
        " UNION ALL SELECT 'a', 2, 'same', '2026-01-01T00:00:00Z'"
    )
    lab.write(OLD, old)
    lab.write(NEW, "SELECT id, part, 'same' AS x, TIMESTAMPTZ '2026-01-15 00:00:00Z' AS f,"
              f" NULL::timestamptz AS t FROM ({old})")  # fmt: skip
    sql = lab.sql(
        "2026-02-01 00:00:00.000000",
        key={"id": {}, "part": {}},
        columns={"x": {}},
        as_of={"cutoff": "stamp", "valid_from": "f", "valid_to": "t"},
    )

    def behind(part):
        counts = RowCounts(differing=[Differing(key=("a", part), side="both")])
        found = freshness(lab.engine, sql, counts)
        return found and found.behind

    assert (behind("1"), behind("2")) == (True, False)
