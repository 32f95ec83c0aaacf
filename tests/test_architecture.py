"""The walls between the rooms: who may import whom, and what a module may be called."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from harness.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
HARNESS = tuple(sorted((ROOT / "harness").rglob("*.py")))
DEX = tuple(sorted((ROOT / "dex").rglob("*.py")))

PURE = (
    "harness.checks",
    "harness.reports",
    "harness.backends.aws.choice",
    "harness.backends.aws.cost",
    "harness.backends.aws.grants",
    "harness.backends.aws.outputs",
    "harness.backends.backend",
    "harness.backends.capabilities",
    "harness.backends.choice",
    "harness.backends.parts",
    "harness.backends.settings",
    "harness.stack.apart",
    "harness.clients.load",
    "harness.clients.schedule",
    "harness.durations",
    "harness.percentiles",
    "harness.scenario.behaviour",
    "harness.scenario.connection_rows",
    "harness.scenario.feed",
    "harness.scenario.model",
    "harness.scenario.receivers",
    "harness.record.observation",
    "harness.record.history",
    "harness.emulator.matching",
    "harness.emulator.event_sources.batching",
    "harness.emulator.event_sources.failure_record",
    "harness.emulator.event_sources.filters",
    "harness.emulator.event_sources.mapping",
    "harness.emulator.event_sources.mapping_json",
    "harness.emulator.event_sources.queue_records",
    "harness.emulator.event_sources.responses",
    "harness.emulator.event_sources.shard",
    "harness.emulator.events.envelope",
    "harness.emulator.events.schedules",
    "harness.emulator.events.target_input",
    "harness.emulator.gateway.apis",
    "harness.emulator.gateway.authorizers",
    "harness.emulator.gateway.configuration",
    "harness.emulator.gateway.connection_registry",
    "harness.emulator.gateway.ids",
    "harness.emulator.gateway.integration_responses",
    "harness.emulator.gateway.lambda_events",
    "harness.emulator.gateway.lenient_json",
    "harness.emulator.gateway.management_answers",
    "harness.emulator.gateway.opening_handshake",
    "harness.emulator.gateway.policies",
    "harness.emulator.gateway.proxy_response",
    "harness.emulator.gateway.quotas",
    "harness.emulator.gateway.request_models",
    "harness.emulator.gateway.routes",
    "harness.emulator.gateway.session",
    "harness.emulator.gateway.signatures",
    "harness.emulator.gateway.throttles",
    "harness.emulator.gateway.urls",
    "harness.emulator.lambda_runtime.concurrency",
    "harness.emulator.lambda_runtime.debugging",
    "harness.emulator.lambda_runtime.event_invoke_config",
    "harness.emulator.lambda_runtime.event_invoke_config_json",
    "harness.emulator.lambda_runtime.event_results",
    "harness.emulator.lambda_runtime.function",
    "harness.emulator.lambda_runtime.outcome",
    "harness.emulator.lambda_runtime.retries",
    "harness.emulator.lambda_runtime.variables",
    "harness.emulator.letters",
    "harness.emulator.switches",
    "harness.emulator.sns.behaviour",
    "harness.emulator.sns.envelope",
    "harness.emulator.sns.filter_changes",
    "harness.emulator.sns.filter_policy",
    "harness.emulator.sns.filter_policy_limits",
    "harness.emulator.sns.http_message",
    "harness.emulator.sns.metrics",
    "harness.emulator.sns.publish",
    "harness.emulator.sns.retry_policy",
    "harness.emulator.sns.subscription_request",
    "harness.emulator.sns.topics",
    "harness.emulator.dynamodb",
    "harness.parity.claim",
    "harness.parity.comparison",
    "harness.parity.shapes",
    "harness.parity.table",
    "harness.emulator.elsewhere.letters",
    "harness.emulator.elsewhere.notifications",
    "harness.emulator.elsewhere.outstanding",
    "harness.emulator.elsewhere.row_changes",
    "harness.emulator.elsewhere.services",
    "harness.emulator.elsewhere.subscriptions",
    "harness.stack.template.environment",
    "harness.stack.template.event_buses",
    "harness.stack.template.event_sources",
    "harness.stack.template.functions",
    "harness.stack.template.intrinsics",
    "harness.stack.template.names",
    "harness.stack.template.parameters",
    "harness.stack.template.queues",
    "harness.stack.template.reading",
    "harness.stack.template.rules",
    "harness.stack.template.tables",
    "harness.stack.template.topics",
    "harness.stack.template.websocket_api",
)
"""Modules, and packages as a whole, that hold rules: values in, values out."""

IMPURE = ("asyncio", "socket", "time", "random", "boto3")

WALLS = [
    pytest.param(
        "harness.emulator",
        ("harness.scenario", "harness.clients", "harness.checks", "harness.reports"),
        id="the emulator knows nothing of scenarios and verdicts",
    ),
    pytest.param(
        "harness.record",
        ("harness.scenario", "harness.clients", "harness.checks", "harness.reports", "harness.emulator"),
        id="records know nothing of who made them and who reads them",
    ),
    pytest.param(
        "harness.scenario",
        ("harness.clients", "harness.checks", "harness.reports", "harness.emulator", "harness.record"),
        id="scenarios know nothing of how they are played",
    ),
    pytest.param(
        "harness.clients",
        ("harness.checks", "harness.reports", "harness.emulator", "harness.stack", "harness.backends"),
        id="clients know nothing of what they talk to",
    ),
    pytest.param(
        "harness.matcher",
        ("harness.clients", "harness.checks", "harness.reports", "harness.emulator", "harness.record"),
        id="the matcher knows nothing of who listens",
    ),
]

HOUSE = (
    ("chance", "clock", "durations", "errors", "event_loop", "json_values", "percentiles"),
    ("matcher", "record", "yaml_source"),
    ("emulator", "validation"),
    ("scenario",),
    ("checks", "clients", "stack"),
    ("debugging", "outside", "reports"),
    ("backends", "progress"),
    ("parity", "testbed"),
    ("run_reports",),
    ("run",),
    ("commands", "live"),
    ("cli", "pytest_plugin"),
    ("__main__",),
)
"""The rooms of the harness, the ground floor first."""

EMULATOR = (
    ("in_flight", "journal", "letters", "matching", "parts", "port", "switches", "lambda_runtime.bootstrap"),
    ("aws_api",),
    ("moto_services", "dynamodb", "lambda_runtime", "sent"),
    ("sqs", "gateway", "events"),
    ("sns", "event_sources", "gateway.control_plane", "iam"),
    ("letter_delivery", "elsewhere"),
    ("pages",),
    ("doors",),
    ("wiring",),
    ("__main__",),
)
"""The rooms of the emulator, likewise. A room within another one has a floor of its own."""

FLOORS = {
    f"{house}.{room}": level
    for house, floors in (("harness", HOUSE), ("harness.emulator", EMULATOR))
    for level, rooms in enumerate(floors)
    for room in rooms
}

ALLOWED = [
    pytest.param(
        "harness.checks",
        ("harness.scenario", "harness.record", "harness.percentiles", "harness.errors"),
        id="checks",
    ),
    pytest.param(
        "harness.reports",
        ("harness.checks.verdict", "harness.percentiles", "harness.errors"),
        id="reports",
    ),
    pytest.param("harness.record", ("harness.errors",), id="records"),
    pytest.param(
        "harness.stack",
        (
            "harness.errors",
            "harness.durations",
            "harness.yaml_source",
            "harness.validation",
            "harness.scenario.feed",
            "harness.scenario.behaviour",
            "harness.scenario.connection_rows",
        ),
        id="stacks",
    ),
]

UP_MAY_LOAD = {
    "harness.scenario",
    "harness.scenario.behaviour",
    "harness.scenario.connection_rows",
    "harness.scenario.feed",
}


def name_of(file: Path) -> str:
    """The dotted name of a module of ours."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@cache
