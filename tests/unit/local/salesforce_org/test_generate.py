import sqlite3
from contextlib import closing

import pytest

from lakehouse_local.salesforce_org.identifiers import full_id, record_id
from lakehouse_local.salesforce_org.instants import from_seconds
from lakehouse_local.salesforce_org.org import make, open_org
from lakehouse_local.salesforce_org.settings import Birth
from lakehouse_local.salesforce_org.store import Store, StoreError

BORN = 1_790_000_000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("org")
    make(folder, Birth(records=6_000, now=BORN, org_number=7))
    return folder


@pytest.fixture
def sql(folder):
    with closing(sqlite3.connect(folder / "org.sqlite")) as db:
        yield lambda text, *values: db.execute(text, values).fetchall()


def tables(sql):
    return [
        name
        for (name,) in sql("SELECT name FROM sqlite_master WHERE name LIKE 'r\\_%' ESCAPE '\\'")
    ]


def test_ids_have_prefix_and_checksum():
    assert record_id("001", 0) == full_id("001Hr0000000000")
    assert full_id("001A0000006Vm9u") == "001A0000006Vm9uIAC"
    assert full_id("001A0000006Vm9uIAC") == "001A0000006Vm9uIAC"
    ids = [record_id("003", n) for n in (1, 9, 10, 35, 36, 61, 62, 62**5, 62**6)]
    assert ids == sorted(ids)


def test_the_size_follows_the_request(sql):
    total = sum(sql(f"SELECT count(*) FROM {name}")[0][0] for name in tables(sql))
    assert 5_400 <= total <= 6_600


def test_the_same_seed_and_time_give_the_same_org(tmp_path):
    def dump(folder, seed):
        make(folder, Birth(records=400, now=BORN, seed=seed, org_number=7))
        with closing(sqlite3.connect(folder / "org.sqlite")) as db:
            return {
                name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
                for (name,) in db.execute("SELECT name FROM sobject").fetchall()
                for name in [f'"r_{name}"']
            }

    one, two = dump(tmp_path / "1", "1"), dump(tmp_path / "2", "1")
    assert one == two
    assert dump(tmp_path / "3", "2") != one


def test_the_dirt_of_real_orgs_is_there(sql):
    texts = [text for (text,) in sql("SELECT Description FROM r_Contact WHERE Description NOTNULL")]
    for dirt in ('"', "\n", "\r\n", "\x00", "مرحبا", "👩", "\u200b", "NULL", "00123"):
        assert any(dirt in text for text in texts), repr(dirt)
    assert sql("SELECT max(length(Internal_Notes__c)) FROM r_Account")[0][0] == 131_072
    amounts = [amount for (amount,) in sql("SELECT Amount FROM r_Opportunity")]
    assert None in amounts
    assert 0.0 in amounts
    assert any(amount and amount < 0 for amount in amounts)
    assert any(amount and amount > 1e9 for amount in amounts)
    assert sql("SELECT count(*) FROM r_Contact WHERE Description = ''")[0][0] == 0


def test_many_records_share_a_stamp_and_none_is_younger_than_the_org(sql):
    most = sql("SELECT count(*) FROM r_Contact GROUP BY SystemModstamp ORDER BY 1 DESC LIMIT 1")
    assert most[0][0] > 15
    latest = sql("SELECT max(SystemModstamp), max(CreatedDate) FROM r_Contact")[0]
    assert max(latest) <= from_seconds(BORN - 3_600)
    assert not sql(
        "SELECT 1 FROM r_Contact WHERE CreatedDate > LastModifiedDate "
        "OR LastModifiedDate > SystemModstamp"
    )


def test_some_references_lead_nowhere(sql):
    lost = "SELECT count(*) FROM r_{} WHERE {} NOT IN (SELECT Id FROM r_{})"
    for table, column, target in (
        ("Account", "OwnerId", "User"),
        ("Contact", "AccountId", "Account"),
        ("Opportunity", "AccountId", "Account"),
    ):
        missing = sql(lost.format(table, column, target))[0][0]
        whole = sql(f"SELECT count(*) FROM r_{table}")[0][0]
        assert 0 < missing < whole * 0.05


def test_account_hierarchies_are_deep_and_cyclic(sql):
    parents = dict(sql("SELECT Id, ParentId FROM r_Account"))

    def climb(record):
        seen = []
        while record in parents and record not in seen:
            seen.append(record)
            record = parents[record]
        return len(seen), record in seen

    climbs = [climb(record) for record in parents]
    assert max(depth for depth, _ in climbs) >= 40
    assert any(cyclic for _, cyclic in climbs)


def test_some_records_are_deleted(sql):
    for name in ("Account", "Contact", "Opportunity", "Lead", "Case"):
        deleted, whole = sql(f"SELECT sum(IsDeleted), count(*) FROM r_{name}")[0]
        assert 0 < deleted < whole * 0.06


def test_opportunities_agree_with_their_history(sql):
    last = (
        "SELECT o.StageName, h.StageName FROM r_Opportunity o JOIN r_OpportunityHistory h "
        "ON h.OpportunityId = o.Id WHERE h.Id = (SELECT max(Id) FROM r_OpportunityHistory x "
        "WHERE x.OpportunityId = o.Id)"
    )
    pairs = sql(last)
    assert len(pairs) == sql("SELECT count(*) FROM r_Opportunity")[0][0]
    assert all(one == other for one, other in pairs)


def test_the_journal_holds_each_first_version(folder, sql):
    org = open_org(folder)
    try:
        for sobject in org.store.catalog:
            deleted = "IsDeleted" if sobject.has_deleted else "0"
            stamp = sobject.stamp or "''"
            records = sql(f"SELECT Id, {stamp}, {deleted} FROM {sobject.table}")
            journal = sql("SELECT id, stamp, deleted FROM version WHERE object = ?", sobject.name)
            assert set(records) == set(journal)
    finally:
        org.store.close()


def test_an_interrupted_making_starts_over(tmp_path):
    store = Store(tmp_path)
    store.set_meta(next="1")
    store.close()
    make(tmp_path, Birth(records=200, now=BORN))
    org = open_org(tmp_path)
    assert org.store.meta("born")
    org.store.close()


def test_one_org_is_served_by_one_process(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="another process serves this org"):
        Store(tmp_path)
    store.close()


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "org.sqlite").write_text("no database " * 100)
    with pytest.raises(StoreError, match=r"org\.sqlite.*delete the folder"):
        open_org(tmp_path)
