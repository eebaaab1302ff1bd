"""Paragraph 1: windows and kiosks sell on the same counters as the mini-program; cash goes through the ledger."""

import json
import secrets
import uuid
from io import BytesIO

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from models.audit.access_line import AccessLine
from models.booking import cancel, cash, checkout, issuing, order
from models.identity import device
from models.payments import ledger_account, ledger_verify
from tests.office.conftest import on_duty
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.phone import resident_id

KIOSK = "/gate/v1/kiosk-orders"


@pytest.fixture
def window(client, admin):
    """A clerk at the window of Pingshan's unit."""
    return on_duty(client, "window", lambda: admin.hire("window_clerk", unit="changzhengyuan"))


def guest(birth="19900307", ticket_type="adult", **more):
    document = {"kind": "resident_id", "number": resident_id(birth)}
    return {"name": "窗口游客", "document": document, "ticket_type": ticket_type, **more}


def sell(clerk, slot_id, *guests, paid_fen=6000, key="", **more):
    body = {"slot_id": slot_id, "visitors": list(guests) or [guest()], "paid_fen": paid_fen, **more}
    return clerk.post("/office/v1/window-orders", body, key=key or uuid.uuid4().hex)


def sold(answer):
    assert answer.status_code == 201, answer.json
    return answer.json


def balance(account):
    return ledger_account.read(account)["balance_fen"]


def inspected(found):
    return [one["inspect"] for one in order.read(ObjectId(found["id"]))["visitors"]]


def entered(gate, code):
    return gate.scan(code).json["result"]


# The window


def test_a_window_sells_on_the_counters_of_the_mini_program(window, phone):
    made = slots.make(2)
    found = sold(sell(window, made))
    assert (found["state"], found["channel"], found["total_fen"]) == ("issued", "window", 6000)
    assert [one["name"] for one in found["visitors"]] == ["窗***"]
    assert (slots.left(made), slots.drift(made)) == (1, 0)
    assert phone.book(made).status_code == 201
    refused = sell(window, made)
    assert (refused.status_code, refused.json["code"]) == (409, "slot_sold_out")


def test_the_paper_ticket_of_a_window_opens_the_gate(window, client, travel):
    made = slots.make(5)
    found = sold(sell(window, made))
    slip = window.get(f"/office/v1/window-tickets/{found['tickets'][0]['id']}/slip.png")
    assert (slip.status_code, slip.mimetype) == (200, "image/png")
    travel(found["day"], "18:30")
    assert entered(Gate(client, "pingshan"), found["tickets"][0]["code"]) == "admitted"


def test_the_price_must_be_what_the_clerk_took(window):
    made = slots.make(5)
    answer = sell(window, made, paid_fen=5000)
    assert (answer.status_code, answer.json["code"]) == (422, "price_differs")
    assert "应收 60.00 元" in answer.json["message"]
    assert list(answer.json["fields"]) == ["paid_fen"]
    assert slots.left(made) == 5


@pytest.mark.parametrize("name", ["\x1e", "张\x00三", "李\n四", "\x85", "\ufeff", " 王五", "赵六 "])
def test_a_name_that_a_ticket_could_not_print_is_a_bad_request(window, name):
    made = slots.make(5)
    refused = sell(window, made, guest() | {"name": name})
    assert (refused.status_code, list(refused.json["fields"])) == (400, ["visitors.0.name"])
    assert sold(sell(window, made, guest() | {"name": "阿依古丽·买买提 Ana"}))["state"] == "issued"


def test_cash_lies_in_the_units_box_and_belongs_to_the_place(window):
    made = slots.make(5)
    found = sold(sell(window, made, guest(), guest("19950101"), paid_fen=12000))
    queues.drain()
    box = order.read(ObjectId(found["id"]))["cash"]
    before = balance(box["box"]), balance(box["payee"])
    cash.taken(ObjectId(found["id"]))
    assert (balance(box["box"]), balance(box["payee"])) == before
    transfers = list(get_db().transfers.find({"_id": f"sale:{found['id']}"}))
    assert [(one["source"], one["target"], one["fen"]) for one in transfers] == [(box["box"], box["payee"], 12000)]