def imports_of(file: Path) -> tuple[str, ...]:
    """Every module that the file imports, wherever in it; `from a import b` is a.b, be it a module or a name."""
    return tuple(_imports_in(file))


def _imports_in(file: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(file)):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{one.name}" for one in names)
            case ast.ImportFrom():
                raise AssertionError(f"{file}:{node.lineno}: a relative import hides where it leads")


def crossings(inside: str, packages: tuple[str, ...]) -> list[str]:
    """The imports of `packages` from modules inside, as `importer -> imported`."""
    return [
        f"{name_of(file)} -> {imported}"
        for file in HARNESS
        if is_in(name_of(file), [inside])
        for imported in imports_of(file)
        if is_in(imported, packages)
    ]


@pytest.mark.parametrize(("inside", "outside"), WALLS)
def test_no_import_crosses_a_wall(inside: str, outside: tuple[str, ...]) -> None:
    assert crossings(inside, outside) == []


def house_of(room: str) -> str:
    """The package whose floors a room stands on."""
    return "harness.emulator" if room.startswith("harness.emulator.") else "harness"


@cache
def room_of(module: str, house: str) -> str | None:
    """The room of a house that a module is in, the innermost one; None for any other, and for the house itself."""
    rooms = (room for room in FLOORS if house_of(room) == house and is_in(module, [room]))
    return max(rooms, key=len, default=None)


@pytest.mark.parametrize("house", ["harness", "harness.emulator"])
def test_every_module_is_in_a_room(house: str) -> None:
    names = [name_of(file) for file in HARNESS if is_in(name_of(file), [house])]
    assert [name for name in names if room_of(name, house) is None] == [house]


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_only_what_is_below_it(room: str) -> None:
    house = house_of(room)
    own = [file for file in HARNESS if room_of(name_of(file), house) == room]
    assert own != []
    led = {imported for file in own for imported in imports_of(file)}
    others = {imported: other for imported in led if (other := room_of(imported, house)) not in (None, room)}
    assert [imported for imported, other in others.items() if FLOORS[other] >= FLOORS[room]] == []


