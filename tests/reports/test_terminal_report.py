import io
from dataclasses import replace
from math import inf

from rich.console import Console, RenderableType

from harness.checks.findings import evidence_of, finding_of
from harness.checks.verdict import Cause, CheckResult, Finding, ScenarioResult, Severity, Verdict
from harness.commands.printing import show
from harness.record.observation import ClientConnected, EventPublished, FunctionLogged
from harness.reports.stopped import Outcome, Stopped
from harness.reports.terminal import log_hints, scenario_block, total_line
from tests.checks.figures import figures


def piped(renderable: RenderableType) -> str:
    """What a pipe takes."""
    console = Console(file=io.StringIO(), width=80, highlight=False)
    show(console, renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


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
        figures("trade", "market.BTC-PERP", 2, 0, 0.0101, 0.0202, 0.0303, 0.5),
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
  ? order     nobody received two messages
  ✔ routing   12 of 12 expected messages arrived, nothing else
  ✔ latency   p99 30 ms (< 100 ms)
    ms                        expected   p50   p95   p99    max
    all                             12  10.1  20.2  30.3  500.0
    trade on market.BTC-PERP         2  10.1  20.2  30.3  500.0
    depth on market.BTC-PERP        10  10.1  20.2  30.3   40.4"""
    )


def test_a_scenario_that_passed_is_one_line_unless_more_is_asked_for() -> None:
    result = a_result(CheckResult("routing", Verdict.PASS, "12 of 12 expected messages arrived"))

    assert shown(scenario_block(result)) == " PASS  Every trade reaches its market  3.2 s"
    assert shown(scenario_block(result, verbose=True)).splitlines()[1:] == [
        "  ✔ routing   12 of 12 expected messages arrived"
    ]


def test_there_is_no_tick_at_an_infinity_and_none_where_nothing_was_judged() -> None:
    endless = (figures("trade", "market.BTC", 2, 1, 0.0101, inf, inf, inf),) * 2
    result = a_result(
        CheckResult("latency", Verdict.PASS, "p99 infinite", latencies=endless),
        CheckResult("purge", Verdict.PASS, "not judged: no table is named", judged=False),
    )

    assert shown(scenario_block(result, verbose=True)).splitlines()[1:] == [
        "  - latency   p99 infinite",
        "    ms                        expected   p50  p95  p99  max",
        "    trade on market.BTC  2 (1 missing)  10.1    ∞    ∞    ∞",
        "  - purge     not judged: no table is named",
    ]


def test_causes_stand_before_effects_whatever_the_order_of_the_checks() -> None:
    late = Finding("too slow", "p99 is infinite", cause=Cause.LATENCY, check="latency", id="11111111")
    lost = Finding("lost", "a/1 never received e1", cause=Cause.LOST, check="routing", id="22222222")
    error = Finding(
        "function error", "fan_out failed", cause=Cause.FUNCTION_ERROR, check="health", id="33333333"
    )
    result = a_result(
        CheckResult("order", Verdict.PASS, "fine"),
        CheckResult("latency", Verdict.FAIL, "slow", (late,)),
        CheckResult("routing", Verdict.FAIL, "lost", (lost,)),
        CheckResult("health", Verdict.FAIL, "failed", (error,)),
    )

    assert [line.strip() for line in shown(scenario_block(result)).splitlines()[1:]] == [
        "✘ health    failed",
        "- fan_out failed [33333333]",
        "✘ routing   lost",
        "- a/1 never received e1 [22222222]",
        "✘ latency   slow",
        "- p99 is infinite [11111111]",
        "✔ order     fine",
    ]


def test_warnings_of_a_scenario_that_passed_are_yellow_and_turn_nothing_red() -> None:
    warned = Finding("wrapped", "each event is wrapped", severity=Severity.WARNING, id="abcdabcd")
    result = a_result(CheckResult("routing", Verdict.PASS, "all arrived", (warned,)))

    assert shown(scenario_block(result)).splitlines() == [
        " PASS  Every trade reaches its market  3.2 s",
        "  ! routing: each event is wrapped [abcdabcd]",
    ]
    coloured = shown(scenario_block(result), terminal=True)
    assert "\x1b[33m!" in coloured
    assert "\x1b[31m" not in coloured


def test_a_finding_names_the_command_that_shows_its_invocation() -> None:
    finding = Finding("function error", "f failed", request="3f2b8c1e-5d0a-4c1b-9e57-000000000001")
    result = a_result(CheckResult("health", Verdict.FAIL, "1 failed", (finding,)))

    assert shown(scenario_block(result, run="runs/x"), width=100).splitlines()[-1] == (
        "      its log: harness logs runs/x --request 3f2b8c1e-5d0a-4c1b-9e57-000000000001"
    )


def test_a_cap_is_told_as_a_cap_with_the_true_number() -> None:
    findings = tuple(Finding("leak", f"e{number} leaked") for number in range(100))
    check = CheckResult("routing", Verdict.FAIL, "400 leaked", findings, found={"leak": 400})

    assert shown(scenario_block(a_result(check))).splitlines()[-1] == (
        "    … 397 more findings; summary.json has 100 of all 400"
    )


def test_a_payload_is_shown_once() -> None:
    published = EventPublished(
        10.0, 10.0, "e1", "trade", ("btc",), '{"type":"trade","price":"64523.5"}', "m1"
    )
    check = CheckResult(
        "routing", Verdict.FAIL, "", tuple(finding_of("lost", f"a/{n}", published) for n in range(2))
    )

    text = shown(scenario_block(a_result(check)))

    assert text.count("64523.5") == 1
    assert text.splitlines()[-1] == "      +0.000 s  e1 published to btc: the same"


def test_what_a_pipe_takes_is_neither_folded_nor_padded_nor_cut() -> None:
    client, name = "c" * 90, "n" * 90
    finding = finding_of(
        "lost", f"{client} never received e1 {'word ' * 30}end", ClientConnected(10.0, client)
    )
    latencies = (figures("t", name, 2, 1, 0.0101, inf, inf, inf),) * 2
    check = CheckResult("routing", Verdict.FAIL, "word " * 40, (finding,), latencies=latencies)

    lines = piped(scenario_block(a_result(check, title="Claim " * 30))).splitlines()

    assert len(lines) == 6
    assert all(line == line.rstrip() for line in lines)
    assert lines[3] == f"    t on {name}  2 (1 missing)  10.1    ∞    ∞    ∞"
    assert lines[4].endswith("end")
    assert lines[5] == f"      +0.000 s  {client} connected"


def test_figures_keep_their_width_and_names_give_way() -> None:
    name = "account.0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
    latencies = (figures("balanceUpdate", name, 123_456, 78_901, 0.0101, 20.2021, 20.2021, inf),) * 2
    check = CheckResult("latency", Verdict.FAIL, "slow", latencies=latencies)

    for width in (80, 100, 60):
        text = shown(scenario_block(a_result(check)), width=width)
        assert "123456 (78901 missing)  10.1  20202.1  20202.1" in text
        assert "…" not in text
        assert name in "".join(text.split())
        assert max(map(len, text.splitlines())) <= width


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
        scenario_block(a_result(CheckResult("latency", Verdict.PASS, "", latencies=latencies)), verbose=True)
    ).splitlines()

    assert [line.split()[:3] for line in lines[4:6]] == [["t", "on", "c39"], ["t", "on", "c38"]]
    assert (len(lines), lines[-1].strip()) == (13, "… 32 faster")


def test_a_single_type_and_channel_is_one_row() -> None:
    row = (1, 0, 0.02, 0.02, 0.02, 0.02)
    latencies = (figures("all", "all", *row), figures("trade", "market.BTC", *row))

    lines = shown(
        scenario_block(a_result(CheckResult("latency", Verdict.PASS, "", latencies=latencies)), verbose=True)
    ).splitlines()

    assert [line.split()[0] for line in lines[2:]] == ["ms", "trade"]


def test_the_total_counts_the_verdicts() -> None:
    results = [
        a_result(CheckResult("routing", verdict, ""))
        for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.PASS)
    ]

    assert total_line(results, seconds=93.21).plain == "2 passed, 1 failed, 0 unknown in 93.2 s"


def test_the_total_of_a_run_that_was_stopped_says_so() -> None:
    results = [a_result(CheckResult("routing", Verdict.PASS, ""))]
    stopped = Stopped(Outcome.INTERRUPTED, 130)

    assert total_line(results, seconds=9.3, asked=3, stopped=stopped).plain == (
        "1 passed, 0 failed, 0 unknown in 9.3 s; interrupted, with 1 of 3 scenarios judged"
    )
    assert total_line(results, seconds=9.3, asked=3).plain.endswith(
        "; cut short, with 1 of 3 scenarios judged"
    )


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
