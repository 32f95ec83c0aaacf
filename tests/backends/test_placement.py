from collections.abc import Mapping

import pytest

from harness.backends.backend import ALL_HERE
from harness.backends.capabilities import Answers, Full, Hybrid, place, refuse_sources_elsewhere
from harness.backends.hybrid import HybridBackend
from harness.backends.parts import told_parts
from harness.backends.settings import reasons, unheard
from harness.errors import BackendError, UsageError
from harness.stack.model import Api, Function, Queue, QueueSource, Route, Stack, StreamSource, Table

ALL = ("dynamodb", "sns", "sqs", "apigatewayv2", "lambda")
URL = "http://127.0.0.1:4566"
FOLLOWS = "'follow' reads the stream of the table 'orders'"


def answers(*there: str) -> Answers:
    missing = {service: "501 not there" for service in ALL if service not in there}
    return Answers(URL, "LocalStack 4.3.0", frozenset(there), missing)


@pytest.mark.parametrize(
    ("there", "hybrid", "services"),
    [
        pytest.param(ALL, False, None, id="everything"),
        pytest.param(ALL, True, ("dynamodb", "sns", "sqs"), id="everything, but hybrid was asked for"),
        pytest.param(("dynamodb", "sns", "apigatewayv2", "lambda"), False, None, id="no queues"),
        pytest.param(("dynamodb", "sns", "sqs", "lambda"), False, ("dynamodb", "sns", "sqs"), id="open core"),
        pytest.param(("dynamodb", "sns"), False, ("dynamodb", "sns"), id="tables and topics"),
        pytest.param(("dynamodb",), False, ("dynamodb",), id="DynamoDB Local"),
        pytest.param(("dynamodb", "sqs"), False, ("dynamodb",), id="queues stay with the topics"),
        pytest.param(("sns", "sqs"), False, ("sns", "sqs"), id="no tables"),
    ],
)
def test_what_is_there_decides_what_goes_there(
    there: tuple[str, ...], hybrid: bool, services: tuple[str, ...] | None
) -> None:
    asked = answers(*there)

    assert place(asked, hybrid=hybrid) == (Full(asked) if services is None else Hybrid(asked, services))


def test_what_is_missing_is_named_when_nothing_can_be_there() -> None:
    with pytest.raises(BackendError) as caught:
        place(answers("apigatewayv2", "lambda", "sqs"), hybrid=False)

    assert str(caught.value) == (
        f"LocalStack 4.3.0 at {URL} has neither tables nor topics, so nothing of a stack can be there "
        "(dynamodb: 501 not there; sns: 501 not there)"
    )


def a_stack() -> Stack:
    """Two functions: `work` reads a queue and `follow` a table's stream and another queue."""
    jobs = (QueueSource(queue="jobs"),)
    work = Function(handler="app.work", queues=jobs)
    follow = Function(handler="app.follow", queues=jobs, streams=(StreamSource(table="orders"),))
    return Stack(
        name="shop",
        tables={"orders": Table(name="Orders", hash_key="id", stream="NEW_IMAGE")},
        queues={"jobs": Queue(name="Jobs")},
        functions={"work": work, "follow": follow},
        api=Api(name="shop", routes={"$default": Route(function="work")}),
    )


@pytest.mark.parametrize(
    ("services", "named"),
    [
        pytest.param(
            ("dynamodb", "sns", "sqs"),
            ["'work' reads the queue 'jobs'", "'follow' reads the queue 'jobs'", FOLLOWS],
            id="tables and queues",
        ),
        pytest.param(
            ("sns", "sqs"), ["'work' reads the queue 'jobs'", "'follow' reads the queue 'jobs'"], id="queues"
        ),
        pytest.param(("dynamodb",), [FOLLOWS], id="tables"),
    ],
)
def test_functions_here_that_would_read_what_is_elsewhere_are_named(
    services: tuple[str, ...], named: list[str]
) -> None:
    there = answers()

    with pytest.raises(UsageError) as caught:
        refuse_sources_elsewhere(a_stack(), Hybrid(there, services).parts)

    told = "; ".join(f"{one} of {there.where}" for one in named)
    assert str(caught.value) == (
        f"functions that run here read only what is here: {told}; run the stack with --backend embedded, or on an "
        "endpoint that has its functions too, without --hybrid"
    )


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(ALL_HERE, id="all is here"),
        pytest.param(Full(answers(*ALL)).parts, id="all is there"),
        pytest.param(Hybrid(answers(), ("sns",)).parts, id="only topics are there"),
    ],
)
def test_functions_read_what_is_where_they_are(parts: Mapping[str, str]) -> None:
    refuse_sources_elsewhere(a_stack(), parts)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        pytest.param({}, "", id="a run of before parts were kept"),
        pytest.param({"tables": "here", "API": "here"}, "", id="all is here"),
        pytest.param(
            Full(answers(*ALL)).parts,
            f"tables, topics, queues, API, functions: LocalStack 4.3.0 at {URL}",
            id="all is there",
        ),
        pytest.param(
            Hybrid(answers(), ("dynamodb", "sns")).parts,
            f"tables, topics: LocalStack 4.3.0 at {URL}; queues, API, functions: here",
            id="hybrid",
        ),
    ],
)
def test_parts_are_told_by_place(parts: Mapping[str, str], told: str) -> None:
    assert told_parts(parts) == told


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        pytest.param({}, "", id="a backend that has all settings"),
        pytest.param(
            {"dynamodb": "the tables are LocalStack's"},
            "it sets dynamodb.index_lag, but the tables are LocalStack's",
            id="tables elsewhere",
        ),
        pytest.param(
            {"sns": "the topics are LocalStack's"},
            "it sets sns.duplicates, but the topics are LocalStack's",
            id="topics elsewhere",
        ),
        pytest.param(
            {"gateway": "it is AWS", "dynamodb": "it is AWS"},
            "it sets gateway.lost_sockets and gateway.quotas.idle_timeout and dynamodb.index_lag, but it is AWS",
            id="everything elsewhere",
        ),
    ],
)
def test_settings_that_a_backend_lacks_are_named(lacks: Mapping[str, str], told: str) -> None:
    asked: dict[str, Mapping[str, object]] = {
        "gateway": {"lost_sockets": "unnoticed", "quotas": {"idle_timeout": 5.0}},
        "dynamodb": {"index_lag": 0.05},
        "sns": {"duplicates": 0.5},
    }

    assert reasons(unheard(lacks, asked)) == told


@pytest.mark.parametrize(
    ("services", "lacks"),
    [
        pytest.param(("dynamodb",), {"dynamodb": "tables"}, id="tables"),
        pytest.param(("sns", "sqs"), {"sns": "topics"}, id="topics and queues"),
        pytest.param(("dynamodb", "sns"), {"dynamodb": "tables", "sns": "topics"}, id="both"),
    ],
)
def test_a_hybrid_lacks_the_settings_of_what_is_there(
    services: tuple[str, ...], lacks: Mapping[str, str]
) -> None:
    traits = HybridBackend(Hybrid(answers(), services), name="localstack", region="us-east-1").traits

    where = f"LocalStack 4.3.0 at {URL}"
    assert traits.lacks == {
        one: f"the {what} of {where} cannot be told how to behave" for one, what in lacks.items()
    }
