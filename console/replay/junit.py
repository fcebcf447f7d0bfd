"""The report as JUnit XML, which every CI reads."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from console.replay import lines
from console.replay.outcome import CaseResult, Report, Status

#: What XML 1.0 can't hold.
_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def xml(report: Report, *, show_secrets: bool = False) -> bytes:
    """One test suite, a test case for each of the script's."""
    suite = ElementTree.Element(
        "testsuite",
        name=_clean(report.script.path),
        tests=str(len(report.cases)),
        failures=str(report.count(Status.FAILED)),
        errors=str(report.count(Status.ERROR)),
        skipped=str(report.count(Status.SKIPPED)),
        time=f"{sum(case.seconds for case in report.cases):.3f}",
    )
    for result in report.cases:
        _case(suite, report, result, show_secrets)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ElementTree.Element, report: Report, result: CaseResult, show_secrets: bool) -> None:
    at = result.failed.step.at if result.failed else result.case.at
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=_clean(result.case.name),
        classname=_clean(report.script.path),
        file=_clean(at.file),
        line=str(at.line),
        time=f"{result.seconds:.3f}",
    )
    if result.status is Status.SKIPPED:
        ElementTree.SubElement(case, "skipped")
    elif failure := result.failure:
        kind = "failure" if result.status is Status.FAILED else "error"
        element = ElementTree.SubElement(case, kind, message=_clean(failure.message.splitlines()[0]))
        element.text = _clean("\n".join(lines.failure_lines(result, show_secrets=show_secrets)))
    if loads := [step.load for step in result.loads if step.load]:
        output = ElementTree.SubElement(case, "system-out")
        output.text = _clean("\n".join(line for load in loads for line in lines.load_lines(load)))


def _clean(text: str) -> str:
    return _NO_XML.sub("�", text)
