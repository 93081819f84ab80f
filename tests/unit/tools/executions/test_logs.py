from lakehouse_tools.executions.logs import LogTail

NAMES = {"logGroupName": "/g", "logStreamName": "s", "startFromHead": True}


def answer(*messages, token):
    return {
        "events": [{"timestamp": 1, "message": m, "ingestionTime": 1} for m in messages],
        "nextForwardToken": token,
        "nextBackwardToken": "b",
    }


def test_each_line_is_read_once(account, stub):
    logs = stub("logs")
    tail = LogTail(account.client("logs"), group="/g", stream="s")
    logs.add_response("get_log_events", answer("a\n", "b", token="f1"), NAMES)
    logs.add_response("get_log_events", answer(token="f1"), {**NAMES, "nextToken": "f1"})
    assert tail.read() == ["a", "b"]
    logs.add_response("get_log_events", answer("c", token="f2"), {**NAMES, "nextToken": "f1"})
    logs.add_response("get_log_events", answer(token="f2"), {**NAMES, "nextToken": "f2"})
    assert tail.read() == ["c"]


def test_a_stream_that_is_not_there_yet_is_empty_and_asked_again(account, stub):
    logs = stub("logs")
    tail = LogTail(account.client("logs"), group="/g", stream="s")
    logs.add_client_error("get_log_events", "ResourceNotFoundException", "no such stream")
    assert tail.read() == []
    logs.add_response("get_log_events", answer("a", token="f1"), NAMES)
    logs.add_response("get_log_events", answer(token="f1"), {**NAMES, "nextToken": "f1"})
    assert tail.read() == ["a"]
