import pytest

from harness.checks.expiry import Expiry, expiry_of, long_time

NOW = 1_800_000_000.0
DAY = 86_400.0


@pytest.mark.parametrize(
    ("ttl", "within", "how"),
    [
        pytest.param('{"N":"1800086400"}', None, Expiry.FINE, id="in a day"),
        pytest.param('{"N":"1800086400.5"}', DAY, Expiry.FINE, id="in a day, as expected"),
        pytest.param('{"N":"1800082200"}', DAY, Expiry.FINE, id="an hour and ten minutes early"),
        pytest.param('{"N":"1800081600"}', DAY, Expiry.OTHER_TIME, id="an hour and twenty minutes early"),
        pytest.param('{"N":"1800172800"}', DAY, Expiry.OTHER_TIME, id="in two days"),
        pytest.param('{"N":"1800000099"}', 60.0, Expiry.FINE, id="a minute has a minute of grace"),
        pytest.param("", None, Expiry.LACKING, id="lacking"),
        pytest.param('{"S":"1800086400"}', None, Expiry.NO_NUMBER, id="a string"),
        pytest.param('{"N":"soon"}', None, Expiry.NO_NUMBER, id="no number"),
        pytest.param("null", None, Expiry.NO_NUMBER, id="nothing"),
        pytest.param("{", None, Expiry.NO_NUMBER, id="torn"),
        pytest.param('{"N":"1800086400000"}', None, Expiry.MILLISECONDS, id="milliseconds"),
        pytest.param('{"N":"1.8E+12"}', None, Expiry.MILLISECONDS, id="milliseconds with an exponent"),
        pytest.param('{"N":"1799999999"}', None, Expiry.PAST, id="a second ago"),
        pytest.param('{"N":"86400"}', DAY, Expiry.PAST, id="a duration"),
    ],
)
def test_when_a_row_expires(ttl: str, within: float | None, how: Expiry) -> None:
    assert expiry_of(ttl, NOW, within) is how


@pytest.mark.parametrize(
    ("ttl", "how"),
    [('{"N":"1"}', Expiry.FINE), ('{"N":"1800086400000"}', Expiry.MILLISECONDS), ("", Expiry.LACKING)],
)
def test_without_a_clock_only_the_form_is_told(ttl: str, how: Expiry) -> None:
    assert expiry_of(ttl, None, DAY) is how


@pytest.mark.parametrize(
    ("seconds", "told"), [(DAY, "24 h"), (3 * DAY, "3 days"), (5400.0, "90 min"), (12.0, "12 s")]
)
def test_long_times_in_words(seconds: float, told: str) -> None:
    assert long_time(seconds) == told
