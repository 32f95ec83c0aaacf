"""Demanded refusals: which one the scenario demands of each subscribe message that was seen."""

from collections.abc import Mapping
from typing import TypeAlias

from harness.record.history import History
from harness.record.observation import ClientConnected, Settled, SubscriptionSent
from harness.scenario.model import Scenario, Subscribe, channel_of

_Demand: TypeAlias = tuple[float, str | None]
"""When a subscribe message was due, and the error code that must answer it (None: it must succeed)."""

_SLACK = 0.05
"""A step's due time is reckoned from `Settled`, which is noted a moment before or after the timeline's zero."""


def demanded_refusals(scenario: Scenario, history: History) -> tuple[str | None, ...]:
    """For each `SubscriptionSent` of the history, in order, the error code that must answer it; None for none.

    A client may ask for one channel several times, refused once and once not: the last demand that was due by
    then holds.
    """
    from_steps = _demands_of_steps(scenario, timeline_begins_at(history))
    connected: dict[str, list[float]] = {}
    for one in history.of(ClientConnected):
        connected.setdefault(one.client, []).append(one.at)
    return tuple(
        _last_due(
            sent,
            _demands_of_group(scenario, sent, connected.get(sent.client, []))
            + from_steps.get((sent.client, sent.channel), []),
        )
        for sent in history.of(SubscriptionSent)
    )


def timeline_begins_at(history: History) -> float:
    """When the timeline began: the history's begin, when it never came to that."""
    return next((one.at for one in history.of(Settled) if one.phase == "start"), history.begins_at)


def _demands_of_steps(scenario: Scenario, begins_at: float) -> Mapping[tuple[str, str], list[_Demand]]:
    demands: dict[tuple[str, str], list[_Demand]] = {}
    for step in scenario.timeline:
        if isinstance(step, Subscribe):
            asked = step.subscribe
            for client in scenario.client_names(asked.clients):
                demands.setdefault((client, asked.channel), []).append((begins_at + step.at, asked.refused))
    return demands


def _demands_of_group(scenario: Scenario, sent: SubscriptionSent, connected: list[float]) -> list[_Demand]:
    if channel_of(scenario, sent.client) != sent.channel:
        return []
    refused = scenario.group_of(sent.client).refused
    code = refused if isinstance(refused, str) else None
    return [(at, code) for at in connected if at <= sent.at]


def _last_due(sent: SubscriptionSent, demands: list[_Demand]) -> str | None:
    due = [demand for demand in demands if demand[0] <= sent.at + _SLACK]
    return max(due, key=lambda demand: demand[0])[1] if due else None
