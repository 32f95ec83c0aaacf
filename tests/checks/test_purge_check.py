import pytest

from harness.checks.findings import finding_of, unseen
from harness.checks.purge import check
from harness.checks.verdict import CheckResult, Verdict
from harness.record.observation import (
    ClientClosed,
    ClientLeft,
    ConnectionClosed,
    ConnectionOpened,
    ConnectionPosted,
    InsideHidden,
    InvocationStarted,
    Observation,
    ObservationsLost,
    RowDeleted,
    RowsFound,
    RowWritten,
    Settled,
)
from harness.scenario.model import Scenario
from tests.checks.histories import (
    a_client,
    a_fan_out,
    a_history,
    a_scenario,
    an_event,
    its_connection,
)

PURGING = a_scenario(expect={"purge": "1s"})
TABLE = "WSConnections"

ALICE = (*a_client("alice"), *its_connection("alice"))
GONE = (*ALICE, ClientLeft(10.0, "alice", vanished=True), ConnectionClosed(10.1, "c-alice", 1006))
EVENT = an_event("e1", at=11.0)
MET_410 = (EVENT, *a_fan_out(EVENT, {"c-alice": 410}))
"""The post is answered at 11.02, by the request r-e1."""
POSTED = ConnectionPosted(11.02, "c-alice", 410, "r-e1")


def deleted(at: float, request: str | None = "r-e1") -> RowDeleted:
    return RowDeleted(at, TABLE, "WS#c-alice", request)


def written(at: float, request: str | None = None) -> RowWritten:
    return RowWritten(at, TABLE, "WS#c-alice", "PutItem", request)


def judged(*observations: Observation | tuple[Observation, ...], settled: bool = True) -> CheckResult:
    result = check(PURGING, a_history(*observations, settled=settled))
    assert result is not None
    return result


def counts(**others: float) -> dict[str, float]:
    return dict.fromkeys(("gone", "stale", "posted_again", "live_rows_touched"), 0) | others


# --- rows of gone connections -------------------------------------------------------------------------------


def test_a_gone_row_deleted_in_time_passes() -> None:
    assert judged(GONE, MET_410, deleted(11.5)) == CheckResult(
        "purge",
        Verdict.PASS,
        "rows of 1 of 1 gone connections deleted within 1 s; no living row was touched",
        counts=counts(gone=1),
    )


def test_a_row_deleted_by_the_disconnect_between_lookup_and_410_passes() -> None:
    assert judged(GONE, deleted(11.015, "disconnect"), MET_410).verdict is Verdict.PASS


def test_a_gone_row_that_is_never_deleted_fails() -> None:
    found = RowsFound(99.0, ("c-bob", "c-alice"))

    result = judged(GONE, MET_410, found)

    what = (
        "the row of alice's connection c-alice, which met a 410, was never deleted; the scenario allows 1 s"
    )
    assert result == CheckResult(
        "purge",
        Verdict.FAIL,
        "rows of 0 of 1 gone connections deleted within 1 s; no living row was touched",
        (finding_of("never deleted", what, POSTED, RowsFound(99.0, ("c-alice",))),),
        counts(gone=1, stale=1),
    )


def test_a_gone_row_deleted_too_late_fails() -> None:
    result = judged(GONE, MET_410, deleted(12.5))

    what = "the row of alice's connection c-alice was deleted 1.48 s after its first 410; the scenario allows 1 s"
    assert result.findings == (finding_of("deleted late", what, POSTED, deleted(12.5)),)


def test_a_gone_row_that_is_written_again_fails() -> None:
    result = judged(GONE, MET_410, deleted(11.1), written(11.2))

    what = "the row of alice's connection c-alice, which met a 410, was deleted and then written again"
    assert result.findings == (finding_of("came back", what, POSTED, written(11.2)),)


def test_a_gone_row_that_is_there_at_the_end_fails_whoever_wrote_it() -> None:
    found = RowsFound(99.0, ("c-alice",))

    result = judged(GONE, MET_410, deleted(11.1), found)

    what = "the row of alice's connection c-alice, which met a 410, was deleted, yet it is there at the end"
    assert result.findings == (finding_of("came back", what, POSTED, deleted(11.1), found),)


def test_a_row_of_a_stranger_is_purged_like_any_other() -> None:
    stranger = (EVENT, *a_fan_out(EVENT, {"c-old": 410}))

    result = judged(stranger, ConnectionOpened(1.0, "c-new", "alice"))

    assert [one.what for one in result.findings] == [
        "the row of connection c-old, which met a 410, was never deleted; the scenario allows 1 s"
    ]