def test_a_cancelled_ticket_is_paid_back_in_cash_once(window):
    made = slots.make(5)
    found = sold(sell(window, made))
    queues.drain()
    box = order.read(ObjectId(found["id"]))["cash"]["box"]
    held = balance(box)
    ended = [window.post(f"/office/v1/window-orders/{found['id']}/cancel", {}).json for _ in range(2)]
    assert [one["refund"] for one in ended] == [{"fen": 6000, "state": "in_cash"}] * 2
    queues.drain()
    assert balance(box) == held + 6000
    assert (slots.left(made), slots.drift(made)) == (5, 0)


def test_when_a_slot_is_closed_the_cash_waits_at_the_window(window, office):
    made = slots.make(5)
    found = sold(sell(window, made))
    assert office.post(f"/office/v1/slots/{made}/close", {"reason": "暴雨"}).status_code == 202
    queues.drain()
    shown = window.get(f"/office/v1/window-orders/{found['id']}").json
    assert (shown["state"], shown["refund"]) == ("cancelled", {"fen": 6000, "state": "to_collect"})
    ended = window.post(f"/office/v1/window-orders/{found['id']}/cancel", {}).json
    assert ended["refund"]["state"] == "in_cash"


def test_the_same_sale_twice_is_one_order_and_one_payment(window):
    made, key, who = slots.make(5), uuid.uuid4().hex, guest()
    first, second = sold(sell(window, made, who, key=key)), sold(sell(window, made, who, key=key))
    assert first["id"] == second["id"]
    queues.drain()
    assert get_db().transfers.count_documents({"_id": f"sale:{first['id']}"}) == 1
    assert slots.left(made) == 4


def test_a_clerk_killed_before_the_tickets_finishes_with_the_same_request(window, monkeypatch):
    made, key, who = slots.make(5), uuid.uuid4().hex, guest()

    class Killed(BaseException):
        pass

    def die(*_args, **_more):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(issuing, "issue", die)
        with pytest.raises(Killed):
            sell(window, made, who, key=key)
    assert slots.left(made) == 4
    found = sold(sell(window, made, who, key=key))
    assert (found["state"], len(found["tickets"])) == ("issued", 1)
    assert (slots.left(made), slots.drift(made)) == (4, 0)


def test_one_person_one_ticket_holds_at_the_window_too(window):
    made, who = slots.make(5), guest()
    sold(sell(window, made, who))
    answer = sell(window, made, who)
    assert (answer.status_code, answer.json["code"]) == (409, "visitor_already_booked")
    assert slots.left(made) == 4


def test_ten_at_windows_and_phones_after_three_places_leave_exactly_three(window, client, sandbox):
    made = slots.make(3)
    twins = [window.twin(client.application.test_client()) for _ in range(10)]
    answers = at_once([lambda one=one, n=n: sell(one, made, guest(f"199{n}0101")) for n, one in enumerate(twins)])
    assert sorted(one.status_code for one in answers) == [201] * 3 + [409] * 7
    assert (slots.left(made), slots.drift(made)) == (0, 0)


def test_papers_that_the_clerk_saw_need_not_be_seen_at_the_gate(window):
    made = slots.make(5)
    kind = next(one for one in slots.slot.read(made)["classes"] if one["code"] == "minor")
    seen = sell(window, made, guest("20140101", "minor", inspected=True), paid_fen=kind["price_fen"])
    assert inspected(sold(seen)) == [""]
    unseen = sell(window, made, guest("20140102", "minor"), paid_fen=kind["price_fen"])
    assert inspected(sold(unseen)) == [kind["document_to_inspect"]]


def test_a_sale_leaves_an_access_line_and_an_audit_entry(window):
    found = sold(sell(window, slots.make(5)))
    person = order.read(ObjectId(found["id"]))["visitors"][0]["person"]
    line = AccessLine._get_collection().find_one({"subjects": person}, sort=[("_id", -1)])
    assert line["purpose"] == "booking_service"
    entry = get_db().audit_entries.find_one({"action": "order.sell"}, hint="_id_", sort=[("_id", -1)])
    assert "窗口游客" not in json.dumps(entry, default=str, ensure_ascii=False)


