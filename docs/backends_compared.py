"""Writes docs/backends-compared.md from what `harness parity --json` said: `python docs/backends_compared.py FILE`.

The page holds the command that it says of itself, what was where, and every claim beside what each backend shows.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

PAGE = Path(__file__).resolve().parent / "backends-compared.md"
Comparison: TypeAlias = Mapping[str, Any]
"""What `harness parity --json` prints."""

_RANKS = {"differs": 0, "not carried": 1, "as AWS": 2}


def page(comparison: Comparison, command: str) -> str:
    """The page in Markdown: differences first, as the command shows them."""
    return "\n".join((*_head(comparison, command), *_table(comparison), ""))


def _head(comparison: Comparison, command: str) -> Iterator[str]:
    yield "# Backends compared\n"
    yield "<!-- Written by docs/backends_compared.py: do not edit. -->\n"
    yield (
        "What AWS does is what [parity.md](parity.md) records; each claim was measured through public doors only, "
        "boto3 and a WebSocket client, on APIs of its own. These commands wrote this page:\n"
    )
    yield f"```\n{command}\npython docs/backends_compared.py parity.json\n```\n"
    yield "| backend | as AWS | differs | not carried | where |\n|---|---|---|---|---|"
    for one in comparison["backends"]:
        where = _where(one["parts"])
        yield f"| {one['name']} | {one['as AWS']} | {one['differs']} | {one['not carried']} | {_cell(where)} |"
    yield ""


def _where(parts: Mapping[str, str]) -> str:
    places: dict[str, list[str]] = {}
    for part, where in parts.items():
        # Which port of this machine it was on says nothing about the backend.
        places.setdefault(where.partition(" at http")[0], []).append(part)
    return "; ".join(f"{', '.join(names)}: {where}" for where, names in places.items())


def _table(comparison: Comparison) -> Iterator[str]:
    names = [one["name"] for one in comparison["backends"]]
    yield f"| area | claim | rows | {' | '.join(names)} |"
    yield "|---|---|---|" + "---|" * len(names)
    for claim in sorted(comparison["claims"], key=_rank):
        shown = [_shown(claim["shown"][name]) for name in names]
        cells = (claim["area"], claim["claim"], ", ".join(claim["rows"]), *shown)
        yield f"| {' | '.join(map(_cell, cells))} |"


def _rank(claim: Mapping[str, Any]) -> int:
    return min(_RANKS[one["mark"]] for one in claim["shown"].values())


def _shown(result: Mapping[str, str]) -> str:
    return result["mark"] if result["mark"] == "as AWS" else f"**{result['mark']}**: {result['text']}"


def _cell(text: str) -> str:
    """Text that stays in its cell and is no markup of its own."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="what `harness parity --json` printed")
    parser.add_argument("--command", default="harness parity --json > parity.json", help="how it was called")
    options = parser.parse_args(arguments)
    PAGE.write_text(
        page(json.loads(options.file.read_text(encoding="utf-8")), options.command), encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
