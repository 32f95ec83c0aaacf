"""Consistency of a well-formed scenario: it names clients that exist, and they do what they can.

Pure: a scenario and the events of its files in, mistakes with their locations out.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TypeAlias, assert_never

from harness.json_values import JsonObject
from harness.matcher.session import outlines
from harness.scenario.feed import Feed
from harness.scenario.model import (
    Churn,
    ClientGroup,
    ClientNames,
    Connect,
    Leave,
    Publish,
    PublishFile,
    PublishGenerated,
    Scenario,
    Step,
    Subscribe,
    Vanish,
    names_of,
    numbered,
    times_of,
)
from harness.yaml_source import Location, suggestion

Slip: TypeAlias = tuple[Location, str]
"""Where in the scenario, and what is wrong there."""

Named: TypeAlias = tuple[Location, str]
"""Where a step names a client or a group, and the name."""

Events: TypeAlias = Callable[[str], Sequence[JsonObject]]
"""The events of a `publish_file`."""

_GROUP_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_MOST_REPETITIONS = 1_000_000
_MOST_VARIANTS = 1_000


def slips(scenario: Scenario, events: Events) -> Iterator[Slip]:
    """Everything that does not fit together, in no particular order."""
    yield from _group_slips(scenario.clients)
    yield from _channel_slips(scenario)
    if not scenario.clients and not scenario.timeline:
        yield ("scenario",), "nothing happens in it: there is neither a client nor a step"
    strangers = list(_strangers(scenario))
    endless = list(_endless_steps(scenario))
    yield from chain(strangers, endless)
    if not strangers and not endless:
        absent = list(_presence_slips(scenario))
        yield from absent or _idle_slips(scenario)
    if not endless:
        yield from _event_slips(scenario, events)
        yield from _threshold_slips(scenario, events)
        yield from _order_slips(scenario, events)


def lacking(scenario: Scenario, lacks: Mapping[str, str]) -> Iterator[Slip]:
    """What the scenario asks of a stack that cannot give it: where, and why not, which `lacks` says.

    Of the steps that publish the first is told.
    """
    if "publish" in lacks:
        publishing = (
            index
            for index, step in enumerate(scenario.timeline)
            if isinstance(step, Publish | PublishFile | PublishGenerated)
        )
        for index in islice(publishing, 1):
            yield ("timeline", index), f"nothing can be published: {lacks['publish']}"
    for name in ("purge", "ttl"):
        if name in lacks and getattr(scenario.expect, name) is not None:
            yield ("expect", name), f"'{name}' cannot be judged: {lacks[name]}"


def missing_channel(feed: Feed, payload: JsonObject) -> str | None:
    """Why an event has no channel by the feed's rules, None when it has one."""
    if feed.channels_of(payload):
        return None
    event_type = feed.type_of(payload)
    rule = feed.rule_for(event_type)
    if rule is None:
        return f"no rule of the feed gives events of type '{event_type}' a channel"
    fields = [
        name for name in re.findall(r"\{(\w+)\}", rule.channel) if not isinstance(payload.get(name), str)
    ]
    wanted = " and ".join(f"'{name}'" for name in fields)
    return f"an event of type '{event_type}' goes to {rule.channel}, but this one has no text in {wanted}"


# --- clients ------------------------------------------------------------------------------------------------


def _group_slips(groups: Mapping[str, ClientGroup]) -> Iterator[Slip]:
    for name, group in groups.items():
        if not _GROUP_NAME.fullmatch(name):
            yield ("clients", name), f"'{name}' cannot name a group; use letters, digits, '_', '.' and '-'"
        if (wrong := _wrong_refusal(group)) is not None:
            yield ("clients", name, "refused"), wrong


def _channel_slips(scenario: Scenario) -> Iterator[Slip]:
    """A connection that its query subscribes to two channels would be judged by one of them."""
    for name, group in scenario.clients.items():
        given = [parameter for parameter in scenario.feed.connect_channels if group.query.get(parameter)]
        if len(given) > 1:
            text = f"'{name}' subscribes by {' and '.join(given)}, and a connection has one channel"
            yield ("clients", name, "query"), f"{text}: make it two groups"


def _wrong_refusal(group: ClientGroup) -> str | None:
    match group.refused:
        case int(status) if not 300 <= status <= 599:
            return f"a handshake is refused with a status from 300 to 599, not {status}"
        case int() if group.subscribe is not None:
            return "a client whose handshake is refused never gets to its 'subscribe'"
        case str(code) if code.isdecimal():
            return f"write {code} without quotes for an HTTP status"
        case str() if group.subscribe is None:
            return "an error code answers a 'subscribe', and this group has none"
    return None


