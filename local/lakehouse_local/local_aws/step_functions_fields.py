"""Which fields each kind of state has, in each query language.

docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and the pages of
the states; a state in JSONata has none of JSONPath's fields, and the other way round.
"""

from typing import Final

MACHINE_FIELDS: Final = frozenset(
    {"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"}
)
PROCESSOR_FIELDS: Final = frozenset(
    {"Comment", "ProcessorConfig", "QueryLanguage", "StartAt", "States"}
)
RETRY_FIELDS: Final = frozenset(
    {
        "BackoffRate",
        "Comment",
        "ErrorEquals",
        "IntervalSeconds",
        "JitterStrategy",
        "MaxAttempts",
        "MaxDelaySeconds",
    }
)
CATCH_FIELDS: Final = frozenset(
    {"Assign", "Comment", "ErrorEquals", "Next", "Output", "ResultPath"}
)
COMMON_FIELDS: Final = frozenset({"Comment", "QueryLanguage", "Type"})

# AWS has these; the local engine does not, and says so.
NOT_LOCAL: Final = frozenset(
    {
        "Credentials",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
        "ItemBatcher",
        "ItemReader",
        "Label",
        "ResultWriter",
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
    }
)

# Each entry names alternatives, of which one is needed.
REQUIRED_FIELDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Pass": (),
    "Succeed": (),
    "Fail": (),
    "Task": (("Resource",),),
    "Choice": (("Choices",),),
    "Wait": (("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),),
    "Parallel": (("Branches",),),
    "Map": (("ItemProcessor", "Iterator"),),
}

_FLOW: Final = frozenset({"Next", "End"})
_HANDLERS: Final = frozenset({"Retry", "Catch"})
_JSONATA: Final = frozenset({"Assign", "Output"})
_PATHS: Final = frozenset({"InputPath", "OutputPath", "Assign"})
_RESULT: Final = frozenset({"ResultPath", "ResultSelector"})

STATE_FIELDS: Final[dict[str, dict[str, frozenset[str]]]] = {
    "JSONata": {
        "Pass": _JSONATA | _FLOW,
        "Succeed": frozenset({"Output"}),
        "Fail": frozenset({"Error", "Cause"}),
        "Task": _JSONATA | _FLOW | _HANDLERS | {"Resource", "Arguments", "TimeoutSeconds"},
        "Choice": _JSONATA | {"Choices", "Default"},
        "Wait": _JSONATA | _FLOW | {"Seconds", "Timestamp"},
        "Parallel": _JSONATA | _FLOW | _HANDLERS | {"Branches", "Arguments"},
        "Map": _JSONATA
        | _FLOW
        | _HANDLERS
        | {"ItemProcessor", "Items", "ItemSelector", "MaxConcurrency"},
    },
    "JSONPath": {
        "Pass": _PATHS | _FLOW | {"Parameters", "Result", "ResultPath"},
        "Succeed": frozenset({"InputPath", "OutputPath"}),
        "Fail": frozenset({"Error", "ErrorPath", "Cause", "CausePath"}),
        "Task": _PATHS
        | _FLOW
        | _HANDLERS
        | _RESULT
        | {"Resource", "Parameters", "TimeoutSeconds", "TimeoutSecondsPath"},
        "Choice": _PATHS | {"Choices", "Default"},
        "Wait": _PATHS | _FLOW | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
        "Parallel": _PATHS | _FLOW | _HANDLERS | _RESULT | {"Branches", "Parameters"},
        "Map": _PATHS
        | _FLOW
        | _HANDLERS
        | _RESULT
        | {
            "ItemProcessor",
            "Iterator",
            "ItemsPath",
            "ItemSelector",
            "Parameters",
            "MaxConcurrency",
            "MaxConcurrencyPath",
        },
    },
}
