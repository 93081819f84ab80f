"""Templates as a reviewer reads them: YAML, sorted, without what changes at every build.

Development stands whole, production as its difference from development.
``make snapshots`` writes them anew; the difference belongs into the same commit as the
change that made it.
"""

import difflib
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from lakehouse_tools.review.stateful import STATEFUL

FOLDER = Path(__file__).resolve().parent / "snapshots"
DEV = "LakehouseDev"
PROD = "LakehouseProd"
_ASSET = re.compile(r"[0-9a-f]{64}")
_PROD_NAME = re.compile(r"(?<=lakehouse[_-])prod(?![a-z])")
_BOOTSTRAP = ("BootstrapVersion", "CheckBootstrapVersion")


def snapshot(template: dict[str, Any]) -> str:
    """A template with the hashes of assets masked and the state machine as a document."""
    kept = {
        section: {k: v for k, v in values.items() if k not in _BOOTSTRAP}
        for section, values in template.items()
    }
    kept = {section: values for section, values in kept.items() if values}
    for resource in kept["Resources"].values():
        resource.get("Metadata", {}).pop("aws:cdk:path", None)  # the CDK CLI adds it
        if not resource.get("Metadata"):
            resource.pop("Metadata", None)
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            resource["Properties"]["DefinitionString"] = definition(resource)
    masked = json.loads(_ASSET.sub("<hash>", json.dumps(kept)))
    return yaml.safe_dump(_settled(masked), sort_keys=True, width=100, allow_unicode=True)


def _settled(value: Any) -> Any:
    """The same with the resources of statements in order: CDK sorts them by assets' hashes."""
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    settled = {key: _settled(item) for key, item in value.items()}
    if isinstance(settled.get("Resource"), list):
        settled["Resource"].sort(key=lambda resource: json.dumps(resource, sort_keys=True))
    return settled


def definition(resource: dict[str, Any]) -> Any:
    """A state machine's definition, references as ``${Name}``."""
    text = resource["Properties"]["DefinitionString"]
    if isinstance(text, dict):
        text = "".join(
            part if isinstance(part, str) else f"${{{_name(part)}}}" for part in text["Fn::Join"][1]
        )
    return json.loads(text)


def _name(reference: dict[str, Any]) -> str:
    (value,) = reference.values()
    return value if isinstance(value, str) else ".".join(value)


def stateful(template: dict[str, Any]) -> str:
    """One line for each resource that must not be replaced: its type and logical id."""
    return "".join(
        sorted(
            f"{resource['Type']} {name}\n"
            for name, resource in template["Resources"].items()
            if resource["Type"] in STATEFUL
        )
    )


def snapshots(assembly: Path) -> dict[str, str]:
    """File name -> text, for both stacks."""
    templates = {
        stack: json.loads((assembly / f"{stack}.template.json").read_text(encoding="utf-8"))
        for stack in (DEV, PROD)
    }
    dev, prod = (snapshot(templates[stack]).splitlines(keepends=True) for stack in (DEV, PROD))
    # Names that differ in the prefix alone are no difference.
    prod_as_dev = [_PROD_NAME.sub("dev", line) for line in prod]
    difference = difflib.unified_diff(dev, prod_as_dev, fromfile=DEV, tofile=PROD, n=3)
    return {
        f"{DEV}.yaml": "".join(dev),
        f"{PROD}.diff": "".join(difference),
        **{f"{stack}.stateful.txt": stateful(template) for stack, template in templates.items()},
    }


def main(assembly: Path) -> None:
    """Write the snapshots."""
    for name, text in snapshots(assembly).items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