def test_a_window_sells_for_its_own_unit_only(client, admin):
    other = on_duty(client, "other window", lambda: admin.hire("window_clerk", unit="long_march_museum"))
    assert sell(other, slots.make(5)).status_code == 404


def test_an_order_of_the_mini_program_is_none_of_the_window(window, phone):
    found = phone.issued(slots.make(5))
    assert window.get(f"/office/v1/window-orders/{found['id']}").status_code == 404
    assert window.post(f"/office/v1/window-orders/{found['id']}/cancel", {}).status_code == 404
    assert window.get(f"/office/v1/window-tickets/{found['tickets'][0]['id']}/slip.png").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visitors": []}, "visitors"),
        ({"paid_fen": -1}, "paid_fen"),
        ({"paid_fen": True}, "paid_fen"),
        ({"slot_id": ""}, "slot_id"),
        ({"visitors": [{**guest(), "name": " "}]}, "visitors"),
    ],
)
def test_a_wrong_wish_names_its_field(window, change, field):
    body = {"slot_id": slots.make(5), "visitors": [guest()], "paid_fen": 6000} | change
    answer = window.post("/office/v1/window-orders", body)
    assert answer.status_code == 400
    assert any(name.split(".")[0] == field for name in answer.json["fields"])


def test_a_mistyped_document_is_named(window):
    wrong = {**guest(), "document": {"kind": "resident_id", "number": "110101199003070000"}}
    answer = sell(window, slots.make(5), wrong)
    assert answer.status_code in {400, 422}
    assert list(answer.json["fields"]) == ["visitors.0.document.number"]


# The kiosk


@pytest.fixture
def kiosk(client, seeded):
    """A kiosk of the museum that reads documents."""
    made = Gate(client, "museum", name="自助机")
    device.Device._get_collection().update_one({"_id": made.id}, {"$set": {"reads_documents": True}})
    return made


def give(kiosk, slot_id, *, birth="19400307", nonce="", number="", ticket_type="adult"):
    document = {"kind": "resident_id", "number": number or resident_id(birth)}
    told = {"slot_id": slot_id, "name": "自助游客", "document": document, "ticket_type": ticket_type}
    body = json.dumps(told).encode()
    return kiosk.send(body, kiosk.signed(body, path=KIOSK, nonce=nonce), KIOSK)


def test_an_id_card_on_the_kiosk_gives_a_free_ticket(kiosk, client, travel):
    made = slots.make(2, place_id="museum")
    answer = give(kiosk, made)
    assert answer.status_code == 201, answer.json
    assert "自助游客" not in answer.get_data(as_text=True)
    assert (slots.left(made), slots.drift(made)) == (1, 0)
    travel(answer.json["day"], "18:30")
    assert entered(Gate(client, "museum"), answer.json["code"]) == "admitted"


def test_the_same_signed_request_gives_the_same_ticket(kiosk):
    made, nonce, number = slots.make(2, place_id="museum"), secrets.token_hex(12), resident_id("19400307")
    first, second = (give(kiosk, made, nonce=nonce, number=number) for _ in range(2))
    assert first.json["ticket_id"] == second.json["ticket_id"]
    assert slots.left(made) == 1


def test_a_kiosk_takes_no_money(kiosk, client):
    paid = Gate(client, "pingshan", name="自助机")
    device.Device._get_collection().update_one({"_id": paid.id}, {"$set": {"reads_documents": True}})
    made = slots.make(2)
    answer = give(paid, made)
    assert (answer.status_code, answer.json["code"]) == (409, "kiosk_costs_money")
    assert slots.left(made) == 2


def test_a_gate_without_a_reader_is_no_kiosk(client, seeded):
    answer = give(Gate(client, "museum"), slots.make(2, place_id="museum"))
    assert answer.status_code == 403


def test_a_kiosk_serves_its_own_place(kiosk):
    assert give(kiosk, slots.make(2)).status_code == 404


