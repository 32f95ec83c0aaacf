from collections.abc import Iterator

from harness.checks.alike import Alike, Case, alike, group_sizes
from harness.checks.completeness import Completeness, completeness_of
from harness.checks.needs import messages_of
from harness.checks.verdict import Cause
from harness.record.history import History
from harness.record.observation import Observation
from tests.checks.histories import MARKET, a_client, a_history, a_scenario, an_event

SCENARIO = a_scenario(clients={"btc": {"count": 12, "subscribe": MARKET}, "alice": {"subscribe": MARKET}})
GROUPS = group_sizes(SCENARIO)
ALL = tuple(f"btc/{n}" for n in range(1, 13))


def leaks(
    *events: str, clients: tuple[str, ...] = ALL, key: tuple[str, ...] = ("fan_out",), kind: str = "trade"
) -> Iterator[Case]:
    return (Case(key, event, client, kind) for event in events for client in clients)


def only(cases: Iterator[Case]) -> Alike:
    (one,) = alike(cases, Completeness())
    return one


def leaked(cases: Iterator[Case]) -> str:
    return only(cases).told("leaked", "to", GROUPS)


def test_many_events_at_whole_groups_are_one_sentence() -> None:
    cases = leaks("e52", "e181", "e7", "e9", kind="balanceUpdate")

    assert leaked(cases) == "4 events leaked (e52, e181, ...), each to all 12 of btc; all balanceUpdate"


def test_one_event_is_told_by_its_name() -> None:
    assert leaked(leaks("e52", clients=("btc/4",))) == "e52 (trade) leaked to btc/4"
    assert leaked(leaks("e52", clients=("alice", *ALL))) == "e52 (trade) leaked to all 12 of btc and alice"


def test_events_that_reached_different_clients_are_not_told_as_each() -> None:
    cases = [*leaks("e1", clients=("btc/1",)), *leaks("e2", clients=("btc/2",), kind="order")]

    assert leaked(iter(cases)) == "2 events leaked (e1, e2), to btc/1 and btc/2"


def test_what_has_no_event_is_counted() -> None:
    assert leaked(Case(("x",), client="alice") for _ in range(3)) == "3 messages leaked to alice"


def test_counts_are_exact_and_the_first_case_is_the_proof() -> None:
    asked: list[str] = []

    def proof(name: str) -> tuple[Observation, ...]:
        asked.append(name)
        return (an_event(name),)

    one = only(
        Case(("fan_out",), f"e{n}", "alice", proof=lambda n=n: proof(f"e{n}"), request=f"r{n}")  # type: ignore[misc]
        for n in range(5)
    )
    finding = one.finding("leak", "it leaked", cause=Cause.LEAK)

    assert (finding.count, finding.subject, finding.request, asked) == (5, ("fan_out",), "r0", ["e0"])
    assert [seen.fields["event"] for seen in finding.evidence] == ["e0"]


def test_causes_are_apart() -> None:
    cases = [*leaks("e1", key=("a",)), *leaks("e2", key=("b",)), *leaks("e3", key=("a",))]

    assert [one.events for one in alike(cases, Completeness())] == [("e1", "e3"), ("e2",)]


def test_what_the_history_proves_is_apart_from_what_it_does_not() -> None:
    cut = completeness_of(History(a_history(a_client("alice"), settled=False).observations))
    cases = [
        Case(("a",), f"e{at:.0f}", "alice", needs=frozenset({messages_of("alice", at)}))
        for at in (1.0, 9.0, 0.5)
    ]

    assert [one.events for one in alike(cases, cut)] == [("e1", "e0"), ("e9",)]