def _strangers(scenario: Scenario) -> Iterator[Slip]:
    members = (one for group_name, group in scenario.clients.items() for one in names_of(group_name, group))
    known = [*scenario.clients, *members]
    for index, step in enumerate(scenario.timeline):
        for location, name in _named_in(step, ("timeline", index)):
            if not _is_known(scenario, name):
                yield location, f"nobody is called '{name}'{suggestion(name, known)}"


def _named_in(step: Step, location: Location) -> Iterator[tuple[Location, str]]:
    """The client and group names of a step, each with its place."""
    match step:
        case Connect(connect=who):
            yield from _each_name(who, (*location, "connect"))
        case Leave(leave=who):
            yield from _each_name(who, (*location, "leave"))
        case Vanish(vanish=who):
            yield from _each_name(who, (*location, "vanish"))
        case Subscribe(subscribe=subscription):
            yield from _each_name(subscription.clients, (*location, "subscribe", "clients"))
        case Churn(churn=churning):
            yield from _each_name(churning.clients, (*location, "churn", "clients"))
        case Publish() | PublishFile() | PublishGenerated():
            pass
        case _:
            assert_never(step)


def _each_name(who: ClientNames, location: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(who, str):
        yield location, who
    else:
        yield from (((*location, index), name) for index, name in enumerate(who))


def _is_known(scenario: Scenario, name: str) -> bool:
    try:
        scenario.client_names(name)
    except KeyError:
        return False
    return True


def _presence_slips(scenario: Scenario) -> Iterator[Slip]:
    """Acts of clients that are surely not in the state for it; whom a churn has touched may be in any."""
    present = set(_present_at_start(scenario))
    unsure: set[str] = set()
    for index, step in sorted(enumerate(scenario.timeline), key=lambda pair: pair[1].at):
        named = list(_named_in(step, ("timeline", index)))
        clients = {client for _, name in named for client in scenario.client_names(name)}
        match step:
            case Connect():
                yield from _already_there(scenario, named, present - unsure)
                present |= {client for client in clients if not _never_connects(scenario, client)}
            case Leave() | Vanish():
                yield from _not_there(scenario, named, present | unsure)
                present -= clients
            case Subscribe():
                yield from _not_there(scenario, named, present | unsure)
            case Churn():
                yield from _cannot_churn(scenario, named)
                unsure |= clients
            case Publish() | PublishFile() | PublishGenerated():
                pass  # whoever is connected by then is a matter of receivers
            case _:
                assert_never(step)


def _idle_slips(scenario: Scenario) -> Iterator[Slip]:
    """Groups whose clients never come: all that is said of them would be true of nobody."""
    steps = list(enumerate(scenario.timeline))
    coming = {
        client
        for index, step in steps
        if isinstance(step, Connect | Churn)
        for _, name in _named_in(step, ("timeline", index))
        for client in scenario.client_names(name)
    }
    for name, group in scenario.clients.items():
        if group.joins == "later" and coming.isdisjoint(names_of(name, group)):
            yield ("clients", name, "joins"), f"'{name}' joins later, but no step connects it"


def _present_at_start(scenario: Scenario) -> Iterator[str]:
    for name, group in scenario.clients.items():
        if group.joins == "before" and not isinstance(group.refused, int):
            yield from names_of(name, group)


def _never_connects(scenario: Scenario, client: str) -> bool:
    return isinstance(scenario.group_of(client).refused, int)


def _already_there(scenario: Scenario, named: Iterable[Named], present: set[str]) -> Iterator[Slip]:
    for location, name in named:
        there = [client for client in scenario.client_names(name) if client in present]
        if there:
            hint = "a group that joins by a connect step has 'joins: later'"
            yield location, f"{_some(there)} already connected by then; {hint}"


def _not_there(scenario: Scenario, named: Iterable[Named], present: set[str]) -> Iterator[Slip]:
    for location, name in named:
        absent = [client for client in scenario.client_names(name) if client not in present]
        if absent:
            yield location, f"{_some(absent)} not connected by then"


def _cannot_churn(scenario: Scenario, named: Iterable[Named]) -> Iterator[Slip]:
    for location, name in named:
        if any(_never_connects(scenario, client) for client in scenario.client_names(name)):
            yield location, f"'{name}' cannot come and go: its handshake is refused"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    if len(names) > 3:
        shown = f"{shown} and {len(names) - 3} more"
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


# --- events -------------------------------------------------------------------------------------------------


def _endless_steps(scenario: Scenario) -> Iterator[Slip]:
    for index, step in enumerate(scenario.timeline):
        if isinstance(step, Publish | PublishGenerated | Churn) and step.every and step.for_:
            count = step.for_ / step.every
            if count > _MOST_REPETITIONS:
                yield ("timeline", index, "every"), f"{count:.0f} repetitions are more than a million"


def _event_slips(scenario: Scenario, events: Events) -> Iterator[Slip]:
    for index, step in enumerate(scenario.timeline):
        match step:
            case Publish():
                wrong = {missing_channel(scenario.feed, payload) for payload in _variants(step)}
                location: Location = ("timeline", index, "publish")
            case PublishGenerated():
                wrong = {missing_channel(scenario.feed, payload) for payload in _generated(step)}
                location = ("timeline", index, "publish_generated")
            case _:
                continue
        yield from ((location, text) for text in wrong if text is not None)
    yield from _repeated_ids(scenario, events)


def _repeated_ids(scenario: Scenario, events: Events) -> Iterator[Slip]:
    """Event ids that payloads bring along and that do not tell two events apart."""
    seen: set[str | None] = set()
    for index, step in enumerate(scenario.timeline):
        match step:
            case Publish():
                field, payloads = "publish", _repetitions(scenario.feed, step)
            case PublishFile(publish_file=file):
                field, payloads = "publish_file", iter(events(file))
            case _:
                continue
        again = None
        for payload in payloads:
            event_id = scenario.feed.event_id_of(payload)
            again = again or (event_id if event_id in seen else None)
            seen |= {event_id} - {None}
        if again:
            text = f"the event id '{again}' is published twice; put {{n}} in it or leave it out"
            yield ("timeline", index, field), text


def _repetitions(feed: Feed, step: Publish) -> Iterator[JsonObject]:
    if feed.event_id_of(step.publish) is not None:
        yield from (_payload(step, number) for number in range(1, len(times_of(step)) + 1))


def _variants(step: Publish) -> Iterator[JsonObject]:
    """The payloads of a step as far as they can differ in their channel."""
    top_level = [value for value in step.publish.values() if isinstance(value, str)]
    count = len(times_of(step)) if any("{n}" in value for value in top_level) else 1
    return (_payload(step, number) for number in range(1, min(count, _MOST_VARIANTS) + 1))


def _payload(step: Publish, number: int) -> JsonObject:
    payload = numbered(step.publish, number)
    assert isinstance(payload, dict)
    return payload


def _generated(step: PublishGenerated) -> Iterator[JsonObject]:
    return outlines(step.publish_generated.markets, step.publish_generated.traders)


# --- thresholds ---------------------------------------------------------------------------------------------


def _threshold_slips(scenario: Scenario, events: Events) -> Iterator[Slip]:
    """Thresholds that no event of the scenario could meet or miss."""
    published = list(_published(scenario, events)) if scenario.expect.latency else []
    for index, threshold in enumerate(scenario.expect.latency):
        location = ("expect", "latency", index)
        if threshold.seconds == 0:
            yield location, "a latency is never below 0"
        types = {kind for kind, _ in published}
        channels = {channel for kind, channel in published if threshold.type in (None, kind)}
        if not published:
            yield location, "nothing is published that it could measure"
        elif threshold.type is not None and threshold.type not in types:
            hint = suggestion(threshold.type, types)
            yield location, f"no event of type '{threshold.type}' is published{hint}"
        elif threshold.channel is not None and threshold.channel not in channels:
            hint = suggestion(threshold.channel, channels)
            yield location, f"no such event is published to '{threshold.channel}'{hint}"


def _order_slips(scenario: Scenario, events: Events) -> Iterator[Slip]:
    """An order that one event of each channel always has."""
    if scenario.expect.order and not _has_two_of_a_channel(scenario, events):
        yield ("expect", "order"), "no channel gets two events, so there is no order to keep"


def _has_two_of_a_channel(scenario: Scenario, events: Events) -> bool:
    repeated = any(
        len(times_of(step)) > 1 and (isinstance(step, PublishGenerated) or len(list(_variants(step))) == 1)
        for step in scenario.timeline
        if isinstance(step, Publish | PublishGenerated)
    )
    channels = Counter(channel for _, channel in _published(scenario, events))
    return repeated or any(number > 1 for number in channels.values())


def _published(scenario: Scenario, events: Events) -> Iterator[tuple[str, str]]:
    """Type and channel of everything that the timeline publishes."""
    for payload in _every_payload(scenario, events):
        for channel in scenario.feed.channels_of(payload):
            yield scenario.feed.type_of(payload), channel


def _every_payload(scenario: Scenario, events: Events) -> Iterator[JsonObject]:
    for step in scenario.timeline:
        match step:
            case Publish():
                yield from _variants(step)
            case PublishFile(publish_file=file):
                yield from events(file)
            case PublishGenerated():
                yield from _generated(step)
