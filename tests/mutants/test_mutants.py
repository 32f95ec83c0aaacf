"""Every mutant turns its check red with the right cause first, and nothing that is right turns anything red."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import BACKENDS, MUTANTS
from tests.mutants.judging import wrong
from tests.mutants.play import chosen
from tests.mutants.playing import play

SECONDS_AT_MOST = 90.0
"""On a machine of its own: what a backend's mutants may take, all in one emulator."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_mutant_of_a_backend_is_told_by_its_cause(backend: str, tmp_path: Path) -> None:
    played = chosen(backend, everything=False)

    told = play(backend, played, tmp_path)

    faults = {
        one.name: f"{fault}; {told[one.name]}" for one in played if (fault := wrong(one, told[one.name]))
    }
    pending = {one.name for one in MUTANTS if one.is_pending(backend)} & told.keys()
    assert {name: fault for name, fault in faults.items() if name not in pending} == {}
    assert pending - faults.keys() == set(), "these are told now: take `pending` away from them"
