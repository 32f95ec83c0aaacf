"""Costs of a function on the harness: `python -m bench.functions` prints a table in Markdown.

The handlers read the host's monotonic clock when they begin and when they end, and the callers the same clock around
the call: what lies between the two is the harness's, with the caller's own work. `--write` puts the table into
docs/performance.md.
"""

import argparse
import asyncio
import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import connect

from bench.dynamodb import cpu, resident
from bench.page import write
from harness.backends.embedded import EmbeddedBackend
from harness.emulator.lambda_runtime.node import node_problem
from harness.stack.model import Api, Function, Route, Stack, Topic
from harness.testbed import Testbed, deploy

MARK = "bench/functions.py"
HEADING = "## Functions\n\n`python -m bench.functions --write`: medians and 99th percentiles of one run."
TIMES = 1_000
DEFINED = 50
AT_ONCE, ENVIRONMENTS, HANDLER = 200, 50, 0.1
"""So many invocations at once, in so many environments, of a handler that takes so many seconds."""

PYTHON = """
import json, time
def handler(event, context):
    began = time.monotonic()
    print("began", began, flush=True)
    return {"statusCode": 200, "body": json.dumps([began, time.monotonic()])}
"""
NODE = """
const now = () => Number(process.hrtime.bigint()) / 1e9;
export const handler = async () => {
  const began = now();
  console.log(`began ${began}`);
  return { statusCode: 200, body: JSON.stringify([began, now()]) };
};
"""
SLOW = f"import time\ndef handler(event, context):\n    time.sleep({HANDLER})\n"
RUNTIMES = {"python": "python3.11", "node": "nodejs20.x"}
SOURCES = {"python": ("python.py", PYTHON), "node": ("node.mjs", NODE)}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, its figures as they are shown, and what it should be at most."""

    what: str
    figures: tuple[str, ...]
    wanted: str


@dataclass(frozen=True, slots=True)
class Running:
    """A deployed stack, the loop that owns it, and the process of the emulator."""

    testbed: Testbed
    pid: int

    @property
    def address(self) -> str:
        return urlsplit(self.testbed.backend.endpoint).netloc


@contextmanager
def running(stack: Stack) -> Iterator[Running]:
    """The stack on an emulator process of its own."""
    backend = EmbeddedBackend(region=stack.region, execution=stack.execution.model_dump())
    with asyncio.Runner() as runner:
        try:
            runner.run(backend.start())
            testbed = runner.run(deploy(stack, backend))
            process = backend._process
            assert process is not None
            yield Running(testbed, process.pid)
        finally:
            runner.run(backend.close())


# --- a warm invocation ------------------------------------------------------------------------------------


def warm(language: str, folder: Path) -> Iterator[Line]:
    """What one warm invocation takes beyond its handler's own time, by each way in."""
    name, source = SOURCES[language]
    (folder / name).write_text(source)
    function = Function(
        handler=f"{language}.handler", runtime=RUNTIMES[language], code=folder, subscribed_to=("topic",)
    )
    route = Route(function="f", two_way=True)
    stack = Stack(
        name="bench",
        topics={"topic": Topic(name="Topic")},
        functions={"f": function, "connect": function.model_copy(update={"subscribed_to": ()})},
        api=Api(name="bench", routes={"$connect": Route(function="connect"), "$default": route}),
    )
    ways: dict[str, Callable[[Running], Sequence[float]]] = {
        "Invoke, the bare HTTP request": by_http,
        "Invoke by boto3, beyond its DryRun": by_boto3,
        "a message over a WebSocket, to the reply": by_websocket,
        "Publish by a bare HTTP request, to the handler's first line": by_sns,
    }
    with running(stack) as deployed:
        yield Line(f"{language}: for comparison, a page of the emulator", _milliseconds(a_page(deployed)), "")
        for words, way in ways.items():
            yield Line(f"{language}: {words}", _milliseconds(way(deployed)), "< 1 ms")
        yield Line(f"{language}: CPU of an Invoke, in the emulator and in the function", cpu_of(deployed), "")


def a_page(deployed: Running) -> Sequence[float]:
    """What a request takes that no function has to do with: the machine's floor of this moment."""
    connection, found = http.client.HTTPConnection(deployed.address, timeout=120), []
    for _ in range(TIMES):
        began = time.monotonic()
        connection.request("GET", "/_harness/health")
        connection.getresponse().read()
        found.append(time.monotonic() - began)
    return found


def by_http(deployed: Running) -> Sequence[float]:
    raw = Raw(deployed.address)
    return [_beyond(lambda: raw.invoke("bench-f")) for _ in range(TIMES)]


