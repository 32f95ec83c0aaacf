import pytest

from harness.checks.findings import finding_of
from harness.checks.health import check
from harness.checks.judge import judge
from harness.checks.verdict import CheckResult, Severity, Verdict
from harness.record.observation import (
    ClientRefused,
    ConnectionOpened,
    FunctionLogged,
    InsideHidden,
    InvocationEnded,
    InvocationStarted,
    Observation,
    ObservationsLost,
    PostRefused,
    PublishFailed,
    RouteAnswered,
    RowWritten,
    Settled,
)
from tests.checks.bare import bare
from tests.checks.histories import a_history, a_scenario

FINE = InvocationEnded(12.0, "r0", "fan_out")
FAILED = InvocationEnded(12.0, "r1", "fan_out", "KeyError: 'channel'\n  File fan_out.py, line 7")


def judged(*observations: Observation, settled: bool = True, torn: bool = False) -> CheckResult:
    return bare(check(a_scenario(), a_history(*observations, settled=settled, torn=torn)))


def counts(**others: float) -> dict[str, float]:
    answers = ("invocations", "function_errors", "bad_answers", "misdirected_posts")
    return dict.fromkeys((*answers, "publishes_failed", "observations_lost"), 0) | others


def test_a_run_without_errors_passes() -> None:
    assert judged(FINE) == CheckResult(
        "health",
        Verdict.PASS,
        "no function failed, and the whole run was seen",
        counts=counts(invocations=1),
    )


PYTHON_LOG = """\
[ERROR] KeyError: 'channel'
Traceback (most recent call last):
  File "/var/task/ws/fan_out.py", line 31, in handler
    post(event)
  File "/usr/lib/python3.11/json/decoder.py", line 9, in decode
    raise KeyError("channel")"""


def test_a_function_error_fails_and_says_where_it_was_raised() -> None:
    log = tuple(
        FunctionLogged(11.0 + n / 10, "fan_out", line, "r1") for n, line in enumerate(("x", PYTHON_LOG))
    )
    another = FunctionLogged(
        11.9, "fan_out", 'Traceback (most recent call last):\n File "/a.py", line 1', "r0"
    )

    result = judged(FINE, FAILED, *log, another)

    what = "fan_out failed: KeyError: 'channel' (ws/fan_out.py:31)"
    assert result == CheckResult(
        "health",
        Verdict.FAIL,
        "1 invocation failed",
        (finding_of("function error", what, FAILED),),
        counts(invocations=2, function_errors=1),
    )


def test_failures_alike_but_for_ids_are_told_once_and_the_commonest_first() -> None:
    many = [
        InvocationEnded(12.0 + n, f"r{n}", "fan_out", f"Timeout after {n} s\nsomewhere") for n in range(1200)
    ]
    seldom = InvocationEnded(11.0, "s", "subscribe", "KeyError")

    result = check(a_scenario(), a_history(seldom, *many))

    assert [(one.what, one.count, one.request) for one in result.findings] == [
        ("fan_out failed, 1 200 times: Timeout after 0 s", 1200, "r0"),
        ("subscribe failed: KeyError", 1, "s"),
    ]
    assert result.counts["function_errors"] == 1201


# --- answers and posts --------------------------------------------------------------------------------------


def answered(
    at: float, route: str, status: int, problem: str = "", function: str = "connect"
) -> RouteAnswered:
    return RouteAnswered(at, f"r{at:g}", function, route, f"c{at:g}", status, problem)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        pytest.param(
            [answered(1.0 + n, "$connect", 502, "None: not a response") for n in range(40)],
            ["connect returned None: not a response, 40 times (route $connect)"],
            id="no response at all",
        ),
        pytest.param(
            [answered(1.0, "subscribe", 500, function="subscribe")],
            ["subscribe answered subscribe with 500"],
            id="a failure by its own account",
        ),
        pytest.param(
            [
                answered(1.0, "$disconnect", 500),
                answered(2.0, "$default", 500),
                answered(3.0, "$default", 500),
            ],
            ["connect answered $default with 500, 2 times", "connect answered $disconnect with 500"],
            id="each route, the commonest first",
        ),
    ],
)
def test_an_answer_that_is_no_success_fails(answers: list[RouteAnswered], told: list[str]) -> None:
    result = judged(*answers)

    assert (result.verdict, [one.what for one in result.findings]) == (Verdict.FAIL, told)
    assert result.findings[0].evidence[0].fields["kind"] == "RouteAnswered"


def test_an_answer_that_says_no_is_a_warning() -> None:
    result = check(a_scenario(), a_history(answered(1.0, "subscribe", 403, function="subscribe")))

    assert result.verdict is Verdict.PASS
    assert [(one.what, one.severity) for one in result.findings] == [
        ("subscribe answered subscribe with 403", Severity.WARNING)
    ]


def test_posts_that_find_no_api_fail_with_their_address() -> None:
    started = InvocationStarted(11.0, "r1", "fan_out")
    url = "http://127.0.0.1:4566/None/@connections/{}"
    posts = [PostRefused(11.1 + n, url.format(f"c{n}="), 403, "no such API", "r1") for n in range(3)]
    stage = PostRefused(12.0, "http://127.0.0.1:4566/abc/dev/@connections/c1=", 404, "no such stage", None)

    result = judged(started, *posts, stage)

    assert (result.verdict, [one.what for one in result.findings]) == (
        Verdict.FAIL,
        [
            "fan_out posted to http://127.0.0.1:4566/None/@connections/...: 403, no such API, 3 times",
            "something posted to http://127.0.0.1:4566/abc/dev/@connections/...: 404, no such stage",
        ],
    )
    assert result.summary == "4 posts found no API"


