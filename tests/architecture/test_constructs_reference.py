"""docs/reference/constructs.md is made from the docstrings, and these leave nothing out."""

import re

import pytest
from constructs import Construct

import lakehouse_constructs
from docs.make_constructs_reference import PAGE, Entry, entries, page

ENTRIES = list(entries())
CLASSES = [e for e in ENTRIES if not issubclass(getattr(lakehouse_constructs, e.name), Exception)]
CONSTRUCTS = [e for e in CLASSES if issubclass(getattr(lakehouse_constructs, e.name), Construct)]
METHODS = [method for entry in ENTRIES for method in entry.methods]


def test_the_page_is_made_from_the_docstrings_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ENTRIES), "run `make reference`"


def test_every_public_name_is_on_the_page() -> None:
    headings = re.findall(r"^## (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert headings == lakehouse_constructs.__all__


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: entry.name)
def test_every_prop_says_what_it_means_and_its_default_in_words(entry: Entry) -> None:
    assert entry.about
    assert [prop.name for prop in entry.props if not prop.meaning] == []
    assert [prop.name for prop in entry.props if bool(prop.value) != bool(prop.default)] == []


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_says_what_it_does_and_its_defaults_in_words(method: Entry) -> None:
    assert method.about
    assert [prop.name for prop in method.props if bool(prop.value) != bool(prop.default)] == []


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: entry.name)
def test_every_attribute_has_a_type_and_a_meaning(entry: Entry) -> None:
    assert [name for name, of, meaning in entry.attributes if not (of and meaning)] == []


@pytest.mark.parametrize("entry", CONSTRUCTS, ids=lambda entry: entry.name)
def test_every_construct_says_what_it_costs_at_rest_and_what_it_never_does(entry: Entry) -> None:
    words = " ".join(entry.about.split())

    assert "At rest " in words
    assert " never " in words
