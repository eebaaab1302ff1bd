"""A batch of work reads once what offices set; outside of it everything is read each time."""

import pytest
from mongoengine import get_connection

from backend.side_by_side import side_by_side
from backend.store import read_once


@pytest.fixture
def reads():
    return []


@pytest.fixture
def read(reads):
    @read_once.within_span
    def reading(code, session=None, *, day=""):
        reads.append((code, day))
        return {"code": code, "read": len(reads)}

    return reading


def test_outside_of_a_span_everything_is_read_each_time(read, reads):
    assert read("a")["read"] == 1
    assert read("a")["read"] == 2
    assert len(reads) == 2


def test_within_a_span_the_same_is_read_once_and_something_else_by_itself(read, reads):
    with read_once.span():
        assert read("a") is read("a")
        assert read("b")["read"] == 2
        assert read("a", day="x")["read"] == 3
    assert read("a")["read"] == 4
    with read_once.span():
        assert read("a")["read"] == 5, "a span begins with nothing"


def test_a_span_within_another_one_is_part_of_it(read):
    with read_once.span():
        before = read("a")
        with read_once.span():
            assert read("a") is before
        assert read("a") is before


def test_what_guards_a_write_is_read_in_its_transaction(read, reads, store):
    with read_once.span(), get_connection().start_session() as session:
        read("a")
        read("a", session)
        read("a", session=session)
    assert len(reads) == 3


def test_who_works_side_by_side_shares_the_span(read, reads):
    with read_once.span():
        before = read("a")
        assert side_by_side(lambda _: read("a"), range(20)) == [before] * 20
    assert len(reads) == 1


def test_an_error_is_not_kept(reads):
    @read_once.within_span
    def failing():
        reads.append(1)
        raise KeyError

    with read_once.span():
        for _ in range(2):
            with pytest.raises(KeyError):
                failing()
    assert len(reads) == 2


def test_a_span_ends_with_an_error_too(read):
    def broken():
        with read_once.span():
            read("a")
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert read("a")["read"] == 2


def test_side_by_side_keeps_the_order_and_brings_the_first_error():
    assert side_by_side(lambda number: number * 2, range(9)) == [number * 2 for number in range(9)]

    def failing(number):
        if number in (3, 5):
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        side_by_side(failing, range(9))
