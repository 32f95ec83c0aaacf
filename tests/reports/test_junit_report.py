from xml.etree import ElementTree

from harness.checks.findings import finding_of
from harness.checks.verdict import CheckResult, Finding, ScenarioResult, Verdict
from harness.record.observation import ClientConnected
from harness.reports.junit import junit
from harness.reports.stopped import Outcome, Stopped

RESULT = ScenarioResult(
    "leaks",
    "Nobody sees <another's> orders",
    (
        CheckResult("routing", Verdict.PASS, "all arrived", seconds=0.0021),
        CheckResult(
            "order",
            Verdict.FAIL,
            "1 message & more",
            (
                finding_of("out of order", "e1 \x1b[31mafter\x00 e2", ClientConnected(11.5, "alice")),
                Finding("other", "x", request="r-1", id="1a2b3c4d"),
            ),
        ),
        CheckResult("health", Verdict.UNKNOWN, "not settled"),
    ),
    seconds=1.5,
    timeline_at=10.0,
)


def test_a_suite_per_scenario_and_a_case_per_check() -> None:
    assert junit([RESULT]).decode() == (
        """\
<?xml version='1.0' encoding='utf-8'?>
<testsuites tests="3" failures="1" errors="1" time="1.500">
  <testsuite name="Nobody sees &lt;another's&gt; orders" tests="3" failures="1" errors="1" time="1.500">
    <testcase classname="leaks" name="routing" time="0.002100">
      <system-out>all arrived</system-out>
    </testcase>
    <testcase classname="leaks" name="order" time="0.000000">
      <properties>
        <property name="finding" value="1a2b3c4d" />
      </properties>
      <failure message="e1 \ufffd[31mafter\ufffd e2" type="FAIL">out of order: e1 \ufffd[31mafter\ufffd e2
    +1.500 s  alice connected
other: x [1a2b3c4d]
    its log: harness logs --request r-1</failure>
    </testcase>
    <testcase classname="leaks" name="health" time="0.000000">
      <error message="not settled" type="UNKNOWN" />
    </testcase>
  </testsuite>
</testsuites>
"""
    )


def test_no_text_makes_the_xml_unreadable() -> None:
    nasty = "".join(map(chr, range(0x20))) + "\ud800\ufffe]]><&\"'"
    check = CheckResult("routing", Verdict.FAIL, nasty, (finding_of(nasty, nasty),))

    document = junit([ScenarioResult(nasty, nasty, (check,), seconds=0.0)])

    failure = ElementTree.fromstring(document).find("./testsuite/testcase/failure")
    assert failure is not None
    assert (failure.text or "").endswith("]]><&\"'")


def test_no_scenarios_are_no_suites() -> None:
    assert ElementTree.fromstring(junit([])).attrib == {
        "tests": "0",
        "failures": "0",
        "errors": "0",
        "time": "0.000",
    }


def test_an_accepted_unknown_is_skipped_and_the_run_has_properties() -> None:
    document = junit([RESULT.accepting({"health"})], properties={"backend": "localstack", "tables": "there"})

    suite = ElementTree.fromstring(document).find("./testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "3",
        "1",
        "0",
        "1",
    )
    assert [one.attrib for one in suite.findall("./properties/property")] == [
        {"name": "backend", "value": "localstack"},
        {"name": "tables", "value": "there"},
    ]
    (skipped,) = suite.findall("./testcase[@name='health']/skipped")
    assert skipped.attrib == {"message": "accepted: not settled"}


def test_suites_tell_when_their_timeline_began() -> None:
    document = junit([RESULT], started_at=1_700_000_000.0, clock_began_at=1_700_000_005.0)

    root = ElementTree.fromstring(document)
    assert root.get("timestamp") == "2023-11-14T22:13:20"
    assert [suite.get("timestamp") for suite in root] == ["2023-11-14T22:13:35"]


def test_what_stopped_the_run_is_an_error_for_each_reason() -> None:
    stopped = Stopped(
        Outcome.NOT_STARTED, 1, ("s.yaml:5: f does not start: X\nadvice", "s.yaml:9: \x1b[31mg")
    )

    root = ElementTree.fromstring(junit([], stopped=stopped, started_at=0.0, stopped_after=2.5))

    assert (root.get("tests"), root.get("errors")) == ("2", "2")
    (suite,) = root
    assert (suite.get("name"), suite.get("time")) == ("the run did not start", "2.500")
    assert [(one.get("message"), one.get("type"), one.text) for one in suite.iter("error")] == [
        ("s.yaml:5: f does not start: X", "did not start", "s.yaml:5: f does not start: X\nadvice"),
        ("s.yaml:9: \ufffd[31mg", "did not start", "s.yaml:9: \ufffd[31mg"),
    ]


def test_an_interruption_is_an_error_beside_what_was_judged() -> None:
    root = ElementTree.fromstring(junit([RESULT], stopped=Stopped(Outcome.INTERRUPTED, 130)))

    assert [suite.get("name") for suite in root] == [RESULT.title, "the run was interrupted"]
    assert (root.get("tests"), root.get("errors")) == ("4", "2")
