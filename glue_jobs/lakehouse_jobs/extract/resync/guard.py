"""The guard against mass deletion: a permission that was lost looks like records that went."""

from typing import Final

from lakehouse_jobs.errors import MassDeletionError

# A small table may lose this many at once, though never more than half of it, and any table
# one: one per cent of forty records would be none.
HANDFUL: Final = 5


def allowed_gone(live: int, *, share: float) -> int:
    """How many of the live records a resync may find gone. A share of 0 allows none."""
    if not share:
        return 0
    return max(int(live * share), min(HANDFUL, live // 2), 1)


def refuse_mass_deletion(object_name: str, *, live: int, gone: int, share: float) -> None:
    """Raise MassDeletionError where more is gone than ``max_delete_share`` allows."""
    allowed = allowed_gone(live, share=share)
    if gone <= allowed:
        return
    raise MassDeletionError(
        f"{object_name}: {gone:,} of {live:,} live records are gone from Salesforce, "
        f"max_delete_share {share:g} allows {allowed:,}: most likely the user lost View All "
        "Data or the object is shared with fewer; give it back. If they were deleted, set "
        f"objects.{object_name}.max_delete_share in salesforce_objects.json for one run. "
        "Nothing was written"
    )
