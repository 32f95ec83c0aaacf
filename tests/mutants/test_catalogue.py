"""The catalogue of mutants, and its page."""

from pathlib import Path

import pytest

from tests.mutants import faults, table, variants
from tests.mutants.catalogue import (
    BACKENDS,
    EQUIVALENT,
    MUTANTS,
    SAYS,
    Harmless,
    Mutant,
    mutants_on,
)
from tests.mutants.judging import wrong
from tests.mutants.playing import Told

SCENARIOS = Path(__file__).resolve().parent / "scenarios"
RED = Told(failed=("routing",), unknown=(), causes=("alice never received e1",))
DROP = Mutant("drop", 1, "few", "routing", r"never received")


def test_the_page_is_current() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.page(), "python -m tests.mutants.table"


def test_every_fault_and_every_variant_is_played_and_described() -> None:
    assert {one.fault for one in MUTANTS} == set(faults.FAULTS) == set(SAYS)
    played = {one.change.partition("/")[0] for one in EQUIVALENT if one.change}
    assert set(variants.VARIANTS) == played - set(faults.FAULTS)


def test_names_are_told_apart_and_stimuli_are_there() -> None:
    everything: list[Mutant | Harmless] = [*MUTANTS, *EQUIVALENT]
    for backend in BACKENDS:
        there = [one.name for one in everything if backend in one.backends]
        assert len(set(there)) == len(there)
    stimuli = {one.stimulus for one in everything} - {""}
    assert stimuli == {path.stem for path in SCENARIOS.glob("*.yaml")}
    assert {one.check for one in MUTANTS} <= set(table.CHECKS)


def test_the_rarest_of_each_fault_is_the_one_with_the_smallest_rate() -> None:
    rates = {one.fault: one.every for one in mutants_on("queued")}
    assert (rates["drop"], rates["swallow"], rates["first-record-only"]) == (300, 10, 1)


@pytest.mark.parametrize("rate", [1, 10, 300])
def test_a_fault_is_in_each_so_manieth_case(rate: int) -> None:
    nth = faults.every(rate)
    assert [number for number in range(1, 601) if nth()] == list(range(rate, 601, rate))


@pytest.mark.parametrize(
    ("mutant", "told", "fault"),
    [
        (DROP, RED, ""),
        (DROP, Told(("health", "routing"), (), ("alice never received e1",)), ""),
        (DROP, Told(("health",), (), ("alice never received e1",)), "routing is not red (health)"),
        (DROP, Told((), ("routing",), ("alice never received e1",)), "routing is not red (nothing is)"),
        (
            DROP,
            Told(("routing",), (), ("e1 was altered", "alice never received e1")),
            "another cause stands first",
        ),
        (DROP, Told(("routing",), (), ()), "another cause stands first"),
        (DROP, Told((), (), (), broken="no such step"), "no such step"),
        (Harmless("same", "it is"), Told((), (), ()), ""),
        (Harmless("same", "it is"), RED, "not green: routing"),
        (Harmless("same", "it is"), Told((), ("order",), ()), "not green: order"),
    ],
    ids=[
        "as asked",
        "another check is red too",
        "the wrong check",
        "nobody knows",
        "the cause is not first",
        "no cause at all",
        "not played",
        "rightly green",
        "wrongly red",
        "wrongly unknown",
    ],
)
def test_what_is_wrong_with_a_verdict(mutant: Mutant | Harmless, told: Told, fault: str) -> None:
    assert wrong(mutant, told) == fault


def test_only_what_a_backend_can_show_is_played_there() -> None:
    on_plain = {one.fault for one in mutants_on("plain", every_rate=True)}
    assert set(faults.FAULTS) - on_plain == {"first-record-only", "old-room-stays"}


def test_backends_are_folders() -> None:
    folders = (SCENARIOS.parent / "backends").iterdir()
    assert {folder.name for folder in folders if folder.is_dir()} == set(BACKENDS)
