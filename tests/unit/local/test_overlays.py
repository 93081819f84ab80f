import pytest

from lakehouse_local.local_aws import overlays


def test_a_tool_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlays, "_LIMIT", 0.1)
    with pytest.raises(overlays.OverlayError, match=r"sleep had not ended after 0\.1 s"):
        overlays.run_quietly(["sleep", "30"])
