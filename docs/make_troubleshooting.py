"""Writes docs/troubleshooting.md: every error the code can raise, by the text that one sees.

The messages are read from the sources, so the page cannot fall behind: ``make reference``.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lakehouse_jobs.salesforce.answers import Refusal, error_for

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "troubleshooting.md"
# Where errors are defined that a person meets, with a heading; the order of the page.
FAMILIES: Final = {
    "Extraction": ("glue_jobs/lakehouse_jobs/errors.py",),
    "dbt build": ("glue_jobs/lakehouse_jobs/build/errors.py",),
    "The `lakehouse` command": (
        "scripts/lakehouse_tools/errors.py",
        "scripts/lakehouse_tools/comparison/errors.py",
    ),
    "Checks of `lakehouse connections` and `lakehouse deploy`": (
        "scripts/lakehouse_tools/checks.py",
    ),
    "Synthesis": ("constructs/lakehouse_constructs/_errors.py",),
    "The local AWS and the demo org": (
        "local/lakehouse_local/background.py",
        "local/lakehouse_local/runtimes/item.py",
        "local/lakehouse_local/salesforce_org/lifecycle.py",
        "local/lakehouse_local/server.py",
    ),
}
# What ends a check: text and remedy are two arguments, and two lines on the screen.
CHECKS: Final = ("CheckFailedError", "Note")
# What to do where a message does not say it itself, by class.
REMEDIES: Final = {
    "Note": "nothing: it stands in nobody's way",
    "AwsError": "check the credentials' permissions for that call, and the region",
    "BackgroundError": "look into the log that the message or `lakehouse doctor` names",
    "BulkJobError": "the next run reads again; Setup > Bulk Data Load Jobs shows the job",
    "CheckFailedError": "the line below it, after the arrow, says it",
    "CatalogError": "check that the stack is deployed and the build's role may read the catalog",
    "DbtError": "run `dbt debug` and `dbt compile` in `dbt_project`: they show the line",
    "DeployError": "the text names CDK's own error; all of its output is in the log or above",
    "ComparisonFailedError": "correct the file that the message names",
    "ExecutionError": "`lakehouse report` shows each object and what of the build failed",
    "FieldVanishedError": "the run describes the object again and starts it anew",
    "NotComparedError": "docs/comparison.md says what each key of the configuration means",
    "NotDeployedError": "deploy: `lakehouse up`, or with `--env` for an account",
    "OrgError": "`lakehouse up --demo-org` starts the demo org again",
    "QueryError": "correct the SQL (Athena's dialect); `show tables in <database>` lists tables",
    "RuntimesError": "run `lakehouse setup` again; `lakehouse doctor` says what is missing",
    "SecretError": "put the whole secret in again: `lakehouse secret set`",
    "ServerError": "run `lakehouse doctor`: it says what is missing on this machine",
    "TransferError": "it was tried several times; the next run reads the object again; if it "
    "stays, look at what stands between the job and Salesforce",
    "UnreachableError": "it was tried several times; check the address, the org and the network",
}
# How an execution ends, by the error of its Fail state, and what its cause may say.
PIPELINE: Final = (
    (
        "InvalidInput",
        "‹key›: got ‹value›; allowed: …",
        "correct the input; the schedule's, if it was one: `schedules` in `config/<env>.json`",
    ),
    (
        "UnknownGroup",
        "not configured: ‹names›; configured: …",
        "a schedule or a person names a group that `salesforce_objects.json` has no longer",
    ),
    (
        "UnknownObject",
        "not configured: ‹names›; configured: …",
        "add the object to a group of `salesforce_objects.json` and deploy",
    ),
    (
        "NothingRequested",
        "none of the objects ‹names› is in the groups ‹names›",
        "leave out the groups, or name those of the objects",
    ),
    (
        "ObjectsFailed",
        "‹n› of ‹n objects› failed: ‹names›: ‹message›",
        "each message is one of the tables below; the other objects landed and were built",
    ),
    (
        "ExtractionFailed",
        "the extraction of group ‹group› failed: the Glue run ended TIMEOUT",
        "the group outgrew its `timeout_minutes`: raise it in `salesforce_objects.json`, or give "
        "its largest object a group of its own",
    ),
    (
        "ExtractionFailed",
        "the extraction of group ‹group› failed: the run ended without an outcome (‹error›)",
        "the run died: its log is in CloudWatch under `/aws-glue/jobs/`; the next execution goes "
        "on with its load",
    ),
    (
        "DbtBuildFailed",
        "dbt build …: ‹models and tests›",
        "`lakehouse report <name>` has dbt's own messages; what landed is built by the next "
        "execution",
    ),
    (
        "DbtBuildFailed",
        "dbt build failed: build TIMED_OUT",
        "its time was over: raise `dbt.timeout_minutes` in `config/<env>.json`, or give it more "
        "workers",
    ),
    (
        "DbtBuildFailed",
        "dbt build failed: CodeBuild lets this account run no build (‹cause›)",
        "a new account's quota: ask for 1 at least in Service Quotas, AWS CodeBuild, "
        "Concurrently running builds for Linux/Small environment",
    ),
    (
        "ComparisonFailed",
        "the comparison with the old system failed: ‹cause›",
        "the marts are built; the build's log names the table or the right that is missing",
    ),
)
# Answers of Salesforce, by status and code. What becomes of them is asked of the code itself.
REFUSALS: Final = (
    (404, "NOT_FOUND", ""),
    (401, "INVALID_SESSION_ID", ""),
    (403, "API_DISABLED_FOR_ORG", ""),
    (403, "INSUFFICIENT_ACCESS", "and every other code with this status"),
    (403, "REQUEST_LIMIT_EXCEEDED", "also `LIMIT_EXCEEDED`, `EXCEEDED_ID_LIMIT`"),
    (400, "INVALID_FIELD", ""),
    (400, "INVALIDENTITY", "also `INVALID_ENTITY` and what else says Bulk is not supported"),
    (400, "QUERY_TOO_COMPLICATED", ""),
    (400, "QUERY_TIMEOUT", "also `OPERATION_TOO_LARGE`, and the statuses 414 and 431"),
    (400, "MALFORMED_QUERY", "and every other answer"),
)
HEAD: Final = """\
# Troubleshooting

