"""The command that plays mutants, one line each: `python -m tests.mutants.play plain --all`.

It exits with 1 when the judge says of one of them anything but what the catalogue asks for.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.catalogue import BACKENDS, Harmless, Mutant, harmless_on, mutants_on
from tests.mutants.judging import wrong
from tests.mutants.playing import Told, play


def _lines(backend: str, played: Sequence[Mutant | Harmless], told: dict[str, Told]) -> Iterator[str]:
    for one in played:
        said = told[one.name]
        fault = wrong(one, said)
        yield f"{'WRONG' if fault else 'right'} | {backend} | {one.name} | {one.function} | {fault} | {said.first}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "backends", nargs="*", default=BACKENDS, help="plain, wrapped or queued; all by default"
    )
    parser.add_argument("--all", action="store_true", help="every rate, not the smallest only")
    options = parser.parse_args(arguments)
    any_wrong = False
    for backend in options.backends:
        mutants = mutants_on(backend, every_rate=options.all)
        played: list[Mutant | Harmless] = [*mutants, *harmless_on(backend)]
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            told = dict(play(backend, played, Path(folder)))
        lines = list(_lines(backend, played, told))
        any_wrong = any_wrong or any(line.startswith("WRONG") for line in lines)
        print(
            "\n".join(lines),
            f"\n{backend}: {len(played)} played in {time.monotonic() - begun:.0f} s",
            flush=True,
        )
    return int(any_wrong)


if __name__ == "__main__":
    sys.exit(main())
