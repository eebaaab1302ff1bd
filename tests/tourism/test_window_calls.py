"""Who bought at a window has no account: when the slot closes the window finds them on a list, and an SMS goes out."""

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.booking import order
from models.messaging.inbox import InboxMessage
from models.places import tell_order, window_calls
from tests.support import queues, slots
from tests.tourism.test_windows import guest, sell, sold, window  # noqa: F401 - a fixture

NUMBER, FULL = "13800000007", "+8613800000007"
CALLS = "/office/v1/window-calls"
REASON = "暴雨红色预警"


@pytest.fixture
def box(sms_box):
    sms_box.forget()
    sms_box.limits(callback="", auto=True)
    return sms_box


def close(clerk, slot_id):
    assert clerk.post(f"/office/v1/slots/{slot_id}/close", {"reason": REASON}).status_code == 202
    queues.drain()


def calls(clerk, place_id="pingshan", more=""):
    answer = clerk.get(f"{CALLS}?place_id={place_id}{more}")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def looks():
    return sum("contact" in one["fields"] for one in AccessLine._get_collection().find({"_id": {"$exists": True}}))


def sent(box):
    return [(one["number"], one["parameters"]) for one in box.messages()]


def test_who_left_a_number_gets_an_sms_and_stands_on_the_windows_list(window, office, box):  # noqa: F811
    made = slots.make(5, days=1)
    found = sold(sell(window, made, guest(), guest("19950101"), paid_fen=12000, phone=NUMBER))
    assert calls(window) == []
    close(office, made)
    close(office, made)
    [one] = calls(window)
    assert (one["order_id"], one["phone"], one["places"], one["collect_fen"]) == (found["id"], NUMBER, 2, 12000)
    assert (one["why"], one["reason"], one["state"]) == ("slot_closed", REASON, "cancelled")
    [(number, parameters)] = sent(box)
    assert number == FULL
    assert "屏山" in parameters[0]


def test_who_left_none_stands_on_the_list_all_the_same(window, office, box):  # noqa: F811
    made = slots.make(5, days=1)
    found = sold(sell(window, made))
    close(office, made)
    [one] = calls(window)
    assert (one["order_id"], "phone" in one, one["collect_fen"]) == (found["id"], False, 6000)
    assert sent(box) == []
    window.post(f"/office/v1/window-orders/{found['id']}/cancel", {})
    assert [one["collect_fen"] for one in calls(window)] == [0]


def test_who_only_loses_the_guide_is_told_that_the_visit_stays(window, office, box):  # noqa: F811
    visit, guide = slots.make(5, days=1), slots.guide(2, place_id=slots.PLACE, days=1)
    extras = [{"slot_id": guide, "ticket_type": "guided_tour"}]
    sold(sell(window, visit, guest(), paid_fen=14000, extras=extras, phone=NUMBER))
    close(office, guide)
    [one] = calls(window)
    assert (one["why"], one["state"], one["collect_fen"]) == ("extra_closed", "issued", 8000)
    assert [number for number, _ in sent(box)] == [FULL]


def test_done_takes_it_off_once_with_an_audit_entry(window, office, box):  # noqa: F811
    made = slots.make(5, days=1)
    found = sold(sell(window, made, phone=NUMBER))
    assert window.post(f"{CALLS}/{found['id']}/done").status_code == 404
    close(office, made)
    for _ in range(2):
        assert window.post(f"{CALLS}/{found['id']}/done").status_code == 204
    assert calls(window) == []
    told = AuditEntry._get_collection().count_documents({"object": f"order:{found['id']}", "action": "order.told"})
    assert told == 1
    stored = get_db().orders.find_one({"_id": ObjectId(found["id"])})
    tell_order.tell_found(stored, "slot_closed", name="屏山", key=stored["to_tell"]["key"], reason=REASON)
    assert calls(window) == []


def test_a_list_is_looked_at_with_an_access_line_and_by_ones_own_unit_alone(window, office, auditor, box):  # noqa: F811
    made = slots.make(5, days=1)
    sold(sell(window, made, phone=NUMBER))
    close(office, made)
    before = looks()
    calls(window)
    assert looks() == before + 1
    assert window.get(f"{CALLS}?place_id=museum").status_code == 404
    assert auditor.get(f"{CALLS}?place_id=pingshan").status_code == 403
    assert window.get(CALLS).status_code == 400
    assert window.post(f"{CALLS}/x/done").status_code == 404


def test_the_list_pages(window, office, box):  # noqa: F811
    made = slots.make(5, days=1)
    ids = [sold(sell(window, made, guest(f"1990030{n}")))["id"] for n in range(1, 4)]
    close(office, made)
    first = window.get(f"{CALLS}?place_id=pingshan&limit=2").json
    rest = window.get(f"{CALLS}?place_id=pingshan&limit=2&cursor={first['next']}").json
    assert [one["order_id"] for one in first["items"] + rest["items"]] == ids
    assert rest["next"] is None


def test_the_number_lies_sealed_and_goes_nowhere_else(window, office, box):  # noqa: F811
    made = slots.make(5, days=1)
    found = sold(sell(window, made, phone=NUMBER))
    close(office, made)
    stored = get_db().orders.find_one({"_id": ObjectId(found["id"])})
    assert order.contact(stored) == NUMBER
    everything = [*get_db().orders.find({}), *get_db().notices.find({}), *get_db().audit_entries.find({})]
    assert NUMBER not in str(everything)
    assert NUMBER not in str(found)
    assert InboxMessage._get_collection().find_one({"account": stored["_id"]}) is None


@pytest.mark.parametrize("phone", ["1380000000", "23800000000", "+8613800000007", "x", 13800000007, "13800000007\n"])
def test_an_odd_number_is_a_bad_request(window, phone):  # noqa: F811
    answer = sell(window, slots.make(5, days=1), phone=phone)
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["phone"])


def test_other_words_do_not_put_an_order_on_the_list(window):  # noqa: F811
    found = sold(sell(window, slots.make(5, days=1), phone=NUMBER))
    tell_order.tell(ObjectId(found["id"]), "visit_reminder")
    assert calls(window) == []
    assert set(tell_order.CLOSINGS) == set(window_calls.WHY_ZH)
