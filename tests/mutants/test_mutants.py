"""Every mutant turns its check red with the right cause first, and nothing that is right turns anything red.

All that is played on a backend runs in one emulator, one after the other.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutants.catalogue import BACKENDS, Harmless, Mutant, harmless_on, mutants_on
from tests.mutants.judging import wrong
from tests.mutants.playing import play

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_mutant_is_told_by_its_cause(backend: str, tmp_path: Path) -> None:
    play_and_compare(backend, mutants_on(backend), tmp_path)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_that_is_right_turns_anything_red(backend: str, tmp_path: Path) -> None:
    play_and_compare(backend, harmless_on(backend), tmp_path)


def play_and_compare(backend: str, played: Sequence[Mutant | Harmless], folder: Path) -> None:
    told = play(backend, played, folder)
    faults = {
        one.name: f"{fault}; {told[one.name]}" for one in played if (fault := wrong(one, told[one.name]))
    }
    assert faults == {}
