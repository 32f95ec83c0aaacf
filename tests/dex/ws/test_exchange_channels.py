"""The exchange's channels: their grammar, whose they are, which of them an event goes to."""

import pytest

from dex.ws.channels import TRADER_TYPES, Audience, Channel, channels_of, parse_channel

ALICE = "6f1c8a52-0b1e-4a7e-9d6c-2f6f6f0a1a11"


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        pytest.param("market.BTC-PERP", Channel(Audience.MARKET, "BTC-PERP"), id="a market"),
        pytest.param("market.1", Channel(Audience.MARKET, "1"), id="a short market"),
        pytest.param("market." + "A" * 32, Channel(Audience.MARKET, "A" * 32), id="the longest market"),
        pytest.param("admin.BTC-PERP", Channel(Audience.ADMIN, "BTC-PERP"), id="a market's announcements"),
        pytest.param(f"trader.{ALICE}", Channel(Audience.TRADER, ALICE), id="a trader"),
        pytest.param(f"trader.{ALICE.upper()}", Channel(Audience.TRADER, ALICE.upper()), id="in upper case"),
        pytest.param("market." + "A" * 33, None, id="too long a market"),
        pytest.param("market.btc-perp", None, id="a market in lower case"),
        pytest.param("market.", None, id="no market"),
        pytest.param("market", None, id="no dot"),
        pytest.param("market.BTC.PERP", None, id="another dot"),
        pytest.param("market.BTC-PERP\n", None, id="a line end after the market"),
        pytest.param("market.B\u0665", None, id="a digit that is not ASCII"),
        pytest.param("trader.alice", None, id="a trader who is no UUID"),
        pytest.param(f"trader.{ALICE}0", None, id="too long a UUID"),
        pytest.param(f"trader.{ALICE.replace('-', '')}", None, id="a UUID without hyphens"),
        pytest.param("trader.*", None, id="a pattern"),
        pytest.param("Market.BTC-PERP", None, id="an audience in upper case"),
        pytest.param("system.BTC-PERP", None, id="an unknown audience"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="null"),
        pytest.param(7, None, id="a number"),
        pytest.param(["market.BTC-PERP"], None, id="a list"),
    ],
)
def test_a_name_is_a_channel_or_is_none(name: object, channel: Channel | None) -> None:
    assert parse_channel(name) == channel


@pytest.mark.parametrize("name", ["market.BTC-PERP", "admin.BTC-PERP", f"trader.{ALICE}"])
def test_a_channel_prints_as_its_name(name: str) -> None:
    assert str(parse_channel(name)) == name


@pytest.mark.parametrize(
    ("channel", "trader_id"),
    [
        pytest.param(Channel(Audience.MARKET, "BTC-PERP"), None, id="a market is everybody's"),
        pytest.param(Channel(Audience.ADMIN, "BTC-PERP"), None, id="announcements are everybody's"),
        pytest.param(Channel(Audience.TRADER, ALICE), ALICE, id="a trader's channel is that trader's"),
    ],
)
def test_only_a_traders_channel_has_one_reader(channel: Channel, trader_id: str | None) -> None:
    assert channel.trader_id == trader_id


@pytest.mark.parametrize(
    ("matcher_event", "channels"),
    [
        pytest.param({"type": "depth", "market": "BTC-PERP"}, ("market.BTC-PERP",), id="depth"),
        pytest.param({"type": "brandNew", "market": "BTC-PERP"}, ("market.BTC-PERP",), id="a new type"),
        pytest.param({"market": "BTC-PERP"}, ("market.BTC-PERP",), id="no type"),
        pytest.param(
            {"type": "trade", "market": "BTC-PERP", "traderId": ALICE},
            ("market.BTC-PERP",),
            id="a trade that names its trader",
        ),
        pytest.param({"type": "marketState", "market": "BTC-PERP"}, ("admin.BTC-PERP",), id="marketState"),
        pytest.param({"type": "depth"}, (), id="depth of no market"),
        pytest.param({"type": "depth", "market": ""}, (), id="depth of a blank market"),
        pytest.param({"type": "depth", "market": 7}, (), id="depth of a number"),
        pytest.param({"type": ["orderUpdate"], "market": "X"}, ("market.X",), id="a type that is no text"),
        pytest.param({}, (), id="nothing"),
    ],
)
def test_an_event_goes_to_the_channel_of_its_type(
    matcher_event: dict[str, object], channels: tuple[str, ...]
) -> None:
    assert channels_of(matcher_event) == channels


@pytest.mark.parametrize("private_type", sorted(TRADER_TYPES))
def test_a_traders_event_goes_to_the_trader_only(private_type: str) -> None:
    matcher_event = {"type": private_type, "traderId": ALICE, "market": "BTC-PERP"}
    assert channels_of(matcher_event) == (f"trader.{ALICE}",)


@pytest.mark.parametrize("private_type", sorted(TRADER_TYPES))
def test_a_traders_event_without_trader_goes_nowhere(private_type: str) -> None:
    assert channels_of({"type": private_type, "market": "BTC-PERP"}) == ()
