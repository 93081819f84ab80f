"""Assets whose hash follows from what is in them, the same on every machine."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import (
    AssetHashType,
    AssetStaging,
    FileAssetPackaging,
    Stack,
)
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from lakehouse_constructs._archive import content_hash, write_archive
from lakehouse_constructs._wheels import WheelSet


def archive_asset(scope: Construct, id: str, *, entries: Mapping[str, Path]) -> assets.Asset:
    """A zip of ``entries`` as an asset."""
    with tempfile.TemporaryDirectory() as scratch:
        # The constructor copies the file into the assembly, so it may go afterwards.
        return assets.Asset(
            scope,
            id,
            path=str(write_archive(Path(scratch) / "archive.zip", entries)),
            asset_hash=content_hash(entries),
            asset_hash_type=AssetHashType.CUSTOM,
        )


def wheels_asset(scope: Construct, id: str, *, wheels: WheelSet) -> assets.Asset:
    """The wheels of a lock file and the lock as ``requirements.txt``, at the zip's root."""
    return assets.Asset(
        scope,
        id,
        path=str(wheels.archive(folder="")),
        asset_hash=wheels.hash,
        asset_hash_type=AssetHashType.CUSTOM,
    )


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """A file that the deployment puts into the bootstrap bucket."""

    bucket: s3.IBucket
    key: str
    url: str  # s3://…


def glue_wheels(scope: Construct, id: str, *, wheels: WheelSet) -> PublishedFile:
    """The wheels as Glue takes them: a folder ``wheels/`` in a ``.gluewheels.zip``.

    Glue goes by the end of the object's name. An Asset's key keeps only the last
    extension, so the file is staged here and published with the rest of the name as
    part of its hash.
    """
    staging = AssetStaging(
        scope,
        id,
        source_path=str(wheels.archive(folder="wheels")),
        asset_hash=wheels.hash,
        asset_hash_type=AssetHashType.CUSTOM,
    )
    stack = Stack.of(scope)
    location = stack.synthesizer.add_file_asset(
        source_hash=f"{staging.asset_hash}.gluewheels",
        packaging=FileAssetPackaging.FILE,
        file_name=staging.relative_staged_path(stack),
    )
    return PublishedFile(
        bucket=s3.Bucket.from_bucket_name(scope, f"{id}Bucket", location.bucket_name),
        key=location.object_key,
        url=location.s3_object_url,
    )
