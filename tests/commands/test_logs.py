"""`harness logs`: what it shows of a run that is over, and of an emulator that is running."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest

from harness.cli import main
from harness.errors import ExitCode
from harness.record.observation import FunctionLogged, Observation, PlatformLogged, Settled
from harness.record.store import RunDescription, RunFolder
from tests.end_to_end.command import ROOT, Command
from tests.small_api import ECHO, SmallApi, small_api

R1, R2 = "11111111-aaaa", "22222222-bbbb"
PURGE = (
    Settled(10.0, "start", complete=True),
    FunctionLogged(9.5, "dex-fan_out", "init"),
    PlatformLogged(11.0, "dex-fan_out", f"START RequestId: {R1} Version: $LATEST", R1),
    FunctionLogged(11.25, "dex-fan_out", "[ERROR] c1\nGoneException", R1),
    FunctionLogged(12.0, "dex-connect", "hello", R2),
)
ORDER = (FunctionLogged(20.0, "dex-connect", "hello", R2),)


def a_run(parent: Path, **histories: tuple[Observation, ...]) -> Path:
    run = RunFolder.create(parent, started_at=0.0)
    for name, observations in histories.items():
        with run.add_scenario(name).open_history() as history:
            history.append_all(observations)
    run.describe(RunDescription("0", 0.0, "embedded", "dex", tuple(histories)))
    return run.path


@pytest.fixture
def a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one run in it."""
    a_run(tmp_path / "runs", purge=PURGE, order=ORDER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


PURGE_TEXT = """\
purge:
-0.500 s  dex-fan_out  -  init
+1.000 s  dex-fan_out  11111111-aaaa  START RequestId: 11111111-aaaa Version: $LATEST
+1.250 s  dex-fan_out  11111111-aaaa  [ERROR] c1
    GoneException
+2.000 s  dex-connect  22222222-bbbb  hello
"""
ORDER_TEXT = "order:\n+0.000 s  dex-connect  22222222-bbbb  hello\n"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        pytest.param([], PURGE_TEXT + ORDER_TEXT, id="the last run"),
        pytest.param(["--scenario", "order"], ORDER_TEXT, id="one scenario"),
        pytest.param(
            ["--function", "connect"],
            "purge:\n+2.000 s  dex-connect  22222222-bbbb  hello\n" + ORDER_TEXT,
            id="one function",
        ),
        pytest.param(
            ["--function", "dex-fan_out", "--request", "1111"],
            "".join(["purge:\n", *PURGE_TEXT.splitlines(keepends=True)[2:5]]),
            id="one invocation",
        ),
    ],
)
def test_logs_of_a_run(
    options: list[str], shown: str, a_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["logs", *options]) == ExitCode.PASS
    assert capfdbinary.readouterr() == (shown.encode(), b"")


def test_logs_for_programs_are_an_object_for_each_line(
    a_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["logs", str(a_folder / "runs/latest"), "--json", "--request", R1]) == ExitCode.PASS
    assert [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()] == [
        {
            "scenario": "purge",
            "at": 1.0,
            "function": "dex-fan_out",
            "request": R1,
            "line": f"START RequestId: {R1} Version: $LATEST",
        },
        {
            "scenario": "purge",
            "at": 1.25,
            "function": "dex-fan_out",
            "request": R1,
            "line": "[ERROR] c1\nGoneException",
        },
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(["--scenario", "x"], "has no scenario 'x'; it has: purge, order", id="scenario"),
        pytest.param(
            ["--function", "fanOut"],
            "no line of a function 'fanOut'; dex-connect, dex-fan_out logged",
            id="function",
        ),
        pytest.param(["--request", "3"], "no line of a request '3'", id="request"),
        pytest.param(["--follow"], "--follow needs --endpoint URL", id="following what is over"),
        pytest.param(
            ["runs/latest", "--endpoint", "http://127.0.0.1:1"],
            "it knows no run and no scenario",
            id="a run and an emulator",
        ),
        pytest.param(
            ["--endpoint", "http://127.0.0.1:1"],
            "http://127.0.0.1:1: no emulator answers there",
            id="nobody there",
        ),
    ],
)
def test_what_is_not_there_is_told(
    options: list[str], told: str, a_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["logs", *options]) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert (printed.out, told in printed.err) == ("", True)


def test_a_history_that_cannot_be_read_hides_no_other(
    a_folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    broken = a_folder / "runs/latest/purge/history.jsonl"
    broken.write_bytes(b"{}\n" + broken.read_bytes())

    assert main(["logs"]) == ExitCode.USAGE

    printed = capfdbinary.readouterr()
    assert printed.out.decode() == ORDER_TEXT
    assert b"purge/history.jsonl: not a history of version 2" in printed.err


def test_a_run_in_which_nobody_logged_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(tmp_path / "runs", quiet=())
    assert main(["logs", str(run)]) == ExitCode.USAGE
    assert "no function logged anything" in capsys.readouterr().err


# --- a running emulator -----------------------------------------------------------------------------------

TALKING = f"print('init')\n{ECHO}".replace(
    "def handler(event, context):\n", "def handler(event, context):\n    print('says', event['say'])\n", 1
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallApi]:
    folder = tmp_path_factory.mktemp("functions")
    with small_api(folder, {"$connect": "talking"}, {"talking": TALKING, "other": TALKING}) as running:
        yield running


def invoke(api: SmallApi, function: str, word: str) -> str:
    """Invokes the function and returns the request id."""
    client = api.backend.client("lambda")
    payload = json.dumps({"say": word, "requestContext": {"eventType": "x"}, "body": "b"})
    answer = client.invoke(FunctionName=f"small-{function}", Payload=payload)  # type: ignore[attr-defined]
    return str(answer["ResponseMetadata"]["RequestId"])


def test_logs_of_a_running_emulator(api: SmallApi, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    request = invoke(api, "talking", "hello")
    invoke(api, "other", "nothing")
    arguments = ["logs", "--endpoint", api.endpoint, "--function", "talking", "--request", request, "--json"]
    assert main(arguments) == ExitCode.PASS
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert {(line["function"], line["request"]) for line in lines} == {("small-talking", request)}
    start, says, end, report = (line["line"] for line in lines)
    assert (start, says, end) == (
        f"START RequestId: {request} Version: $LATEST",
        "says hello",
        f"END RequestId: {request}",
    )
    assert report.startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert "\tMax Memory Used: " in report


def test_a_line_is_shown_as_it_comes_until_ctrl_c(api: SmallApi, tmp_path: Path) -> None:
    command = Command(["logs", "--endpoint", api.endpoint, "--follow", "--function", "other"], tmp_path, ROOT)
    command.wait_for("init")
    invoke(api, "talking", "unheard")
    invoke(api, "other", "heard")
    said = command.wait_for("says heard")
    assert "unheard" not in said
    command.send(signal.SIGINT)
    assert command.end().exit_code == ExitCode.PASS


def test_a_request_waits_for_the_first_line(api: SmallApi) -> None:
    def page(query: str) -> tuple[bytes, str]:
        with urlopen(f"{api.endpoint}/_harness/logs?{query}", timeout=60) as answer:
            return answer.read(), answer.headers["x-harness-last"]

    _, last = page("")
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(page, f"after={last}&wait=50")
        invoke(api, "talking", "at last")
        lines, _ = waiting.result()
    assert lines.startswith(b"START RequestId: ")


def test_what_is_no_emulator_of_ours_is_told(api: SmallApi, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "--endpoint", f"{api.endpoint}/elsewhere"]) == ExitCode.USAGE
    assert "what answers there is no emulator of ours" in capsys.readouterr().err
