"""The README's five minutes, tried from an empty folder: its files pass, and its suggested mistake turns red."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.command import ROOT, Ended

FILES = ("app.py", "stack.yaml", "scenarios/rooms-are-apart.yaml")


def write_the_readmes_files(folder: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    for name in FILES:
        match = re.search(rf"^`{re.escape(name)}`.*?```\w+\n(.*?)```", readme, re.DOTALL | re.MULTILINE)
        assert match is not None, name
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(match[1])


def test_the_readmes_example_passes_and_its_mistake_turns_routing_red(
    harness: Callable[..., Ended], tmp_path: Path
) -> None:
    write_the_readmes_files(tmp_path)

    passed = harness("run", cwd=tmp_path)
    app = tmp_path / "app.py"
    app.write_text(app.read_text().replace('["channel"] ==', '["channel"] !='))
    failed = harness("run", cwd=tmp_path)

    assert passed.exit_code == 0, passed.stdout + passed.stderr
    assert "1 passed, 0 failed, 0 unknown" in passed.stdout
    assert failed.exit_code == 1
    assert "✘ routing" in failed.stdout
