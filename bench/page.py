"""Page of measured speeds, docs/performance.md: each table goes between its own marks."""

from bench.dynamodb_peers import ROOT

PAGE = ROOT / "docs" / "performance.md"


def write(table: str, *, mark: str, heading: str) -> None:
    """Puts the table where the mark is, in place of the one there; a new one goes to the end, under `heading`."""
    begin, end = f"<!-- {mark} -->", "<!-- end -->"
    page = PAGE.read_text(encoding="utf-8")
    block = f"{begin}\n{table}\n{end}"
    if begin in page:
        page = page[: page.index(begin)] + block + page[page.index(end, page.index(begin)) + len(end) :]
    else:
        page += f"\n{heading}\n\n{block}\n"
    PAGE.write_text(page, encoding="utf-8")
