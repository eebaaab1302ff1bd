"""Small numbers: what is hidden cannot be reckoned from what is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import small_numbers

PARTS = ("done", "partly", "open")


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({1: 20, 2: 3, 3: 7}, {1: 20, 2: None, 3: None}),
        ({1: 20, 2: 3, 3: 1}, {1: 20, 2: None, 3: None}),
        ({1: 20, 2: 0}, {1: 20, 2: 0}),
        ({1: 4}, {1: None}),
        ({1: 5, 2: 6}, {1: 5, 2: 6}),
        ({}, {}),
    ],
)
def test_one_hidden_number_is_never_alone_where_the_total_would_tell_it(cells, shown):
    assert small_numbers.hidden(cells) == shown


@given(st.lists(st.tuples(*(st.integers(0, 30) for _ in PARTS)), min_size=1, max_size=6))
def test_no_line_of_a_table_with_its_sums_hides_one_alone(counted):
    rows = [dict(zip(PARTS, one, strict=True)) | {"all": sum(one)} for one in counted]
    names = (*PARTS, "all")
    rows.append({name: sum(one[name] for one in rows) for name in names})
    told = small_numbers.table(rows, names)
    shown = [number for one in told for number in one.values() if number is not None]
    assert not [number for number in shown if 0 < number < small_numbers.SMALL]
    for line in (*(list(one.values()) for one in told), *([one[name] for one in told] for name in names)):
        assert line.count(None) != 1


def test_a_number_that_stands_alone_is_hidden_when_small():
    assert [small_numbers.one(count) for count in (0, 1, 4, 5)] == [0, None, None, 5]