def test_the_window_prints_what_a_kiosk_gave(kiosk, client, admin):
    clerk = on_duty(client, "museum window", lambda: admin.hire("window_clerk", unit="long_march_museum"))
    given = give(kiosk, slots.make(2, place_id="museum")).json
    shown = clerk.get(f"/office/v1/window-orders/{given['order_id']}")
    assert (shown.status_code, shown.json["channel"]) == (200, "kiosk")
    assert shown.json["tickets"][0]["code"] == given["code"]


def test_an_unissued_hold_of_a_window_runs_out(window, monkeypatch, shift_clock):
    made = slots.make(5)
    monkeypatch.setattr(issuing, "issue", lambda *_args, **_more: False)
    sell(window, made)
    monkeypatch.undo()
    shift_clock(15 * 60 + 1)
    queues.drain()
    assert (slots.left(made), slots.drift(made)) == (5, 0)


def test_the_qr_of_a_slip_is_the_tickets_code(window):
    zxing = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    found = sold(sell(window, slots.make(5)))["tickets"][0]
    slip = window.get(f"/office/v1/window-tickets/{found['id']}/slip.png")
    assert zxing.read_barcodes(image.open(BytesIO(slip.data)))[0].text == found["code"]


# What a kill, another clerk or a late repetition make of a sale


class Killed(BaseException):
    """The process is gone."""


def die(*_args, **_more):
    raise Killed


def cut_off(window, monkeypatch, made, who, key, **more):
    """Sell, and be killed before the tickets are issued."""
    with monkeypatch.context() as patched:
        patched.setattr(issuing, "issue", die)
        with pytest.raises(Killed):
            sell(window, made, who, key=key, **more)


def test_a_sale_whose_hold_ran_out_before_it_was_sent_again_is_said_not_to_be(window, monkeypatch, shift_clock):
    made, key, who = slots.make(5), uuid.uuid4().hex, guest()
    cut_off(window, monkeypatch, made, who, key)
    shift_clock(15 * 60 + 1)
    queues.drain()
    answer = sell(window, made, who, key=key)
    assert (answer.status_code, answer.json["code"]) == (409, "window_sale_ran_out")
    again = sold(sell(window, made, who))
    assert (again["state"], len(again["tickets"])) == ("issued", 1)
    queues.drain()
    assert get_db().transfers.count_documents({"statement": {"$regex": "^cash-changzhengyuan:"}}) == 1
    assert (slots.left(made), slots.drift(made)) == (4, 0)


def test_a_free_sale_that_was_cut_off_has_its_tickets_with_the_same_request(window, monkeypatch):
    made, key, who = slots.make(5), uuid.uuid4().hex, guest("20220101", "child_6")
    cut_off(window, monkeypatch, made, who, key, paid_fen=0)
    found = sold(sell(window, made, who, key=key, paid_fen=0))
    assert (found["state"], len(found["tickets"])) == ("issued", 1)


def test_the_same_key_by_another_clerk_is_another_sale(window, client, admin):
    other = on_duty(client, "window 2", lambda: admin.hire("window_clerk", unit="changzhengyuan"))
    made, key = slots.make(5), uuid.uuid4().hex
    first, second = sold(sell(window, made, guest(), key=key)), sold(sell(other, made, guest("19950101"), key=key))
    assert first["id"] != second["id"]
    assert slots.left(made) == 3


def test_the_same_key_with_other_guests_sells_nothing(window):
    made, key = slots.make(5), uuid.uuid4().hex
    sold(sell(window, made, guest(), key=key))
    for more in ({"paid_fen": 0}, {"paid_fen": 6000}):
        answer = sell(window, made, guest("19950101"), key=key, **more)
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert slots.left(made) == 4


