import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_tools.dbt_models.text import plain, quoted, unquoted


# U+0092 is what an apostrophe of Windows-1252 becomes when it is imported as Latin-1.
@pytest.mark.parametrize(
    "text", ["it\x92s", "a\x7fb", "a\x85b", "a\u2028b", "\ufeffa", "{{ x\x92 }}", "ref('a')", ""]
)
def test_a_text_is_read_as_it_was(text):
    assert unquoted(yaml.safe_load(quoted(text))) == text


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read_as_it_was(text):
    assert unquoted(yaml.safe_load(quoted(text))) == text


@pytest.mark.parametrize("word", ["yes", "off", "NO", "on", "true", "null", "account_name", "y"])
def test_a_name_is_text(word):
    assert yaml.safe_load(f"{{name: {plain(word)}}}") == {"name": word}
    assert yaml.safe_load(f"{plain(word)}: 1") == {word: 1}


def test_a_name_has_quotes_only_where_it_needs_them():
    assert [plain(word) for word in ("account_name", "decimal(18,2)", "yes", "a b")] == [
        "account_name",
        "decimal(18,2)",
        '"yes"',
        '"a b"',
    ]
