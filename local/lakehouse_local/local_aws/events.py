"""State changes on the default event bus, as Glue and CodeBuild publish them.

docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html,
docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html.
ministack 1.5.33 publishes neither.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any


def publish(
    source: str, detail_type: str, detail: Mapping[str, Any], *, resources: Sequence[str] = ()
) -> None:
    """Put one event of an AWS service on the default bus; a failure is logged, not raised."""
    from ministack.services import eventbridge

    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": list(resources),
    }
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        # The run or build has ended, whether its event found a taker or not.
        logging.getLogger("local_aws").exception("event %s not published", detail_type)
