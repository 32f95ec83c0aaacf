"""`harness run --backend aws` on a stack that is deployed already: an emulator stands for AWS, as boto3 is told."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from harness.record.observation import ConnectionOpened, RowsFound
from harness.record.stored import StoredHistory
from tests.backends.aws.conftest import ACCOUNT, There, environment
from tests.backends.chat import STACK, a_project
from tests.end_to_end.command import Ended, summary_of
from tests.observed import Observed

Run = Callable[..., Ended]

FORGETFUL = STACK.replace(", $disconnect: disconnect", "")
"""The chat without $disconnect: rows of connections that are gone stay."""


def verdicts_of(folder: Path) -> dict[str, str]:
    (scenario,) = summary_of(folder)["scenarios"]
    return {one["check"]: one["verdict"] for one in scenario["checks"]}


def accepting(there: There) -> tuple[str, ...]:
    return (*there.flags, "--accept-unknown", "health,purge")


def test_a_deployed_stack_is_judged_from_outside(tmp_path: Path, there: There, harness: Run) -> None:
    ended = harness("run", *accepting(there))

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert verdicts_of(tmp_path) == {
        "routing": "PASS",
        "latency": "PASS",
        "purge": "UNKNOWN",
        "refusals": "PASS",
        "health": "UNKNOWN",
    }
    where = f"AWS account {ACCOUNT} in us-east-1 at {there.emulator.url}"
    assert f"tables, topics, queues, API, functions: {where}; credentials: arn:aws:sts::" in ended.stdout
    assert "secret-of-the-test" not in ended.stdout + ended.stderr


def test_what_it_may_cost_is_told_before_anything_is_done(there: There, harness: Run) -> None:
    told = harness("run", *accepting(there)).stdout.splitlines()

    assert told[0] == (
        "on AWS account 000000000000: at most 3 connections, no more than 400 of them a second, and 1 events; "
        "nothing is deleted"
    )
    assert [line.split()[0] for line in told[1:10]] == [
        *("WebSocket", "minutes", "KB", "invocations", "GB-seconds", "SNS", "DynamoDB", "DynamoDB", "in")
    ]
    assert told[10].startswith("playing: ")


def test_nothing_is_made_changed_or_deleted(there: There, harness: Run) -> None:
    there.put("somebody-else")
    before, made = there.emulator.resources(), there.changed_by_no_function()

    ended = harness("run", *accepting(there))

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert there.emulator.resources() == before
    assert there.changed_by_no_function() == made
    assert there.rows() == ["somebody-else"]


def test_the_outputs_may_be_in_a_file(tmp_path: Path, there: There, harness: Run) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps(there.outputs))

    named = ("--backend", "aws", "--confirm-aws", ACCOUNT, "--outputs", "outputs.json")
    ended = harness("run", *named, "--accept-unknown", "health,purge")

    assert ended.exit_code == 0, ended.stdout + ended.stderr


def test_the_outputs_may_be_those_of_a_cloudformation_stack(
    there: There, harness: Run, cloudformation: "CloudFormation", monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudformation.outputs = there.outputs
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    named = ("--backend", "aws", "--confirm-aws", ACCOUNT, "--cloudformation", "chat-prod")
    ended = harness("run", *named, "--accept-unknown", "health,purge")

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert cloudformation.asked == [("DescribeStacks", "chat-prod")]


def test_a_cloudformation_stack_that_is_not_there_is_the_option_s_mistake(
    there: There, harness: Run, cloudformation: "CloudFormation", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation.url)

    named = (
        "--backend",
        "aws",
        "--confirm-aws",
        ACCOUNT,
        "--cloudformation",
        "nothing",
        "--region",
        "us-east-1",
    )
    ended = harness("run", *named)

    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: --cloudformation: Stack with id nothing does not exist\n",
    )


def test_without_a_region_the_message_says_how_to_give_one(
    there: There, harness: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)

    ended = harness("run", "--backend", "aws", "--confirm-aws", ACCOUNT, "--cloudformation", "chat-prod")

    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: no AWS region is set; name it with --region\n",
    )


# --- rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "left"),
    [((), ["garden", "kitchen", "kitchen"]), (("--allow-write",), [])],
    ids=["may not", "may"],
)
def test_rows_that_the_run_leaves_behind_are_deleted_only_when_that_is_allowed(
    tmp_path: Path, there_forgetful: There, harness: Run, option: tuple[str, ...], left: list[str]
) -> None:
    there = there_forgetful
    there.put("somebody-else")

    ended = harness("run", *accepting(there), *option)

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    rows = there.emulator.aws("dynamodb").scan(TableName="Rooms")["Items"]
    assert sorted(row["channel"]["S"] for row in rows) == ["attic", *left]
    (found,) = StoredHistory(next(tmp_path.glob("runs/latest/*/history.jsonl"))).of(RowsFound)
    assert len(found.connections) == 3
    assert "somebody-else" not in found.connections


# --- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((), "confirm the account that it is in with --confirm-aws", id="not confirmed"),
        pytest.param(
            ("--confirm-aws", "mine"),
            "--confirm-aws: 'mine' is no account id; it has 12 digits",
            id="no account",
        ),
        pytest.param(
            ("--confirm-aws", ACCOUNT, "--max-connections", "2"),
            "the run would need up to 3 connections, and --max-connections is 2",
            id="too many connections",
        ),
        pytest.param(
            ("--confirm-aws", ACCOUNT, "--max-events", "0"),
            "the run would need up to 1 events, and --max-events is 0",
            id="too many events",
        ),
        pytest.param(
            ("--confirm-aws", ACCOUNT, "--max-cost", "0.00001"), ", and --max-cost is $0.0000", id="too dear"
        ),
        pytest.param(
            ("--confirm-aws", ACCOUNT, "--topic-arn", "arn:aws:sns:eu-west-1:000000000000:Messages"),
            "one stack is in one region, but the topic says eu-west-1, the WebSocket URL says us-east-1",
            id="two regions",
        ),
    ],
)
def test_a_run_that_must_not_be_sends_nothing(
    tmp_path: Path,
    harness: Run,
    cloudformation: "CloudFormation",
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    a_project(tmp_path)
    for name, value in environment(cloudformation.url).items():
        monkeypatch.setenv(name, value)
    url = "wss://a1b2.execute-api.us-east-1.amazonaws.com/prod"
    named = (
        "--websocket-url",
        url,
        "--topic-arn",
        "arn:aws:sns:us-east-1:000000000000:Messages",
        "--table",
        "Rooms",
    )

    ended = harness("run", "--backend", "aws", *named, *arguments)

    assert (ended.exit_code, ended.stderr.count("harness: ")) == (2, 1), ended.stdout + ended.stderr
    assert said in ended.stderr
    assert cloudformation.requests == 0


def test_another_account_is_refused_and_told_whose_credentials_these_are(there: There, harness: Run) -> None:
    ended = harness("run", *there.flags, "--confirm-aws", "111122223333")

    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: the credentials are those of arn:aws:sts::000000000000:user/moto, in account 000000000000; "
        "--confirm-aws says 111122223333\n",
    )
    assert Observed(there.emulator.url).of(ConnectionOpened) == []


def test_a_topic_of_another_account_is_refused(there: There, harness: Run) -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:Messages"

    ended = harness("run", *there.flags, "--topic-arn", topic)

    said = f"harness: the topic {topic} is in account 111122223333; --confirm-aws says 000000000000\n"
    assert (ended.exit_code, ended.stderr) == (2, said)


def test_an_expired_token_is_exit_code_4_and_one_message(
    tmp_path: Path,
    there: There,
    harness: Run,
    cloudformation: "CloudFormation",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", cloudformation.url)

    ended = harness("run", *there.flags)

    assert (ended.exit_code, ended.stderr) == (
        4,
        "harness: the AWS credentials cannot be used: An error occurred (ExpiredToken) when calling the "
        "GetCallerIdentity operation: The security token included in the request is expired; log in again\n",
    )


def test_without_credentials_the_message_says_how_to_give_them(
    there: There, harness: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    ended = harness("run", *there.flags)

    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: the AWS credentials cannot be used: Unable to locate credentials; "
        "set them as for the AWS CLI, or name a profile with --profile\n",
    )


def test_an_unknown_profile_is_the_option_s_mistake(there: There, harness: Run) -> None:
    ended = harness("run", *there.flags, "--profile", "nobody")

    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: --profile: The config profile (nobody) could not be found\n",
    )


def test_an_option_of_aws_does_not_go_unheard_elsewhere(tmp_path: Path, harness: Run) -> None:
    a_project(tmp_path)

    ended = harness("run", "--confirm-aws", ACCOUNT)

    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: --confirm-aws is for the backend aws; the backend is embedded\n",
    )


def test_up_has_no_aws(tmp_path: Path, harness: Run) -> None:
    a_project(tmp_path)

    ended = harness("up", "--backend", "aws", "--port", "0")

    assert (ended.exit_code, "the backend aws is for `harness run` alone" in ended.stderr) == (2, True)


# --- what tests stand on -------------------------------------------------------------------------------------


@pytest.fixture
def there_forgetful(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> There:
    monkeypatch.setattr("tests.backends.chat.STACK", FORGETFUL)
    there: There = request.getfixturevalue("there")
    return there


class CloudFormation:
    """Answers DescribeStacks with `outputs`, and STS with an expired token; counts what it is asked."""

    def __init__(self) -> None:
        self.outputs: Any = {}
        self.asked: list[tuple[str, str]] = []
        self.requests = 0
        self.url = ""

    def answer(self, form: dict[str, list[str]]) -> tuple[int, str]:
        self.requests += 1
        if form["Action"] == ["GetCallerIdentity"]:
            return 403, (
                "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token "
                "included in the request is expired</Message></Error></ErrorResponse>"
            )
        self.asked.append((form["Action"][0], form["StackName"][0]))
        if form["StackName"] != ["chat-prod"]:
            return 400, (
                "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
                f"<Message>Stack with id {form['StackName'][0]} does not exist</Message></Error></ErrorResponse>"
            )
        members = "".join(
            f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for name, value in self.outputs.items()
        )
        stack = (
            "<StackName>chat-prod</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>"
            f"<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{members}</Outputs>"
        )
        result = f"<DescribeStacksResult><Stacks><member>{stack}</member></Stacks></DescribeStacksResult>"
        return 200, f"<DescribeStacksResponse>{result}</DescribeStacksResponse>"


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    served = CloudFormation()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            status, body = served.answer(form)
            self.send_response(status)
            self.send_header("content-type", "text/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()