Every error that the code can raise, by its text. Search for the words that you see; what stands in
‹angle quotes› differs from case to case. Made from the sources by `make reference`.

A message names the value, where it came from and what to do. An error in a configuration file reads
`<file>: <key>: got <value>; allowed: <what is allowed>`: correct the key in that file. For alarms,
see the [runbook](runbook.md).
"""


@dataclass
class Kind:
    """A class of errors."""

    name: str
    about: str  # its docstring, as one paragraph
    package: str  # folder whose code raises it
    # In order, once each: the text, and what to do where that is given apart.
    messages: dict[tuple[str, str], None] = field(default_factory=dict)


def families() -> Iterator[tuple[str, list[Kind]]]:
    """Heading -> classes with the messages that their package gives them."""
    for heading, files in FAMILIES.items():
        kinds = {
            (package(ROOT / file), node.name): Kind(
                node.name, " ".join((ast.get_docstring(node) or "").split()), package(ROOT / file)
            )
            for file in files
            for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef) and told(node.name)
        }
        for root in dict.fromkeys(folder for folder, _ in kinds):
            for path in sorted((ROOT / root).rglob("*.py")):
                for name, message, to_do in messages(path):
                    if (root, name) in kinds:
                        kinds[root, name].messages[message, to_do] = None
        yield heading, list(kinds.values())


def package(path: Path) -> str:
    """The package of a file: ``glue_jobs/lakehouse_jobs``."""
    return "/".join(path.relative_to(ROOT).parts[:2])


def told(name: str) -> bool:
    """Whether a class is one whose text a person reads."""
    return name.endswith("Error") or name in CHECKS


def messages(path: Path) -> Iterator[tuple[str, str, str]]:
    """Class and text of each error made in a file, and the remedy that it is given apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = constants(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and told(name := called(node)):
            message = text(node.args[0], known)
            if message and literal(message):
                yield name, " ".join(message.split()), apart(node, tree)
        elif isinstance(node, ast.ClassDef):
            yield from own_message(node, known)


def apart(node: ast.Call, tree: ast.Module) -> str:
    """The remedy of a check: its second argument, which may have a name close by."""
    if len(node.args) < 2:
        return ""
    found = text(node.args[1], constants(ast.walk(tree))) or ""
    return " ".join(found.split()) if literal(found) else ""


def literal(message: str) -> bool:
    """Whether there is a word in it; one of placeholders alone is put together elsewhere."""
    return bool(re.sub(r"‹[^›]*›", "", message).strip(" :;,."))


def own_message(node: ast.ClassDef, known: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The text that a class gives itself: ``super().__init__("…")`` in its own code."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and called(call) == "__init__" and call.args:
            message = text(call.args[0], known)
            if message and not message.startswith("‹"):
                yield node.name, " ".join(message.split()), ""


def constants(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """The strings that are given a name in these statements."""
    found: dict[str, str] = {}
    for node in nodes:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            literal = text(value, found)
            if literal is not None:
                found[target.id] = literal
    return found


def called(node: ast.Call) -> str:
    """The name of what is called."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def text(node: ast.expr, known: Mapping[str, str]) -> str | None:
    """A string as far as it is literal, with placeholders for the rest."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else placeholder(part, known)
            for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text(node.left, known), text(node.right, known)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.Name):
        return known.get(node.id, f"‹{node.id}›")
    return None


def placeholder(node: ast.expr, known: Mapping[str, str]) -> str:
    """‹name› for a value in an f-string: the last name in its expression, or the constant."""
    value = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(value, ast.Name) and value.id in known:
        return known[value.id]
    names = re.findall(r"[A-Za-z_]{2,}", ast.unparse(value).split("[")[0].split("(")[-1])
    return f"‹{names[-1].strip('_').replace('_', ' ') if names else '…'}›"


def remedy(message: str) -> tuple[str, str]:
    """What happened, and what to do: the part after the last semicolon or colon."""
    for sign in ("; ", ": "):
        what, found, to_do = message.rpartition(sign)
        if found and not to_do.startswith("‹"):
            return what, to_do
    return message, ""


def page(found: Iterable[tuple[str, list[Kind]]]) -> str:
    """The whole page."""
    lines = [HEAD, *pipeline(), *refusals()]
    for heading, kinds in found:
        lines.append(f"## {heading}\n")
        for kind in kinds:
            if not kind.messages:
                continue
            lines.append(f"### {kind.name}\n\n{kind.about}\n")
            lines.append("| what one reads | what to do |\n|---|---|")
            for message, given in kind.messages:
                what, to_do = (message, given) if kind.name in CHECKS else remedy(message)
                lines.append(f"| {cell(what)} | {cell(to_do or REMEDIES.get(kind.name, ''))} |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def pipeline() -> Iterator[str]:
    """The section about executions."""
    yield "## The pipeline\n"
    yield (
        "The error in which an execution ends, and its cause: what the alert says. The messages in"
        " it are\nthose of the sections below. See also the [runbook](runbook.md).\n"
    )
    yield "| error | what one reads | what to do |\n|---|---|---|"
    for error, said, to_do in PIPELINE:
        yield f"| `{error}` | {said} | {to_do} |"
    yield ""


def refusals() -> Iterator[str]:
    """The section about what Salesforce answers; the remedies are the code's own words."""
    yield "## Answers of Salesforce\n"
    yield (
        "Each reads `Salesforce refused ‹method and path›: ‹code›: ‹Salesforce's words›; ‹what to"
        " do›`.\nWhat passes by itself (429, 5xx, a broken connection) was tried several times"
        " first.\n"
    )
    yield "| status and code | error | what to do |\n|---|---|---|"
    for status, code, more in REFUSALS:
        error = error_for(Refusal(status=status, code=code, message="‹words›"), what="‹what›")
        _, _, to_do = str(error).partition("; ")
        others = f", {more}" if more else ""
        yield f"| {status} `{code}`{others} | {type(error).__name__} | {cell(to_do)} |"
    yield ""


def cell(value: str) -> str:
    """Text that a Markdown table bears."""
    return re.sub(r"([|*_<])", r"\\\1", value)


if __name__ == "__main__":
    PAGE.write_text(page(families()), encoding="utf-8")
