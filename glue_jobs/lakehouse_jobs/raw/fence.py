"""The fence: a commit lands only on the table state that its run read.

That is watermark, batch, run, the columns that are marked as not filled, and the files
of rejected values that wait: of these some may be gone, as they are delivered at any time,
but none may have come, or the commit would forget it.

PyIceberg's retry rebases an append on a new head and sends the properties again, so
without it two runs at once would both land. The requirement is checked on every
retry against freshly loaded metadata (GlueCatalog.commit_table).
"""

from pyiceberg.exceptions import ValidationException
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import ValidatableTableRequirement

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.errors import SupersededError
from lakehouse_jobs.raw.rejected_files import read_rejected_files


class AssertUnmoved(ValidatableTableRequirement):
    """What the run read of the table's state; None means not set."""

    type: str = "assert-lakehouse-unmoved"
    watermark: str | None
    batch: str | None
    run_id: str | None
    unfilled: str | None
    owner: str | None
    rejected_files: tuple[str, ...] = ()

    def validate(self, base_metadata: TableMetadata | None) -> None:
        """Raise SupersededError where another run moved the table."""
        found = base_metadata.properties if base_metadata else {}
        wanted = {
            TableProperty.WATERMARK: self.watermark,
            TableProperty.BATCH: self.batch,
            TableProperty.RUN_ID: self.run_id,
            TableProperty.UNFILLED: self.unfilled,
            TableProperty.OWNER: self.owner,
        }
        moved = [name for name, value in wanted.items() if found.get(name) != value]
        forgotten = set(read_rejected_files(found)) - set(self.rejected_files)
        if base_metadata is None or moved or forgotten:
            raise SupersededError(
                f"run {found.get(TableProperty.RUN_ID)} committed first (batch "
                f"{found.get(TableProperty.BATCH)}, watermark "
                f"{found.get(TableProperty.WATERMARK)}); this run's rows are discarded and "
                "nothing is lost: the next run goes on from there"
            )


def put_fence(transaction: Transaction, properties: dict[str, str]) -> None:
    """Fence a transaction before anything is staged in it.

    ``Transaction._stage`` is private: PyIceberg is pinned, and tests show that it holds.
    """
    fence = AssertUnmoved(
        watermark=properties.get(TableProperty.WATERMARK),
        batch=properties.get(TableProperty.BATCH),
        run_id=properties.get(TableProperty.RUN_ID),
        unfilled=properties.get(TableProperty.UNFILLED),
        owner=properties.get(TableProperty.OWNER),
        rejected_files=read_rejected_files(properties),
    )
    # TableRequirement is a closed union for REST catalogs; Glue's only calls validate().
    transaction._stage((), (fence,))  # pyright: ignore[reportArgumentType]


class MovedError(ValidationException):
    """Another commit came between what was read of a table and what was built on it.

    A ``ValidationException``, so that PyIceberg deletes the manifests of the attempt.
    """


class AssertSnapshots(ValidatableTableRequirement):
    """Branches and tags are at the snapshots that the commit was built on."""

    type: str = "assert-lakehouse-snapshots"
    refs: dict[str, int]

    def validate(self, base_metadata: TableMetadata | None) -> None:
        """Raise MovedError where one moved, came or went."""
        if base_metadata is None or _heads(base_metadata) != self.refs:
            raise MovedError("another commit came first")


def pin_snapshots(transaction: Transaction) -> None:
    """Let a transaction land on the snapshots that it starts from, or not at all."""
    pinned = AssertSnapshots(refs=_heads(transaction.table_metadata))
    transaction._stage((), (pinned,))  # pyright: ignore[reportArgumentType]


def _heads(metadata: TableMetadata) -> dict[str, int]:
    return {name: ref.snapshot_id for name, ref in metadata.refs.items()}
