"""Words of findings: clients, events, amounts and durations, as a person says them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from harness.record.observation import EventPublished

_NAMED = 4
_FIRST = 2


def amount(number: int) -> str:
    """`12 000`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 message`, `12 000 messages`."""
    return f"{amount(number)} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """`84 ms`, `3.2 s`, or `infinite`."""
    if seconds == float("inf"):
        return "infinite"
    if abs(seconds) < 0.01:
        return f"{seconds * 1000:.2g} ms"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.3g} s"


def listed(names: Iterable[str]) -> str:
    """`btc/1, btc/2 and btc/3`; beyond four names `btc/1, btc/2, btc/3 and 497 others`; `nobody` for none."""
    return _joined(_named(names)) or "nobody"


def folded(clients: Iterable[str], groups: Mapping[str, int]) -> str:
    """As `listed`, but a whole group is one name: `all 12 of btc`. `groups` says how many clients each one has."""
    names = set(clients)
    there = Counter(name.partition("/")[0] for name in names)
    whole = {group for group, number in there.items() if 1 < number == groups.get(group)}
    alone = [name for name in names if name.partition("/")[0] not in whole]
    told = [f"all {amount(there[group])} of {group}" for group in sorted(whole)]
    return _joined((*told, *_named(alone))) or "nobody"


def first_few(names: Iterable[str]) -> str:
    """`e52, e181, ...`: the first two, in the order given, and that there are more."""
    shown = list(islice(names, _FIRST + 1))
    return ", ".join((*shown[:_FIRST], "...") if len(shown) > _FIRST else shown)


def channels_of(published: EventPublished) -> str:
    """The event's channel; several joined by `+`."""
    return "+".join(published.channels)


def event(published: EventPublished) -> str:
    """`e17 (trade on market.BTC-PERP)`."""
    kind = published.type or "event"
    where = f" on {channels_of(published)}" if published.channels else ""
    return f"{published.event} ({kind}{where})"


def _named(names: Iterable[str]) -> list[str]:
    ordered = sorted(names, key=by_number)
    if len(ordered) <= _NAMED:
        return ordered
    shown = _NAMED - 1
    return [*ordered[:shown], f"{amount(len(ordered) - shown)} others"]


def _joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join((", ".join(parts[:-1]), parts[-1])) if len(parts) > 1 else "".join(parts)


def by_number(client: str) -> tuple[str, int, str]:
    """A sort key that puts `btc/9` before `btc/10`."""
    group, _, number = client.partition("/")
    return (group, int(number) if number.isdecimal() else 0, client)
