"""The JSONata expressions that read what jobs and builds left, and say how it went.

Shapes between the states:

- a *group* (``GROUP``, ``GROUP_BY_ITS_END``): {"group", "landed", "unchanged", "skipped",
  "unbuilt", "failed": [{"object", "message"}], and, where the run left no outcome, "names"
  and "error"}
- the *extraction* (``EXTRACTION``): the lists of all groups, and "broken": the groups with
  an error
- the *build* (``BUILD_READ``, ``BUILD_UNREAD``): {"status", "cause"}, status
  ``not_started`` where there was nothing to build
- the *comparison* (the same): {"status", "cause", "verdict", "turned", "report"}
- the *verdict* (``VERDICT``): either "error" and "cause", or "summary"
"""

from typing import Final

# Messages stay short enough for a state's payload of 256 KiB, and the cause for Fail's limit.
_MESSAGE: Final = 500
_CAUSE: Final = 8_000

# Of a Catch. The Cause of a failed run or build is its description as JSON; of a service
# error it is a sentence; of a time-out it may be missing.
JOB_ERROR: Final = """(
  $cause := $states.errorOutput.Cause;
  $run := $exists($cause) and $substring($cause, 0, 1) = "{" ? $parse($cause) : {};
  $exists($run.ErrorMessage) and $run.ErrorMessage != "" ? $run.ErrorMessage
  : $exists($run.JobRunState) ? "the Glue run ended " & $run.JobRunState
  : $exists($cause) and $cause != "" ? $states.errorOutput.Error & ": " & $cause
  : $states.errorOutput.Error
)"""

# CodeBuild of an account that may run no build: no waiting helps.
NONE_ALLOWED: Final = "/more than 0 (active )?builds/"

BUILD_ERROR: Final = """(
  $cause := $states.errorOutput.Cause;
  $build := $exists($cause) and $substring($cause, 0, 1) = "{" ? $parse($cause).Build : {};
  $messages := $build.Phases[PhaseStatus != "SUCCEEDED"].Contexts.Message[$ != ""];
  $exists($build.BuildStatus)
  ? "build " & $build.BuildStatus & (
      $count($messages) > 0 ? ": " & $messages[0] : ""
    )
  : $exists($cause) and $contains($string($cause), NONE_ALLOWED)
  ? "CodeBuild lets this account run no build (" & $cause & "); ask AWS for one at least: "
    & "Service Quotas, AWS CodeBuild, Concurrently running builds for Linux/Small environment; "
    & "a support case where that shows more than 0"
  : $exists($cause) and $cause != "" ? $states.errorOutput.Error & ": " & $cause
  : $states.errorOutput.Error
)""".replace("NONE_ALLOWED", NONE_ALLOWED)

# After the Glue run: its input is {"item", "error"}, without error where the run succeeded.
GROUP: Final = """(
  $run := $states.input;
  $outcome := $parse($states.result.Body);
  $failed := [$outcome.failed.{"object": object, "message": $substring(message, 0, MESSAGE)}];
  $merge([
    {
      "group": $run.item.group,
      "landed": [$outcome.landed],
      "unchanged": [$outcome.unchanged],
      "skipped": [$outcome.skipped],
      "unbuilt": [$outcome.unbuilt],
      "failed": $failed
    },
    $exists($run.error) and $count($failed) = 0
    ? {"names": [], "error": $substring($run.error, 0, MESSAGE)} : {}
  ])
)""".replace("MESSAGE", str(_MESSAGE))

# Where the outcome could not be read.
GROUP_WITHOUT_OUTCOME: Final = """(
  $run := $states.input;
  {
    "group": $run.item.group,
    "landed": [],
    "unchanged": [],
    "skipped": [],
    "unbuilt": [],
    "failed": [],
    "names": $run.item.names,
    "error": $substring(
      $exists($run.error) ? $run.error
      : "the run ended without an outcome (" & $states.errorOutput.Error & ")", 0, MESSAGE)
  }
)""".replace("MESSAGE", str(_MESSAGE))

# After a run that leaves no outcome: how it ended is all there is to know.
GROUP_BY_ITS_END: Final = """(
  $run := $states.input;
  $broken := $exists($run.error);
  $merge([
    {
      "group": $run.item.group,
      "landed": $broken ? [] : $run.item.names,
      "unchanged": [],
      "skipped": [],
      "unbuilt": [],
      "failed": []
    },
    $broken ? {"names": $run.item.names, "error": $substring($run.error, 0, MESSAGE)} : {}
  ])
)""".replace("MESSAGE", str(_MESSAGE))

