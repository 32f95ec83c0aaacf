"""Scenarios in and out of files, and what is told of wrong ones."""

from pathlib import Path
from textwrap import dedent

import pytest

from harness.errors import UsageError
from harness.scenario.connection_rows import ConnectionRows
from harness.scenario.feed import ChannelRule, Feed
from harness.scenario.loader import find_scenarios, from_json, load_scenario, read_events, to_json
from harness.scenario.model import (
    Churn,
    ClientGroup,
    Connect,
    Expectations,
    Publish,
    PublishFile,
    PublishGenerated,
    Scenario,
    Subscribe,
    Threshold,
    Vanish,
)
from harness.scenario.schema import FILE, scenario_schema

EVERYTHING = """\
scenario: Each trader sees its own orders, and nobody else does
seed: 7
clients:
  alice:
    query: {traderId: t1}
    subscribe: trader.t1
  btc:
    count: 3
    query: {market: "BTC-{n}"}
  eve: {refused: 403}
  late: {joins: later}
timeline:
  - {at: 1s, publish: {type: trade, market: BTC-1}, every: 100ms, for: 5s}
  - {at: 2s, publish_file: events.jsonl}
  - {at: 2s, publish_generated: {markets: [BTC-1], traders: [t1]}, every: 10ms, for: 1s}
  - {at: 3s, connect: late}
  - {at: 4s, subscribe: {clients: [alice, late], channel: market.BTC-2}}
  - {at: 5s, churn: {clients: btc, channels: [market.A, market.B]}, every: 1s, for: 3s}
  - {at: 9s, vanish: late}
expect:
  latency: [p99 < 100 ms, {threshold: p50 < 20ms, type: trade}]
  order: true
  purge: 2s
"""


def write(folder: Path, text: str, name: str = "s.yaml") -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def mistakes_of(folder: Path, text: str, *, feed: Feed | None = None) -> list[str]:
    """The lines of the error, with the folder taken out."""
    with pytest.raises(UsageError) as caught:
        load_scenario(write(folder, text), feed=feed)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("publish: {market: BTC-1, type: trade}", id="an event"),
        pytest.param("publish_file: events.jsonl", id="a file"),
        pytest.param("publish_generated: {markets: [BTC-1]}, every: 1s, for: 2s", id="generated events"),
    ],
)
def test_what_publishes_needs_a_stack_with_a_topic(tmp_path: Path, step: str) -> None:
    write(tmp_path, '{"type":"trade","market":"BTC-1"}\n', "events.jsonl")
    claim = "scenario: s\nclients: {a: {}}\ntimeline:\n  - {at: 0s, subscribe: {clients: a, channel: x}}\n"
    path = write(tmp_path, f"{claim}  - {{at: 0s, {step}}}\n  - {{at: 1s, {step}}}\n")
    assert load_scenario(path).scenario == "s"
    lacks = {"publish": "the stack has no topic"}
    with pytest.raises(UsageError) as caught:
        load_scenario(path, lacks=lacks)
    assert str(caught.value) == f"{path}:5: nothing can be published: the stack has no topic"
    quiet = write(tmp_path, claim, "quiet.yaml")
    assert load_scenario(quiet, lacks=lacks) == load_scenario(quiet)


@pytest.mark.parametrize("name", ["purge", "ttl"])
def test_rows_are_expected_of_a_stack_that_says_which_they_are(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"scenario: s\nclients: {{a: {{}}}}\nexpect:\n  order: false\n  {name}: 2s\n")
    with pytest.raises(UsageError) as caught:
        load_scenario(path, lacks={name: "there are none"})
    assert str(caught.value) == f"{path}:5: '{name}' cannot be judged: there are none"


def test_what_the_stack_says_of_rows_is_in_the_scenario_and_in_its_json(tmp_path: Path) -> None:
    rows = ConnectionRows(prefix="WS#", after_disconnect="kept", ttl="expireAt")
    scenario = load_scenario(write(tmp_path, "scenario: s\nclients: {a: {}}\n"), rows=rows)
    assert scenario.rows == rows
    assert from_json(to_json(scenario)) == scenario


def test_a_file_with_everything_in_it(tmp_path: Path) -> None:
    events = write(tmp_path, '{"type":"trade","market":"BTC-1"}\n', "events.jsonl")
    scenario = load_scenario(write(tmp_path, EVERYTHING))
    assert scenario.clients["btc"] == ClientGroup(count=3, query={"market": "BTC-{n}"})
    assert [type(step) for step in scenario.timeline] == [
        Publish,
        PublishFile,
        PublishGenerated,
        Connect,
        Subscribe,
        Churn,
        Vanish,
    ]
    assert scenario.timeline[1] == PublishFile(at=2.0, publish_file=str(events))
    assert scenario.expect == Expectations(
        latency=(
            Threshold(percentile="p99", seconds=0.1),
            Threshold(percentile="p50", seconds=0.02, type="trade"),
        ),
        order=True,
        purge=2.0,
    )


