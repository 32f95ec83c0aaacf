"""Functions in Node, in real processes over the Runtime API, as the handlers of most teams are written."""

import asyncio
import json
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.outcome import Returned
from harness.record.observation import InvocationStarted
from tests.emulator.lambda_runtime.node_function import (
    ARN,
    Files,
    a_node_function,
    error_of,
    value_of,
)
from tests.emulator.lambda_runtime.running import run
from tests.patience import WAIT

ECHO = "exports.handler = async (event) => event;\n"
ESM_ECHO = "export const handler = async (event) => event;\n"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.mark.aws("L-62", "L-64")
@pytest.mark.parametrize(
    ("files", "handler"),
    [
        pytest.param({"app.js": ECHO}, "app.handler", id="a script"),
        pytest.param({"dex/ws/fanOut.js": ECHO}, "dex/ws/fanOut.handler", id="slashes are folders"),
        pytest.param(
            {"fanOut.js": "exports.a = { b: async (event) => event };"}, "fanOut.a.b", id="a nested export"
        ),
        pytest.param({"my.app/x.js": ECHO}, "my.app/x.handler", id="a dot in a folder's name"),
        pytest.param({"app": ECHO}, "app.handler", id="no extension"),
        pytest.param({"app.cjs": ECHO}, "app.handler", id="cjs"),
        pytest.param({"app.mjs": ESM_ECHO}, "app.handler", id="mjs"),
        pytest.param(
            {"app.mjs": "export default { handler: async (event) => event };"},
            "app.default.handler",
            id="a default export",
        ),
        pytest.param(
            {"src/app.js": ESM_ECHO, "package.json": '{"type": "module"}'},
            "src/app.handler",
            id="js under a package of type module",
        ),
        pytest.param(
            {"src/app.js": ECHO, "package.json": '{"type": "module"}', "src/package.json": "{}"},
            "src/app.handler",
            id="the nearest package.json decides",
        ),
        pytest.param(
            {"app.js": ECHO, "app.mjs": "throw new Error('not me')"}, "app.handler", id="js before mjs"
        ),
        pytest.param(
            {"app.mjs": ESM_ECHO, "app.cjs": "throw new Error('not me')"}, "app.handler", id="mjs before cjs"
        ),
        pytest.param({"node_modules/app/index.js": ECHO}, "app.handler", id="a package, last"),
        pytest.param(
            {
                "app.mjs": "const late = await Promise.resolve(1);\nexport const handler = async (e) => e * late;"
            },
            "app.handler",
            id="top-level await",
        ),
    ],
)
def test_handler_is_found(tmp_path: Path, files: Files, handler: str) -> None:
    assert value_of(tmp_path, files, handler, 7) == 7


@pytest.mark.aws("L-62", "L-63", "L-64", "L-65")
@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        pytest.param(
            {},
            "../app.handler",
            "Runtime.MalformedHandlerName",
            "'../app.handler' is not a valid handler name. Use absolute paths when specifying root directories "
            "in handler names.",
            id="two dots",
        ),
        pytest.param({}, "handler", "Runtime.MalformedHandlerName", "Bad handler", id="no dot"),
        pytest.param(
            {}, "app.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'app'", id="no file"
        ),
        pytest.param(
            {"app.js": "require('nowhere')"},
            "app.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'nowhere'",
            id="a package that is missing",
        ),
        pytest.param(
            {"app.mjs": "import 'nowhere';"},
            "app.handler",
            "Error",
            "Cannot find package 'nowhere'",
            id="an import that is missing is not wrapped",
        ),
        pytest.param(
            {"app.js": "exports.handler = 1 +;"},
            "app.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected token ';'",
            id="a syntax error",
        ),
        pytest.param(
            {"app.js": ECHO},
            "app.other",
            "Runtime.HandlerNotFound",
            "app.other is undefined or not exported",
            id="no such export",
        ),
        pytest.param(
            {"app.js": "exports.a = 7;"},
            "app.a",
            "Runtime.HandlerNotFound",
            "app.a is not a function",
            id="no function",
        ),
        pytest.param(
            {"app.js": "throw new TypeError('at import');"},
            "app.handler",
            "TypeError",
            "at import",
            id="it throws",
        ),
        pytest.param(
            {"app.js": f"Promise.reject(new Error('lost'));\n{ECHO}"},
            "app.handler",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
            id="a rejection that nobody handles",
        ),
    ],
)
def test_init_fails_in_lambdas_words(
    tmp_path: Path, files: Files, handler: str, error_type: str, message: str
) -> None:
    error = error_of(tmp_path, files, handler)
    assert (error["errorType"], str(error["errorMessage"])[: len(message)]) == (error_type, message)
    assert set(error) == {"errorType", "errorMessage", "trace"}