EXTRACTION: Final = """(
  $groups := $states.input;
  {
    "landed": [$groups.landed],
    "unchanged": [$groups.unchanged],
    "skipped": [$groups.skipped],
    "unbuilt": [$groups.unbuilt],
    "failed": [$groups.failed],
    "broken": [$groups[$exists(error)].{"group": group, "names": names, "error": error}]
  }
)"""

# Whether dbt has work: rows that landed now, or earlier, in an execution whose build failed
# or never came, or a full refresh that was asked for. What failed now is left out of the
# build, so it is no reason for one.
TO_BUILD: Final = """(
  $failed := $extraction.failed.object;
  $plan.full_refresh
  or $count($extraction.landed) > 0
  or $count($extraction.unbuilt[$not($ in $failed)]) > 0
)"""

NOT_STARTED: Final = '{"status": "not_started", "cause": ""}'

# For the build: what dbt leaves out. API names, comma-separated.
FAILED_OBJECTS: Final = (
    '$join($append([$extraction.failed.object], [$extraction.broken.names]), ",")'
)

# After the build: its input is {"error"}, empty where the build succeeded.
BUILD_READ: Final = """(
  $error := $states.input.error;
  $outcome := $parse($states.result.Body);
  $merge([
    $outcome,
    $exists($error) and $outcome.status = "succeeded" ? {"status": "failed", "cause": $error} : {}
  ])
)"""

BUILD_UNREAD: Final = """{
  "status": "failed",
  "cause": $exists($states.input.error) ? $states.input.error
    : "the build ended without an outcome (" & $states.errorOutput.Error & ")"
}"""

# Of an execution whose input the plan refused.
REFUSAL: Final = '{"error": $plan.error, "cause": $substring($plan.cause, 0, CAUSE)}'.replace(
    "CAUSE", str(_CAUSE)
)

# Of a comparison that fails now, and did not before.
TURN: Final = """
  "The old system and the marts differ: " & $substring($string($comparison.cause), 0, CAUSE)
  & "\\n\\nReport: " & $comparison.report
  & "\\n\\nExecution: " & $states.context.Execution.Id
""".strip().replace("CAUSE", str(_CAUSE))

_VERDICT: Final = """(
  $x := $extraction;
  $name := $states.context.Execution.Name;
  $total := $count($x.landed) + $count($x.unchanged) + $count($x.skipped)
    + $count($x.failed) + $count($x.broken.names);
  $reasons := $distinct($x.failed.message).(
    $reason := $;
    $join($x.failed[message = $reason].object, ", ") & ": " & $reason
  );
  $failed := $count($x.failed) = 0 ? ""
    : $count($x.failed) & " of " & $total & ($total = 1 ? " object" : " objects") & " failed: "
      & $join($reasons, "; ");
  $broken := $join($x.broken.("the extraction of group " & group & " failed: " & error), "; ");
  $dbt := $build.status != "failed" ? ""
    : $contains($string($build.cause), /^dbt build/) ? $string($build.cause)
    : "dbt build failed: " & $string($build.cause);
  COMPARED$error := $broken != "" ? "ExtractionFailed"
    : $failed != "" ? "ObjectsFailed"
    : $dbt != "" ? "DbtBuildFailed" OR_COMPARED: "";
  $error != "" ? {
    "error": $error,
    "cause": $substring($join([$broken, $failed, $dbtAND_COMPARED][$ != ""], "; "), 0, CAUSE)
  } : {
    "summary": {
      "execution": $name,
      "mode": $plan.mode,
      "landed": $x.landed,
      "unchanged": $count($x.unchanged),
      "skipped": $x.skipped,
      "unbuilt": $count($x.unbuilt),
      "build": $build.statusIN_SUMMARY
    }
  }
)""".replace("CAUSE", str(_CAUSE))


def _verdict(compared: dict[str, str]) -> str:
    """What the comparison adds to the verdict, at the places where it does."""
    text = _VERDICT
    for place in ("OR_COMPARED", "AND_COMPARED", "COMPARED", "IN_SUMMARY"):
        text = text.replace(place, compared.get(place, ""))
    return text


VERDICT: Final = _verdict({})
# Where there is an old system to compare with. What it finds is no failure of an execution.
VERDICT_COMPARED: Final = _verdict(
    {
        "COMPARED": """$compared := $comparison.status != "failed" ? ""
    : "the comparison with the old system failed: " & $string($comparison.cause);
  """,
        "OR_COMPARED": """: $compared != "" ? "ComparisonFailed" """,
        "AND_COMPARED": ", $compared",
        "IN_SUMMARY": """,
      "comparison": $comparison.status = "succeeded" ? $comparison.verdict
        : $comparison.status""",
    }
)
