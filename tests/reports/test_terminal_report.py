import io
from dataclasses import replace
from math import inf

from rich.console import Console, RenderableType

from harness.checks.findings import evidence_of, finding_of
from harness.checks.verdict import CheckResult, ScenarioResult, Verdict
from harness.record.observation import ClientConnected, FunctionLogged
from harness.reports.terminal import log_hints, scenario_block, total_line
from tests.checks.figures import figures


def shown(renderable: RenderableType, *, width: int = 80, terminal: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )
    console.print(renderable)
    file = console.file
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def a_result(*checks: CheckResult, title: str = "Every trade reaches its market") -> ScenarioResult:
    return ScenarioResult("s", title, checks, seconds=3.25, timeline_at=10.0)


def test_a_block_tells_the_claim_and_a_line_per_check() -> None:
    latencies = (
        figures("all", "all", 12, 0, 0.0101, 0.0202, 0.0303, 0.5),
        figures("depth", "market.BTC-PERP", 10, 0, 0.0101, 0.0202, 0.0303, 0.0404),
        figures("trade", "market.BTC-PERP", 2, 1, 0.0101, inf, inf, inf),
    )
    result = a_result(
        CheckResult("routing", Verdict.PASS, "12 of 12 expected messages arrived, nothing else"),
        CheckResult("latency", Verdict.PASS, "p99 30 ms (< 100 ms)", latencies=latencies),
        CheckResult("order", Verdict.UNKNOWN, "nobody received two messages"),
    )

    assert (
        shown(scenario_block(result))
        == """\
 UNKNOWN  Every trade reaches its market  3.2 s
  ✔ routing   12 of 12 expected messages arrived, nothing else
  ✔ latency   p99 30 ms (< 100 ms)
    ms                             expected   p50   p95   p99    max
    all                                  12  10.1  20.2  30.3  500.0
    trade on market.BTC-PERP  2 (1 missing)  10.1     ∞     ∞      ∞
    depth on market.BTC-PERP             10  10.1  20.2  30.3   40.4
  ? order     nobody received two messages"""
    )


def test_a_failed_check_shows_its_first_findings_with_their_evidence() -> None:
    findings = tuple(
        finding_of("leak", f"eve received e{number}", ClientConnected(10.5 + number, "eve"))
        for number in range(5)
    )

    assert (
        shown(scenario_block(a_result(CheckResult("routing", Verdict.FAIL, "5 leaked", findings))))
        == """\
 FAIL  Every trade reaches its market  3.2 s
  ✘ routing   5 leaked
    - eve received e0
      +0.500 s  eve connected
    - eve received e1
      +1.500 s  eve connected
    - eve received e2
      +2.500 s  eve connected
    … 2 more findings"""
    )


def test_much_evidence_is_cut_short() -> None:
    finding = finding_of("leak", "eve", *tuple(ClientConnected(10.0, "eve") for _ in range(7)))

    lines = shown(scenario_block(a_result(CheckResult("routing", Verdict.FAIL, "", (finding,))))).splitlines()

    assert lines[-2:] == ["      +0.000 s  eve connected", "      … 2 more"]


def test_nothing_is_wider_than_the_terminal() -> None:
    long = "word " * 40 + "x" * 200
    check = CheckResult(
        "routing",
        Verdict.FAIL,
        long,
        (finding_of("leak", long, ClientConnected(10.0, long)),),
        latencies=(figures("t" * 60, "c" * 60, 123_456, 7, *(12.3456,) * 4),) * 2,
    )

    for width in (80, 60):
        lines = shown(scenario_block(a_result(check, title=long)), width=width).splitlines()
        assert max(map(len, lines)) <= width


def test_text_from_outside_is_neither_markup_nor_control_codes() -> None:
    nasty = "[bold]not bold[/bold] [/red] \x1b[31m"
    check = CheckResult(
        "routing", Verdict.FAIL, nasty, (finding_of("x", nasty, ClientConnected(10.0, nasty)),)
    )

    text = shown(scenario_block(a_result(check, title=nasty)))

    assert "\x1b" not in text
    assert text.count("[bold]not bold[/bold] [/red] \ufffd[31m") == 4


def test_colours_are_for_terminals_only() -> None:
    block = scenario_block(a_result(CheckResult("routing", Verdict.PASS, "fine")))

    assert "\x1b[" in shown(block, terminal=True)
    assert "\x1b[" not in shown(block)


def test_a_long_table_shows_the_slowest_and_says_how_many_it_leaves_out() -> None:
    rows = tuple(figures("t", f"c{n}", 1, 0, n / 1000, n / 1000, n / 1000, n / 1000) for n in range(40))
    latencies = (figures("all", "all", 40, 0, 0.02, 0.03, 0.03, 0.03), *rows)

    lines = shown(
        scenario_block(a_result(CheckResult("latency", Verdict.PASS, "", latencies=latencies)))
    ).splitlines()

    assert [line.split()[:3] for line in lines[4:6]] == [["t", "on", "c39"], ["t", "on", "c38"]]
    assert (len(lines), lines[-1].strip()) == (13, "… 32 faster")


def test_a_single_type_and_channel_is_one_row() -> None:
    row = (1, 0, 0.02, 0.02, 0.02, 0.02)
    latencies = (figures("all", "all", *row), figures("trade", "market.BTC", *row))

    lines = shown(
        scenario_block(a_result(CheckResult("latency", Verdict.PASS, "", latencies=latencies)))
    ).splitlines()

    assert [line.split()[0] for line in lines[2:]] == ["ms", "trade"]


def test_the_total_counts_the_verdicts() -> None:
    results = [
        a_result(CheckResult("routing", verdict, ""))
        for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.PASS)
    ]

    assert total_line(results, seconds=93.21).plain == "2 passed, 1 failed, 0 unknown in 93.2 s"


def test_errors_that_functions_logged_stand_below_the_checks() -> None:
    logged = (evidence_of(FunctionLogged(10.25, "fan_out", "[ERROR] post to c1:\nGoneException", "r1")),)
    result = replace(a_result(CheckResult("routing", Verdict.FAIL, "1 missing")), logged=logged)

    assert (
        shown(scenario_block(result))
        == """\
 FAIL  Every trade reaches its market  3.2 s
  ✘ routing   1 missing
  functions logged errors:
    - +0.250 s  fan_out logged: [ERROR] post to c1: GoneException"""
    )


def test_a_scenario_that_did_not_pass_says_how_to_read_its_logs() -> None:
    good, bad = a_result(CheckResult("a", Verdict.PASS, "")), a_result(CheckResult("a", Verdict.FAIL, ""))
    assert list(log_hints([good, bad], run="runs/x")) == [
        "its functions' logs: harness logs runs/x --scenario s"
    ]
