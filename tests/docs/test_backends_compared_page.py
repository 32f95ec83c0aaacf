"""docs/backends-compared.md: what `harness parity --json` said, as a page."""

from docs.backends_compared import page
from harness.parity.catalogue import CLAIMS
from harness.parity.claim import Area, Claim, ClaimResult, Mark
from harness.parity.comparison import Column, Comparison, as_json
from tests.test_architecture import ROOT


def test_the_page_says_how_it_was_made_what_was_where_and_every_claim_differences_first() -> None:
    area = Area("routing")
    claims = tuple(Claim(says, area.name, ("R-1", "R-2"), 1, lambda doors: 1) for says in ("same", "other"))
    same, other = ClaimResult(Mark.AS_AWS, 1, "1"), ClaimResult(Mark.DIFFERS, "a|b", "<a|b>")
    columns = (
        Column("embedded", "http://a", {"tables": "here", "API": "here"}, (same, same)),
        Column("peer", "http://b", {"tables": "Peer 1.0 at http://b", "API": "here"}, (same, other)),
    )

    lines = page(as_json(Comparison(claims, columns)), "harness parity --json > parity.json").splitlines()

    assert "harness parity --json > parity.json" in lines
    assert [line for line in lines if line.startswith("| ")] == [
        "| backend | as AWS | differs | not carried | where |",
        "| embedded | 2 | 0 | 0 | tables, API: here |",
        "| peer | 1 | 1 | 0 | tables: Peer 1.0; API: here |",
        "| area | claim | rows | embedded | peer |",
        "| routing | other | R-1, R-2 | as AWS | **differs**: &lt;a\\|b> |",
        "| routing | same | R-1, R-2 | as AWS | as AWS |",
    ]


def test_the_page_has_every_claim() -> None:
    text = (ROOT / "docs" / "backends-compared.md").read_text(encoding="utf-8")

    assert [claim.says for claim in CLAIMS if f"| {claim.says} |" not in text] == []
