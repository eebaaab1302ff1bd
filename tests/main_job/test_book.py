"""Paragraph 3, Book."""


def test_a_booking_holds_its_places_at_once(phone):
    slot = phone.free_slot("pingshan")
    before = next(s for s in phone.get("/mini/v1/places/pingshan/slots").json["items"] if s["id"] == slot)["left"]
    answer = phone.book(slot)
    assert answer.status_code == 201, answer.json
    assert answer.json["state"] == "held"
    after = next(s for s in phone.get("/mini/v1/places/pingshan/slots").json["items"] if s["id"] == slot)["left"]
    assert after == before - 1


def test_a_free_booking_is_issued_at_once(phone):
    answer = phone.book(phone.free_slot("museum"))
    assert answer.status_code == 201, answer.json
    assert phone.order(answer.json["id"])["tickets"][0]["state"] == "valid"


def test_a_paid_booking_is_issued(phone):
    order = phone.book(phone.free_slot("pingshan")).json
    paid = phone.pay(order)
    assert paid.get("trade_state") == "SUCCESS" or "notice_id" in paid, paid
    answer = phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
    assert answer.json["state"] == "issued", answer.json
