import io
import json

from botocore.response import StreamingBody

from lakehouse_tools.configured import configured_names, deployed_config

CONFIG = {
    "api_version": "62.0",
    "groups": {"sales": {"include": ["Account", "*__Share"]}, "rest": {"include": ["Lead"]}},
}


def test_the_deployed_configuration_is_read_from_where_the_job_reads_it(account, stub, stack):
    arguments = {"--objects_config": "s3://assets/abc.json"}
    stub("glue").add_response(
        "get_job", {"Job": {"DefaultArguments": arguments}}, {"JobName": "extract"}
    )
    body = json.dumps(CONFIG).encode()
    stub("s3").add_response(
        "get_object",
        {"Body": StreamingBody(io.BytesIO(body), len(body))},
        {"Bucket": "assets", "Key": "abc.json"},
    )
    config = deployed_config(account, stack)
    assert configured_names(config) == ["Account", "Lead"]
