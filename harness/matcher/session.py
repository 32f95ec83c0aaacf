"""Session of a matcher, endless and seeded: what it emits while traders trade on real order books.

Every event is a plain JSON object: `type`, `market`, `sequence` (from 1, per market, over all its events), for the
private types `traderId`, and what an exchange would say. Prices and quantities are decimal text, as exchanges send
them. The same markets, traders and draws give the same events.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeAlias

from harness.chance import Chance
from harness.matcher.order_book import Fill, Order, OrderBook, Side

MatcherEvent: TypeAlias = dict[str, object]

MARKET_TYPES = ("depth", "trade", "markPrice", "funding")
TRADER_TYPES = ("orderUpdate", "positionUpdate", "balanceUpdate", "liquidationAlert", "pnlUpdate")
ADMIN_TYPES = ("marketState",)

_LEVELS = 5
_TICKS = 100  # to one unit of price
_LOTS = 1000  # to one unit of quantity
_OPENING_BALANCE = 10_000 * _TICKS * _LOTS
_MOST_RESTING = 200  # orders, so that a long session needs no more memory than a short one
_MARK_EVERY, _FUNDING_EVERY, _STATE_EVERY = 5, 40, 200  # in orders


def session(markets: Sequence[str], traders: Sequence[str], *, chance: Chance) -> Iterator[MatcherEvent]:
    """The events of a session, without end. Without traders the orders are the market's own: no private events."""
    accounts = {trader: _Account(trader) for trader in traders}
    books = [_Market(market, accounts, chance) for market in markets]
    while True:
        yield from chance.choice(books).next_events()


def outlines(markets: Sequence[str], traders: Sequence[str]) -> Iterator[MatcherEvent]:
    """One event of each kind that a session can emit, with no more than what says where it goes."""
    for market in markets:
        for kind in (*MARKET_TYPES, *ADMIN_TYPES):
            yield {"type": kind, "market": market}
        for trader, kind in product(traders, TRADER_TYPES):
            yield {"type": kind, "market": market, "traderId": trader}


class _Account:
    """What a trader holds: a balance, and in each market a position with what it cost."""

    def __init__(self, trader: str) -> None:
        self.trader = trader
        self.balance = _OPENING_BALANCE
        self.positions: dict[str, int] = {}
        self.costs: dict[str, int] = {}

    def trade(self, market: str, lots: int, price: int) -> None:
        """Takes `lots` (negative: gives) at `price`; what is realised goes to the balance."""
        position, cost = self.positions.get(market, 0), self.costs.get(market, 0)
        closing = 0 if position * lots >= 0 else max(-abs(position), -abs(lots)) * (1 if position > 0 else -1)
        if closing:
            share = cost * -closing // position
            self.balance += -closing * price - share
            position, cost, lots = position + closing, cost - share, lots - closing
        self.positions[market] = position + lots
        self.costs[market] = cost + lots * price

    def unrealised(self, market: str, price: int) -> int:
        """What closing the position at `price` would gain."""
        return self.positions.get(market, 0) * price - self.costs.get(market, 0)