def test_json_brings_back_the_same_scenario(tmp_path: Path) -> None:
    write(tmp_path, '{"type":"trade","market":"BTC-1"}\n', "events.jsonl")
    feed = Feed(channels=(ChannelRule(channel="all.{market}"),))
    scenario = load_scenario(write(tmp_path, EVERYTHING), feed=feed)
    assert from_json(to_json(scenario)) == scenario
    assert scenario.feed == feed


def test_json_of_something_else_is_refused() -> None:
    with pytest.raises(UsageError, match="not a scenario of this version: scenario: Field required"):
        from_json(b"{}")


def test_a_feed_in_the_scenario_wins_over_the_stacks(tmp_path: Path) -> None:
    path = write(tmp_path, "scenario: s\nclients: {a: {}}\nfeed: {type_field: kind}\n")
    assert load_scenario(path, feed=Feed(type_field="sort")).feed == Feed(type_field="kind")


@pytest.mark.parametrize(
    ("step", "mistake"),
    [
        pytest.param(
            "{at: 1s, subscirbe: {}}",
            "unknown step 'subscirbe'; did you mean 'subscribe'?",
            id="unknown step",
        ),
        pytest.param(
            "leave alice",
            "item 1 of 'timeline': a step is a mapping such as {at: 1s, leave: alice}",
            id="text",
        ),
        pytest.param(
            "{at: 1s}",
            "item 1 of 'timeline': this step does nothing; write one of publish, publish_file, publish_generated, "
            "connect, leave, vanish, subscribe, churn",
            id="no step",
        ),
        pytest.param(
            "{leave: a, connect: a}",
            "item 1 of 'timeline': one step does one thing; this one has leave and connect",
            id="two steps",
        ),
        pytest.param(
            "{leave: a, every: 1s}", "unknown field 'every'; known are at, leave", id="field of another step"
        ),
        pytest.param(
            "{at: soon, leave: a}", "'at': 'soon' is not a duration; write 100ms, 5s or 1m", id="no duration"
        ),
        pytest.param(
            "{publish: {type: trade, market: m}, every: 1s}",
            "item 1 of 'timeline': `every` and `for` go together",
            id="every without for",
        ),
        pytest.param(
            "{publish: trade}", "'publish' must be a mapping, not 'trade'", id="payload that is no object"
        ),
        pytest.param(
            "{subscribe: {clients: a}}", "'channel' is missing in 'subscribe'", id="field of a field"
        ),
        pytest.param(
            "{leave: 7}",
            "'leave' must be text or a list, not 7; write it in quotes",
            id="name that is a number",
        ),
        pytest.param(
            "{publish_generated: {markets: []}, every: 1s, for: 1s}",
            "'markets' must have at least 1, not an empty list",
            id="no markets",
        ),
    ],
)
def test_a_misshapen_step_is_told_by_its_own_rules(tmp_path: Path, step: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, f"scenario: s\nclients: {{a: {{}}}}\ntimeline:\n  - {step}\n") == [
        f"s.yaml:4: {mistake}"
    ]


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        pytest.param(
            "scenarios: s",
            ["1: 'scenario' is missing", "1: unknown field 'scenarios'; did you mean 'scenario'?"],
            id="misspelt",
        ),
        pytest.param(
            "scenario: s\nclients:\n  a: {joins: latr}",
            ["3: 'joins' must be 'before' or 'later', not 'latr'; did you mean 'later'?"],
            id="choice",
        ),
        pytest.param(
            "scenario: s\nexpect:\n  latency: [p98 < 1s]",
            ["3: item 1 of 'latency': there is no percentile 'p98'; did you mean p99?"],
            id="threshold",
        ),
        pytest.param(
            "scenario: s\nclients: {a: {query: {n: 5}}}",
            ["2: 'n' must be text, not 5; write it in quotes"],
            id="number",
        ),
    ],
)
def test_a_misshapen_file(tmp_path: Path, text: str, mistakes: list[str]) -> None:
    assert mistakes_of(tmp_path, text) == [f"s.yaml:{mistake}" for mistake in mistakes]


CLIENTS = """\
scenario: s
clients:
  alice: {}
  btc: {count: 3, subscribe: market.BTC}
  eve: {refused: 403}
  late: {joins: later}
timeline:
"""
LATE_COMES = "{at: 1m, connect: late}"


