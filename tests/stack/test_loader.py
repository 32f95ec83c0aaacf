"""Stacks out of files, and what is told of wrong ones."""

from pathlib import Path
from textwrap import dedent

import pytest

from harness.errors import UsageError
from harness.scenario.connection_rows import ConnectionRows
from harness.scenario.feed import Feed
from harness.stack.loader import load_stack
from harness.stack.model import (
    Function,
    Index,
    Route,
    Stack,
    Subscription,
    Table,
    Topic,
    references_in,
    resolve,
)
from harness.stack.schema import FILE, stack_schema

PROJECT = Path(__file__).parents[2]

SMALL = """\
name: small
tables:
  rows: {name: Rows, hash_key: pk}
topics:
  news: {name: News}
functions:
  hello:
    handler: hello.handler
    subscribed_to: [news]
    environment:
      TABLE: ${tables.rows.name}
api:
  name: api
  routes:
    $connect: hello
    ask: {function: hello, two_way: true}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.py").touch()
    return tmp_path


def load(folder: Path, text: str) -> Stack:
    path = folder / "stack.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_stack(path)


def mistakes_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def with_lines(*replacements: tuple[str, str]) -> str:
    """The small stack with some of its text replaced."""
    text = SMALL
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_small_stack(folder: Path) -> None:
    stack = load(folder, SMALL)
    assert stack.tables == {"rows": Table(name="Rows", hash_key="pk")}
    assert stack.topics == {"news": Topic(name="News")}
    assert stack.functions == {
        "hello": Function(
            handler="hello.handler",
            code=folder,
            subscribed_to=("news",),
            environment={"TABLE": "${tables.rows.name}"},
        )
    }
    assert stack.api.routes == {
        "$connect": Route(function="hello"),
        "ask": Route(function="hello", two_way=True),
    }
    assert (stack.region, stack.feed, stack.connections) == ("us-east-1", Feed(), None)
    assert stack.function_name("hello") == "small-hello"


def test_a_subscription_with_a_filter_policy(folder: Path) -> None:
    text = with_lines(
        ("[news]", "[{topic: news, filter_policy: {kind: [a]}, filter_policy_scope: MessageBody}]")
    )
    assert load(folder, text).functions["hello"].subscribed_to == (
        Subscription(topic="news", filter_policy={"kind": ["a"]}, filter_policy_scope="MessageBody"),
    )


def test_the_projects_own_stack() -> None:
    stack = load_stack(PROJECT / "stack.yaml")
    assert stack.tables == {
        "connections": Table(
            name="WSConnections",
            hash_key="pk",
            range_key="sk",
            ttl="expireAt",
            indexes={"ByChannel": Index(hash_key="channel", range_key="pk")},
        )
    }
    assert stack.tables["connections"].key_attributes() == ("pk", "sk", "channel")
    assert set(stack.api.routes) == {"$connect", "$disconnect", "$default", "subscribe"}
    assert stack.functions["fan_out"].subscribed_to == (Subscription(topic="market_updates"),)
    assert stack.feed == Feed(), "what the file writes out are the exchange's own rules"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        pytest.param(
            "hash_key: pk",
            "hash_kye: pk",
            "3: unknown field 'hash_kye'; did you mean 'hash_key'?",
            id="field",
        ),
        pytest.param(
            "Rows",
            "R!",
            "3: 'name': 'R!' is no such name; it takes 3 to 255 letters, digits, '_', '.' and '-'",
            id="name",
        ),
        pytest.param(
            "  rows:",
            "  r.ows:",
            "3: 'r.ows': 'r.ows' is no such name; it takes a letter, then letters, digits, '_' and '-'",
            id="logical name",
        ),
        pytest.param(
            "TABLE: ${tables.rows.name}",
            "PORT: 80",
            "11: 'PORT' must be text, not 80; write it in quotes",
            id="number",
        ),
        pytest.param(
            "hello\n    ask", "[hello]\n    ask", "15: '$connect' must be a mapping, not a list", id="route"
        ),
        pytest.param(
            "two_way: true", "two_way: maybe", "16: 'two_way' must be true or false, not 'maybe'", id="flag"
        ),
    ],
)
def test_a_misshapen_stack(folder: Path, old: str, new: str, mistake: str) -> None:
    found = mistakes_of(folder, with_lines((old, new)))
    assert f"stack.yaml:{mistake}" in found


@pytest.mark.parametrize(
    ("old", "new", "mistakes"),
    [
        pytest.param(
            "$connect: hello",
            "$connect: {function: hello, api_key_required: true}",
            ["15: no key can be right: 'api_keys' of the api lists none (A-12)"],
            id="a key that cannot be",
        ),
        pytest.param(
            "ask: {function: hello, two_way: true}",
            "ask: {function: hello, authorization: AWS_IAM}",
            ["16: callers are looked at on $connect only, not on ask (A-1)"],
            id="a guard on a message",
        ),
        pytest.param(
            "ask: {function: hello, two_way: true}",
            "ask: {function: hello, authorizer: hello}",
            ["16: callers are looked at on $connect only, not on ask (A-1)"],
            id="an authorizer on a message",
        ),
        pytest.param(
            "$connect: hello",
            "$connect: {function: hello, authorizer: helo}",
            ["15: no function is called 'helo'; did you mean 'hello'?"],
            id="function of an authorizer",
        ),
        pytest.param(
            "$connect: hello",
            "$connect: {function: hello, authorizer: hello, authorization: AWS_IAM}",
            ["15: a route has either an authorizer or AWS_IAM (A-1)"],
            id="two guards",
        ),
        pytest.param(
            "$connect: hello",
            "$connect: helo",
            ["15: no function is called 'helo'; did you mean 'hello'?"],
            id="function of a route",
        ),
        pytest.param(
            "$connect",
            "$conect",
            ["15: '$conect' is no route (R-7); did you mean '$connect'?"],
            id="predefined route",
        ),
        pytest.param(
            "$connect",
            "$x",
            ["15: '$x' is no route (R-7); only $connect, $disconnect, $default begin with $"],
            id="route with $",
        ),
        pytest.param(
            "ask:",
            "$disconnect:",
            ["16: $disconnect cannot answer with a message (T-5)"],
            id="two-way disconnect",
        ),
        pytest.param(
            "[news]",
            "[newz, news, news]",
            ["9: no topic is called 'newz'; did you mean 'news'?", "9: 'news' is here twice"],
            id="topics",
        ),
        pytest.param(
            "tables.rows.name}",
            "tables.row.name}",
            ["11: nothing is called '${tables.row.name}'; did you mean 'tables.rows.name'?"],
            id="reference",
        ),
        pytest.param(
            "${tables.rows.name}",
            "${functions.hello.arn}",
            ["11: '${functions.hello.arn}' is known only after hello is created; it must stand before hello"],
            id="own ARN",
        ),
        pytest.param(
            "TABLE:",
            "AWS_REGION:",
            ["11: Lambda sets AWS_REGION itself and takes no other value for it"],
            id="reserved variable",
        ),
        pytest.param(
            "hello.handler",
            "helo.handler",
            ["8: there is no helo.py for 'helo.handler' in '.'; did you mean 'hello.handler'?"],
            id="handler file",
        ),
        pytest.param(
            "hello.handler",
            "hello",
            ["8: 'hello' names no function; write folder/file.function"],
            id="handler without function",
        ),
        pytest.param(
            "handler: hello.handler",
            "{handler: hello.handler, code: src}",
            ["8: there is no folder 'src' beside the stack's file"],
            id="code folder",
        ),
        pytest.param(
            "handler: hello.handler",
            "{handler: hello.handler, timeout: 1.5s}",
            ["8: Lambda counts a timeout in whole seconds"],
            id="timeout",
        ),
        pytest.param(
            "handler: hello.handler",
            "{handler: hello.handler, reserved_concurrency: 1, prewarm: 2}",
            ["8: only 1 may run at once (reserved_concurrency)"],
            id="prewarm",
        ),
        pytest.param(
            "hash_key: pk",
            "hash_key: pk, range_key: pk",
            ["3: 'pk' is the hash key already"],
            id="one key twice",
        ),
        pytest.param(
            "hash_key: pk",
            "hash_key: pk, ttl: pk",
            ["3: 'pk' is a key; rows expire by an attribute that is none"],
            id="key as TTL",
        ),
        pytest.param(
            "hash_key: pk",
            "hash_key: pk, types: {x: N}",
            ["3: 'x' is no key; only keys have a type"],
            id="type of no key",
        ),
        pytest.param(
            "hash_key: pk",
            "hash_key: pk, indexes: {ByX: {hash_key: x, include: [y]}}",
            ["3: 'include' needs 'projection: INCLUDE', not ALL"],
            id="include",
        ),
        pytest.param(
            "hash_key: pk",
            "hash_key: pk, indexes: {ByX: {hash_key: x, range_key: x, projection: INCLUDE}}",
            ["3: 'x' is the index's hash key already", "3: INCLUDE needs the attributes in 'include'"],
            id="index",
        ),
        pytest.param(
            "News}",
            "News}\n  more: {name: News}\nevents: news",
            ["5: another of the topics is named News too", "6: another of the topics is named News too"],
            id="one name twice",
        ),
        pytest.param(
            "News}",
            "News}\n  more: {name: More}",
            ["4: there are several; name the one that matchers publish to in 'events'"],
            id="several topics",
        ),
        pytest.param(
            "[news]",
            "[news]\n    links: {Rows: table.rows}",
            ["10: nothing is called 'table.rows'; did you mean 'tables.rows'?"],
            id="a link that leads nowhere",
        ),
        pytest.param(
            "News}",
            "News}\nevents: newz",
            ["6: no topic is called 'newz'; did you mean 'news'?"],
            id="topic of the events",
        ),
        pytest.param(
            "name: small",
            "name: small\nconnections: {table: row, connection_id: {attribute: pk}}",
            ["2: no table is called 'row'; did you mean 'rows'?"],
            id="connections table",
        ),
        pytest.param(
            "name: small",
            "name: small\nconnections: {table: rows, connection_id: {attribute: id}}",
            ["2: a connection's row is recognised by its hash key, which is 'pk'"],
            id="connections key",
        ),
    ],
)
def test_a_stack_that_makes_no_sense(folder: Path, old: str, new: str, mistakes: list[str]) -> None:
    if new.startswith("{handler"):
        old, new = (
            f"\n    {old}\n    subscribed_to: [news]\n    environment:\n      TABLE: ${{tables.rows.name}}",
            f"\n    {new}",
        )
    assert mistakes_of(folder, with_lines((old, new))) == [f"stack.yaml:{mistake}" for mistake in mistakes]


def test_a_function_that_may_never_run_needs_no_word_on_prewarming(folder: Path) -> None:
    stack = load(folder, with_lines(("hello.handler", "hello.handler\n    reserved_concurrency: 0")))
    assert stack.functions["hello"].reserved_concurrency == 0


def test_all_mistakes_of_sense_are_told_at_once(folder: Path) -> None:
    text = with_lines(("[news]", "[old]"), ("$connect: hello", "$connect: bye"))
    assert mistakes_of(folder, text) == [
        "stack.yaml:9: no topic is called 'old'",
        "stack.yaml:15: no function is called 'bye'",
    ]


@pytest.mark.parametrize(
    ("runtime", "handler", "file"),
    [
        ("python3.12", "app/web.handler", "app/web.py"),
        ("python3.12", "app.web.handler", "app/web.py"),
        ("python3.12", "app/web.handler", "app/web/__init__.py"),
        ("nodejs22.x", "app/index.handler", "app/index.mjs"),
        ("nodejs22.x", "app/index.api.handler", "app/index.ts"),
    ],
)
def test_where_a_handler_is_looked_for(tmp_path: Path, runtime: str, handler: str, file: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).touch()
    stack = load(tmp_path, with_lines(("hello.handler", f"{handler}\n    runtime: {runtime}")))
    assert stack.functions["hello"].handler == handler


def test_references_are_filled_in() -> None:
    outputs = {"api.url": "ws://x/prod", "region": "eu-west-1"}
    assert references_in("${api.url}?r=${region}") == ("api.url", "region")
    assert resolve("${api.url}?r=${region}&x=$1", outputs) == "ws://x/prod?r=eu-west-1&x=$1"
    with pytest.raises(KeyError, match="nothing"):
        resolve("${nothing}", outputs)


def test_what_can_be_referred_to(folder: Path) -> None:
    assert list(load(folder, SMALL).references()) == [
        "region",
        "tables.rows.name",
        "topics.news.name",
        "topics.news.arn",
        "api.id",
        "api.stage",
        "api.url",
        "api.management_endpoint",
        "functions.hello.name",
        "functions.hello.arn",
    ]


def test_the_schema_for_editors_is_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == stack_schema(), "run python -m harness.stack.schema"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param((), None, id="a function listens"),
        pytest.param(
            (("    subscribed_to: [news]\n", ""),),
            "nothing in the stack is subscribed to its topic 'news'; name it in a function's 'subscribed_to'",
            id="nobody listens",
        ),
        pytest.param(
            (
                ("    subscribed_to: [news]\n", ""),
                ("functions:\n", "queues:\n  q: {name: Q, subscribed_to: [news]}\nfunctions:\n"),
            ),
            None,
            id="a queue listens",
        ),
        pytest.param(
            (("    subscribed_to: [news]\n", ""), ("topics:\n  news: {name: News}\n", "")),
            "the stack has no topic",
            id="no topic",
        ),
    ],
)
def test_what_is_published_must_be_heard(
    folder: Path, changed: tuple[tuple[str, str], ...], why: str | None
) -> None:
    assert load(folder, with_lines(*changed)).lacks().get("publish") == why


CONNECTIONS = (
    "connections: {table: rows, connection_id: {attribute: pk, prefix: 'WS#'}, after_disconnect: kept}\n"
)
UNSAID = "the stack does not say which rows stand for connections; name them in its 'connections'"


@pytest.mark.parametrize(
    ("text", "rows", "lacks"),
    [
        pytest.param(SMALL, None, {"purge": UNSAID, "ttl": UNSAID}, id="unsaid"),
        pytest.param(
            SMALL + CONNECTIONS,
            ConnectionRows(prefix="WS#", after_disconnect="kept"),
            {"ttl": "the table of the stack's 'connections' has no 'ttl'"},
            id="without a TTL",
        ),
        pytest.param(
            with_lines(("hash_key: pk}", "hash_key: pk, ttl: expireAt}")) + CONNECTIONS,
            ConnectionRows(prefix="WS#", after_disconnect="kept", ttl="expireAt"),
            {},
            id="with a TTL",
        ),
    ],
)
def test_what_the_stack_says_of_rows_of_connections(
    folder: Path, text: str, rows: ConnectionRows | None, lacks: dict[str, str]
) -> None:
    stack = load(folder, text)
    assert (stack.connection_rows(), stack.lacks()) == (rows, lacks)


def test_a_duration_of_a_stack_needs_a_unit(folder: Path) -> None:
    text = with_lines(("    subscribed_to: [news]\n", "    timeout: 20\n"))
    assert mistakes_of(folder, text) == ["stack.yaml:9: 'timeout': 20 has no unit; did you mean 20s or 20ms?"]