@pytest.mark.aws("L-65")
def test_trace_of_a_syntax_error_in_a_script_names_the_place(tmp_path: Path) -> None:
    trace = error_of(tmp_path, "\nconst a = 1 +;\n")["trace"]
    assert isinstance(trace, list)
    assert trace[0] == "Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token ';'"
    assert trace[1] == f"{tmp_path}/code/app.js:2"


@pytest.mark.aws("L-6", "L-25")
@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param("async () => ({ a: [1, 'é'] })", {"a": [1, "é"]}, id="a promise"),
        pytest.param("async () => {}", None, id="undefined"),
        pytest.param("() => ({ then: (yes) => yes(1) })", 1, id="anything with then"),
        pytest.param("(event, context, callback) => callback(null, 1)", 1, id="a callback"),
        pytest.param("(event, context, callback) => callback()", None, id="a callback with nothing"),
        pytest.param("(event, context, callback) => { setImmediate(callback, null, 1); }", 1, id="later"),
        pytest.param("(event, context) => context.succeed(1)", 1, id="succeed"),
        pytest.param("(event, context) => context.done(null, 1)", 1, id="done"),
        pytest.param(
            "(e, c, callback) => { callback(null, 1); callback(null, 2); c.succeed(3); }", 1, id="once"
        ),
        pytest.param("() => 1", None, id="what a plain function returns is not looked at"),
        pytest.param("() => {}", None, id="nothing is ever said"),
        pytest.param(
            "(e, c, callback) => { const o = {}; callback(null, o); setImmediate(() => { o.late = 1; }); }",
            {},
            id="what is returned is fixed at the call",
        ),
    ],
)
def test_what_a_handler_returns(tmp_path: Path, body: str, value: object) -> None:
    assert value_of(tmp_path, f"exports.handler = {body};") == value


@pytest.mark.aws("L-22", "L-65")
@pytest.mark.parametrize(
    ("body", "error_type", "message"),
    [
        pytest.param("async () => { throw new TypeError('no') }", "TypeError", "no", id="a promise rejects"),
        pytest.param("() => { throw new Error('no') }", "Error", "no", id="it throws"),
        pytest.param("(e, c, callback) => callback(new Error('no'))", "Error", "no", id="a callback"),
        pytest.param("(e, c, callback) => callback('no')", "string", "no", id="a callback with a string"),
        pytest.param("(e, c) => c.fail(new Error('no'))", "Error", "no", id="fail"),
        pytest.param("(e, c) => c.fail()", "string", "handled", id="fail with nothing"),
        pytest.param("(e, c) => c.done(new RangeError('no'))", "RangeError", "no", id="done"),
        pytest.param(
            "async () => { const e = new Error('410'); e.name = 'GoneException'; throw e }",
            "GoneException",
            "410",
            id="an error by its name",
        ),
        pytest.param(
            "async () => { const a = {}; a.a = a; return a }",
            "Error",
            "Unable to stringify response body",
            id="no JSON",
        ),
        pytest.param(
            "() => { setImmediate(() => { throw new Error('late') }) }",
            "Error",
            "late",
            id="nobody catches it",
        ),
        pytest.param(
            "async () => { Promise.reject(new Error('lost')); await new Promise((r) => setImmediate(r)) }",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
            id="nobody handles a rejection",
        ),
        pytest.param(
            "async () => { await new Promise(() => {}) }",
            "Runtime.NodeJsExit",
            "The Lambda runtime client detected an unexpected Node.js exit code.",
            id="a promise that never settles",
        ),
        pytest.param(
            "async () => process.exit(3)",
            "Runtime.ExitError",
            "RequestId: ",
            id="it exits",
        ),
    ],
)
def test_what_the_caller_sees_of_an_error(tmp_path: Path, body: str, error_type: str, message: str) -> None:
    error = error_of(tmp_path, f"exports.handler = {body};")
    assert (error["errorType"], str(error["errorMessage"])[: len(message)]) == (error_type, message)


