"""Order book of one market, with price-time priority: what happens to a limit order.

Prices are whole ticks and quantities whole lots, so that no sum is ever off by a rounding.
"""

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Which side of the book an order is on."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


@dataclass(frozen=True, slots=True)
class Order:
    """A limit order; `price` in ticks, `quantity` in lots, both more than 0."""

    order_id: str
    trader: str | None
    side: Side
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Fill:
    """`quantity` lots changed hands at the maker's price; `maker_left` is what still rests of the maker."""

    maker: Order
    taker: Order
    price: int
    quantity: int
    maker_left: int


@dataclass(frozen=True, slots=True)
class Level:
    """All that rests at one price."""

    price: int
    quantity: int


@dataclass(slots=True)
class _Resting:
    order: Order
    left: int


class _Half:
    """One side of the book: a queue of resting orders at each price, best price first."""

    def __init__(self, side: Side) -> None:
        # Bids are best when high: their ranks are negative prices, so that the lowest rank is the best.
        self._sign = -1 if side is Side.BUY else 1
        self._ranks: list[int] = []
        self._queues: dict[int, deque[_Resting]] = {}

    def best(self) -> int | None:
        return self._ranks[0] * self._sign if self._ranks else None

    def first(self) -> _Resting:
        return self._queues[self._ranks[0]][0]

    def add(self, resting: _Resting) -> None:
        rank = resting.order.price * self._sign
        if rank not in self._queues:
            insort(self._ranks, rank)
            self._queues[rank] = deque()
        self._queues[rank].append(resting)

    def remove(self, resting: _Resting) -> None:
        rank = resting.order.price * self._sign
        queue = self._queues[rank]
        queue.remove(resting)
        if not queue:
            del self._queues[rank]
            del self._ranks[bisect_left(self._ranks, rank)]

    def levels(self, count: int) -> tuple[Level, ...]:
        return tuple(
            Level(rank * self._sign, sum(resting.left for resting in self._queues[rank]))
            for rank in self._ranks[:count]
        )


class OrderBook:
    """The resting orders of one market. An order id is used once."""

    def __init__(self) -> None:
        self._halves = {side: _Half(side) for side in Side}
        self._resting: dict[str, _Resting] = {}

    def submit(self, order: Order) -> tuple[Fill, ...]:
        """Matches the order, oldest of the best price first; what is left of it rests.

        ValueError for an order id that rests already and for a price or quantity below 1.
        """
        if order.order_id in self._resting:
            raise ValueError(f"order {order.order_id} rests already")
        if order.price < 1 or order.quantity < 1:
            raise ValueError(f"order {order.order_id} has no price or no quantity")
        fills: list[Fill] = []
        left = order.quantity
        while left and self._crosses(order):
            fill = self._fill_first(order, left)
            left -= fill.quantity
            fills.append(fill)
        if left:
            self._rest(_Resting(order, left))
        return tuple(fills)

    def cancel(self, order_id: str) -> int:
        """Takes a resting order out; returns the lots it had left, 0 when it does not rest (any more)."""
        resting = self._resting.pop(order_id, None)
        if resting is None:
            return 0
        self._halves[resting.order.side].remove(resting)
        return resting.left

    def best(self, side: Side) -> int | None:
        """The best price of a side, None when nothing rests there."""
        return self._halves[side].best()

    def depth(self, side: Side, levels: int) -> tuple[Level, ...]:
        """The best `levels` prices of a side, best first."""
        return self._halves[side].levels(levels)

    def left_of(self, order_id: str) -> int:
        """The lots that rest of an order, 0 when it does not rest (any more)."""
        resting = self._resting.get(order_id)
        return resting.left if resting is not None else 0

    def _crosses(self, order: Order) -> bool:
        best = self.best(order.side.opposite)
        if best is None:
            return False
        return order.price >= best if order.side is Side.BUY else order.price <= best

    def _fill_first(self, taker: Order, left: int) -> Fill:
        maker = self._halves[taker.side.opposite].first()
        quantity = min(left, maker.left)
        maker.left -= quantity
        if maker.left == 0:
            self._halves[maker.order.side].remove(maker)
            del self._resting[maker.order.order_id]
        return Fill(maker.order, taker, maker.order.price, quantity, maker.left)

    def _rest(self, resting: _Resting) -> None:
        self._halves[resting.order.side].add(resting)
        self._resting[resting.order.order_id] = resting
