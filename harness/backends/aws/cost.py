"""Cost of a run on AWS, and whether it is under the caps. Pure: from the load of its scenarios and AWS's list prices.

Upper bounds, without free tiers (P-5); only the time that functions take, and what a row weighs, are assumed. Prices
are those of us-east-1 (P-1 to P-16); other regions differ by some tens of percent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from harness.backends.aws.choice import CONNECTS_PER_SECOND, READ_UNIT_USD, AwsChoice, Caps
from harness.clients.load import Load
from harness.errors import UsageError
from harness.stack.model import Stack

LOOKS_PER_SECOND = 4
"""How often the rows are read at most while a scenario settles."""

INVOCATION_SECONDS = 1.0
"""What an invocation is taken to last: ten times and more what a warm handler needs, about what a cold one does."""

ROW_BYTES = 512
"""What a connection's row is taken to weigh."""

WRITE_UNITS = 3
"""A write of a row: the row, and its old and its new entry in an index (P-14)."""

_KB = 1024
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the estimate: `amount` of `what` at `price` US dollars each; `row` is the price's source."""

    what: str
    amount: float
    price: float
    row: str

    @property
    def usd(self) -> float:
        return self.amount * self.price


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a run puts on AWS."""

    connections: int
    events: int
    items: tuple[Item, ...]

    @property
    def usd(self) -> float:
        return sum(item.usd for item in self.items)


def estimate(loads: Sequence[Load], stack: Stack) -> Estimate:
    """The most that scenarios with these loads cost, one after the other."""
    return Estimate(
        connections=sum(one.connections for one in loads),
        events=sum(len(one.events) for one in loads),
        items=(*_api(loads), *_functions(loads, stack), *_topic(loads), *_table(loads, stack)),
    )


def affordable(loads: Sequence[Load], stack: Stack, choice: AwsChoice) -> str:
    """What the run may do and cost, as lines for the user; UsageError when that is over a cap."""
    estimated = estimate(loads, stack)
    refuse_over(estimated, choice.caps)
    writes = "rows that it leaves behind are deleted" if choice.allow_write else "nothing is deleted"
    return (
        f"on AWS account {choice.account}: at most {told(estimated.connections)} connections, no more than "
        f"{CONNECTS_PER_SECOND:g} of them a second, and {told(estimated.events)} events; {writes}\n"
        f"{table_of(estimated)}"
    )


def refuse_over(estimated: Estimate, caps: Caps) -> None:
    """UsageError for an estimate over a cap; it names every one, and the option that raises it."""
    over = [
        f"{told(estimated.connections)} connections, and --max-connections is {told(caps.connections)}"
        if estimated.connections > caps.connections
        else "",
        f"{told(estimated.events)} events, and --max-events is {told(caps.events)}"
        if estimated.events > caps.events
        else "",
        f"{dollars(estimated.usd)}, and --max-cost is {dollars(caps.usd)}"
        if estimated.usd > caps.usd
        else "",
    ]
    if any(over):
        raise UsageError(f"the run would need up to {'; up to '.join(one for one in over if one)}")


def table_of(estimated: Estimate) -> str:
    """The estimate as lines: what, how much, and the dollars; then the sum."""
    rows = [(item.what, told(ceil(item.amount)), dollars(item.usd)) for item in estimated.items]
    rows.append(("in all, at most, by the list prices of us-east-1", "", dollars(estimated.usd)))
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(f"  {a:<{wide[0]}}  {b:>{wide[1]}}  {c:>{wide[2]}}" for a, b, c in rows)


def told(count: int) -> str:
    """`12,345`."""
    return f"{count:,}"


def dollars(usd: float) -> str:
    """`$0.0123`; small sums are the rule here."""
    return f"${usd:,.4f}" if usd < 1 else f"${usd:,.2f}"


# --- what is billed ------------------------------------------------------------------------------------------


def _api(loads: Sequence[Load]) -> Iterator[Item]:
    """API Gateway bills messages in both directions in steps of 32 KB, and connections by the minute (P-1 to P-4).

    Not recorded on AWS yet: whether handshakes, closes and failed posts are billed; handshakes are counted here.
    """
    sent = sum(one.connections + one.messages for one in loads)
    received = sum(one.messages for one in loads)
    pushed = sum(event.receivers * _steps(event.size, 32 * _KB) for one in loads for event in one.events)
    minutes = sum(one.connections * ceil(one.seconds / 60) for one in loads)
    bytes_out = sum(event.receivers * event.size for one in loads for event in one.events)
    yield Item("WebSocket messages, sent and received", sent + received + pushed, 1.0 / _MILLION, "P-1")
    yield Item("minutes of connections", minutes, 0.25 / _MILLION, "P-4")
    yield Item("KB of data out", bytes_out / _KB, 0.09 / _MILLION, "P-16")


def _functions(loads: Sequence[Load], stack: Stack) -> Iterator[Item]:
    """Lambda bills invocations, and their seconds times the function's memory (P-6, P-7)."""
    seconds, invocations = 0.0, 0
    for function, times in _invocations(loads, stack):
        gigabytes = stack.functions[function].memory / 1024
        seconds += times * min(INVOCATION_SECONDS, stack.functions[function].timeout) * gigabytes
        invocations += times
    yield Item("invocations", invocations, 0.2 / _MILLION, "P-6")
    yield Item("GB-seconds of functions", seconds, 0.0000166667, "P-7")


def _invocations(loads: Sequence[Load], stack: Stack) -> Iterator[tuple[str, int]]:
    """How often each function runs. A message runs the largest of those that some message may reach."""
    connections = sum(one.connections for one in loads)
    messages, events = sum(one.messages for one in loads), sum(len(one.events) for one in loads)
    for route_key, route in stack.api.routes.items():
        if route_key in ("$connect", "$disconnect"):
            yield route.function, connections
    own = [
        route.function for key, route in stack.api.routes.items() if key not in ("$connect", "$disconnect")
    ]
    if own:
        yield max(own, key=lambda name: stack.functions[name].memory), messages
    for name, function in stack.functions.items():
        if any(one.topic == stack.events_topic() for one in function.subscribed_to):
            yield name, events


def _topic(loads: Sequence[Load]) -> Iterator[Item]:
    """SNS bills publishing in steps of 64 KB, and no delivery to Lambda (P-10, P-11)."""
    requests = sum(_steps(event.size, 64 * _KB) for one in loads for event in one.events)
    yield Item("SNS publishes", requests, 0.5 / _MILLION, "P-10")


def _table(loads: Sequence[Load], stack: Stack) -> Iterator[Item]:
    """DynamoDB bills by units of 1 KB written and 4 KB read (P-12 to P-14).

    Each event's lookup reads as much as a Scan does; the harness reads the rows while it settles.
    """
    writes = sum((2 * one.connections + one.messages) * WRITE_UNITS for one in loads)
    reads = sum(_rows_read(one, harness=stack.connections is not None) for one in loads)
    yield Item("DynamoDB write units", writes, 0.625 / _MILLION, "P-12")
    yield Item("DynamoDB read units", reads, READ_UNIT_USD, "P-13")


def _rows_read(one: Load, *, harness: bool) -> int:
    looks = ceil(one.seconds * LOOKS_PER_SECOND) if harness else 0
    return (len(one.events) + looks) * _steps(one.connections * ROW_BYTES, 4 * _KB)


def _steps(size: int, step: int) -> int:
    """How many a message of `size` bytes is billed as (P-3, P-10); at least one."""
    return max(1, ceil(size / step))
