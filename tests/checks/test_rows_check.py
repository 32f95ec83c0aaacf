import pytest

from harness.checks.findings import finding_of
from harness.checks.judge import judge
from harness.checks.rows import check
from harness.checks.verdict import CheckResult, Severity, Verdict
from harness.record.observation import (
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    InsideHidden,
    InvocationEnded,
    InvocationStarted,
    Observation,
    RecordingBegan,
    RowDeleted,
    RowsFound,
    RowWritten,
)
from harness.scenario.model import Scenario
from tests.checks.bare import bare
from tests.checks.histories import a_client, a_history, a_scenario, its_connection

DELETED = a_scenario()
KEPT = a_scenario(rows={"prefix": "WS#", "after_disconnect": "kept"})
TABLE = "WSConnections"
CLOSED = ConnectionClosed(20.0, "c-alice", 1000)
ENDED = InvocationEnded(20.2, "bye", "disconnect")
ALICE = (*a_client("alice"), *its_connection("alice"))
DISCONNECT = InvocationStarted(20.1, "bye", "disconnect", connection="c-alice", route="$disconnect")
LEFT = (*ALICE, CLOSED, DISCONNECT, ENDED)


def written(at: float = 1.1, *, request: str | None = "connect", ttl: str | None = None) -> RowWritten:
    return RowWritten(at, TABLE, "WS#c-alice", "PutItem", request, ttl)


def deleted(at: float = 20.15) -> RowDeleted:
    return RowDeleted(at, TABLE, "WS#c-alice", "bye")


def judged(*seen: Observation | tuple[Observation, ...], scenario: Scenario = DELETED) -> CheckResult:
    return bare(check(scenario, a_history(*seen)))


# --- rows of connections that are over ----------------------------------------------------------------------


def test_a_row_that_its_disconnect_deletes_passes() -> None:
    assert judged(LEFT, written(), deleted(), RowsFound(99.0, ("c-bob",))) == CheckResult(
        "rows",
        Verdict.PASS,
        "1 of 1 row of connections that ended in order gone",
        counts={"over": 1, "left": 0, "written": 0, "expiring": 0},
    )


@pytest.mark.parametrize(
    ("seen", "proof"),
    [
        pytest.param(
            (*LEFT, written(), RowsFound(99.0, ("c-bob", "c-alice"))),
            (ENDED, RowsFound(99.0, ("c-alice",))),
            id="found at the end",
        ),
        pytest.param((*LEFT, written()), (written(), ENDED), id="written, and never deleted"),
        pytest.param(
            (*LEFT, deleted(), written(20.16)), (written(20.16), ENDED), id="deleted and written anew"
        ),
    ],
)
def test_a_row_that_its_disconnect_leaves_fails(
    seen: tuple[Observation, ...], proof: tuple[Observation, ...]
) -> None:
    what = "the row of alice's connection c-alice is still there at the end, though its $disconnect has ended"
    result = judged(seen)
    assert result.verdict is Verdict.FAIL
    assert result.findings == (finding_of("row left", what, *proof),)


def test_a_row_that_is_written_again_afterwards_fails_whoever_deletes_it() -> None:
    asked = InvocationStarted(20.25, "s", "subscribe", connection="c-alice", route="subscribe")
    again = written(20.3, request="s")

    result = judged(LEFT, written(), deleted(), asked, again, deleted(20.4), RowsFound(99.0, ()))

    what = (
        "the row of alice's connection c-alice was written again by subscribe after its $disconnect had ended"
    )
    assert (result.verdict, result.findings) == (
        Verdict.FAIL,
        (finding_of("row re-created", what, ENDED, again),),
    )


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param((*ALICE, CLOSED, written()), id="a lost $disconnect"),
        pytest.param((*ALICE, CLOSED, DISCONNECT, written()), id="a $disconnect that still runs"),
        pytest.param((*ALICE, written(), RowsFound(99.0, ("c-alice",))), id="a connection that is open"),
    ],
)
def test_other_rows_are_no_business_of_this_check(seen: tuple[Observation, ...]) -> None:
    assert check(DELETED, a_history(seen)) is None


def test_many_rows_left_are_one_finding() -> None:
    def one(number: int) -> tuple[Observation, ...]:
        connection, request = f"c{number}", f"bye{number}"
        return (
            *its_connection(f"btc/{number}", connection=connection),
            RowWritten(1.1, TABLE, f"WS#{connection}", "PutItem"),
            InvocationStarted(20.0, request, "disconnect", connection=connection, route="$disconnect"),
            InvocationEnded(20.1, request, "disconnect", "KeyError: 'pk'"),
        )

    result = check(DELETED, a_history(*(one(number) for number in range(1, 13))))

    assert result is not None
    (finding,) = result.findings
    assert (finding.count, finding.request, finding.what) == (
        12,
        "bye1",
        "the row of btc/1's connection c1 is still there at the end, though its $disconnect has failed; "
        "and 11 more (btc/2, btc/3, btc/4 and 8 others)",
    )


def test_what_a_cut_history_does_not_show_deleted_is_unknown() -> None:
    (result,) = judge(DELETED, a_history(LEFT, written(), settled=False), checks={"rows": check}).results
    assert (result.verdict, [one.kind for one in result.findings]) == (Verdict.UNKNOWN, ["row left"])
    found = a_history(LEFT, written(), RowsFound(99.0, ("c-alice",)), settled=False)
    (result,) = judge(DELETED, found, checks={"rows": check}).results
    assert result.verdict is Verdict.FAIL