def test_a_malformed_connect_is_told_before_the_handshakes_that_it_refuses() -> None:
    refused = [ClientRefused(2.0 + n / 10, "alice", 502) for n in range(40)]
    malformed = [answered(2.0 + n / 10, "$connect", 502, "None: not a response") for n in range(40)]

    result = judge(a_scenario(), a_history(refused, malformed))

    first, second, *_ = result.causes
    assert (first.check, first.what) == (
        "health",
        "connect returned None: not a response, 40 times (route $connect)",
    )
    assert (second.check, second.count) == ("refusals", 40)


# --- what was not seen --------------------------------------------------------------------------------------


def test_a_failed_publish_is_unknown() -> None:
    failed = PublishFailed(12.0, 11.0, "e1", "EndpointConnectionError: refused")

    result = judged(failed)

    what = "SNS did not accept e1: EndpointConnectionError: refused"
    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, "1 publish failed")
    assert result.findings == (finding_of("publish failed", what, failed),)


def test_publishes_that_fail_alike_are_told_once() -> None:
    failed = [PublishFailed(12.0 + n, 11.0, f"e{n}", "EndpointConnectionError: refused") for n in range(3)]

    assert [one.what for one in judged(*failed).findings] == [
        "SNS did not accept e0 and 2 others: EndpointConnectionError: refused"
    ]


def test_lost_observations_are_unknown() -> None:
    lost = ObservationsLost(12.0, 1500)

    result = judged(lost)

    what = "1 500 observations of the inside did not fit into the emulator's journal"
    assert (result.verdict, result.findings) == (
        Verdict.UNKNOWN,
        (finding_of("observations lost", what, lost),),
    )


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        pytest.param(
            (Settled(10.0, "start", False, "3 clients"), Settled(20.0, "end", True)),
            "something was still in flight at the start: 3 clients",
            id="before the timeline",
        ),
        pytest.param(
            (Settled(10.0, "start", True), Settled(20.0, "end", False)),
            "something was still in flight at the end",
            id="after the timeline",
        ),
        pytest.param(
            (Settled(10.0, "start", True),),
            "the history ends before the run had settled",
            id="since it was cut off",
        ),
    ],
)
def test_a_run_that_never_settled_is_unknown(ends: tuple[Settled, ...], says: str) -> None:
    result = judged(*ends, settled=False)

    assert (result.verdict, result.summary) == (Verdict.UNKNOWN, says)
    assert [(one.kind, one.what) for one in result.findings] == [("not settled", says)]


def test_a_torn_history_is_unknown() -> None:
    result = judged(torn=True)

    assert (result.verdict, [one.kind for one in result.findings]) == (Verdict.UNKNOWN, ["history torn"])


def test_a_function_error_is_worse_than_being_unsure() -> None:
    assert judged(FAILED, ObservationsLost(12.0, 1)).verdict is Verdict.FAIL


def test_where_the_inside_is_hidden_nobody_knows_whether_functions_failed() -> None:
    seen = InsideHidden(1.0, "AWS does not show its inside")

    what = "whether functions failed cannot be seen: AWS does not show its inside"
    assert judged(seen) == CheckResult(
        "health", Verdict.UNKNOWN, what, (finding_of("not shown", what),), counts()
    )


# --- what may not be meant ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "told"),
    [
        pytest.param(
            200, ["item 2 of the timeline happens once: every 200 s for 5 s is no repetition"], id="once"
        ),
        pytest.param(
            5, ["item 2 of the timeline happens once: every 5 s for 5 s is no repetition"], id="just once"
        ),
        pytest.param(4, [], id="twice"),
    ],
)
def test_a_repetition_that_happens_once_is_a_warning(every: float, told: list[str]) -> None:
    publish = {"publish": {"type": "trade", "market": "BTC-PERP"}}
    scenario = a_scenario(timeline=[publish, {**publish, "every": every, "for": 5}])

    result = check(scenario, a_history(FINE))

    assert result.verdict is Verdict.PASS
    assert [one.what for one in result.findings] == told
    assert all(one.severity is Severity.WARNING for one in result.findings)


@pytest.mark.parametrize(
    ("key", "told"),
    [("WS#c-alice", True), ("c-alice", True), ("trade#17", False)],
    ids=["prefix", "id", "other"],
)
def test_rows_of_connections_that_nobody_named_are_a_warning(key: str, told: bool) -> None:
    seen = (ConnectionOpened(1.0, "c-alice", "alice"), RowWritten(1.1, "Rows", key, "PutItem"))

    result = check(a_scenario(rows=None), a_history(seen))

    what = (
        "purge and rows are not judged: rows of Rows stand for connections, and the stack does not say so; "
        "name them in its 'connections'"
    )
    assert (result.verdict, [one.what for one in result.findings]) == (Verdict.PASS, [what] if told else [])
