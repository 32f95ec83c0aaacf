"""JUnit XML of the results, as CI servers read it: a suite per scenario, a case per check.

What stopped a run before its end is a suite of its own, with a case for each reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from harness.checks.verdict import CheckResult, Finding, ScenarioResult, Verdict
from harness.reports.plain import brief, plain, told
from harness.reports.stopped import Stopped

_OUTCOMES = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error"}
"""An UNKNOWN is an error: what was to be tested could not be. One that was accepted is skipped."""


def junit(
    results: Sequence[ScenarioResult],
    *,
    properties: Mapping[str, str] | None = None,
    stopped: Stopped | None = None,
    started_at: float | None = None,
    clock_began_at: float | None = None,
    stopped_after: float = 0.0,
) -> bytes:
    """A UTF-8 XML document; findings with their evidence are the text of a case's failure or error.

    `properties` are those of the run: where it ran. `started_at` is when it did, seconds since the epoch, and
    `clock_began_at` is when the histories' clock was at zero: a suite tells when its timeline began. A suite's time
    is the scenario's, a case's is how long the check took to judge; a stop came after so many seconds without a
    verdict.
    """
    stops = [] if stopped is None else [_stop(stopped, started_at, stopped_after)]
    suites = ElementTree.Element("testsuites", _totals(results, stopped) | _timestamp(started_at))
    for result in results:
        began_at = started_at if clock_began_at is None else clock_began_at + result.timeline_at
        suites.append(_suite(result, properties or {}, began_at))
    suites.extend(stops)
    ElementTree.indent(suites)
    document: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _totals(results: Sequence[ScenarioResult], stopped: Stopped | None = None) -> dict[str, str]:
    checks = [check for result in results for check in result.results]
    verdicts = [check.verdict for check in checks if not check.accepted]
    skipped = len(checks) - len(verdicts)
    stops = len(_reasons(stopped)) if stopped else 0
    return {
        "tests": str(len(checks) + stops),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": str(verdicts.count(Verdict.UNKNOWN) + stops),
        **({"skipped": str(skipped)} if skipped else {}),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _timestamp(at: float | None) -> dict[str, str]:
    return {} if at is None else {"timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")}


def _suite(result: ScenarioResult, properties: Mapping[str, str], at: float | None) -> ElementTree.Element:
    attributes = {"name": plain(result.title), **_totals([result]), **_timestamp(at)}
    suite = ElementTree.Element("testsuite", attributes)
    _list_properties(suite, properties.items())
    for check in result.results:
        suite.append(_case(result, check))
    return suite


def _stop(stopped: Stopped, at: float | None, seconds: float) -> ElementTree.Element:
    """The run itself as a suite: a case, and an error, for each reason."""
    suite = ElementTree.Element(
        "testsuite", {"name": stopped.outcome.sentence, **_totals([], stopped), **_timestamp(at)}
    )
    suite.set("time", f"{seconds:.3f}")
    for reason in _reasons(stopped):
        first = plain(reason).partition("\n")[0]
        case = ElementTree.SubElement(suite, "testcase", {"classname": "run", "name": first})
        error = ElementTree.SubElement(case, "error", {"message": first, "type": stopped.outcome.value})
        error.text = brief(reason)
    return suite


def _reasons(stopped: Stopped) -> Sequence[str]:
    return stopped.reasons or (stopped.outcome.value,)


def _list_properties(element: ElementTree.Element, properties: Iterable[tuple[str, str]]) -> None:
    given = list(properties)
    listed = ElementTree.SubElement(element, "properties") if given else element
    for name, value in given:
        ElementTree.SubElement(listed, "property", {"name": plain(name), "value": brief(value)})


def _case(result: ScenarioResult, check: CheckResult) -> ElementTree.Element:
    attributes = {"classname": plain(result.scenario), "name": check.check, "time": f"{check.seconds:.6f}"}
    case = ElementTree.Element("testcase", attributes)
    _list_properties(case, (("finding", one.id) for one in check.findings if one.id))
    if check.accepted:
        ElementTree.SubElement(case, "skipped", {"message": brief(f"accepted: {check.summary}")})
    elif (outcome := _OUTCOMES.get(check.verdict)) is not None:
        cause = _what(check.findings[0]) if check.findings else brief(check.summary)
        element = ElementTree.SubElement(case, outcome, {"message": cause, "type": check.verdict.value})
        element.text = "\n".join(_lines(finding, result.timeline_at) for finding in check.findings)
    else:
        told_of = (check.summary, *(f"warning: {_what(finding)}" for finding in check.findings))
        ElementTree.SubElement(case, "system-out").text = "\n".join(map(brief, told_of))
    return case


def _lines(finding: Finding, timeline_at: float) -> str:
    evidence = (f"    {told(one, timeline_at=timeline_at)}" for one in finding.evidence)
    log = (
        () if finding.request is None else (f"    its log: harness logs --request {plain(finding.request)}",)
    )
    return "\n".join((_kind_and_what(finding), *evidence, *log))


def _kind_and_what(finding: Finding) -> str:
    """The kind goes first, unless the words begin with it anyway."""
    what = _what(finding)
    return what if what.startswith(finding.kind) else f"{plain(finding.kind)}: {what}"


def _what(finding: Finding) -> str:
    first, newline, rest = brief(finding.what).partition("\n")
    return f"{first}{f' [{finding.id}]' if finding.id else ''}{newline}{rest}"
