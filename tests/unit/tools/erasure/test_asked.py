import pytest

from lakehouse_tools.erasure import asked
from lakehouse_tools.errors import RequestError
from lakehouse_tools.versions import raw_table
from lakehouse_tools.versions.raw_table import RawTable

CONTACT, LEAD = "0035g00000QwErtAAF", "00Q5g00000AbCdeEAG"


@pytest.fixture(autouse=True)
def tables(monkeypatch):
    known = [
        RawTable(object=name, name=name.lower(), columns={}, entry={})
        for name in ("Contact", "Lead", "AccountContactRole")  # 18 letters, as an id has
    ]
    monkeypatch.setattr(raw_table, "known", lambda *_: known)


def read(account, stack, *words):
    return [(one.object, one.ids) for one in asked.read(account, stack, words)]


def test_the_name_of_an_object_begins_its_ids(account, stack):
    found = read(account, stack, "contact", CONTACT, "Lead", LEAD, "Contact", CONTACT[:15])
    assert found == [("Contact", (CONTACT,)), ("Lead", (LEAD,))]
    role = read(account, stack, "AccountContactRole", CONTACT)
    assert role == [("AccountContactRole", (CONTACT,))]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((CONTACT,), "erase: got the object .* raw has AccountContactRole, Contact, Lead"),
        (("Kontact", CONTACT), "erase: got the object 'Kontact'"),
        (("Contact",), "erase: got no id of Contact"),
        (("Contact", CONTACT, "Lead"), "erase: got no id of Lead"),
        (("Contact", "Ada"), "erase: got the id 'Ada'; allowed"),
        (("Contact", "003' or 1=1 --"), "erase: got the id"),
        (("Contact", *[f"003{n:012}AAA" for n in range(1_001)]), "got 1,001 ids; allowed: 1,000"),
    ],
)
def test_what_is_not_understood_is_told_before_anything_is_read(account, stack, words, message):
    with pytest.raises(RequestError, match=message):
        read(account, stack, *words)
