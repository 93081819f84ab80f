"""Which fields each kind of state has in JSONata.

docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html and the pages of
the states; a state in JSONata has none of JSONPath's fields.
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
CATCH_FIELDS: Final = frozenset({"Assign", "Comment", "ErrorEquals", "Next", "Output"})
COMMON_FIELDS: Final = frozenset({"Comment", "QueryLanguage", "Type"})

# AWS has these; the local engine does not, and says so.
NOT_LOCAL: Final = frozenset(
    {
        "Credentials",
        "HeartbeatSeconds",
        "ItemBatcher",
        "ItemReader",
        "Label",
        "ResultWriter",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
    }
)

# Each entry names alternatives, of which one is needed.
REQUIRED_FIELDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Pass": (),
    "Succeed": (),
    "Fail": (),
    "Task": (("Resource",),),
    "Choice": (("Choices",),),
    "Wait": (("Seconds", "Timestamp"),),
    "Parallel": (("Branches",),),
    "Map": (("ItemProcessor",),),
}

_FLOW: Final = frozenset({"Next", "End"})
_HANDLERS: Final = frozenset({"Retry", "Catch"})
_DATA: Final = frozenset({"Assign", "Output"})

STATE_FIELDS: Final[dict[str, frozenset[str]]] = {
    "Pass": _DATA | _FLOW,
    "Succeed": frozenset({"Output"}),
    "Fail": frozenset({"Error", "Cause"}),
    "Task": _DATA | _FLOW | _HANDLERS | {"Resource", "Arguments", "TimeoutSeconds"},
    "Choice": _DATA | {"Choices", "Default"},
    "Wait": _DATA | _FLOW | {"Seconds", "Timestamp"},
    "Parallel": _DATA | _FLOW | _HANDLERS | {"Branches", "Arguments"},
    "Map": _DATA | _FLOW | _HANDLERS | {"ItemProcessor", "Items", "ItemSelector", "MaxConcurrency"},
}