def cpu_of(deployed: Running) -> tuple[str, str]:
    """What an Invoke costs each of the two processes; other work on the machine does not count."""
    raw, functions = Raw(deployed.address), children(deployed.pid)
    before = cpu(deployed.pid), sum(map(cpu, functions))
    for _ in range(TIMES):
        raw.invoke("bench-f")
    emulator, function = cpu(deployed.pid) - before[0], sum(map(cpu, functions)) - before[1]
    return f"{emulator / TIMES * 1000:.2f} ms", f"{function / TIMES * 1000:.2f} ms"


def by_boto3(deployed: Running) -> Sequence[float]:
    """Without what the same call takes when it runs no function, a DryRun: that is boto3's own, and HTTP's."""
    client: Any = deployed.testbed.backend.client("lambda")

    def invoke() -> bytes:
        answer: bytes = client.invoke(FunctionName="bench-f", Payload=b"{}")["Payload"].read()
        return answer

    def dry_run() -> bytes:
        client.invoke(FunctionName="bench-f", InvocationType="DryRun", Payload=b"{}")["Payload"].read()
        return b'{"body":"[0,0]"}'

    own = median(_beyond(dry_run) for _ in range(TIMES))
    return [_beyond(invoke) - own for _ in range(TIMES)]


def by_websocket(deployed: Running) -> Sequence[float]:
    with connect(deployed.testbed.deployment.url) as websocket:

        def say() -> bytes:
            websocket.send("hello")
            answer = websocket.recv()
            return json.dumps({"body": answer}).encode()

        return [_beyond(say) for _ in range(TIMES)]


def _beyond(call: Callable[[], bytes]) -> float:
    """The seconds that a call took, without those of the handler."""
    began = time.monotonic()
    answer = call()
    took = time.monotonic() - began
    handler_began, handler_ended = map(float, json.loads(json.loads(answer)["body"]))
    return took - (handler_ended - handler_began)


def by_sns(deployed: Running) -> Sequence[float]:
    """From before Publish to the time that the handler prints as its first."""
    raw, found = Raw(deployed.address), []
    topic = deployed.testbed.deployment.topic_arn("topic")
    raw.began("bench-f", wait=0)  # forgets what earlier invocations printed
    for _ in range(TIMES):
        published = time.monotonic()
        raw.publish(topic)
        found.append(raw.began("bench-f", wait=10) - published)
    return found


