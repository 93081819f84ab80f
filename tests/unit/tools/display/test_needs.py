from lakehouse_tools.display.needs import show_needs
from lakehouse_tools.executions.needs import Kind, Need


def need(name, text, remedy=None, kind=Kind.FAILED):
    return Need(kind=kind, object=name, text=text, remedy=remedy)


def test_what_many_objects_share_is_said_once(screen):
    show_needs(screen, [need(name, "login refused; check it") for name in ("Account", "Lead")])
    assert screen.lines() == ["needs you", "failed  Account, Lead", "  login refused; check it"]


def test_a_remedy_follows_all_that_it_mends(screen):
    found = [need(n, f"{n} is old", "run it", kind=Kind.STALE) for n in ("Account", "Lead")]
    show_needs(screen, found)
    assert screen.lines() == [
        "needs you",
        "stale  Account",
        "  Account is old",
        "stale  Lead",
        "  Lead is old",
        "  → run it",
    ]


def test_nothing_is_said_too(screen):
    show_needs(screen, [])
    assert screen.lines() == ["nothing needs you"]
