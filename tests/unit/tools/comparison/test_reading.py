import json
from pathlib import Path

import pytest

from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_tools.comparison.reading import config_of, read_config

ROOT = Path(__file__).parents[4]
RULE = {"name": "r", "reason": "b", "owner": "Ada", "expires": "2027-01-31", "at_most": 3}


def config(**pair):
    table = {"old": "a", "new": "b", "key": {"id": {}}, "columns": {"x": {}}, **pair}
    whole = {"old": {"folder": "old"}, "new": {"folder": "new"}, "tables": [table]}
    return config_of(json.dumps(whole), where="comparison.json")


def test_the_shipped_configuration():
    found = read_config(ROOT / "config" / "comparison.json")
    pairs = [(pair.old.table, pair.new.table) for pair in found.pairs]
    assert pairs == [
        ("sf_account", "dim_account"),
        ("sf_contact", "dim_contact"),
        ("sf_opportunity", "fct_opportunities"),
    ]


def test_shares_are_exact():
    assert config(row_accuracy=0.999).pairs[0].accuracy * 1000 == 999


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"kye": {}}, "tables[0].kye: got {}; allowed: one of the keys"),
        ({"key": {}}, "tables[0].key: got None"),
        ({"columns": {}}, "tables[0].columns: got None"),
        ({"columns": {"id": {}}}, "tables[0].columns.id: got 'id'; allowed: columns that are not"),
        ({"columns": {"x": {"cast": "money!"}}}, "tables[0].columns.x.cast: got 'money!'"),
        ({"columns": {"x": {"old": "a +"}}}, "tables[0].columns.x.old: got 'a +'"),
        ({"columns": {"x": {"tolerance": -1}}}, "tables[0].columns.x.tolerance: got -1"),
        ({"columns": {"x": {"normalise": ["up"]}}}, "normalise: got 'up'; allowed: id18, trim"),
        ({"columns": {"x": {"precision": "year"}}}, "precision: got 'year'"),
        ({"as_of": {"valid_from": "f", "valid_to": "t"}}, "tables[0].as_of.cutoff: got None"),
        ({"as_of": {"cutoff": "x"}}, "allowed: either valid_from/valid_to or moved"),
        ({"as_of": {"cutoff": "x", "valid_from": "f"}}, "both valid_from and valid_to"),
        ({"references": {"x": "c"}}, "references.x: got 'c'; allowed: one of the pairs b"),
        ({"references": {"y": "b"}}, "references.y: got 'y'; allowed: one of the compared columns"),
        ({"references": {"x": "b"}, "key": {"i": {}, "j": {}}}, "a pair whose key is one column"),
        ({"modified": "y"}, "tables[0].modified: got 'y'"),
        ({"old_filter": "x ="}, "tables[0].old_filter: got 'x ='"),
        ({"known_differences": [{**RULE, "where": "true"}]}, "either columns or rows"),
        (
            {"known_differences": [{**RULE, "columns": ["y"], "where": "true"}]},
            "known_differences[0].columns: got 'y'",
        ),
        (
            {"known_differences": [{**RULE, "columns": ["x"], "where": "x = 1"}]},
            "known_differences[0].where: got 'x'; allowed: columns written old.<name>",
        ),
        (
            {"known_differences": [{**RULE, "columns": ["x"], "where": "true", "expires": "soon"}]},
            "known_differences[0].expires: got 'soon'",
        ),
    ],
)
def test_a_mistake_names_file_key_and_value(pair, words):
    with pytest.raises(ConfigError) as caught:
        config(**pair)
    assert str(caught.value).startswith("comparison.json: ")
    assert words in str(caught.value)


def test_a_side_lies_in_one_place():
    for place in ({}, {"database": "a", "folder": "b"}):
        with pytest.raises(ConfigError, match="exactly one of database, layer and folder"):
            config_of(json.dumps({"old": place, "new": {"folder": "b"}}), where="c")
    with pytest.raises(ConfigError, match="another place"):
        config_of(json.dumps({"old": {"folder": "b"}, "new": {"folder": "b"}}), where="c")
