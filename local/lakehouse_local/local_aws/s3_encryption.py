"""An upload with ``aws:kms`` and no key takes the bucket's key, else the account's own.

AWS: docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html ("If you don't
specify a customer managed key, Amazon S3 uses the AWS managed key aws/s3"). The CDK CLI
uploads its assets so once the bootstrap bucket has its encryption; ministack refuses it.
Nothing is encrypted: the header is kept and shown.
"""

from typing import Any

from lakehouse_local.home import ACCOUNT, REGION
from lakehouse_local.local_aws import patching
from lakehouse_local.local_aws.context import Context

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_MANAGED_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/s3"


def install(context: Context) -> None:  # noqa: ARG001 - all adapters are called alike
    """Name the key that AWS would take."""
    from ministack.services import s3

    defaults = patching.expect(s3, "_bucket_default_sse_headers", parameters="bucket_name")

    def with_key(headers: dict[str, str], bucket_name: str) -> Any:
        if headers.get(_ALGORITHM) == "aws:kms" and not headers.get(_KEY):
            key = defaults(bucket_name).get(_KEY, _MANAGED_KEY)
            headers = {**headers, _KEY: key}
        return original(headers, bucket_name)

    original = patching.replace(
        s3, "_resolve_sse_write_headers", with_key, parameters="headers bucket_name"
    )
