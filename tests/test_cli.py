"""The `harness` command: what it prints where, and the exit code it ends with."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest

from harness.cli import COMMANDS, EXAMPLES, loaded, main, parsed
from harness.errors import ExitCode
from tests.end_to_end.command import HERE, ROOT, Command, Ended


@dataclass(frozen=True, slots=True)
class OldRun:
    """A run of one quick scenario, played once for all tests here."""

    ended: Ended
    runs: Path
    junit: Path

    @property
    def folder(self) -> Path:
        return (self.runs / "latest").resolve()


@pytest.fixture(scope="module")
def old_run(tmp_path_factory: pytest.TempPathFactory) -> OldRun:
    folder = tmp_path_factory.mktemp("old-run")
    runs, report = folder / "runs", folder / "build" / "report.xml"
    arguments = ["run", "--json", "--junit", str(report), "--runs", str(runs), str(HERE / "order.yaml")]
    return OldRun(Command(arguments, folder, ROOT).end(), runs, report)


@pytest.fixture
def copied(old_run: OldRun, tmp_path: Path) -> Path:
    """A copy of the old run that a test may change."""
    return Path(shutil.copytree(old_run.folder, tmp_path / "copied"))


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nothing in it."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# --- run --------------------------------------------------------------------------------------------------


def test_run_json_prints_the_summary_and_nothing_else(old_run: OldRun) -> None:
    assert (old_run.ended.exit_code, old_run.ended.stderr) == (ExitCode.PASS, "")
    printed = json.loads(old_run.ended.stdout)
    assert printed["verdict"] == "PASS"
    assert [(one["scenario"], one["verdict"]) for one in printed["scenarios"]] == [("order", "PASS")]
    assert old_run.ended.stdout.encode() == (old_run.folder / "summary.json").read_bytes()


def test_a_run_remembers_its_command(old_run: OldRun) -> None:
    described = json.loads((old_run.folder / "run.json").read_text())
    assert described["command"][:3] == ["harness", "run", "--json"]
    assert (described["stack"], described["scenarios"]) == ("dex", ["order"])


def test_junit_goes_to_a_folder_that_is_made_for_it(old_run: OldRun) -> None:
    suites = ElementTree.parse(old_run.junit).getroot()
    assert suites.tag == "testsuites"
    assert [case.get("classname") for case in suites.iter("testcase")] == ["order"] * int(
        suites.attrib["tests"]
    )
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")
    assert old_run.junit.read_bytes() == (old_run.folder / "junit.xml").read_bytes()


def test_run_without_a_stack_says_what_to_do(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"harness: there is no stack.yaml in {empty_folder}: go to the folder that has it, or name the stack to "
        "deploy: harness run --stack FILE\n"
    )


def test_run_names_the_template_that_is_there(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (empty_folder / "template.yaml").touch()
    assert main(["run"]) == ExitCode.USAGE
    assert capsys.readouterr().err.endswith("the stack to deploy: harness run --stack template.yaml\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            ["run", "--stack", "mine.yaml", f"{ROOT}/scenarios"], "mine.yaml: cannot be read", id="no stack"
        ),
        pytest.param(
            ["run", "--stack", f"{ROOT}/stack.yaml"], "there is no scenarios/ in", id="no scenarios"
        ),
        pytest.param(
            ["run", "--stack", f"{ROOT}/stack.yaml", "x.yaml"],
            "x.yaml: no such file or folder",
            id="no scenario",
        ),
        pytest.param(
            ["run", "--stack", f"{ROOT}/stack.yaml", "--junit", ".", "x.yaml"],
            "--junit .: is a folder; name a file",
            id="junit into a folder",
        ),
        pytest.param(["check", "x"], "x: there is no such run; `harness run` makes one", id="no such run"),
        pytest.param(["check", "."], ". is not the folder of a run: it has no run.json", id="not a run"),
        pytest.param(["check"], "runs/latest: there is no such run", id="no run yet"),
        pytest.param(["list"], "there is no scenarios/ in", id="nothing to list"),
        pytest.param(["list", "--stack", "x.yaml", "."], "x.yaml: cannot be read", id="list for no stack"),
        pytest.param(
            ["up", "--stack", "x.yaml", "--port", "0"], "x.yaml: cannot be read", id="up for no stack"
        ),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(
    arguments: list[str], told: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert re.fullmatch(r"(summary\.json, junit\.xml: runs/\S+\n)?", printed.out)
    (message,) = printed.err.splitlines()
    assert message.startswith("harness: ")
    assert told in message


def test_the_logs_of_a_run_have_every_invocation_from_start_to_report(
    old_run: OldRun, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["logs", str(old_run.folder), "--function", "fan_out", "--json"]) == ExitCode.PASS
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    words = [line["line"].split()[0] for line in lines if line["line"].startswith(("START", "END", "REPORT"))]
    assert words == ["START", "END", "REPORT"] * 2
    assert {line["scenario"] for line in lines} == {"order"}


# --- check ------------------------------------------------------------------------------------------------


def test_check_says_what_the_run_said(old_run: OldRun, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["check", "--json", str(old_run.runs / "latest")]) == ExitCode.PASS
    assert capfdbinary.readouterr() == (old_run.ended.stdout.encode(), b"")


def test_check_takes_the_last_run_and_says_which_it_is(
    old_run: OldRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(old_run.runs.parent)
    assert main(["check"]) == ExitCode.PASS
    run, command, block, *_, total, folder = capsys.readouterr().out.splitlines()
    assert run.startswith(f"run {old_run.folder.name}: stack dex, backend embedded, 2")
    assert command.startswith("  harness run --json --junit ")
    assert block.startswith(" PASS  Events of one channel arrive in the order of publishing")
    assert total.startswith("1 passed, 0 failed, 0 unknown in ")
    assert folder == f"history, summary.json, junit.xml: {old_run.folder}"


@pytest.mark.parametrize("lost", ["MessageReceived", "Settled"])
def test_check_judges_the_history_and_what_is_missing_there_proves_nothing(
    lost: str, copied: Path, tmp_path: Path
) -> None:
    history = copied / "order/history.jsonl"
    first, *lines = history.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if orjson.loads(line)[0] != lost]
    assert len(kept) < len(lines)
    history.write_bytes(first + b"".join(kept))

    assert main(["check", "--junit", str(tmp_path / "report.xml"), str(copied)]) == ExitCode.UNKNOWN

    report = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (report.attrib["failures"], report.attrib["errors"] != "0") == ("0", True)


def test_a_run_without_a_scenario_is_unknown(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = json.loads((copied / "run.json").read_text())
    (copied / "run.json").write_text(json.dumps({**described, "scenarios": []}))
    assert main(["check", str(copied)]) == ExitCode.UNKNOWN
    assert capsys.readouterr().out.splitlines()[2:4] == [
        "no scenario was played, so nothing is known",
        "0 passed, 0 failed, 0 unknown in 0.0 s; cut short, with 0 of 1 scenarios judged",
    ]


def test_what_is_no_history_is_told_with_its_file(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = copied / "order/history.jsonl"
    history.write_bytes(b"{}\n" + history.read_bytes())
    assert main(["check", str(copied)]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(f"harness: {history}: not a history of version 2")


def test_the_folder_of_all_runs_points_to_the_last(
    old_run: OldRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(old_run.runs)]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"harness: {old_run.runs} keeps runs and is none itself: harness check {old_run.runs}/latest\n"
    )


# --- list -------------------------------------------------------------------------------------------------


@pytest.fixture
def two_claims(empty_folder: Path) -> Path:
    (empty_folder / "scenarios/deeper").mkdir(parents=True)
    (empty_folder / "scenarios/a.yaml").write_text("scenario: A [claim]\nclients: {a: {}}\n")
    (empty_folder / "scenarios/deeper/b.yml").write_text(
        f"scenario: {'Longer ' * 20}claim\nclients: {{a: {{}}}}\n"
    )
    return empty_folder


def test_list_tells_every_claim(two_claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == ExitCode.PASS
    assert capsys.readouterr().out.splitlines() == [
        "scenarios/a.yaml",
        "    A [claim]",
        "scenarios/deeper/b.yml",
        f"    {'Longer ' * 20}claim",
    ]


def test_list_tells_all_mistakes_and_what_can_be_read(
    two_claims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (two_claims / "scenarios/bad.yaml").write_text("scenario: x\nclient: {}\n")
    (two_claims / "scenarios/worse.yaml").write_text("scenario: y\ntimline: []\n")

    assert main(["list"]) == ExitCode.USAGE

    printed = capsys.readouterr()
    assert printed.out.splitlines()[:2] == ["scenarios/a.yaml", "    A [claim]"]
    assert len(printed.out.splitlines()) == 4
    assert [line.partition(": unknown")[0] for line in printed.err.splitlines()] == [
        "harness: scenarios/bad.yaml:2",
        "scenarios/worse.yaml:2",
    ]


@pytest.mark.parametrize("command", ["list", "run"])
def test_no_message_moves_the_cursor_or_turns_the_text(
    command: str, two_claims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nasty = "\\e[31m\\u202e"
    (two_claims / "scenarios/a.yaml").write_text(f'scenario: "A {nasty} claim"\nclients: {{a: {{}}}}\n')
    (two_claims / "scenarios/bad.yaml").write_text(f'scenario: x\n"{nasty}": 1\n')

    assert main([command, *(("--stack", f"{ROOT}/stack.yaml") if command == "run" else ())]) == ExitCode.USAGE

    printed = capsys.readouterr()
    assert "\ufffd[31m\ufffd" in printed.err
    assert not {"\x1b", "\u202e"} & set(printed.out + printed.err)


def test_list_json_is_for_programs(two_claims: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["list", "--json", "scenarios/a.yaml"]) == ExitCode.PASS
    assert orjson.loads(capfdbinary.readouterr().out) == [
        {"file": "scenarios/a.yaml", "scenario": "A [claim]"}
    ]


def test_the_projects_own_scenarios_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["list"]) == ExitCode.PASS
    files = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert files == [str(file.relative_to(ROOT)) for file in sorted((ROOT / "scenarios").rglob("*.yaml"))]


def test_a_reader_that_has_gone_is_no_trouble() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "list", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (ExitCode.BROKEN, b"")


# --- up, doctor, help -------------------------------------------------------------------------------------


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Command]:
    """`harness up` on a free port."""
    command = Command(["up", "--port", "0"], tmp_path, ROOT)
    yield command
    if command.process.poll() is None:
        command.send(signal.SIGKILL)
        command.process.communicate()


def test_ctrl_c_while_up_deploys_ends_it_in_order(up: Command) -> None:
    up.wait_for("AWS is listening on http://127.0.0.1:")
    up.send(signal.SIGINT)
    ended = up.end()
    assert (ended.exit_code, ended.stderr) == (ExitCode.PASS, "")
    assert ended.stdout.splitlines()[-1] == "stopping"


def test_up_without_a_stack_says_so(tmp_path: Path) -> None:
    command = Command(["up", "--port", "0"], tmp_path, ROOT / "harness")
    said = command.wait_for("Ctrl-C stops it.")
    command.send(signal.SIGTERM)
    assert command.end().exit_code == ExitCode.PASS
    assert "No stack is deployed: there is no stack.yaml here" in said


def test_doctor_finds_nothing_wrong_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == ExitCode.PASS
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["ok  "] * len(lines)
    assert lines[0].startswith("ok  Python 3.")
    assert lines[-1].startswith("ok  the emulator starts, in ")


def test_doctor_says_what_functions_in_node_have(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    packages = tmp_path / "node_modules"
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(packages))
    assert main(["doctor"]) == ExitCode.PASS
    nothing = "there is no node on the PATH. Install Node.js 18 or newer."
    assert (
        f"ok  functions in JavaScript and TypeScript cannot run: {nothing}"
        in capsys.readouterr().out.splitlines()
    )

    for name in ("node", "npm"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho v22.11.0\n")
        program.chmod(0o755)
    (packages / "esbuild").mkdir(parents=True)
    (packages / "esbuild" / "package.json").write_text('{"version": "0.28.2"}')
    assert main(["doctor"]) == ExitCode.PASS
    advice = "functions need the AWS SDK in their own node_modules, or `harness install-sdk`"
    said = capsys.readouterr().out.splitlines()
    assert said[said.index("ok  Node.js v22.11.0") :][:4] == [
        "ok  Node.js v22.11.0",
        f"ok  npm: {tmp_path}/bin/npm",
        f"ok  esbuild 0.28.2 in {packages}",
        f"ok  no @aws-sdk/client-dynamodb in {packages}: {advice}",
    ]


def test_a_missing_sdk_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(tmp_path / "node_modules"))
    (tmp_path / "app.mjs").write_text("import '@aws-sdk/client-dynamodb';\nexport const handler = () => 1;\n")
    stack = tmp_path / "stack.yaml"
    stack.write_text(
        "name: x\nfunctions: {f: {handler: app.handler, runtime: nodejs22.x, subscribed_to: [t]}}\n"
        "topics: {t: {name: T}}\napi: {name: x, routes: {$default: f}}\n"
    )
    scenario = tmp_path / "s.yaml"
    scenario.write_text(
        "scenario: It starts\nclients: {a: {}}\ntimeline: [{at: 0s, publish: {type: x, market: X}}]\n"
    )
    runs = ["--runs", str(tmp_path / "runs")]
    assert main(["run", "--stack", str(stack), *runs, str(scenario)]) == ExitCode.FAIL
    said = capsys.readouterr().err
    assert "function 'x-f' does not start" in said
    advice = "`harness install-sdk` installs @aws-sdk/client-dynamodb for all functions without their own."
    assert said.splitlines()[-1] == advice


@pytest.mark.parametrize(
    ("arguments", "example"),
    [
        (["--help"], "exit codes:"),
        (["run", "--help"], "harness run --stack other/stack.yaml mine/"),
        (["check", "--help"], "harness check runs/2"),
        (["logs", "--help"], "harness logs --function fan_out"),
        (["up", "--help"], "harness up --port 0"),
    ],
)
def test_help_has_examples(arguments: list[str], example: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "examples:" in printed
    assert example in printed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_a_place_in_the_docs(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    purpose, _, examples = capsys.readouterr().out.partition("examples:\n")
    assert COMMANDS[command][1:] in " ".join(purpose.split())
    pages = [page.read_text() for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    called = re.compile(rf"\bharness {command}(?![\w-])")
    assert called.search(examples)
    assert any(called.search(page) for page in pages)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_examples_of_help_are_commands_that_are_taken(command: str) -> None:
    examples = loaded(command).EXAMPLES if command else EXAMPLES
    lines = [line.partition("harness ")[2] for line in examples.splitlines() if "harness " in line]
    for line in lines:
        words = shlex.split(re.split(r"  +| \| ", line)[0])
        assert parsed(words).execute is loaded(words[0]).execute


@pytest.mark.parametrize("port", ["http", "-1", "65536"])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["up", f"--port={port}"])
    assert ended.value.code == ExitCode.USAGE
    assert f"'{port}' is not a port; write 0 to 65535" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "fanout-harness 0.1.0\n"
