"""A record that Salesforce sends twice in one answer is kept once."""

import random
from datetime import timedelta

import pyarrow as pa
import pytest

from lakehouse_jobs.extract.digests import DigestFiles, digests
from lakehouse_jobs.extract.distinct import clusters
from lakehouse_jobs.extract.id_range import IdOrder, IdRange
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.raw.schema import UTC_MICROSECONDS

local_aws = pytest.mark.local_aws


def keys(*ids, stamp=0, deleted=False):
    count = len(ids)
    return pa.table(
        {
            "id": pa.array(ids, pa.string()),
            "systemmodstamp": pa.array([stamp] * count).cast(UTC_MICROSECONDS),
            "_is_deleted": pa.array([deleted] * count),
        }
    )


def order(*batches):
    watched = IdOrder()
    for batch in batches:
        watched.add(keys(*batch))
    return watched.range


def test_ascending_ids_are_known_across_batches():
    assert order("ab", [], "cd") == IdRange(low="a", high="d", ascending=True)
    assert order("ab", "bc") == IdRange(low="a", high="c", ascending=False)
    assert order("ba", "dc") == IdRange(low="a", high="d", ascending=False)
    assert order(["b"], ["b"]) == IdRange(low="b", high="b", ascending=False)
    assert order([]) is None


def test_pages_that_overlap_come_together():
    def part(low, high):
        return Part(read=1, rows=1, ids=IdRange(low=low, high=high, ascending=True))

    pages = [part("a", "c"), part("f", "g"), part("d", "e"), part("c", "c"), part("g", "h")]
    found = [[(p.ids.low, p.ids.high) for p in c if p.ids] for c in clusters(pages)]
    assert found == [[("a", "c"), ("c", "c")], [("d", "e")], [("f", "g"), ("g", "h")]]


def test_every_part_of_a_key_moves_its_digest():
    one = "001000000000001AAA"
    found = [
        digests(keys(one)),
        digests(keys("001000000000002AAA")),
        digests(keys("a01000000000001AAA")),
        digests(keys(one, stamp=1)),
        digests(keys(one, deleted=True)),
        digests(keys("short")),
        digests(keys("other")),
    ]
    assert len({d[0].as_py() for d in found}) == len(found)
    many = keys(one, one, "001000000000002AAA").slice(1)
    assert digests(many).to_pylist() == digests(keys(one, "001000000000002AAA")).to_pylist()


def test_repeated_digests_are_found_in_their_shares(tmp_path):
    ids = [f"001{n:012d}AAA" for n in range(5000)]
    files = DigestFiles(tmp_path)
    files.add(digests(keys(*ids)))
    files.add(digests(keys(*ids[:3], "001999999999999AAA")))
    repeated = pa.concat_arrays(list(files.repeated()))
    assert sorted(repeated.to_pylist()) == sorted(digests(keys(*ids[:3])).to_pylist())
    assert len(set(digests(keys(*ids)).to_pylist())) == 5000


def assert_once(lab, count):
    rows = lab.rows("account")
    found = [(r["id"], r["systemmodstamp"], r["_is_deleted"]) for r in rows]
    assert len(found) == len(set(found)) == count
    live = set(lab.table("account").inspect.files()["file_path"].to_pylist())
    stored = {f"s3://{lab.bucket}/{k}" for k in lab.keys(f"{lab.database}/account/data/")}
    assert stored == live
    assert lab.keys("loads/") == []


@local_aws
@pytest.mark.parametrize("shuffled", [False, True])
def test_records_sent_twice_on_any_pages(account_lab, shuffled):
    org = account_lab.org
    rows = [org.row("Account", Name=f"n{n}") for n in range(298)]
    # Twice on one page, on neighbours, far apart; other versions of a record are others.
    rows += [dict(rows[5]), dict(rows[6]), dict(rows[297])]
    rows += [
        {**rows[5], "SystemModstamp": "2026-03-01T09:00:00.000Z"},
        {**rows[6], "IsDeleted": "true"},
    ]
    if shuffled:
        random.Random(1).shuffle(rows)
    else:
        rows.insert(9, dict(rows[8]))
        rows.append(dict(rows[20]))
    org.records["Account"] = rows
    org.page_rows = 50
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 300)
    assert outcome["read"] == len(rows)
    assert f"{len(rows) - 300} records twice" in outcome["message"]
    assert_once(account_lab, 300)
    org.now += timedelta(minutes=30)
    assert account_lab.run()["Account"]["rows"] == 0


@local_aws
def test_records_sent_twice_over_rest(account_lab):
    org = account_lab.org
    org.no_bulk.add("Account")
    org.records["Account"].append(dict(org.records["Account"][0]))
    assert account_lab.run()["Account"]["rows"] == 2
    assert_once(account_lab, 2)


@local_aws
def test_a_page_of_nothing_but_repetitions(account_lab):
    org = account_lab.org
    org.records["Account"] += [dict(r) for r in org.records["Account"]]
    org.page_rows = 2
    assert account_lab.run()["Account"]["rows"] == 2
    assert_once(account_lab, 2)


@local_aws
def test_an_unsorted_answer_that_was_interrupted(account_lab):
    org = account_lab.org
    rows = [org.row("Account", Name=f"n{n}") for n in range(98)]
    rows += [dict(r) for r in rows[:7]]
    random.Random(2).shuffle(rows)
    org.records["Account"] = rows
    org.page_rows = 20
    org.mood("GET", "results\\?locator=60$", status=503, times=6)
    assert account_lab.run()["Account"]["status"] == "failed"
    outcome = account_lab.run()["Account"]
    assert (outcome["resumed"], outcome["rows"]) == (True, 98)
    assert_once(account_lab, 98)
