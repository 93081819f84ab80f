from datetime import UTC, datetime

import pytest

from lakehouse_tools.erasure import remains

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_VERSIONS = {
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 14},
}


def expires(prefix, days, status="Enabled"):
    return {"Status": status, "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}


@pytest.fixture
def bucket(stub, stack):
    def answers(versioning, rules):
        place = {"Bucket": stack.lake_bucket_name}
        status = {"Status": versioning} if versioning else {}
        stub("s3").add_response("get_bucket_versioning", status, place)
        if rules is None:
            stub("s3").add_client_error(
                "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"
            )
        else:
            stub("s3").add_response("get_bucket_lifecycle_configuration", {"Rules": rules}, place)

    return answers


def test_each_has_the_last_day_that_the_deployed_bucket_gives_it_if_any(account, stack, bucket):
    bucket("Enabled", [OLD_VERSIONS, expires("athena/", 30)])
    assert remains.look(account, stack, now=NOW) == (
        "old versions of the files that were deleted, in the bucket until 2026-03-17 (14 days)",
        "results of queries that somebody made before, under athena/ until 2026-04-02 (30 days)",
        "pages of comparisons, runs/<execution>/_comparison.html, without an end: they show keys of"
        " rows that differ; delete those that name the person",
    )


def test_a_bucket_that_was_never_versioned_keeps_none(account, stack, bucket):
    bucket(None, [expires("athena/", 30)])
    found = remains.look(account, stack, now=NOW)
    assert len(found) == 2
    assert not any("old versions" in sentence for sentence in found)


def test_what_no_rule_expires_is_told_to_have_no_end(account, stack, bucket):
    bucket("Suspended", None)
    found = remains.look(account, stack, now=NOW)
    ends = [sentence.endswith("no lifecycle rule of the bucket expires them") for sentence in found]
    assert ends == [True, True, False]
    bucket("Enabled", [OLD_VERSIONS, expires("athena/", 30, "Disabled")])
    assert "athena/ without an end" in remains.look(account, stack, now=NOW)[1]


def test_who_may_not_ask_is_told_so(account, stub, stack):
    stub("s3").add_client_error("get_bucket_versioning", "AccessDenied")
    (sentence,) = remains.look(account, stack, now=NOW)
    assert "is not known" in sentence
    assert "GetBucketVersioning" in sentence
