"""One small function in Python, JavaScript (CommonJS and ES module) and TypeScript: the same through boto3.

Each is packed as a zip with a module of its own beside the handler, and does what its event asks for.
"""

import base64
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.conftest import ESBUILD, ROLE, Clients, a_name, zipped

TIMEOUT = 60

PYTHON = """
import os, time
from lib.shared import greeting

calls = 0

def handler(event, context):
    global calls
    calls += 1
    match event["do"]:
        case "echo": return event["value"]
        case "import": return greeting("Python")
        case "count": return calls
        case "variable": return os.environ["COLOUR"]
        case "context": return [context.function_name, context.memory_limit_in_mb, context.function_version]
        case "time left": return 0 < context.get_remaining_time_in_millis() <= 60_000
        case "request id": return context.aws_request_id
        case "arn": return context.invoked_function_arn
        case "print": print("one line"); print("another")
        case "throw": raise ValueError("not today")
        case "exit": os._exit(0)
        case "hang": time.sleep(60)
"""
PYTHON_SHARED = 'def greeting(language):\n    return f"hello from {language}"\n'

# The handler's body in JavaScript; TypeScript has types around it.
BODY = """
  calls += 1;
  switch (event.do) {
    case 'echo': return event.value;
    case 'import': return greeting('JavaScript');
    case 'count': return calls;
    case 'variable': return process.env.COLOUR;
    case 'context': return [context.functionName, context.memoryLimitInMB, context.functionVersion];
    case 'time left': return 0 < context.getRemainingTimeInMillis() && context.getRemainingTimeInMillis() <= 60_000;
    case 'request id': return context.awsRequestId;
    case 'arn': return context.invokedFunctionArn;
    case 'print': console.log('one line'); console.log('another'); return;
    case 'throw': throw new RangeError('not today');
    case 'exit': process.exit(0);
    case 'hang': await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
"""
COMMONJS = f"""
const {{ greeting }} = require('../lib/shared');
let calls = 0;
exports.handler = async (event, context) => {{{BODY}}};
"""
MODULE = f"""
import {{ greeting }} from '../lib/shared.mjs';
let calls = 0;
export const handler = async (event, context) => {{{BODY}}};
"""
TYPESCRIPT = f"""
import type {{ Context }} from 'aws-lambda';
import {{ greeting }} from '@lib/shared';
let calls: number = 0;
type Asked = {{ do: string; value?: unknown }};
export const handler = async (event: Asked, context: Context): Promise<unknown> => {{{BODY}}};
"""
SHARED = "const greeting = (language) => `hello from ${language}`;\n"
TYPED = "export const greeting = (language: string): string => `hello from ${language}`;\n"
ALIAS = '{"compilerOptions": {"paths": {"@lib/*": ["./lib/*"]}}}'


@dataclass(frozen=True, slots=True)
class Language:
    """The function's files, and what differs in what it answers."""

    runtime: str
    files: Mapping[str, str]
    speaks: str = "JavaScript"
    error_type: str = "RangeError"
    trace: str = "trace"


