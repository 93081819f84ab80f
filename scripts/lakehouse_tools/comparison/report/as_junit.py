"""The report as JUnit XML: one suite a table, one case a check, for CodeBuild's test reports.

The form that AWS CodeBuild, GitHub and GitLab read: a check that fails is a ``failure``, one that
could not be made an ``error``; a warning is a case that passed and says so in ``system-out``.
"""

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lakehouse_tools.comparison.checks import Check, Status
from lakehouse_tools.comparison.run import Report

_TAGS: Final = {
    Status.FAIL: "failure",
    Status.NOT_COMPARED: "error",
    Status.WARN: "system-out",
}
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def as_junit(report: Report) -> bytes:
    """The whole report, UTF-8."""
    root = Element("testsuites", name=f"{report.kind} {report.run}")
    _suite(root, "all tables", report.checks, seconds=0)
    for table in report.tables:
        _suite(root, table.name, table.checks, seconds=table.seconds)
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _suite(root: Element, name: str, checks: list[Check], *, seconds: float) -> None:
    found = [check.status for check in checks]
    suite = SubElement(
        root,
        "testsuite",
        name=_legal(name),
        tests=str(len(found)),
        failures=str(found.count(Status.FAIL)),
        errors=str(found.count(Status.NOT_COMPARED)),
        skipped="0",
        time=f"{seconds:.3f}",
    )
    for check in checks:
        case = SubElement(suite, "testcase", classname=_legal(name), name=_legal(check.name))
        if check.status in _TAGS:
            said = SubElement(case, _TAGS[check.status])
            if check.status is not Status.WARN:
                said.set("message", _legal(check.figure))
            said.text = _legal(f"found {check.figure}; limit {check.limit or '–'}; {check.text}")


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