@pytest.mark.parametrize(
    ("steps", "mistakes"),
    [
        pytest.param(
            ["{leave: [alice, alcie]}"], ["8: nobody is called 'alcie'; did you mean 'alice'?"], id="stranger"
        ),
        pytest.param(
            ["{leave: btc/4}"], ["8: nobody is called 'btc/4'; did you mean 'btc/3'?"], id="number too high"
        ),
        pytest.param(
            [
                "{subscribe: {clients: bob, channel: c}}",
                "{churn: {clients: bo, channels: [c]}, every: 1s, for: 1s}",
            ],
            ["8: nobody is called 'bob'", "9: nobody is called 'bo'"],
            id="strangers everywhere",
        ),
        pytest.param(
            ["{at: 1s, leave: late}"], ["8: late is not connected by then"], id="leaves before it came"
        ),
        pytest.param(
            ["{at: 2s, leave: alice}", "{at: 1s, vanish: alice}"],
            ["8: alice is not connected by then"],
            id="leaves twice, told in the order of time",
        ),
        pytest.param(
            ["{at: 1s, leave: btc/2}", "{at: 2s, vanish: btc}"],
            ["9: btc/2 is not connected by then"],
            id="one of a group",
        ),
        pytest.param(
            ["{subscribe: {clients: late, channel: c}}"],
            ["8: late is not connected by then"],
            id="subscribes before",
        ),
        pytest.param(["{leave: eve}"], ["8: eve is not connected by then"], id="refused, so never there"),
        pytest.param(
            ["{connect: alice}"],
            [
                "8: alice is already connected by then; a group that joins by a connect step has 'joins: later'"
            ],
            id="connects twice",
        ),
        pytest.param(
            ["{churn: {clients: eve, channels: [c]}, every: 1s, for: 1s}"],
            ["8: 'eve' cannot come and go: its handshake is refused"],
            id="churn of the refused",
        ),
        pytest.param(
            ["{publish: {type: trade}}"],
            ["8: an event of type 'trade' goes to market.{market}, but this one has no text in 'market'"],
            id="event without a channel",
        ),
        pytest.param(
            ["{publish: {type: trade, market: m}, every: 1us, for: 2s}"],
            ["8: 2000000 repetitions are more than a million"],
            id="endless",
        ),
        pytest.param(
            ["{publish: {type: trade, market: m, eventId: x}, every: 1s, for: 2s}"],
            ["8: the event id 'x' is published twice; put {n} in it or leave it out"],
            id="event id twice",
        ),
        pytest.param(
            ["{publish_file: none.jsonl}"],
            ["8: 'none.jsonl' is not there; it is looked for beside the scenario"],
            id="no file",
        ),
    ],
)
def test_steps_that_make_no_sense(tmp_path: Path, steps: list[str], mistakes: list[str]) -> None:
    text = CLIENTS + "\n".join(f"- {step}" for step in (*steps, LATE_COMES))
    assert mistakes_of(tmp_path, text) == [f"s.yaml:{mistake}" for mistake in mistakes]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            ["{at: 1s, leave: alice}", "{at: 2s, connect: alice}", "{at: 3s, leave: alice}"], id="comes back"
        ),
        pytest.param(["{at: 2s, leave: late}", "{at: 1s, connect: late}"], id="out of order in the file"),
        pytest.param(["{connect: eve}"], id="a refused handshake can be tried again"),
        pytest.param(
            ["{churn: {clients: [btc, late], channels: [c]}, every: 1s, for: 1s}", "{at: 5s, leave: late}"],
            id="after a churn anything may be",
        ),
        pytest.param(
            ["{publish: {type: trade, market: m, eventId: 'x{n}'}, every: 1s, for: 2s}"],
            id="event ids told apart",
        ),
    ],
)
def test_steps_that_make_sense(tmp_path: Path, steps: list[str]) -> None:
    load_scenario(write(tmp_path, CLIENTS + "\n".join(f"- {step}" for step in (*steps, LATE_COMES))))


@pytest.mark.parametrize(
    ("group", "mistake"),
    [
        pytest.param(
            "a: {refused: 200}", "a handshake is refused with a status from 300 to 599, not 200", id="status"
        ),
        pytest.param(
            "a: {refused: '403'}", "write 403 without quotes for an HTTP status", id="quoted status"
        ),
        pytest.param(
            "a: {refused: BAD_CHANNEL}",
            "an error code answers a 'subscribe', and this group has none",
            id="code",
        ),
        pytest.param(
            "a: {refused: 403, subscribe: c}",
            "a client whose handshake is refused never gets to its 'subscribe'",
            id="status and subscribe",
        ),
        pytest.param(
            "a/b: {}", "'a/b' cannot name a group; use letters, digits, '_', '.' and '-'", id="name"
        ),
    ],
)
def test_groups_that_make_no_sense(tmp_path: Path, group: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, f"scenario: s\nclients:\n  {group}\n") == [f"s.yaml:3: {mistake}"]