def test_one_request_that_arrives_many_times_at_once_is_one_sale(window, client):
    made, key, who = slots.make(5), uuid.uuid4().hex, guest()
    twins = [window.twin(client.application.test_client()) for _ in range(6)]
    answers = at_once([lambda one=one: sell(one, made, who, key=key) for one in twins])
    assert {one.status_code for one in answers} == {201}
    assert len({one.json["id"] for one in answers}) == 1
    queues.drain()
    assert (slots.left(made), slots.drift(made)) == (4, 0)
    assert get_db().transfers.count_documents({"_id": f"sale:{answers[0].json['id']}"}) == 1


# Cash that goes back


def call_off(clerk, found, **body):
    answer = clerk.post(f"/office/v1/window-orders/{found['id']}/cancel", body)
    assert answer.status_code == 200, answer.json
    return answer.json


def backs(found):
    told = get_db().transfers.find({"_id": {"$gte": f"sale:{found['id']}:back", "$lt": f"sale:{found['id']}:bacl"}})
    return sorted((one["_id"].partition(":back")[2], one["fen"]) for one in told)


def test_a_sale_that_gives_nothing_back_is_in_the_books_though_it_was_called_off_at_once(window, travel):
    made = slots.make(5, days=0, start=22 * 60)
    found = sold(sell(window, made))
    assert call_off(window, found)["refund"] == {"fen": 0, "state": "none"}
    queues.drain()
    assert [one["fen"] for one in get_db().transfers.find({"_id": f"sale:{found['id']}"})] == [6000]
    assert ledger_verify.findings() == []


def test_one_visitor_of_a_cash_order_gets_cash_and_the_others_keep_their_tickets(window):
    made = slots.make(5)
    found = sold(sell(window, made, guest(), guest("19950101"), paid_fen=12000))
    for _ in range(2):
        told = call_off(window, found, visitors=[1])
        assert (told["state"], told["partial_refunds"]) == (
            "issued",
            [{"visitors": [1], "fen": 6000, "state": "in_cash"}],
        )
    assert [one["state"] for one in told["tickets"]] == ["valid", "void"]
    assert (slots.left(made), slots.drift(made)) == (4, 0)
    ended = call_off(window, found)
    assert (ended["state"], ended["refund"]) == ("cancelled", {"fen": 6000, "state": "in_cash"})
    queues.drain()
    assert backs(found) == [("", 6000), (":v1", 6000)]
    assert get_db().refunds.count_documents({"_id": {"$gt": ""}}) == 0
    assert ledger_verify.findings() == []


def test_cash_of_visitors_whom_the_office_cancelled_waits_at_the_window(window, manager):
    made = slots.make(5)
    found = sold(sell(window, made, guest(), guest("19950101"), paid_fen=12000))
    answer = manager.post(f"/office/v1/orders/{found['id']}/cancel", {"visitors": [0], "reason": "visitor_asked"})
    assert answer.status_code == 200, answer.json
    shown = window.get(f"/office/v1/window-orders/{found['id']}").json
    assert [one["state"] for one in shown["partial_refunds"]] == ["to_collect"]
    told = call_off(window, found, visitors=[0])
    assert [one["state"] for one in told["partial_refunds"]] == ["in_cash"]
    queues.drain()
    assert backs(found) == [(":v0", 6000)]


def test_many_clerks_hand_the_cash_of_one_visitor_back_once(window, client):
    found = sold(sell(window, slots.make(5), guest(), guest("19950101"), paid_fen=12000))
    twins = [window.twin(client.application.test_client()) for _ in range(5)]
    at_once([lambda one=one: call_off(one, found, visitors=[0]) for one in twins])
    queues.drain()
    cash.returned(ObjectId(found["id"]))
    assert backs(found) == [(":v0", 6000)]
    history = order.read(ObjectId(found["id"]))["history"]
    assert [one["what"] for one in history].count("cash_returned") == 1


def test_cash_that_was_handed_over_is_booked_though_the_payee_has_nothing(window):
    found = sold(sell(window, slots.make(5)))
    queues.drain()
    payee = order.read(ObjectId(found["id"]))["cash"]["payee"]
    get_db().ledger_accounts.update_many({"head": payee}, {"$set": {"state": "frozen"}})
    call_off(window, found)
    queues.drain()
    assert backs(found) == [("", 6000)]
    [told] = get_db().transfers.find({"_id": f"sale:{found['id']}:back"})
    assert told["source"] == "suspense:refund_shortfall"


