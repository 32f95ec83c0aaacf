"""Did the messages of each channel arrive at each client in the order their events were published?"""

from harness.checks import wording
from harness.checks.alike import Alike, Case, alike, group_sizes
from harness.checks.deliveries import deliveries_of
from harness.checks.needs import SETTLED
from harness.checks.sequences import Overtaken, Sequences
from harness.checks.verdict import Cause, CheckResult, answer
from harness.record.history import History
from harness.scenario.model import Scenario

NAME = "order"


def check(scenario: Scenario, history: History) -> CheckResult | None:
    """FAIL for a message that arrived after one that was published later; None unless the scenario expects order.

    UNKNOWN when no client received two messages of one channel. Only an event's first arrival counts (a second one is
    routing's finding), and ids that were published more than once are left out: nobody can tell which one arrived.
    """
    if not scenario.expect.order:
        return None
    found = deliveries_of(scenario, history)
    sequences = found.sequences
    groups = alike(map(_case, sequences.overtaken), found.wrongs.completeness)
    findings = (
        group.finding("out of order", _words(group, sequences, scenario), cause=Cause.ORDER)
        for group in groups
    )
    pairs = sequences.messages - sequences.streams
    return answer(NAME, _summary(sequences), findings, _counts(sequences), judged=pairs > 0, needs=(SETTLED,))


def _summary(sequences: Sequences) -> str:
    if sequences.messages == sequences.streams:
        return "no client received two messages of one channel"
    if sequences.out_of_order:
        return f"{wording.counted(sequences.out_of_order, 'message')} arrived out of order"
    return f"{wording.counted(sequences.messages, 'message')} arrived in the order of publishing"


def _counts(sequences: Sequences) -> dict[str, float]:
    return {
        "streams": sequences.streams,
        "messages": sequences.messages,
        "out_of_order": sequences.out_of_order,
    }


def _case(overtaken: Overtaken) -> Case:
    newer, older = overtaken
    return Case(
        key=("out of order", wording.channels_of(older[0])),
        event=older[0].event,
        client=older[1].client,
        type=older[0].type,
        proof=lambda: (older[0], newer[0], newer[1], older[1]),
    )


def _words(group: Alike, sequences: Sequences, scenario: Scenario) -> str:
    newer, older = next(
        (newer, older)
        for newer, older in sequences.overtaken
        if (older[0].event, older[1].client) == (group.example.event, group.example.client)
    )
    later = f"which was published {wording.duration(newer[0].at - older[0].at)} later"
    if group.count == 1:
        return (
            f"{older[1].client} received {wording.event(older[0])} after {wording.event(newer[0])}, {later}"
        )
    told = group.told("arrived out of order", "at", group_sizes(scenario))
    return f"{told}: {older[0].event} after {newer[0].event}, {later}"
