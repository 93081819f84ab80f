import os
from typing import Any

import pytest

from lakehouse_local.local_aws.s3_ranges import SMALLEST

pytestmark = pytest.mark.local_aws


def test_ranges_of_a_large_object(local_aws: Any) -> None:
    s3 = local_aws.client("s3")
    s3.create_bucket(Bucket="ranges")
    body = os.urandom(SMALLEST + 1000)
    s3.put_object(Bucket="ranges", Key="large", Body=body)

    def read(**given: Any) -> bytes:
        return s3.get_object(Bucket="ranges", Key="large", **given)["Body"].read()

    assert read() == body
    assert read(Range="bytes=10-19") == body[10:20]
    assert read(Range=f"bytes={SMALLEST}-") == body[SMALLEST:]
    assert read(Range="bytes=-5") == body[-5:]
    s3.copy_object(Bucket="ranges", Key="copy", CopySource="ranges/large")
    assert s3.get_object(Bucket="ranges", Key="copy")["Body"].read() == body
    s3.put_object(Bucket="ranges", Key="large", Body=b"now small")
    assert read(Range="bytes=0-2") == b"now"