@pytest.mark.parametrize("visitors", [[], [-1], [20], [True], ["0"], [0.5], "0", {"0": 1}, [7]])
def test_no_visitor_of_the_order_is_a_bad_request(window, visitors):
    made = slots.make(5)
    found = sold(sell(window, made))
    answer = window.post(f"/office/v1/window-orders/{found['id']}/cancel", {"visitors": visitors})
    assert answer.status_code == 400, answer.json
    assert slots.left(made) == 4


def test_finance_sees_ticket_sales_and_returns_in_the_cash_box(window, client, admin):
    finance = on_duty(client, "finance", lambda: admin.hire("finance_clerk", unit="finance"))
    made = slots.make(9)
    found = sold(sell(window, made, guest(), guest("19950101"), paid_fen=12000))
    sold(sell(window, made, guest("19960101")))
    call_off(window, found, visitors=[1])
    queues.drain()
    [box] = finance.get("/office/v1/ledger/cash-boxes").json["items"]
    assert {
        name: box[name] for name in ("unit", "ticket_sales", "ticket_returns", "top_ups", "returns", "refunds")
    } == {
        "unit": "changzhengyuan",
        "ticket_sales": 2,
        "ticket_returns": 1,
        "top_ups": 0,
        "returns": 0,
        "refunds": 0,
    }
    assert [box[name] for name in ("taken_fen", "returned_fen", "day_fen", "box_fen")] == [18000, 6000, 12000, 12000]
    assert ledger_verify.findings() == []


def test_a_court_is_sold_as_no_visit_at_windows_and_kiosks(window, kiosk):
    classes = [{"code": "adult", "name_zh": "全价", "price_fen": 6000, "identity_documents": ["resident_id"]}]
    court = {"resource": "court_1", "resource_kind": "court", "classes": classes}
    answer = sell(window, slots.make(1, **court))
    assert (answer.status_code, answer.json["code"]) == (422, "slot_of_sport")
    classes[0]["price_fen"] = 0
    answer = give(kiosk, slots.make(1, place_id="museum", **court))
    assert (answer.status_code, answer.json["code"]) == (422, "slot_of_sport")


def test_a_kiosk_prints_no_ticket_of_an_order_that_was_cancelled_meanwhile(kiosk, client, admin):
    clerk = on_duty(client, "museum window", lambda: admin.hire("window_clerk", unit="long_march_museum"))
    made, nonce, number = slots.make(2, place_id="museum"), secrets.token_hex(12), resident_id("19400307")
    given = give(kiosk, made, nonce=nonce, number=number).json
    call_off(clerk, {"id": given["order_id"]})
    answer = give(kiosk, made, nonce=nonce, number=number)
    assert (answer.status_code, answer.json["code"]) == (409, "order_state_wrong")


def test_a_kiosk_whose_slot_closes_at_this_moment_says_so(kiosk, monkeypatch):
    made = slots.make(2, place_id="museum")

    def closed(order_id, **_more):
        checkout.release(order_id, "cancelled", "system:test")
        return False

    monkeypatch.setattr(issuing, "issue", closed)
    answer = give(kiosk, made)
    assert (answer.status_code, answer.json["code"]) == (409, "order_state_wrong")
    assert (slots.left(made), slots.drift(made)) == (2, 0)


def test_a_sale_that_another_clerk_called_off_before_it_was_done_is_said_not_to_be(window, monkeypatch):
    made, real = slots.make(5), cash.pay

    def late(order_id, **told):
        cancel.cancel(order_id, "staff:other")
        return real(order_id, **told)

    monkeypatch.setattr(cash, "pay", late)
    answer = sell(window, made)
    assert (answer.status_code, answer.json["code"]) == (409, "window_sale_ran_out")
    queues.drain()
    assert get_db().transfers.count_documents({"statement": {"$regex": "^cash-changzhengyuan:"}}) == 0
    assert (slots.left(made), slots.drift(made)) == (5, 0)