# --- rows that are kept -------------------------------------------------------------------------------------


def posts(*started_at: float) -> tuple[Observation, ...]:
    """Invocations that began then, each of which posted 0.05 s later and met a 410."""
    return tuple(
        one
        for number, at in enumerate(started_at)
        for one in (
            InvocationStarted(at, f"p{number}", "fan_out"),
            ConnectionPosted(at + 0.05, "c-alice", 410, f"p{number}"),
        )
    )


@pytest.mark.parametrize(
    ("seen", "failed"),
    [
        pytest.param((), False, id="that nobody posts to"),
        pytest.param(posts(21.0), False, id="that met a 410"),
        pytest.param(posts(21.0, 21.01, 21.02), False, id="by invocations side by side"),
        pytest.param(posts(21.0, 22.0), False, id="and once more"),
        pytest.param(posts(21.0, 22.0, 23.0), True, id="and again and again"),
    ],
)
def test_a_row_may_be_kept(seen: tuple[Observation, ...], failed: bool) -> None:
    result = judged(LEFT, written(), RowsFound(99.0, ("c-alice",)), seen, scenario=KEPT)
    assert result.verdict is (Verdict.FAIL if failed else Verdict.PASS)
    what = (
        "alice's connection c-alice is posted to without end: by 2 invocations and more that began after its first "
        "410 was answered, so its row still counts as a connection's"
    )
    assert [one.what for one in result.findings] == [what] * failed


def test_nothing_is_judged_where_nobody_says_which_rows_stand_for_connections() -> None:
    assert check(a_scenario(rows=None), a_history(LEFT, written())) is None


# --- when rows expire ---------------------------------------------------------------------------------------

BEGAN = RecordingBegan(0.0, 0, 0, epoch=1_800_000_000.0)
IN_A_DAY = '{"N":"1800086401"}'
EXPIRING = a_scenario(expect={"ttl": 86_400}, rows={"prefix": "WS#", "ttl": "expireAt"})
WARNED = a_scenario(rows={"prefix": "WS#", "ttl": "expireAt"})


@pytest.mark.parametrize(
    ("ttl", "told"),
    [
        pytest.param("", "never expire: they lack 'expireAt', which the table's TTL names", id="lacking"),
        pytest.param(
            '{"S":"soon"}',
            """never expire: 'expireAt' holds {"S":"soon"}, and TTL takes a number of epoch seconds only""",
            id="no number",
        ),
        pytest.param(
            '{"N":"1800086401000"}',
            """never expire: 'expireAt' holds {"N":"1800086401000"}, milliseconds, and TTL takes seconds""",
            id="milliseconds",
        ),
        pytest.param(
            '{"N":"1799992801"}',
            "may be deleted at once: 'expireAt', which the table's TTL names, is in the past by 2 h",
            id="past",
        ),
    ],
)
def test_a_row_that_ttl_will_not_treat_as_it_should_is_a_warning(ttl: str, told: str) -> None:
    seen = (BEGAN, *ALICE, written(1.0, ttl=ttl))
    for scenario, severity, verdict in (
        (WARNED, Severity.WARNING, Verdict.PASS),
        (EXPIRING, Severity.FAIL, Verdict.FAIL),
    ):
        result = check(scenario, a_history(*seen))
        assert result is not None
        assert result.verdict is verdict
        assert [(one.what, one.severity) for one in result.findings] == [
            (f"1 of 1 row of connections {told}", severity)
        ]


def test_rows_that_expire_when_the_scenario_says_pass() -> None:
    result = judged(BEGAN, ALICE, written(1.0, ttl=IN_A_DAY), scenario=EXPIRING)
    assert (result.verdict, result.summary) == (
        Verdict.PASS,
        "no connection ended in order; 1 of 1 row expire by TTL",
    )


def test_rows_that_expire_at_another_time_fail() -> None:
    result = judged(BEGAN, ALICE, written(1.0, ttl='{"N":"1800172801"}'), scenario=EXPIRING)
    what = "1 of 1 row of connections expire 2 days after they are written; the scenario expects 24 h"
    assert (result.verdict, [one.what for one in result.findings]) == (Verdict.FAIL, [what])


def test_a_write_that_leaves_the_expiry_as_it_was_is_no_new_one() -> None:
    early, later = written(1.0, ttl=IN_A_DAY), written(50_000.0, ttl=IN_A_DAY)
    assert judged(BEGAN, ALICE, early, later, scenario=EXPIRING).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param((BEGAN, *ALICE), id="no row was written"),
        pytest.param((BEGAN, *ALICE, written(1.0)), id="the table has no TTL"),
        pytest.param((BEGAN, *LEFT, written(1.0), deleted()), id="a row went that could not expire"),
        pytest.param((*ALICE, written(1.0, ttl=IN_A_DAY)), id="nobody knows what time it was"),
        pytest.param((InsideHidden(1.0, "AWS does not show its inside"),), id="the inside is hidden"),
    ],
)
def test_when_rows_expire_may_be_unknown(seen: tuple[Observation, ...]) -> None:
    assert judged(*seen, scenario=EXPIRING).verdict is Verdict.UNKNOWN


def test_rows_of_others_are_not_looked_at() -> None:
    other = RowWritten(1.0, "Trades", "trade#1", "PutItem", None, "")
    assert check(WARNED, a_history(BEGAN, ALICE, other, ConnectionOpened(1.0, "c-bob", None))) is None
