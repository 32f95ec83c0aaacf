"""Price-time priority."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.matcher.order_book import Fill, Level, Order, OrderBook, Side

BUY, SELL = Side.BUY, Side.SELL


def an_order(order_id: str, side: Side, price: int, quantity: int = 10) -> Order:
    return Order(order_id, f"trader of {order_id}", side, price, quantity)


def a_book(*orders: Order) -> OrderBook:
    book = OrderBook()
    for order in orders:
        assert book.submit(order) == (), "the orders that a test begins with rest"
    return book


def test_an_order_that_does_not_cross_rests() -> None:
    book = a_book(
        an_order("a", BUY, 99), an_order("b", SELL, 101), an_order("c", BUY, 98), an_order("d", BUY, 99, 5)
    )
    assert book.depth(BUY, 5) == (Level(99, 15), Level(98, 10))
    assert book.depth(SELL, 5) == (Level(101, 10),)
    assert (book.best(BUY), book.best(SELL)) == (99, 101)


def test_the_best_price_is_filled_first_then_the_oldest_and_at_the_makers_price() -> None:
    dear, old, new = an_order("dear", SELL, 102), an_order("old", SELL, 101), an_order("new", SELL, 101)
    book = a_book(dear, old, new)
    taker = an_order("taker", BUY, 102, 25)
    assert book.submit(taker) == (
        Fill(old, taker, price=101, quantity=10, maker_left=0),
        Fill(new, taker, price=101, quantity=10, maker_left=0),
        Fill(dear, taker, price=102, quantity=5, maker_left=5),
    )
    assert book.depth(SELL, 5) == (Level(102, 5),)
    assert book.depth(BUY, 5) == ()


def test_what_is_left_of_a_taker_rests_at_its_own_price() -> None:
    book = a_book(an_order("bid", BUY, 100, 4))
    book.submit(an_order("taker", SELL, 99, 10))
    assert book.depth(SELL, 1) == (Level(99, 6),)
    assert book.left_of("taker") == 6


def test_a_cancelled_order_is_gone_with_its_price() -> None:
    book = a_book(an_order("a", BUY, 99), an_order("b", BUY, 98))
    assert book.cancel("a") == 10
    assert book.cancel("a") == 0
    assert book.depth(BUY, 5) == (Level(98, 10),)


@pytest.mark.parametrize("order", [an_order("a", BUY, 50), an_order("b", BUY, 0), an_order("b", BUY, 1, 0)])
def test_a_wrong_order_is_an_error(order: Order) -> None:
    with pytest.raises(ValueError, match=f"order {order.order_id}"):
        a_book(an_order("a", BUY, 99)).submit(order)


orders = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(90, 110), st.integers(1, 20), st.booleans()), max_size=60
)


@given(orders)
def test_a_book_never_stays_crossed_and_loses_no_lot(drawn: list[tuple[Side, int, int, bool]]) -> None:
    book, submitted, traded, cancelled = OrderBook(), 0, 0, 0
    for number, (side, price, quantity, cancels) in enumerate(drawn):
        traded += sum(fill.quantity for fill in book.submit(an_order(f"{number}", side, price, quantity)))
        submitted += quantity
        cancelled += book.cancel(f"{number // 2}") if cancels else 0
        bid, ask = book.best(BUY), book.best(SELL)
        assert bid is None or ask is None or bid < ask
    resting = sum(level.quantity for side in Side for level in book.depth(side, 1000))
    assert submitted == 2 * traded + cancelled + resting