@pytest.mark.parametrize(
    ("threshold", "mistake"),
    [
        pytest.param(
            "p99 < 100", "item 1 of 'latency': 100 has no unit; did you mean 100s or 100ms?", id="no unit"
        ),
        pytest.param(
            "p90 < 1s", "item 1 of 'latency': there is no percentile 'p90'; did you mean p95?", id="p90"
        ),
        pytest.param(
            "p99.9<1s", "item 1 of 'latency': there is no percentile 'p99.9'; did you mean max?", id="p99.9"
        ),
        pytest.param(
            "mean < 1s",
            "item 1 of 'latency': there is no percentile 'mean'; there are p50, p95, p99 and max",
            id="no percentile",
        ),
        pytest.param(
            "p99 > 1s",
            "item 1 of 'latency': 'p99 > 1s' is not a threshold; "
            "write p50, p95, p99 or max, < or <=, and a duration: p99 < 100 ms",
            id="the other way round",
        ),
        pytest.param("p99 < 0s", "a latency is never below 0", id="zero"),
        pytest.param(
            "{threshold: p99 < 1s, type: trad}",
            "no event of type 'trad' is published; did you mean 'trade'?",
            id="type",
        ),
        pytest.param(
            "{threshold: p99 < 1s, channel: market.ETH-9}",
            "no such event is published to 'market.ETH-9'; did you mean 'market.ETH-3'?",
            id="channel",
        ),
    ],
)
def test_thresholds_that_no_event_can_meet_or_miss(tmp_path: Path, threshold: str, mistake: str) -> None:
    text = f"""\
        scenario: s
        timeline:
        - {{publish: {{type: trade, market: "ETH-{{n}}"}}, every: 1s, for: 3s}}
        expect:
          latency:
          - {threshold}
        """
    assert mistakes_of(tmp_path, text) == [f"s.yaml:6: {mistake}"]


def test_a_threshold_without_any_event(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, "scenario: s\nclients: {a: {}}\nexpect: {latency: [p99 < 1s]}") == [
        "s.yaml:3: nothing is published that it could measure"
    ]


@pytest.mark.parametrize(
    ("threshold", "or_equal"),
    [("p99<1s", False), ("p99 < 1 s", False), ("p99 <= 1s", True), ("p99<=1s", True)],
)
def test_ways_to_write_a_threshold(tmp_path: Path, threshold: str, or_equal: bool) -> None:
    steps = "timeline: [{publish: {type: t, market: m}}]"
    path = write(tmp_path, f"scenario: s\n{steps}\nexpect: {{latency: [{threshold}]}}")
    (read,) = load_scenario(path).expect.latency
    assert read == Threshold(percentile="p99", seconds=1.0, or_equal=or_equal)
    assert (read.holds(1.0), read.holds(0.9), read.holds(1.1)) == (or_equal, True, False)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param(
            "timeline: [{publish: {type: t, market: m}, every: 200, for: 5s}]",
            "2: 'every': 200 has no unit; did you mean 200s or 200ms?",
            id="every",
        ),
        pytest.param(
            "timeline: [{publish: {type: t, market: m}, every: '200', for: 5s}]",
            "2: 'every': 200 has no unit; did you mean 200s or 200ms?",
            id="in quotes",
        ),
        pytest.param("settle: 5", "2: 'settle': 5 has no unit; did you mean 5s or 5ms?", id="settle"),
        pytest.param(
            "expect: {purge: 2.5}", "2: 'purge': 2.5 has no unit; did you mean 2.5s or 2.5ms?", id="purge"
        ),
        pytest.param(
            "sns: {delay: 10..20}", "2: 'delay': 10 has no unit; did you mean 10s or 10ms?", id="range"
        ),
        pytest.param("settle: -1", "2: 'settle': a duration cannot be negative", id="negative"),
        pytest.param(
            "settle: true", "2: 'settle': True is not a duration; write 100ms, 5s or 1m", id="no number"
        ),
    ],
)
def test_a_duration_needs_a_unit(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, f"scenario: s\n{text}\n") == [f"s.yaml:{mistake}"]


