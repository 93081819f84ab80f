import base64
import json
from urllib.parse import quote_plus

import pytest

from lakehouse_tools.checks import Check, CheckFailedError, Note, Secrets, as_json, attempt
from lakehouse_tools.display.checks import lines

SECRET = "p/lanted+s3cr&t="
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEplanted/line+one\n-----END PRIVATE KEY-----\n"


def raising(error):
    def tried():
        raise error

    return tried


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        (lambda: "fine", (True, "fine", None)),
        (raising(Note("not here", "fetch it")), (None, "not here", "fetch it")),
        (raising(CheckFailedError("gone", "bring it back")), (False, "gone", "bring it back")),
        (raising(ValueError("odd\n thing")), (False, "odd thing", "the usual")),
        (raising(KeyError()), (False, "KeyError", "the usual")),
    ],
)
def test_an_attempt_ends_in_a_check(account, tried, expected):
    check = attempt("S3", account, Secrets(), tried, remedy="the usual")
    assert (check.passed, check.text, check.remedy) == expected
    assert check.seconds >= 0


@pytest.mark.parametrize(
    "sent_back",
    [
        SECRET,
        quote_plus(SECRET),
        json.dumps(SECRET),
        base64.b64encode(f"app:{SECRET}".encode()).decode(),
        KEY,
        json.dumps(KEY),
        "MIIEplanted/line+one",
    ],
)
def test_no_form_of_a_secret_is_told(account, sent_back):
    secrets = Secrets()
    secrets.learn((SECRET, KEY), user="app")
    error = CheckFailedError(f"refused {sent_back} here", f"do not send {sent_back}")
    check = attempt("login", account, secrets, raising(error))
    told = as_json(account, [check])
    for part in (sent_back, sent_back[1:-1], "planted"):
        assert part not in told
    assert "refused ***" in check.text or 'refused "***" here' in check.text


def test_json_has_what_the_lines_have(account):
    check = Check(name="S3", passed=False, text="no", remedy="do", seconds=1.234)
    fine = Check(name="dbt", passed=None, text="not tried")
    told = json.loads(as_json(account, [check, fine], outputs={"LakeBucketName": "lake"}))
    assert told["environment"] == "dev"
    assert told["passed"] is False
    assert told["checks"][0] == {
        "name": "S3",
        "passed": False,
        "text": "no",
        "remedy": "do",
        "seconds": 1.23,
    }
    assert told["outputs"] == {"LakeBucketName": "lake"}
    assert json.loads(as_json(account, [fine]))["passed"] is True


def test_a_pipe_gets_one_line_for_each_and_a_terminal_what_fits():
    check = Check(name="S3", passed=False, text="word " * 30, remedy="next", seconds=2)
    piped = lines(check, width=None)
    assert len(piped) == 2
    assert piped[0].startswith("✗ S3  ")
    assert piped[1].strip() == "→ next"
    for width in (40, 60, 100):
        shown = lines(check, width=width)
        assert max(map(len, shown)) <= width
        assert " ".join(" ".join(shown).split()).count("word") == 30