@pytest.mark.aws("L-22")
def test_trace_begins_with_the_error_and_leads_to_the_handler(tmp_path: Path) -> None:
    error = error_of(tmp_path, "exports.handler = async () => {\n  throw new Error('no');\n};\n")
    trace = error["trace"]
    assert isinstance(trace, list)
    assert trace[0] == "Error: no"
    assert trace[1].strip().endswith(f"({tmp_path}/code/app.js:2:9)")


@pytest.mark.aws("L-6")
def test_a_callback_is_sent_when_the_event_loop_is_empty_unless_told_otherwise(tmp_path: Path) -> None:
    source = """
    const log = [];
    exports.handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = event.waits;
      if (event.ask) return callback(null, log);
      setImmediate(() => setImmediate(() => log.push('after')));
      callback(null, log.length);
    };
    """

    async def both() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(source)
            assert await function.value({"waits": True}) == 0
            assert await function.value({"ask": True, "waits": True}) == ["after"]
            # A server that listens keeps the loop busy for ever.
            function.deploy(
                "const server = require('net').createServer().listen(0, '127.0.0.1');\n"
                "exports.handler = (event, context, callback) => {\n"
                "  context.callbackWaitsForEmptyEventLoop = false;\n"
                "  callback(null, server.listening);\n"
                "};\n"
            )
            assert await function.value() is True

    run(both)


@pytest.mark.aws("L-1")
def test_context_says_what_lambdas_does(tmp_path: Path) -> None:
    source = """
    exports.handler = async (event, context) => ({
      ...context, left: context.getRemainingTimeInMillis(), names: Object.keys(context).sort(),
    });
    """

    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(source)
            outcome = await function.invoke(client_context='{"custom": {"a": 1}}')
            assert isinstance(outcome, Returned)
            seen = json.loads(outcome.payload)
            left, names, stream = seen.pop("left"), seen.pop("names"), seen.pop("logStreamName")
            assert 0 < left <= 30_000
            assert "[$LATEST]" in stream
            assert seen == {
                "awsRequestId": outcome.request,
                "callbackWaitsForEmptyEventLoop": True,
                "clientContext": {"custom": {"a": 1}},
                "functionName": "f",
                "functionVersion": "$LATEST",
                "invokedFunctionArn": ARN,
                "logGroupName": "/aws/lambda/f",
                "memoryLimitInMB": "128",
            }
            also = {
                "done",
                "fail",
                "succeed",
                "getRemainingTimeInMillis",
                "identity",
                "logStreamName",
                "tenantId",
            }
            assert set(names) == also | set(seen)

    run(ask)