LANGUAGES = {
    "Python": Language(
        "python3.11",
        {"src/app.py": PYTHON, "lib/shared.py": PYTHON_SHARED},
        speaks="Python",
        error_type="ValueError",
        trace="stackTrace",
    ),
    "CommonJS": Language(
        "nodejs20.x", {"src/app.js": COMMONJS, "lib/shared.js": f"{SHARED}exports.greeting = greeting;"}
    ),
    "ES module": Language(
        "nodejs22.x", {"src/app.mjs": MODULE, "lib/shared.mjs": f"{SHARED}export {{ greeting }};"}
    ),
    "TypeScript": Language(
        "nodejs22.x", {"src/app.ts": TYPESCRIPT, "lib/shared.ts": TYPED, "tsconfig.json": ALIAS}
    ),
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """The function in one language, for boto3."""

    name: str
    language: Language
    functions: Any

    def invoke(self, do: str, **more: object) -> tuple[Any, Mapping[str, Any]]:
        """The payload, decoded, and boto3's whole answer."""
        event = json.dumps({"do": do, **more})
        answer = self.functions.invoke(FunctionName=self.name, Payload=event, LogType="Tail")
        return json.load(answer["Payload"]), answer

    def value(self, do: str, **more: object) -> Any:
        payload, answer = self.invoke(do, **more)
        assert "FunctionError" not in answer, payload
        return payload

    def error(self, do: str) -> Mapping[str, Any]:
        payload, answer = self.invoke(do)
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled"), payload
        assert isinstance(payload, dict)
        return payload

    def set_timeout(self, seconds: int) -> None:
        self.functions.update_function_configuration(FunctionName=self.name, Timeout=seconds)

    def log(self, do: str) -> list[str]:
        return base64.b64decode(self.invoke(do)[1]["LogResult"]).decode().splitlines()


@pytest.fixture(scope="module", params=LANGUAGES)
def deployed(request: pytest.FixtureRequest, client: Clients) -> Deployed:
    """The function in one language, for all tests here: one environment, as they come one after the other."""
    language = LANGUAGES[request.param]
    if language.runtime.startswith("node") and shutil.which("node") is None:
        pytest.skip("node is not installed")
    if request.param == "TypeScript" and ESBUILD is None:
        pytest.skip("run `harness install-sdk`: esbuild is missing")
    functions, name = client("lambda"), a_name("matrix")
    functions.create_function(
        FunctionName=name,
        Runtime=language.runtime,
        Role=ROLE,
        Handler="src/app.handler",
        Code={"ZipFile": zipped(language.files)},
        Timeout=TIMEOUT,
        MemorySize=512,
        Environment={"Variables": {"COLOUR": "green"}},
    )
    return Deployed(name, language, functions)


@pytest.mark.parametrize(
    "value", [{"a": [1, None, "€"]}, [], "text", 7, True, None], ids=lambda value: json.dumps(value)
)
def test_what_is_returned_is_the_payload(deployed: Deployed, value: object) -> None:
    assert deployed.value("echo", value=value) == value


@pytest.mark.aws("L-25")
def test_nothing_returned_is_null(deployed: Deployed) -> None:
    assert deployed.value("nothing") is None


def test_a_module_beside_the_handlers_folder_is_imported(deployed: Deployed) -> None:
    assert deployed.value("import") == f"hello from {deployed.language.speaks}"


def test_the_functions_variables_are_there(deployed: Deployed) -> None:
    assert deployed.value("variable") == "green"


@pytest.mark.aws("L-1", "L-2")
def test_the_context_is_lambdas(deployed: Deployed) -> None:
    assert deployed.value("context") == [deployed.name, "512", "$LATEST"]
    assert deployed.value("time left") is True
    assert deployed.value("arn").endswith(f":function:{deployed.name}")
    assert deployed.value("request id") != deployed.value("request id")


@pytest.mark.aws("L-3")
def test_module_state_is_kept_while_warm(deployed: Deployed) -> None:
    first = deployed.value("count")
    assert [deployed.value("count") for _ in range(2)] == [first + 1, first + 2]


@pytest.mark.aws("L-20", "L-21", "L-22")
def test_an_error_is_unhandled_and_the_environment_stays(deployed: Deployed) -> None:
    before = deployed.value("count")
    error = deployed.error("throw")
    assert (error["errorType"], error["errorMessage"]) == (deployed.language.error_type, "not today")
    assert any("src/app." in line for line in error[deployed.language.trace])
    assert deployed.value("count") == before + 2


@pytest.mark.aws("L-7", "L-24")
def test_a_process_that_exits_fails_its_invocation_and_the_next_starts_anew(deployed: Deployed) -> None:
    error = deployed.error("exit")
    assert error["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(
        r"RequestId: [0-9a-f-]{36} Error: Runtime exited without providing a reason", error["errorMessage"]
    )
    assert deployed.value("count") == 1


@pytest.mark.aws("L-7", "L-23")
def test_a_handler_over_its_time_is_killed_and_the_next_starts_anew(deployed: Deployed) -> None:
    deployed.set_timeout(1)
    error = deployed.error("hang")
    deployed.set_timeout(TIMEOUT)
    assert error["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds",
        error["errorMessage"],
    )
    assert deployed.value("count") == 1


def test_lines_are_between_start_and_end_in_order(deployed: Deployed) -> None:
    lines = deployed.log("print")
    assert [line.split()[0] for line in lines if line.startswith(("START", "END", "REPORT"))] == [
        "START",
        "END",
        "REPORT",
    ]
    said = [line.split("\t")[-1] for line in lines[1:-2]]
    assert said == ["one line", "another"]
