"""Payment files and return files as bytes: what is written is what the bank reads, what is read holds together."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import money, payout_file
from backend.payout_file import Order, ReturnFileRefused

NAMES = st.text(min_size=1, max_size=12)
ORDERS = st.lists(
    st.builds(
        Order, st.integers(1, 999_999), st.from_regex(r"[0-9]{10,30}", fullmatch=True), NAMES, st.integers(1, 10**9)
    )
)


def returned(*rows: str, head: str = "", trailer: str = "") -> bytes:
    head = head or f"R|DF01|B-01|1|result|{len(rows)}|{len(rows)}|{money.yuan(100 * len(rows))}"
    covered = "".join(f"{one}\r\n" for one in (head, *rows)).encode("gb18030")
    digest = hashlib.sha256(covered).hexdigest()
    return covered + (trailer or f"T|{len(rows)}|{digest}").encode() + b"\r\n"


ROW = "D|000001|6217000000000001|1.00|S|||20261124000001"


@given(ORDERS)
def test_whatever_a_name_is_the_file_keeps_its_form_and_its_sums(orders):
    data = payout_file.write("B-01", "B", "fund:x", "补贴", orders)
    assert data == payout_file.write("B-01", "B", "fund:x", "补贴", orders)
    lines = data.decode("gb18030").split("\r\n")
    assert len(lines) == len(orders) + 3
    assert all(len(one.split("|")) == 6 for one in lines[1:-2])
    assert lines[-2].split("|")[1:3] == [str(len(orders)), money.yuan(sum(one.fen for one in orders))]
    covered = data[: data.rindex(b"T|", 0, len(data) - 2)]
    assert lines[-2].split("|")[3] == hashlib.sha256(covered).hexdigest()


def test_a_return_file_is_read():
    found = payout_file.read(returned(ROW))
    assert (found.file_no, found.number, found.kind) == ("B-01", 1, "result")
    row = found.rows[0]
    assert (row.seq, row.account, row.fen, row.outcome) == (1, "6217000000000001", 100, "paid")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "form"),
        (b"\xff\xff", "encoding"),
        (returned(ROW)[:-2], "form"),
        (returned(ROW).replace(b"|S|", b"|F|"), "digest"),
        (returned(ROW.replace("1.00", "1.0")), "amount"),
        (returned(ROW.replace("1.00", "01.00")), "amount"),
        (returned(ROW.replace("1.00", "-1.00")), "line"),
        (returned(ROW.replace("|S|", "|X|")), "line"),
        (returned(ROW.replace("1.00", "2.00")), "sums"),
        (returned(ROW, ROW, head="R|DF01|B-01|1|result|1|1|1.00"), "sums"),
        (returned(ROW.replace("|S|", "|R|"), head="R|DF01|B-01|1|result|1|0|0.00"), "kind"),
        (returned(ROW, head="R|DF01|B-01|1|reversal|1|1|1.00"), "kind"),
        (returned(ROW, head="R|DF01|B/01|1|result|1|1|1.00"), "form"),
        (returned(ROW, head="R|DF01|B-01|0|result|1|1|1.00"), "form"),
    ],
)
def test_what_does_not_hold_together_counts_for_nothing(data, reason):
    with pytest.raises(ReturnFileRefused) as refusal:
        payout_file.read(data)
    assert refusal.value.reason == reason


def test_a_file_that_is_too_long_is_not_even_looked_at():
    with pytest.raises(ReturnFileRefused) as refusal:
        payout_file.read(b"R" * (payout_file.MOST_BYTES + 1))
    assert refusal.value.reason == "too long"


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(data):
    with pytest.raises(ReturnFileRefused):
        payout_file.read(data)


def test_nothing_of_an_order_or_a_row_is_printed():
    shown = repr(Order(1, "6217000000000001", "张三", 100)) + repr(payout_file.read(returned(ROW)).rows)
    assert "6217" not in shown
    assert "张三" not in shown