@pytest.mark.aws("L-1")
def test_environment_is_lambdas(tmp_path: Path) -> None:
    names = ("_HANDLER", "AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "OWN", "FANOUT_HARNESS_BUNDLES")
    source = f"exports.handler = async () => {json.dumps(names)}.map((name) => process.env[name]);"
    code = tmp_path / "code"

    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(source, OWN="mine")
            assert await function.value() == ["app.handler", "AWS_Lambda_nodejs20.x", str(code), "mine", None]

    run(ask)


def test_lines_are_kept_in_order_with_their_request_and_level(tmp_path: Path) -> None:
    source = """
    exports.handler = async () => {
      console.log('one %d', 1, { a: 1 });
      console.warn('two\\nlines');
      process.stdout.write('bare\\n');
      console.error(new RangeError('x').name);
    };
    """

    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(source)
            outcome = await function.invoke()
            assert isinstance(outcome, Returned)
            lines = [line.split("\t", 1)[-1] for line in function.lines()]
            assert lines == [
                f"{outcome.request}\tINFO\tone 1 {{ a: 1 }}",
                f"{outcome.request}\tWARN\ttwo\nlines",
                "bare",
                f"{outcome.request}\tERROR\tRangeError",
            ]

    run(ask)


@pytest.mark.aws("L-5")
def test_what_nobody_awaits_stops_with_the_response_and_goes_on_with_the_next_invocation(
    tmp_path: Path,
) -> None:
    source = """
    let ran = false;
    exports.handler = async (event) => {
      if (event === 'ask') { while (!ran) await new Promise((r) => setTimeout(r, 1)); return ran; }
      setTimeout(() => { ran = true; }, 1000);
      return process.pid;
    };
    """

    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(source)
            pid = await function.value()
            assert isinstance(pid, int)
            stop = partial(os.waitid, os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
            async with asyncio.timeout(WAIT):
                await asyncio.get_running_loop().run_in_executor(None, stop)
            assert await function.value("ask") is True

    run(ask)


def test_an_environment_goes_on_after_an_error_and_starts_anew_after_a_crash_or_a_time_out(
    tmp_path: Path,
) -> None:
    source = """
    let count = 0;
    exports.handler = async (event) => {
      count += 1;
      if (event === 'throw') throw new Error('no');
      if (event === 'crash') setImmediate(() => { throw new Error('late') });
      if (event === 'hang') console.log('hangs');
      if (event === 'crash' || event === 'hang') await new Promise((r) => setTimeout(r, 1e6));
      return count;
    };
    """

    async def ask() -> None:
        clock = ManualClock()
        async with a_node_function(tmp_path, clock) as function:
            function.deploy(source, timeout=2)
            assert await function.value() == 1
            assert (await function.error("throw"))["errorMessage"] == "no"
            assert await function.value() == 3
            assert (await function.error("crash"))["errorMessage"] == "late"
            assert await function.value() == 1
            function.on_line = lambda _: clock.advance(2)
            assert (await function.error("hang"))["errorType"] == "Sandbox.Timedout"
            assert await function.value() == 1

    run(ask)


@pytest.mark.parametrize("changed", ["app.js", "part.mjs", "part.json"])
def test_changed_code_is_loaded(tmp_path: Path, changed: str) -> None:
    files = {
        "app.js": "const { v } = require('./part.json');\n"
        "exports.handler = async () => [1, v, (await import('./part.mjs')).default];\n",
        "part.json": '{"v": 1}',
        "part.mjs": "export default 1;",
    }

    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(files)
            assert await function.value() == [1, 1, 1]
            function.write({changed: files[changed].replace("1", "2")})
            expected = [2 if name == changed else 1 for name in files]
            async with asyncio.timeout(WAIT):
                while await function.value() != expected:
                    pass

    run(ask)


def test_packages_resolve_from_the_functions_own_and_then_from_the_installed_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed" / "node_modules"
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(installed))
    for name in ("own", "sdk"):
        (installed / name).mkdir(parents=True)
        (installed / name / "index.js").write_text("exports.from = 'installed';")
    files = {
        "node_modules/own/index.js": "exports.from = 'own';",
        "app.mjs": "import own from 'own';\nimport sdk from 'sdk';\n"
        "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n"
        "export const handler = async () => [own.from, sdk.from, require('own').from, require('sdk').from];\n",
    }
    assert value_of(tmp_path, files) == ["own", "installed", "own", "installed"]


def test_only_one_environment_is_cold_when_invocations_follow_each_other(tmp_path: Path) -> None:
    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy(ECHO)
            assert [await function.value(n) for n in range(3)] == [0, 1, 2]
            started = [seen.cold for seen in function.noted if isinstance(seen, InvocationStarted)]
            assert started == [True, False, False]

    run(ask)


def test_an_event_and_a_result_of_megabytes_arrive_whole(tmp_path: Path) -> None:
    text = "aü€" * 500_000
    assert value_of(tmp_path, "exports.handler = async (event) => event;", payload=text) == text