@pytest.mark.parametrize("zero", ["0", "0.0", "'0'", "0s"])
def test_nothing_needs_no_unit(tmp_path: Path, zero: str) -> None:
    path = write(tmp_path, f"scenario: s\nclients: {{a: {{}}}}\nsettle: {zero}\nsns: {{delay: {zero}}}\n")
    assert (load_scenario(path).settle, load_scenario(path).sns.delay) == (0.0, (0.0, 0.0))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        pytest.param(
            "seed: 2", "1: nothing happens in it: there is neither a client nor a step", id="nothing at all"
        ),
        pytest.param(
            "feed: {connect_channels: {room: 'r.{room}', user: 'u.{user}'}}\n"
            "clients:\n  a: {query: {room: x}}\n  b: {query: {room: x, user: y}}",
            "5: 'b' subscribes by room and user, and a connection has one channel: make it two groups",
            id="two channels at once",
        ),
        pytest.param(
            "clients:\n  a: {}\n  b: {joins: later}",
            "4: 'b' joins later, but no step connects it",
            id="never there",
        ),
        pytest.param(
            "timeline: [{publish: {type: t, market: m}}]\nexpect:\n  order: true",
            "4: no channel gets two events, so there is no order to keep",
            id="the order of one event",
        ),
        pytest.param(
            "timeline: [{publish: {type: t, market: '{n}'}, every: 1s, for: 2s}]\nexpect: {order: true}",
            "3: no channel gets two events, so there is no order to keep",
            id="the order of one event a channel",
        ),
    ],
)
def test_what_could_only_be_true_of_nothing(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistakes_of(tmp_path, f"scenario: s\n{text}\n") == [f"s.yaml:{mistake}"]


def test_a_file_without_events(tmp_path: Path) -> None:
    write(tmp_path, "\n", "events.jsonl")
    assert mistakes_of(tmp_path, "scenario: s\ntimeline: [{publish_file: events.jsonl}]") == [
        "events.jsonl:1: holds no event"
    ]


def test_generated_events_need_a_feed_that_knows_them(tmp_path: Path) -> None:
    feed = Feed(
        channels=(ChannelRule(types=("trade", "depth", "markPrice", "funding"), channel="m.{market}"),)
    )
    text = "scenario: s\ntimeline:\n- {publish_generated: {markets: [A]}, every: 1s, for: 1s}"
    assert mistakes_of(tmp_path, text, feed=feed) == [
        "s.yaml:3: no rule of the feed gives events of type 'marketState' a channel"
    ]


def test_mistakes_in_a_file_of_events_have_that_files_lines(tmp_path: Path) -> None:
    lines = ['{"type":"trade","market":"m"}', "", "{", "[1]", '{"at":"soon"}', '{"type":"trade"}']
    write(tmp_path, "\n".join(lines), "events.jsonl")
    text = "scenario: s\ntimeline:\n- publish_file: events.jsonl\n- leave: bob\n"
    assert mistakes_of(tmp_path, text) == [
        "events.jsonl:3: is not JSON: unexpected end of data: line 1 column 2 (char 1)",
        "events.jsonl:4: an event is a JSON object",
        "events.jsonl:5: 'at': 'soon' is not a duration; write 100ms, 5s or 1m",
        "events.jsonl:6: an event of type 'trade' goes to market.{market}, but this one has no text in 'market'",
        "s.yaml:4: nobody is called 'bob'",
    ]


def test_reading_the_events_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, '{"at": "1s", "type": "a"}\n\n{"type": "b"}\n', "events.jsonl")
    assert read_events(str(path)) == ({"at": "1s", "type": "a"}, {"type": "b"})


def test_scenarios_of_a_folder_are_sorted(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.yaml", "a.yml", "deep/c.yaml", "notes.md"):
        (tmp_path / name).touch()
    assert find_scenarios(tmp_path) == tuple(tmp_path / name for name in ("a.yml", "b.yaml", "deep/c.yaml"))
    assert find_scenarios(tmp_path / "b.yaml") == (tmp_path / "b.yaml",)


@pytest.mark.parametrize(
    ("name", "mistake"), [("none", "no such file or folder"), ("empty", "no scenario in it")]
)
def test_no_scenarios_to_find(tmp_path: Path, name: str, mistake: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=mistake):
        find_scenarios(tmp_path / name)


def test_the_schema_for_editors_is_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == scenario_schema(), "run python -m harness.scenario.schema"


def test_a_scenario_made_in_python_is_one_from_a_file() -> None:
    timeline = (Connect(at=1.0, connect="late"),)
    scenario = Scenario(scenario="s", clients={"late": ClientGroup(joins="later")}, timeline=timeline)
    assert scenario.timeline == timeline
