from typing import Any

import pytest
from botocore.exceptions import ClientError

from lakehouse_jobs.build.sessions import stop_sessions


class Glue:
    """Sessions in two pages; one of them refuses to stop."""

    def __init__(self, *sessions: tuple[str, str], refuses: str = "") -> None:
        self.pages = [sessions[:2], sessions[2:]]
        self.refuses = refuses
        self.stopped: list[str] = []

    def list_sessions(self, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803
        number = int(NextToken)
        page = [{"Id": id, "Status": status} for id, status in self.pages[number]]
        return {"Sessions": page} | ({"NextToken": "1"} if number == 0 else {})

    def stop_session(self, Id: str) -> None:  # noqa: N803
        if Id == self.refuses:
            raise ClientError({"Error": {"Code": "IllegalSessionStateException"}}, "StopSession")
        self.stopped.append(Id)


def test_running_sessions_of_the_prefix_are_stopped() -> None:
    glue = Glue(
        ("dev-dbt__role__1", "READY"),
        ("dev-dbt__role__2", "STOPPED"),
        ("dev-dbt__role__3", "PROVISIONING"),
        ("dev-dbt-2__role__4", "READY"),
        ("someone", "READY"),
    )

    assert stop_sessions("dev-dbt", client=glue) == ["dev-dbt__role__1", "dev-dbt__role__3"]
    assert glue.stopped == ["dev-dbt__role__1", "dev-dbt__role__3"]


def test_a_session_that_ended_by_itself_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    glue = Glue(("p__1", "READY"), ("p__2", "READY"), refuses="p__1")

    assert stop_sessions("p", client=glue) == ["p__2"]
    assert "p__1 was not stopped" in capsys.readouterr().out
