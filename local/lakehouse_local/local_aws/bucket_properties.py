"""A bucket's properties in a template, as the XML that S3's API takes.

docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html,
API_PutBucketLifecycleConfiguration.html, API_PutBucketLogging.html,
API_PutBucketOwnershipControls.html. A lifecycle rule with a part that is not translated
here is an error, not left out.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

Configuration = tuple[
    str,
    Callable[[dict[str, Any]], bytes],
    str,
    Callable[[ModuleType], Callable[[str], None]],
]
_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
# Template name -> place in the API's XML.
_RULE_TEXTS: Final = {
    "ExpirationInDays": ("Expiration", "Days"),
    "ExpirationDate": ("Expiration", "Date"),
    "ExpiredObjectDeleteMarker": ("Expiration", "ExpiredObjectDeleteMarker"),
}
_RULE_PARTS: Final = (
    "AbortIncompleteMultipartUpload",
    "NoncurrentVersionExpiration",
)
_NONCURRENT: Final = {
    "NoncurrentDays": "NoncurrentDays",
    "NewerNoncurrentVersions": "NewerNoncurrentVersions",
    "DaysAfterInitiation": "DaysAfterInitiation",
}


def encryption(value: dict[str, Any]) -> bytes:
    """``BucketEncryption``."""
    root = Element("ServerSideEncryptionConfiguration", xmlns=_NAMESPACE)
    for rule in value.get("ServerSideEncryptionConfiguration") or []:
        part = SubElement(root, "Rule")
        default = rule.get("ServerSideEncryptionByDefault")
        if default:
            by_default = SubElement(part, "ApplyServerSideEncryptionByDefault")
            for name in ("SSEAlgorithm", "KMSMasterKeyID"):
                if name in default:
                    SubElement(by_default, name).text = str(default[name])
        enabled = str(rule.get("BucketKeyEnabled", False)).lower()
        SubElement(part, "BucketKeyEnabled").text = enabled
    return tostring(root, encoding="utf-8")


def lifecycle(value: dict[str, Any]) -> bytes:
    """``LifecycleConfiguration``. Raises ValueError for a part not known here."""
    root = Element("LifecycleConfiguration", xmlns=_NAMESPACE)
    for rule in value.get("Rules") or []:
        part = SubElement(root, "Rule")
        left = dict(rule)
        if "Id" in left:
            SubElement(part, "ID").text = str(left.pop("Id"))
        prefix = SubElement(SubElement(part, "Filter"), "Prefix")
        prefix.text = str(left.pop("Prefix", ""))
        SubElement(part, "Status").text = str(left.pop("Status"))
        groups: dict[str, Element] = {}
        for name, (group, tag) in _RULE_TEXTS.items():
            if name in left:
                if group not in groups:
                    groups[group] = SubElement(part, group)
                SubElement(groups[group], tag).text = str(left.pop(name))
        for name in _RULE_PARTS:
            if name in left:
                element = SubElement(part, name)
                for key, number in left.pop(name).items():
                    SubElement(element, _NONCURRENT[key]).text = str(number)
        if left:
            raise ValueError(
                f"AWS::S3::Bucket LifecycleConfiguration: {', '.join(sorted(left))} is not known "
                "to the local AWS; see bucket_properties.py"
            )
    return tostring(root, encoding="utf-8")


def logging(value: dict[str, Any]) -> bytes:
    """``LoggingConfiguration``."""
    root = Element("BucketLoggingStatus", xmlns=_NAMESPACE)
    enabled = SubElement(root, "LoggingEnabled")
    SubElement(enabled, "TargetBucket").text = str(value.get("DestinationBucketName", ""))
    SubElement(enabled, "TargetPrefix").text = str(value.get("LogFilePrefix", ""))
    return tostring(root, encoding="utf-8")


def ownership(value: dict[str, Any]) -> bytes:
    """``OwnershipControls``."""
    root = Element("OwnershipControls", xmlns=_NAMESPACE)
    for rule in value.get("Rules") or []:
        part = SubElement(root, "Rule")
        SubElement(part, "ObjectOwnership").text = str(rule["ObjectOwnership"])
    return tostring(root, encoding="utf-8")


def _deletes(name: str) -> Callable[[ModuleType], Callable[[str], None]]:
    return lambda s3: getattr(s3, name)


def _no_logging(s3: ModuleType) -> Callable[[str], None]:
    return lambda bucket: s3._bucket_logging_config.pop(bucket, None)


# Property, its XML, S3's function that stores it, and the one for a property that is gone.
CONFIGURATIONS: Final[tuple[Configuration, ...]] = (
    (
        "BucketEncryption",
        encryption,
        "_put_bucket_encryption",
        _deletes("_delete_bucket_encryption"),
    ),
    (
        "LifecycleConfiguration",
        lifecycle,
        "_put_bucket_lifecycle",
        _deletes("_delete_bucket_lifecycle"),
    ),
    ("LoggingConfiguration", logging, "_put_bucket_logging", _no_logging),
    (
        "OwnershipControls",
        ownership,
        "_put_bucket_ownership_controls",
        _deletes("_delete_bucket_ownership_controls"),
    ),
)
