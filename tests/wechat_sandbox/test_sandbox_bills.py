"""Trade bills."""

import csv
import gzip
import io
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest

from tests.wechat_sandbox.sandbox_kit import Merchant, eventually, sha1

DAY = 86400
EAST = timezone(timedelta(hours=8))


def at(sandbox, days, hour):
    """Move the sandbox to an hour of China's clock, so many days from today."""
    today = int(time.time() + 8 * 3600) // DAY * DAY - 8 * 3600
    sandbox.set_clock(today + days * DAY + hour * 3600 - time.time())


def day(sandbox):
    return datetime.fromtimestamp(sandbox.now(), EAST).date().isoformat()


def bill(merchant, date, kind="ALL", packing=""):
    return merchant.call("GET", f"/v3/bill/tradebill?bill_date={date}&bill_type={kind}{packing}")


def download(merchant, link):
    url = urlsplit(link)
    return merchant.call("GET", f"{url.path}?{url.query}", verify=False)


@pytest.fixture(scope="module")
def business(sandbox, shop):
    """Two payments and a refund on one day, early by China's clock (and so on another day by UTC)."""
    at(sandbox, 10, 1)
    merchant = Merchant(sandbox, f"{shop.url}/pay/bills")
    date, first, second = day(sandbox), merchant.paid(), merchant.paid(description="票,成人", attach="a,b")
    merchant.refund(second, 250, "bill_refund")
    eventually(lambda: merchant.refund_status("bill_refund") == "SUCCESS")
    return date, first["transaction_id"], second["transaction_id"]


def rows(text):
    lines = text.removeprefix("\ufeff").split("\r\n")
    assert lines[-1] == ""
    header, *body = csv.reader(io.StringIO("\n".join(lines[:-3])))
    assert all(field.startswith("`") for row in body for field in row)
    assert {len(row) for row in body} == {len(header)}
    records = [dict(zip(header, (field[1:] for field in row), strict=True)) for row in body]
    return records, dict(zip(lines[-3].split(","), (field[1:] for field in lines[-2].split(",")), strict=True))


def fetch(merchant, date, kind="ALL"):
    answer = bill(merchant, date, kind).json
    file = download(merchant, answer["download_url"])
    assert answer["hash_value"] == sha1(file.body)
    return rows(file.body.decode())


def test_the_bill_of_a_day_counts_payments_and_refunds_in_yuan(sandbox, merchant, business):
    date, first, second = business
    at(sandbox, 11, 11)
    records, summary = fetch(merchant, date)
    assert {record["微信订单号"] for record in records if record["交易状态"] == "SUCCESS"} == {first, second}
    paid = next(record for record in records if record["微信订单号"] == first)
    assert (paid["订单金额"], paid["退款金额"], paid["手续费"]) == ("10.00", "0.00", "0.06000")
    refund = next(record for record in records if record["交易状态"] == "REFUND")
    assert (refund["退款金额"], refund["商户退款单号"], refund["手续费"]) == ("2.50", "bill_refund", "-0.02000")
    assert {record["交易时间"][:10] for record in records} == {date}
    assert (summary["总交易单数"], summary["订单总金额"], summary["退款总金额"]) == ("3", "20.00", "2.50")
    assert summary["手续费总金额"] == "0.10000"


def test_bills_of_one_kind(sandbox, merchant, business):
    at(sandbox, 11, 11)
    paid, _ = fetch(merchant, business[0], "SUCCESS")
    refunded, summary = fetch(merchant, business[0], "REFUND")
    assert [record["交易状态"] for record in paid] == ["SUCCESS", "SUCCESS"]
    assert [record["交易状态"] for record in refunded] == ["REFUND"]
    assert refunded[0]["退款成功时间"].startswith(business[0])
    assert (summary["总交易单数"], summary["订单总金额"]) == ("1", "0.00")


def test_a_packed_bill_has_the_hash_of_its_content(sandbox, merchant, business):
    at(sandbox, 11, 11)
    answer = bill(merchant, business[0], packing="&tar_type=GZIP").json
    assert answer["download_url"].startswith(sandbox.base_url + "/")
    file = download(merchant, answer["download_url"])
    assert sha1(gzip.decompress(file.body)) == answer["hash_value"]
    assert file.headers["Wechatpay-Signature"] is None


def test_the_link_needs_a_signed_request_and_lives_five_minutes(sandbox, merchant, business):
    at(sandbox, 11, 11)
    link = bill(merchant, business[0]).json["download_url"]
    assert sandbox.call("GET", link.removeprefix(sandbox.base_url)).status == 401
    sandbox.set_clock(sandbox.shift + 301)
    assert download(merchant, link).json["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    ("moment", "code"),
    [((10, 23), "NO_STATEMENT_EXIST"), ((11, 9), "STATEMENT_CREATING"), ((101, 11), "NO_STATEMENT_EXIST")],
)
def test_a_bill_is_there_from_ten_on_the_next_day_for_three_months(sandbox, merchant, business, moment, code):
    at(sandbox, *moment)
    answer = bill(merchant, business[0])
    assert (answer.status, answer.json["code"]) == (400, code)


def test_an_empty_day_has_no_bill_and_a_bad_question_no_answer(sandbox, merchant, business):
    at(sandbox, 13, 11)
    yesterday = datetime.fromtimestamp(sandbox.now() - DAY, EAST).date().isoformat()
    assert bill(merchant, yesterday).json["code"] == "NO_STATEMENT_EXIST"
    assert bill(merchant, "yesterday").json["code"] == "PARAM_ERROR"
    assert bill(merchant, business[0], "SOME").json["code"] == "PARAM_ERROR"
