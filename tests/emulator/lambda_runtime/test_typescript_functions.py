"""Functions in TypeScript, which the bootstrap for Node has bundled by esbuild."""

import shutil
from pathlib import Path

import pytest
import uvloop

from harness.emulator.lambda_runtime.node import installed_packages
from tests.emulator.lambda_runtime.node_function import Files, a_node_function, error_of, value_of

PLACES = (installed_packages(), Path(__file__).parents[2] / "contract/sdk/node_modules")
PACKAGES = next((place for place in PLACES if (place / "esbuild").is_dir()), None)

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
needs_esbuild = pytest.mark.skipif(
    PACKAGES is None, reason=f"esbuild is in none of {', '.join(map(str, PLACES))}"
)

ECHO = "export const handler = async (event: number): Promise<number> => event;\n"


@pytest.fixture
def esbuild(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(PACKAGES))


@needs_esbuild
@pytest.mark.usefixtures("esbuild")
@pytest.mark.parametrize(
    ("files", "handler"),
    [
        pytest.param({"src/app.ts": ECHO}, "src/app.handler", id="ts"),
        pytest.param({"app.mts": ECHO}, "app.handler", id="mts"),
        pytest.param(
            {"app.cts": "export = { handler: async (event: number) => event };"}, "app.handler", id="cts"
        ),
        pytest.param(
            {"app.ts": "exports.handler = async (event) => event;"},
            "app.handler",
            id="CommonJS in TypeScript",
        ),
        pytest.param(
            {
                "src/app.ts": "import { same } from '@lib/same';\n"
                "export const handler = async (e: number) => same(e);",
                "lib/same.ts": "export const same = (e: number): number => e;",
                "tsconfig.json": '{"compilerOptions": {"paths": {"@lib/*": ["./lib/*"]}}}',
            },
            "src/app.handler",
            id="a path alias of tsconfig",
        ),
        pytest.param(
            {
                "app.ts": "import old from 'old';\nexport const handler = async (e: number) => old(e);",
                "node_modules/old/index.js": "const { format } = require('util');\n"
                "module.exports = (e) => Number(format('%d', e));",
            },
            "app.handler",
            id="a package in CommonJS",
        ),
        pytest.param(
            {
                "app.ts": "const late = await Promise.resolve(1);\nexport const handler = async (e) => e * late;"
            },
            "app.handler",
            id="top-level await",
        ),
        pytest.param(
            {"app.js": "exports.handler = async (e) => e;", "app.ts": "throw new Error('not me')"},
            "app.handler",
            id="what Lambda can load comes first",
        ),
    ],
)
def test_typescript_runs(tmp_path: Path, files: Files, handler: str) -> None:
    assert value_of(tmp_path, files, handler, 7) == 7


@needs_esbuild
@pytest.mark.usefixtures("esbuild")
def test_trace_leads_to_the_source(tmp_path: Path) -> None:
    source = "type One = {\n  a: 1;\n};\nexport const handler = async (_: One) => {\n  throw new Error('no');\n};\n"
    trace = error_of(tmp_path, {"src/app.ts": source}, "src/app.handler")["trace"]
    assert isinstance(trace, list)
    assert f"{tmp_path}/code/src/app.ts:5:9" in trace[1]


@needs_esbuild
@pytest.mark.usefixtures("esbuild")
@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        pytest.param(
            "export const handler = async () => {\n  const = 1;\n};",
            "Runtime.UserCodeSyntaxError",
            'app.ts:2:8: Expected identifier but found "="',
            id="a syntax error",
        ),
        pytest.param(
            "import 'nowhere';",
            "Runtime.ImportModuleError",
            'app.ts:1:7: Could not resolve "nowhere"',
            id="an import that is not there",
        ),
    ],
)
def test_what_does_not_build_is_told_by_file_and_line(
    tmp_path: Path, source: str, error_type: str, message: str
) -> None:
    error = error_of(tmp_path, {"app.ts": source})
    assert (error["errorType"], error["errorMessage"]) == (error_type, message)


@needs_esbuild
@pytest.mark.usefixtures("esbuild")
def test_one_bundle_serves_all_processes_until_the_code_changes(tmp_path: Path) -> None:
    async def ask() -> None:
        async with a_node_function(tmp_path) as function:
            function.deploy({"app.ts": ECHO})
            assert await function.value(1) == 1
            assert await function.runtime.prewarm("f", 1) is None
            assert [path.name for path in (tmp_path / "scratch/bundles").iterdir()] == ["f--1"]
            function.deploy({"app.ts": ECHO.replace("=> event", "=> event + 1")})
            assert await function.value(1) == 2

    uvloop.run(ask())


def test_without_esbuild_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.symlink_to(str(shutil.which("node")))
    monkeypatch.setenv("PATH", str(node.parent))
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(tmp_path / "none"))
    error = error_of(tmp_path, {"app.ts": ECHO})
    assert (error["errorType"], error["errorMessage"]) == (
        "Runtime.ImportModuleError",
        f"{tmp_path}/code/app.ts is TypeScript, and esbuild, which makes JavaScript of it, is in no node_modules "
        "beside or above it, not on NODE_PATH, and not installed globally. `harness install-sdk` installs it once "
        "for all projects; `npm install --save-dev esbuild` adds it to this one.",
    )
