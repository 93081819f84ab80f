"""Finds the tables of both sides and pins them: an Iceberg snapshot, or a list of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from lakehouse_jobs.build.catalog import current_columns
from lakehouse_jobs.contract.hive_text import (
    HiveText,
    HiveTextError,
    described,
    is_text,
    refuse_packed,
)
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Place, Source
from lakehouse_tools.environment import Environment
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.iceberg import metadata_at
from lakehouse_tools.stack import Stack


class Kept(StrEnum):
    """How a table's rows are kept."""

    ICEBERG = "Iceberg"
    PARQUET = "Parquet"
    TEXT = "text"  # as a Hive table describes it
    CSV = "CSV"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A table, pinned. ``changed_at``: UTC, of the snapshot or of the newest file."""

    name: str
    kept: Kept
    changed_at: datetime | None
    table: str
    database: str | None = None
    columns: tuple[tuple[str, str], ...] = ()  # of Glue's catalog: name, type
    metadata: str | None = None  # Iceberg's metadata file
    snapshot: int | None = None
    rows: int | None = None  # as the snapshot itself says; None where it cannot
    files: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)  # of an Iceberg table
    text: HiveText | None = None  # of a Hive table of text; its columns are in the fields' order
    unread: str | None = None  # why such a table is left to Athena
    partitions: tuple[tuple[str, str], ...] = ()  # those of the columns that folders tell

    @property
    def pin(self) -> str:
        """What was read, in words."""
        if self.snapshot is not None:
            return f"Iceberg snapshot {self.snapshot}"
        at = f", newest of {self.changed_at:%Y-%m-%d %H:%M:%S} UTC" if self.changed_at else ""
        return f"{len(self.files)} {self.kept} file{'s' * (len(self.files) != 1)}{at}"


class Sides:
    """Looks tables up in the Glue catalog, on S3 and on disk.

    ``environment`` and ``stack`` are needed for all but files on disk.
    """

    def __init__(self, environment: Environment | None = None, stack: Stack | None = None) -> None:
        self._environment = environment
        self._stack = stack

    def find(self, source: Source) -> Found:
        """One table. Raises :class:`NotComparedError` where it is missing or empty."""
        database, folder = self.database(source.place), source.place.folder
        if database is None and folder is not None:
            return self._folder(source, folder)
        return self._glue(str(source), str(database), source.table)

    def tables(self, place: Place) -> list[str]:
        """The names of all tables at a place."""
        database = self.database(place)
        if database is None and place.folder is not None:
            names = {name.split("/", 1)[0] for name, _, _ in self._files(place.folder)}
            return sorted(name.removesuffix(f".{place.format}") for name in names)
        return sorted(table["Name"] for table in tables_of(self._needed(), str(database)))

    def database(self, place: Place) -> str | None:
        """The Glue database of a place; None for a folder."""
        if place.layer is None:
            return place.database
        if self._stack is None:
            raise NotComparedError(f"layer {place.layer}: it needs a deployed stack (--env)")
        return getattr(self._stack, f"{place.layer}_database")

    def _client(self, service: str) -> Any:
        return self._needed().client(service)

    def _needed(self) -> Environment:
        if self._environment is None:
            raise NotComparedError("tables of a catalog or on S3 need an environment (--env)")
        return self._environment

    def _glue(self, name: str, database: str, table: str) -> Found:
        glue = self._client("glue")
        try:
            entry = glue.get_table(DatabaseName=database, Name=table)["Table"]
        except glue.exceptions.EntityNotFoundException:
            raise NotComparedError(
                f"{name}: the Glue database {database} has no table {table}: correct"
                " config/comparison.json, or wait until it is built"
            ) from None
        storage = entry.get("StorageDescriptor") or {}
        keys = entry.get("PartitionKeys") or []
        partitions = tuple((key["Name"], key["Type"]) for key in keys)
        typed = (*((c["Name"], c["Type"]) for c in current_columns(entry)), *partitions)
        parameters = entry.get("Parameters") or {}
        pointer = parameters.get("metadata_location")
        if pointer:
            return self._iceberg(name, database, table, pointer, typed)
        library = (storage.get("SerdeInfo") or {}).get("SerializationLibrary", "")
        text = is_text(entry)
        if not text and "parquet" not in library.lower():
            raise NotComparedError(
                f"{name}: it is kept by {library}: Iceberg, Parquet and text by LazySimpleSerDe or"
                " OpenCSVSerde are read"
            )
        root = str(storage.get("Location", "")).rstrip("/")
        files = [(f"{root}/{path}", at, size) for path, at, size in self._files(root)]
        found = Found(
            name=name,
            kept=Kept.TEXT if text else Kept.PARQUET,
            table=table,
            database=database,
            columns=typed,
            partitions=partitions,
            **_of_files(name, files),
        )
        return _with_text(found, entry) if text else found

    def _iceberg(
        self,
        name: str,
        database: str,
        table: str,
        pointer: str,
        columns: tuple[tuple[str, str], ...],
    ) -> Found:
        metadata = metadata_at(self._client("s3"), pointer)
        snapshot = metadata.get("current-snapshot-id")
        entry = next((s for s in metadata["snapshots"] if s["snapshot-id"] == snapshot), None)
        if entry is None:
            raise NotComparedError(f"{name}: it has no snapshot yet: nothing was written to it")
        summary = entry.get("summary") or {}
        deletes = int(summary.get("total-equality-deletes", 0))
        rows = int(summary["total-records"]) if "total-records" in summary else None
        if rows is not None:
            # Rows that equality deletes take away are not known without reading.
            rows = None if deletes else rows - int(summary.get("total-position-deletes", 0))
        return Found(
            name=name,
            kept=Kept.ICEBERG,
            table=table,
            database=database,
            columns=columns,
            metadata=pointer,
            snapshot=snapshot,
            rows=rows,
            properties=metadata.get("properties") or {},
            changed_at=datetime.fromtimestamp(entry["timestamp-ms"] / 1000, UTC),
        )

    def _folder(self, source: Source, folder: str) -> Found:
        ending = f".{source.place.format}"
        root = folder.rstrip("/")
        files = [
            (path, at, size)
            for path, at, size in self._files(root)
            if path == f"{source.table}{ending}"
            or (path.startswith(f"{source.table}/") and path.endswith(ending))
        ]
        whole = [(f"{root}/{path}", at, size) for path, at, size in files]
        name = str(source)
        kept = Kept.CSV if source.place.format == "csv" else Kept.PARQUET
        return Found(name=name, kept=kept, table=source.table, **_of_files(name, whole))

    def _files(self, folder: str) -> list[tuple[str, datetime, int]]:
        """Files below a folder: path from there, time of the last change, bytes."""
        if not folder.startswith("s3://"):
            root = Path(folder)
            return sorted(
                (
                    str(path.relative_to(root)),
                    datetime.fromtimestamp(path.stat().st_mtime, UTC),
                    path.stat().st_size,
                )
                for path in root.rglob("*")
                if path.is_file()
            )
        bucket, _, prefix = folder.removeprefix("s3://").partition("/")
        prefix = prefix.rstrip("/") + "/" if prefix else ""
        pages = self._client("s3").get_paginator("list_objects_v2")
        return [
            (item["Key"].removeprefix(prefix), item["LastModified"], item["Size"])
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for item in page.get("Contents", [])
        ]


def _with_text(found: Found, entry: Mapping[str, Any]) -> Found:
    try:
        for file in found.files:
            refuse_packed(file)
        return replace(found, text=described(entry))
    except HiveTextError as error:
        return replace(found, unread=str(error))


def _of_files(name: str, files: list[tuple[str, datetime, int]]) -> dict[str, Any]:
    # Names with _ or . in front are markers, as Hive has them; empty files hold nothing.
    kept = [
        (path, at)
        for path, at, size in files
        if size and not path.rsplit("/", 1)[-1].startswith(("_", "."))
    ]
    if not kept:
        raise NotComparedError(
            f"{name}: no files found: correct its place in config/comparison.json"
        )
    return {"files": tuple(path for path, _ in kept), "changed_at": max(at for _, at in kept)}
