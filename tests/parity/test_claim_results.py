"""Values beside AWS's, what is made of them, and how they are told."""

import pytest

from harness.errors import ExitCode
from harness.parity.claim import Area, Claim, ClaimResult, Mark, found, not_answered, not_carried
from harness.parity.comparison import Column, Comparison, as_json
from harness.parity.shapes import differences, named, seen_as, short


def a_claim(aws: object, says: str = "it is so") -> Claim:
    return Claim(says, "area", ("R-1",), aws, lambda doors: None)


@pytest.mark.parametrize(
    ("aws", "value", "seen"),
    [
        ("<UUID>", "0b9d7f4e-8a53-4c56-9c3b-0123456789ab", "<UUID>"),
        ("<UUID>", "0b9d7f4e", "0b9d7f4e"),
        ("<text>", "", ""),
        ("<epoch milliseconds>", 1708326702789, "<epoch milliseconds>"),
        ("<epoch milliseconds>", 1708326702, 1708326702),
        ("<epoch milliseconds>", "1708326702789", "1708326702789"),
        ("<connection id>", "TXzPWdnOjoECGjA=", "<connection id>"),
        ("<request id>", "TXzPWdnOjoECGjA=", "TXzPWdnOjoECGjA="),
        ({"a": ["<port>"]}, {"a": ["443"], "b": "443"}, {"a": ["<port>"], "b": "443"}),
        (["<port>"], ["1", "2"], ["1", "2"]),
        ("plain", "<port>", "<port>"),
    ],
)
def test_what_is_of_awss_kind_is_seen_as_that_kind(aws: object, value: object, seen: object) -> None:
    assert seen_as(value, aws) == seen


@pytest.mark.parametrize(
    ("aws", "shows", "told"),
    [
        (1, 1, []),
        (1, True, ["true"]),
        (None, None, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 2}}, ["a.b: 2, not 1", "no a.c"]),
        ({}, {"a": None}, ["a: null too"]),
        ({"a": [{"b": ""}]}, {"a": [{"b": "x"}]}, ['a[0].b: x, not ""']),
        ({"a": [1]}, {"a": [1, 2]}, ["a: [1, 2], not [1]"]),
        (502, "no answer", ["no answer"]),
    ],
)
def test_differences_are_named_part_by_part(aws: object, shows: object, told: list[str]) -> None:
    assert list(differences(aws, shows)) == told


def test_what_a_run_made_up_is_called_what_it_is() -> None:
    assert named({"id": "a1", "of": ["a1", 2]}, {"a1": "<this API>"}) == {
        "id": "<this API>",
        "of": ["<this API>", 2],
    }


def test_a_long_value_is_one_short_line() -> None:
    assert short("a\n" + "b" * 200) == "a " + "b" * 157 + "…"


def test_a_result_names_some_differences_and_counts_the_rest() -> None:
    aws = dict.fromkeys("abcdef", 1)

    assert found(a_claim(aws), aws) == ClaimResult(Mark.AS_AWS, aws, short(aws))
    assert found(a_claim(aws), {}) == ClaimResult(Mark.DIFFERS, {}, "no a; no b; no c; no d; 2 more")


def test_claims_of_an_area_stay_in_their_order() -> None:
    area = Area("routing")
    measures = [area.claim(says, "R-1", aws=1)(lambda doors: 1) for says in ("first", "second")]

    assert area.claims == tuple(
        Claim(says, "routing", ("R-1",), 1, measure)
        for says, measure in zip(("first", "second"), measures, strict=True)
    )


AS_AWS = ClaimResult(Mark.AS_AWS, 1, "1")
DIFFERS = not_answered("NoAnswer: nothing within 10 s")
NOT_CARRIED = not_carried("there is no Lambda")


@pytest.mark.parametrize(
    ("results", "summary", "exit_code"),
    [
        ([AS_AWS, AS_AWS], "b: 2 of 2 claims as AWS", ExitCode.PASS),
        ([AS_AWS, DIFFERS], "b: 1 of 2 claims as AWS, 1 differ", ExitCode.FAIL),
        ([AS_AWS, NOT_CARRIED], "b: 1 of 1 claims as AWS, 1 not carried", ExitCode.PASS),
        ([NOT_CARRIED, NOT_CARRIED], "b: 0 of 0 claims as AWS, 2 not carried", ExitCode.UNKNOWN),
        ([DIFFERS, NOT_CARRIED], "b: 0 of 1 claims as AWS, 1 differ, 1 not carried", ExitCode.FAIL),
    ],
    ids=["all as AWS", "one differs", "one is not carried", "nothing is carried", "nothing is as AWS"],
)
def test_a_backend_is_summed_up(results: list[ClaimResult], summary: str, exit_code: ExitCode) -> None:
    column = Column("b", "http://b", {}, tuple(results))

    assert column.summary == summary
    assert Comparison((a_claim(1, "x"), a_claim(1, "y")), (column,)).exit_code is exit_code


def test_what_differs_anywhere_comes_first_then_what_is_not_carried() -> None:
    claims = tuple(a_claim(1, says) for says in ("same", "lacking", "other"))
    columns = (
        Column("a", "http://a", {}, (AS_AWS, NOT_CARRIED, AS_AWS)),
        Column("b", "http://b", {}, (AS_AWS, AS_AWS, DIFFERS)),
    )

    assert [claim.says for claim, _ in Comparison(claims, columns).rows()] == ["other", "lacking", "same"]


def test_json_holds_everything() -> None:
    column = Column("b", "http://b", {"API": "here"}, (DIFFERS,), left="topic t could not be deleted")

    assert as_json(Comparison((a_claim(1),), (column,))) == {
        "as_aws": False,
        "backends": [
            {
                "name": "b",
                "endpoint": "http://b",
                "parts": {"API": "here"},
                "as AWS": 0,
                "differs": 1,
                "not carried": 0,
                "left": "topic t could not be deleted",
            }
        ],
        "claims": [
            {
                "claim": "it is so",
                "area": "area",
                "rows": ["R-1"],
                "aws": 1,
                "shown": {
                    "b": {
                        "mark": "differs",
                        "shows": {"error": "NoAnswer: nothing within 10 s"},
                        "text": "NoAnswer: nothing within 10 s",
                    }
                },
            }
        ],
    }
