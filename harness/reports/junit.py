"""JUnit XML of the results, as CI servers read it: a suite per scenario, a case per check."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from harness.checks.verdict import CheckResult, Finding, ScenarioResult, Verdict
from harness.reports.plain import plain, told

_OUTCOMES = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error"}
"""An UNKNOWN is an error: what was to be tested could not be. One that was accepted is skipped."""


def junit(results: Sequence[ScenarioResult], *, properties: Mapping[str, str] | None = None) -> bytes:
    """A UTF-8 XML document; findings with their evidence are the text of a case's failure or error.

    `properties` are those of the run: where it ran.
    """
    suites = ElementTree.Element("testsuites", _totals(results))
    for result in results:
        suites.append(_suite(result, properties or {}))
    ElementTree.indent(suites)
    document: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _totals(results: Sequence[ScenarioResult]) -> dict[str, str]:
    checks = [check for result in results for check in result.results]
    verdicts = [check.verdict for check in checks if not check.accepted]
    skipped = len(checks) - len(verdicts)
    return {
        "tests": str(len(checks)),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": str(verdicts.count(Verdict.UNKNOWN)),
        **({"skipped": str(skipped)} if skipped else {}),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _suite(result: ScenarioResult, properties: Mapping[str, str]) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": plain(result.title), **_totals([result])})
    if properties:
        listed = ElementTree.SubElement(suite, "properties")
        for name, value in properties.items():
            ElementTree.SubElement(listed, "property", {"name": plain(name), "value": plain(value)})
    for check in result.results:
        suite.append(_case(result, check))
    return suite


def _case(result: ScenarioResult, check: CheckResult) -> ElementTree.Element:
    attributes = {"classname": plain(result.scenario), "name": check.check, "time": "0"}
    case = ElementTree.Element("testcase", attributes)
    if check.accepted:
        ElementTree.SubElement(case, "skipped", {"message": plain(f"accepted: {check.summary}")})
    elif (outcome := _OUTCOMES.get(check.verdict)) is not None:
        element = ElementTree.SubElement(
            case, outcome, {"message": plain(check.summary), "type": check.verdict.value}
        )
        element.text = "\n".join(_lines(finding, result.timeline_at) for finding in check.findings)
    else:
        ElementTree.SubElement(case, "system-out").text = plain(check.summary)
    return case


def _lines(finding: Finding, timeline_at: float) -> str:
    evidence = (f"    {told(one, timeline_at=timeline_at)}" for one in finding.evidence)
    return "\n".join((plain(f"{finding.kind}: {finding.what}"), *evidence))