@pytest.mark.parametrize(
    ("posted", "again"),
    [
        pytest.param((InvocationStarted(11.6, "r", "f"), 11.7, "r"), 1, id="an invocation started after it"),
        pytest.param((InvocationStarted(11.4, "r", "f"), 11.7, "r"), 0, id="an invocation started before it"),
        pytest.param(
            (InvocationStarted(11.4, "x", "f"), 12.4, None), 0, id="nobody knows whom, a moment later"
        ),
        pytest.param((InvocationStarted(11.4, "x", "f"), 12.6, None), 1, id="nobody knows whom, much later"),
    ],
)
def test_a_post_after_the_deletion_fails_when_it_is_by(
    posted: tuple[InvocationStarted, float, str | None], again: int
) -> None:
    started, at, request = posted
    post = ConnectionPosted(at, "c-alice", 410, request)

    result = judged(GONE, MET_410, deleted(11.5), started, post)

    what = "alice's connection c-alice was posted to again after its row was deleted"
    assert result.findings == (finding_of("posted again", what, POSTED, deleted(11.5), post),) * again
    assert result.counts == counts(gone=1, posted_again=again)


def test_no_410_at_all_is_unknown() -> None:
    assert judged(ALICE) == CheckResult(
        "purge",
        Verdict.UNKNOWN,
        "no post was answered 410, so nothing was there to purge; no living row was touched",
        counts=counts(),
    )


def test_a_410_inside_connect_is_not_a_gone_connection() -> None:
    early = ConnectionPosted(1.01, "c-alice", 410, "connect")

    assert judged(early, ALICE).counts["gone"] == 0


def test_a_history_that_ends_before_the_row_was_due_is_unknown() -> None:
    result = judged(GONE, MET_410, Settled(11.9, "end", False, "1 invocation"), settled=False)

    assert (result.verdict, [one.kind for one in result.findings]) == (Verdict.UNKNOWN, ["undecided"])


# --- rows of living connections -----------------------------------------------------------------------------


def test_a_living_row_that_is_deleted_fails() -> None:
    result = check(a_scenario(), a_history(ALICE, deleted(20.0)))

    what = "live row touched: the row of alice's connection c-alice was deleted while it was open"
    opened = ConnectionOpened(1.05, "c-alice", "alice")
    assert result == CheckResult(
        "purge",
        Verdict.FAIL,
        "1 living row touched",
        (finding_of("live row touched", what, opened, deleted(20.0)),),
        counts(live_rows_touched=1),
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            (ConnectionClosed(15.0, "c-alice", 1000), deleted(20.0)), id="after its connection closed"
        ),
        pytest.param((deleted(0.5),), id="before its connection opened"),
        pytest.param((deleted(20.0), written(20.1, "r-e1")), id="to be written anew by the same request"),
        pytest.param((ConnectionPosted(19.0, "c-alice", 410), deleted(20.0)), id="because a post said gone"),
        pytest.param((RowDeleted(20.0, TABLE, "WS#c-else"),), id="that names no known connection"),
    ],
)
def test_a_row_may_be_deleted(changes: tuple[Observation, ...]) -> None:
    result = check(a_scenario(), a_history(ALICE, changes))

    assert result is not None
    assert (result.verdict, result.findings) == (Verdict.PASS, ())


def test_a_row_deleted_and_written_by_others_was_touched() -> None:
    result = check(a_scenario(), a_history(ALICE, deleted(20.0), written(20.1, "another")))

    assert result is not None
    assert result.counts["live_rows_touched"] == 1


def test_a_living_row_that_is_missing_at_the_end_fails() -> None:
    result = check(a_scenario(), a_history(ALICE, RowsFound(99.0, ("c-bob",))))

    assert result is not None
    what = "live row touched: alice's connection c-alice is open and subscribed at the end, but has no row"
    evidence = (ConnectionOpened(1.05, "c-alice", "alice"), RowsFound(99.0, ()))
    assert result.findings == (finding_of("live row touched", what, *evidence),)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param((*ALICE, RowsFound(99.0, ("c-alice",))), id="whose row is there"),
        pytest.param(
            (*GONE, ClientClosed(10.2, "alice", 1006), RowsFound(99.0, ())),
            id="that is not connected any more",
        ),
        pytest.param((*ALICE, ObservationsLost(50.0, 1), RowsFound(99.0, ())), id="of an inside half seen"),
    ],
)
def test_no_row_is_missing_of_a_client(seen: tuple[Observation, ...]) -> None:
    result = check(PURGING, a_history(seen))

    assert result is not None
    assert result.counts["live_rows_touched"] == 0


def test_nothing_is_judged_where_neither_purge_nor_inside_is_known() -> None:
    assert check(a_scenario(), a_history(a_client("alice"))) is None


@pytest.mark.parametrize(
    "scenario", [PURGING, a_scenario()], ids=["purging is expected", "nothing is expected"]
)
def test_where_the_inside_is_hidden_nobody_knows_what_was_purged(scenario: Scenario) -> None:
    seen = InsideHidden(1.0, "AWS does not show its inside")

    what = "which rows were deleted, and which connections were gone, cannot be seen: AWS does not show its inside"
    assert check(scenario, a_history(seen, a_client("alice"))) == CheckResult(
        "purge", Verdict.UNKNOWN, what, (unseen(what.partition(" cannot")[0], seen),)
    )