class _Market:
    """One market of the session: its book, its mark price, its running sequence."""

    def __init__(self, market: str, accounts: dict[str, _Account], chance: Chance) -> None:
        self._market = market
        self._accounts = accounts
        self._traders: list[str | None] = [*accounts] or [None]
        self._chance = chance
        self._book = OrderBook()
        self._mark = chance.randint(20, 60_000) * _TICKS
        self._orders = 0
        self._resting: list[Order] = []
        self._sequence = 0
        self._state = "ACTIVE"

    def next_events(self) -> list[MatcherEvent]:
        """What one order, or a cancellation, brings about."""
        self._orders += 1
        cancels = len(self._resting) > _MOST_RESTING or (self._resting and self._chance.random() < 0.2)
        found = self._cancel() if cancels else self._submit(self._draw_order())
        found.append(self._depth())
        if self._orders % _MARK_EVERY == 0:
            found += self._mark_price()
        if self._orders % _FUNDING_EVERY == 0:
            found.append(self._funding())
        if self._orders % _STATE_EVERY == 0:
            found.append(self._market_state())
        return found

    # --- orders

    def _draw_order(self) -> Order:
        width = max(2, self._mark // 500)
        return Order(
            order_id=f"{self._market}-{self._orders}",
            trader=self._chance.choice(self._traders),
            side=self._chance.choice((Side.BUY, Side.SELL)),
            price=max(1, self._mark + self._chance.randint(-width, width)),
            quantity=self._chance.randint(1, 5 * _LOTS),
        )

    def _submit(self, order: Order) -> list[MatcherEvent]:
        fills = self._book.submit(order)
        found = self._order_update(order, self._book.left_of(order.order_id))
        for fill in fills:
            found += self._filled(fill)
        if self._book.left_of(order.order_id):
            self._resting.append(order)
        return found

    def _cancel(self) -> list[MatcherEvent]:
        order = self._resting.pop(self._chance.randint(0, len(self._resting) - 1))
        left = self._book.cancel(order.order_id)
        return self._order_update(order, left, cancelled=True) if left else []

    def _filled(self, fill: Fill) -> list[MatcherEvent]:
        self._mark = fill.price
        trade = self._event(
            "trade",
            price=_decimal(fill.price, _TICKS),
            quantity=_decimal(fill.quantity, _LOTS),
            side=fill.taker.side.value,
        )
        found = [trade, *self._order_update(fill.maker, fill.maker_left)]
        for order in (fill.taker, fill.maker):
            found += self._settled(order, fill)
        return found

    def _settled(self, order: Order, fill: Fill) -> list[MatcherEvent]:
        """The position and the balance of one side of a trade."""
        if order.trader is None:
            return []
        account = self._accounts[order.trader]
        account.trade(self._market, fill.quantity if order.side is Side.BUY else -fill.quantity, fill.price)
        position = account.positions[self._market]
        return [
            self._event("positionUpdate", order.trader, position=_decimal(position, _LOTS)),
            self._event("balanceUpdate", order.trader, balance=_decimal(account.balance // _LOTS, _TICKS)),
        ]

    # --- events

    def _event(self, kind: str, trader: str | None = None, **content: object) -> MatcherEvent:
        self._sequence += 1
        owner = {} if trader is None else {"traderId": trader}
        return {"type": kind, "market": self._market, **owner, "sequence": self._sequence, **content}

    def _order_update(self, order: Order, left: int, *, cancelled: bool = False) -> list[MatcherEvent]:
        if order.trader is None:
            return []
        if cancelled:
            status = "cancelled"
        elif left == 0:
            status = "filled"
        else:
            status = "open" if left == order.quantity else "partiallyFilled"
        update = self._event(
            "orderUpdate",
            order.trader,
            orderId=order.order_id,
            side=order.side.value,
            price=_decimal(order.price, _TICKS),
            quantity=_decimal(order.quantity, _LOTS),
            filled=_decimal(order.quantity - left, _LOTS),
            status=status,
        )
        return [update]

    def _depth(self) -> MatcherEvent:
        return self._event("depth", bids=self._side(Side.BUY), asks=self._side(Side.SELL))

    def _side(self, side: Side) -> list[list[str]]:
        return [
            [_decimal(level.price, _TICKS), _decimal(level.quantity, _LOTS)]
            for level in self._book.depth(side, _LEVELS)
        ]

    def _mark_price(self) -> list[MatcherEvent]:
        """The new mark price, and what it does to one trader who holds a position."""
        found = [self._event("markPrice", price=_decimal(self._mark, _TICKS))]
        holders = [account for account in self._accounts.values() if account.positions.get(self._market)]
        if holders:
            account = self._chance.choice(holders)
            gain = account.unrealised(self._market, self._mark)
            found.append(self._event("pnlUpdate", account.trader, unrealised=_decimal(gain // _LOTS, _TICKS)))
            if gain < -_OPENING_BALANCE // 100:
                found.append(
                    self._event("liquidationAlert", account.trader, markPrice=_decimal(self._mark, _TICKS))
                )
        return found

    def _funding(self) -> MatcherEvent:
        rate = self._chance.randint(-75, 75)
        return self._event("funding", rate=_decimal(rate, 1_000_000))

    def _market_state(self) -> MatcherEvent:
        self._state = "PAUSED" if self._state == "ACTIVE" else "ACTIVE"
        return self._event("marketState", state=self._state)


def _decimal(amount: int, units: int) -> str:
    """`1250` of `100` units is `12.50`."""
    digits = len(str(units)) - 1
    whole, part = divmod(abs(amount), units)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{digits}d}"
