"""Answers of checks without what the judge needs of them: what a reader is told, and by which observations."""

from harness.checks.verdict import CheckResult, Finding


def bare(result: CheckResult | None) -> CheckResult:
    """The verdict, the summary, the figures and the findings in words and evidence."""
    assert result is not None
    findings = tuple(Finding(one.kind, one.what, one.evidence) for one in result.findings)
    return CheckResult(result.check, result.verdict, result.summary, findings, result.counts)
