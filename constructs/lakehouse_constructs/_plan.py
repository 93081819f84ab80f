"""The JSONata expression that works out what an execution extracts.

It decides as :class:`lakehouse_jobs.contract.objects.ObjectsConfig` does: names beat
patterns, the first matching group of the file wins, case does not matter. A mistake in
the input is found here, before anything is started.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from lakehouse_jobs.contract.arguments import ALL_OBJECTS, UNSET, Mode
from lakehouse_jobs.contract.objects import Group, ObjectsConfig, is_pattern
from lakehouse_jobs.contract.period import MOMENT_FORM, MOMENT_PATTERN

# {"objects": […], "groups": […], "mode": "…", "since": "…", "until": "…", "full_refresh": true,
#  "models": […]}, all optional.
INPUT_KEYS: Final = ("objects", "groups", "mode", "since", "until", "full_refresh", "models")

# The value of the expression has either `error` and `cause`, or `mode`, `since`, `until`,
# `full_refresh`, `models` (one text) and `items`, one for each Glue run:
# {"group", "objects": what the job is asked for, "names": the objects known by name,
#  "worker_type" and "workers" where the plan is sized, "timeout_minutes"}
_TEMPLATE: Final = """(
  $in := $states.input;
  $known := %(groups)s;
  $modes := %(modes)s;
  $allowed := %(keys)s;

  $group_of := function($name) { (
    $n := $lowercase($name);
    %(group_of)s
  ) };
  $spelled := function($name) { (
    $n := $lowercase($name);
    $found := $known.names[$lowercase($) = $n];
    $exists($found) ? $found[0] : $name
  ) };
  $is_list := function($v) {
    $type($v) = "array" and $count($v) > 0 and $count($v[$type($) != "string"]) = 0
  };
  $set := function($key) { $lookup($in, $key) != null };
  $is_moment := function($v) {
    $type($v) = "string" ? $contains($v, /%(moment)s/) : false
  };
  $moment := function($key) { (
    $v := $lookup($in, $key);
    $set($key) ? ($length($v) = 10 ? $v & "T00:00:00Z" : $v) : %(unset)s
  ) };

  $stray := $type($in) = "object" ? $keys($in)[$not($ in $allowed)] : [];
  $objects := $is_list($in.objects) ? $in.objects : [];
  $groups := $is_list($in.groups) ? $in.groups : [];
  $unknown_objects := $objects[$group_of($) = ""];
  $unknown_groups := $groups[$not($ in $known.group)];
  $asked := $distinct($objects.$spelled($));

  $items := [$known[$count($groups) = 0 or group in $groups].(
    $known_group := $;
    $mine := [$asked[$group_of($) = $known_group.group]];
    $count($objects) = 0 or $count($mine) > 0 ? {
      "group": group,
      "objects": $count($objects) = 0 ? %(all)s : $join($mine, ","),
      "names": $count($objects) = 0 ? names : $mine,
      "worker_type": worker_type,
      "workers": workers,
      "timeout_minutes": timeout_minutes
    }
  )];

  $refused := function($error, $cause) { {"error": $error, "cause": $cause, "items": []} };
  $invalid := function($key, $expected) { $refused("InvalidInput",
    $key & ": got " & $string($lookup($in, $key)) & "; allowed: " & $expected
  ) };
  $unknown := function($error, $names, $configured) { $refused($error,
    "not configured: " & $join($names, ", ") & "; configured: " & $configured
  ) };

  $type($in) != "object"
  ? $refused("InvalidInput", "the input is not a JSON object")
  : $count($stray) > 0
  ? $invalid($stray[0], "one of the keys " & $join($allowed, ", "))
  : $set("objects") and $not($is_list($in.objects))
  ? $invalid("objects", "a list of object names, or nothing for all")
  : $set("groups") and $not($is_list($in.groups))
  ? $invalid("groups", "a list of group names, or nothing for all")
  : $set("mode") and $not($in.mode in $modes)
  ? $invalid("mode", $join($modes, ", "))
  : $set("since") and $not($is_moment($in.since))
  ? $invalid("since", %(moment_form)s)
  : $set("until") and $not($is_moment($in.until))
  ? $invalid("until", %(moment_form)s)
  : $set("since") and $set("until") and $moment("since") >= $moment("until")
  ? $invalid("until", "a time after since, which is " & $in.since)
  : $set("full_refresh") and $type($in.full_refresh) != "boolean"
  ? $invalid("full_refresh", "true or false")
  : $set("models") and $not($is_list($in.models))
  ? $invalid("models", "a list of dbt's selectors, or nothing for all")
  : $count($unknown_groups) > 0
  ? $unknown("UnknownGroup", $unknown_groups, $join($known.group, ", "))
  : $count($unknown_objects) > 0
  ? $unknown("UnknownObject", $unknown_objects, %(configured)s)
  : $count($items) = 0
  ? $refused("NothingRequested",
      "none of the objects " & $join($asked, ", ") & " is in the groups " & $join($groups, ", "))
  : {
    "mode": $set("mode") ? $in.mode : %(mode)s,
    "since": $moment("since"),
    "until": $moment("until"),
    "full_refresh": $in.full_refresh = true,
    "models": $is_list($in.models) ? $join($in.models, " ") : "",
    "items": $items
  }
)"""


def plan_expression(objects: ObjectsConfig, *, sized: bool = True) -> str:
    """The expression for this configuration, without the delimiters ``{% %}``.

    Where it is not ``sized``, the items say nothing of workers: the job has its own.
    """
    return _TEMPLATE % {
        "groups": _literal([_known(group, sized=sized) for group in objects.groups]),
        "modes": _literal([mode.value for mode in Mode]),
        "keys": _literal(INPUT_KEYS),
        "group_of": _group_of(objects.groups),
        "configured": _literal(_configured(objects.groups)),
        "all": _literal(ALL_OBJECTS),
        "mode": _literal(Mode.INCREMENTAL.value),
        "moment": MOMENT_PATTERN,
        "moment_form": _literal(MOMENT_FORM),
        "unset": _literal(UNSET),
    }


def _known(group: Group, *, sized: bool) -> dict[str, Any]:
    size = {"worker_type": group.worker_type, "workers": group.workers} if sized else {}
    return {
        "group": group.name,
        "names": [entry for entry in group.include if not is_pattern(entry)],
        **size,
        "timeout_minutes": group.timeout_minutes,
    }


def _group_of(groups: Iterable[Group]) -> str:
    """A chain of conditions over ``$n``, the name in lower case; ``""`` where none holds."""
    by_name: list[str] = []
    by_pattern: list[str] = []
    for group in groups:
        names = [entry.lower() for entry in group.include if not is_pattern(entry)]
        patterns = [entry for entry in group.include if is_pattern(entry)]
        if names:
            by_name.append(f"$n in {_literal(names)} ? {_literal(group.name)} :")
        if patterns:
            condition = _any(patterns)
            if group.exclude:
                condition = f"({condition}) and $not({_any(group.exclude)})"
            by_pattern.append(f"{condition} ? {_literal(group.name)} :")
    return " ".join((*by_name, *by_pattern, '""'))


def _any(patterns: Iterable[str]) -> str:
    return " or ".join(f"$contains($n, /^{_regex(pattern)}$/)" for pattern in patterns)


def _regex(pattern: str) -> str:
    """A pattern as a regular expression over API names in lower case."""
    return pattern.lower().replace("*", "[a-z0-9_]*").replace("?", "[a-z0-9_]")


def _configured(groups: Iterable[Group]) -> str:
    return "; ".join(
        f"{group.name}: {', '.join(group.include)}"
        + (f" without {', '.join(group.exclude)}" if group.exclude else "")
        for group in groups
    )


def _literal(value: object) -> str:
    """A value as a JSONata literal; every JSON text is one."""
    return json.dumps(value)