@pytest.mark.parametrize(("inside", "allowed"), ALLOWED)
def test_of_ours_only_what_is_allowed_is_imported(inside: str, allowed: tuple[str, ...]) -> None:
    ours = [crossing.partition(" -> ")[2] for crossing in crossings(inside, ("harness",))]
    assert [imported for imported in ours if not is_in(imported, (inside, *allowed))] == []


@pytest.mark.parametrize("inside", PURE)
def test_rules_are_pure(inside: str) -> None:
    assert [file for file in HARNESS if is_in(name_of(file), [inside])] != []
    assert crossings(inside, IMPURE) == []


def test_the_handlers_deploy_as_they_are() -> None:
    found = [(name_of(file), one) for file in DEX for one in imports_of(file) if is_in(one, ["harness"])]
    assert found == []


def test_the_recording_function_deploys_as_it_is() -> None:
    assert crossings("harness.parity.recorder", ("harness",)) == []


def test_up_runs_without_the_code_that_plays_and_judges() -> None:
    loaded = loaded_by("import harness.commands.serving")
    rooms = ("harness.scenario", "harness.clients", "harness.checks", "harness.reports", "harness.run")
    assert {name for name in loaded if is_in(name, rooms)} == UP_MAY_LOAD


def test_the_help_of_every_command_is_told_without_what_it_does() -> None:
    """So that it is there at once: no room is read, and no library that takes long."""
    loaded = loaded_by(
        "import contextlib, harness.cli as cli\n"
        "for name in cli.COMMANDS:\n"
        "    with contextlib.suppress(SystemExit): cli.main([name, '--help'])"
    )
    slow = (
        "boto3",
        "moto",
        "pydantic",
        "yaml",
        "harness.checks",
        "harness.clients",
        "harness.emulator.wiring",
        "harness.parity",
        "harness.run",
        "harness.scenario",
        "harness.stack",
        "harness.testbed",
    )
    assert {f"harness.commands.{name.replace('-', '_')}" for name in COMMANDS} <= loaded
    assert {name for name in loaded if is_in(name, slow)} == set()


def test_the_help_of_harness_reads_no_command() -> None:
    loaded = loaded_by(
        "import contextlib, harness.cli\nwith contextlib.suppress(SystemExit): harness.cli.main(['--help'])"
    )
    assert {name for name in loaded if is_in(name, ["harness"])} == {
        "harness",
        "harness.cli",
        "harness.commands",
        "harness.commands.command",
        "harness.commands.printing",
        "harness.errors",
    }


def loaded_by(script: str) -> set[str]:
    """The modules that a process of its own has read when the script is at its end."""
    script = f"{script}\nimport sys; print(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_commands_are_read_by_their_table_only() -> None:
    """What another room needs of a command belongs into that room, or into one below both."""
    doors = ("harness.cli", "harness.commands")
    found = crossings("harness", ("harness.commands",))
    assert [one for one in found if not is_in(one.partition(" -> ")[0], doors)] == []


def test_every_command_is_a_module_and_a_line_in_the_table() -> None:
    folder = ROOT / "harness" / "commands"
    commands = {file.stem for file in folder.glob("*.py") if "\ndef execute(" in file.read_text()}
    assert commands == {name.replace("-", "_") for name in COMMANDS}


@pytest.mark.parametrize("file", [*HARNESS, *DEX], ids=name_of)
def test_a_module_says_what_it_is_for(file: Path) -> None:
    tree = tree_of(file)
    assert not tree.body or ast.get_docstring(tree), f"{file} has no docstring"
    assert file.stem not in ("utils", "util", "helpers", "common", "manager")


SHORT_TABLE = 120
LONG_CLASS = 250
LONG_MODULE = 400


def test_the_table_of_commands_is_that_and_no_more() -> None:
    assert len((ROOT / "harness" / "cli.py").read_text().splitlines()) < SHORT_TABLE


def test_no_class_of_the_emulator_is_long() -> None:
    classes = [
        (f"{name_of(file)}.{node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for file in HARNESS
        if is_in(name_of(file), ["harness.emulator"])
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ClassDef)
    ]
    assert [(name, lines) for name, lines in classes if lines > LONG_CLASS] == []


@pytest.mark.parametrize("file", HARNESS, ids=name_of)
def test_a_long_module_says_why_it_is_long(file: Path) -> None:
    if len(file.read_text().splitlines()) > LONG_MODULE:
        assert "in one module because" in first_sentence(file)


ASKING = ("harness.checks", "harness.scenario.receivers", "harness.emulator.dynamodb.request_shapes")
"""What answers one question, and is looked for by it."""


@pytest.mark.parametrize("file", [*HARNESS, *DEX], ids=name_of)
def test_a_module_begins_with_the_noun_that_is_looked_for(file: Path) -> None:
    if not is_in(name_of(file), ASKING):
        assert not first_sentence(file).endswith("?")


def first_sentence(file: Path) -> str:
    """The sentence that a module's docstring begins with, on one line; "" for a module without."""
    text = " ".join((ast.get_docstring(tree_of(file)) or "").split())
    return re.split(r"(?<=[.?])(?= [A-Z`])|(?<=[.?])$", text, maxsplit=1)[0]