class Raw:
    """Calls of Lambda, SNS and the emulator's own pages over one kept connection, without an SDK."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=120)
        self._after = 0

    def invoke(self, function: str) -> bytes:
        return self._send("lambda", f"/2015-03-31/functions/{function}/invocations", b"{}")

    def publish(self, topic: str) -> bytes:
        body = f"Action=Publish&Version=2010-03-31&Message=hello&TopicArn={topic.replace(':', '%3A')}"
        return self._send("sns", "/", body.encode())

    def began(self, function: str, *, wait: float) -> float:
        """When the last invocation that has not been told yet began, by its own words; waits for it."""
        while True:
            path = f"/_harness/logs?format=json&function={function}&after={self._after}&wait={wait}"
            self._connection.request("GET", path)
            response = self._connection.getresponse()
            lines = [json.loads(line)["line"] for line in response.read().splitlines()]
            self._after = int(response.headers["x-harness-last"])
            said = [float(line.rpartition("began ")[2]) for line in lines if "began " in line]
            if said or not wait:
                return said[-1] if said else 0.0

    def _send(self, service: str, path: str, body: bytes) -> bytes:
        self._connection.request("POST", path, body, headers(service))
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {content[:300]!r}")
        return content


def headers(service: str) -> dict[str, str]:
    """What makes a request look signed."""
    kind = "x-www-form-urlencoded" if service == "sns" else "json"
    return {
        "Content-Type": f"application/{kind}",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/{service}/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
    }


# --- many functions, many invocations ---------------------------------------------------------------------


def many_functions(folder: Path) -> Iterator[Line]:
    """What it takes to have many functions deployed that nobody invokes."""
    (folder / "python.py").write_text(PYTHON)
    functions = {f"f{n}": Function(handler="python.handler", code=folder) for n in range(DEFINED)}
    stack = Stack(
        name="many", functions=functions, api=Api(name="many", routes={"$connect": Route(function="f0")})
    )
    began = time.monotonic()
    with running(stack) as deployed:
        took = time.monotonic() - began
        processes = [deployed.pid, *children(deployed.pid)]
        memory = sum(resident(pid) for pid in processes) / 2**20
        yield Line(
            f"{DEFINED} functions deployed, each tried once", (f"{took:.1f} s", ""), "each INIT is tried"
        )
        yield Line("their idle processes", (str(len(processes) - 1), ""), f"< {DEFINED}")
        yield Line("memory, the emulator included", (f"{memory:.0f} MB", ""), "")


def many_invocations(folder: Path) -> Iterator[Line]:
    """How long many invocations at once take, against what the limit of environments allows."""
    (folder / "slow.py").write_text(SLOW)
    stack = Stack.model_validate(
        {
            "name": "many",
            "functions": {
                "slow": {"handler": "slow.handler", "code": folder, "prewarm": 0},
                "reserved": {
                    "handler": "slow.handler",
                    "code": folder,
                    "prewarm": 0,
                    "reserved_concurrency": ENVIRONMENTS,
                },
            },
            "execution": {"max_environments": ENVIRONMENTS},
            "api": {"name": "many", "routes": {"$connect": "slow"}},
        }
    )
    with running(stack) as deployed, asyncio.Runner() as runner:
        began = time.monotonic()
        runner.run(deployed.testbed.backend.prewarm("many-slow", ENVIRONMENTS))
        cold = time.monotonic() - began
        yield Line(
            f"{ENVIRONMENTS} cold starts at once",
            (f"{cold:.1f} s", ""),
            f"{cold / ENVIRONMENTS * 1000:.0f} ms each",
        )
        took, statuses = runner.run(invoke_at_once(deployed.address, "many-slow"))
        assert statuses == [200] * AT_ONCE, statuses
        least = AT_ONCE / ENVIRONMENTS * HANDLER
        words = (
            f"{AT_ONCE} Invokes at once of a handler of {HANDLER * 1000:.0f} ms, {ENVIRONMENTS} environments"
        )
        yield Line(words, (_ms(took), ""), f"{_ms(least)} at best: {took / least:.2f} times")
        runner.run(deployed.testbed.backend.prewarm("many-reserved", ENVIRONMENTS))
        took, statuses = runner.run(invoke_at_once(deployed.address, "many-reserved"))
        throttled = statuses.count(429)
        words = f"the same of a function that reserves {ENVIRONMENTS}: {throttled} throttled"
        yield Line(words, (_ms(took), ""), f"{_ms(HANDLER)} at best")


async def invoke_at_once(address: str, function: str) -> tuple[float, list[int]]:
    """The seconds that all invocations took together, and their statuses; connections are open before."""
    host, _, port = address.rpartition(":")
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(AT_ONCE)]
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers("lambda").items())
    request = (
        f"POST /2015-03-31/functions/{function}/invocations HTTP/1.1\r\nHost: {address}\r\n{fields}"
        "Content-Length: 2\r\n\r\n{}"
    ).encode()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        writer.write(request)
        status = int((await reader.readline()).split()[1])
        writer.close()
        return status

    began = time.monotonic()
    statuses = await asyncio.gather(*(one(*stream) for stream in streams))
    return time.monotonic() - began, statuses


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False)
    return [int(child) for child in listed.stdout.split()]


# --- the table in Markdown --------------------------------------------------------------------------------


def _milliseconds(seconds: Sequence[float]) -> tuple[str, str]:
    return f"{median(seconds) * 1000:.2f} ms", f"{quantiles(seconds, n=100)[98] * 1000:.2f} ms"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def markdown(lines: Sequence[Line]) -> str:
    """The table: a line for each figure, and beside it what it should be."""
    head = ["| beyond the handler's own time, or in all | median | p99 | wanted |", "|---|---|---|---|"]
    return "\n".join([*head, *map(_row, lines)])


def _row(line: Line) -> str:
    return f"| {line.what} | {' | '.join(line.figures)} | {line.wanted} |"


def measure() -> Iterator[Line]:
    """Every line; Node's are left out where Node is missing."""
    with tempfile.TemporaryDirectory(prefix="fanout-bench-") as name:
        folder = Path(name)
        for language in SOURCES if node_problem() is None else ["python"]:
            yield from warm(language, folder)
        yield from many_functions(folder)
        yield from many_invocations(folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.functions", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    lines: list[Line] = []
    print(markdown(lines), flush=True)
    for line in measure():
        lines.append(line)
        print(_row(line), flush=True)
    if options.write:
        write(markdown(lines), mark=MARK, heading=HEADING)


if __name__ == "__main__":
    main()
