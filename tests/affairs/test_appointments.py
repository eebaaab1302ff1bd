"""An item with a booked time: case and place together or neither, and given back exactly once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId

from models.affairs import hand_in
from models.affairs.case import Case
from models.booking.order import Order
from models.booking.slot import Slot
from models.identity import account
from models.places import appoint, appointment
from models.places.appointment import Appointment
from tests.affairs.paper_kit import FILLED, Office, words
from tests.support import queues
from tests.support.affairs import decide, move, seat
from tests.support.phone import Phone

PLACE = "museum"


@pytest.fixture
def office(client, seeded):
    return Office(client)


@pytest.fixture
def code(office):
    return office.item(slot={"place": PLACE})


@pytest.fixture
def slot(resident):
    return resident.free_slot(PLACE)


def left(slot_id: str) -> int:
    return Slot._get_collection().find_one({"_id": slot_id})["left"]


def apply(who, code: str, slot_id: str, status: int = 201, answers=None, **more) -> dict:
    body = {"version": 1, "answers": FILLED if answers is None else answers, "slot_id": slot_id}
    answer = who.post(f"/mini/v1/service-items/{code}/appointments", body, **more)
    assert answer.status_code == status, answer.json
    return answer.json


class TestAppointing:
    def test_takes_one_place_and_opens_the_case_that_names_it(self, resident, code, slot):
        before = left(slot)
        told = apply(resident, code, slot)
        assert left(slot) == before - 1
        order = Order._get_collection().find_one({"_id": ObjectId(told["order"])})
        assert (order["state"], order["slot"], told["slot"]) == ("issued", slot, slot)
        found = Case._get_collection().find_one({"_id": ObjectId(told["id"])})
        kept = appointment.read(found["about"]["appointment"])
        assert (kept["state"], kept["case"], kept["order"]) == ("kept", found["_id"], order["_id"])

    def test_the_same_request_again_is_the_same_case(self, resident, code, slot):
        first = apply(resident, code, slot, key="once-and-again-0001")
        before = left(slot)
        assert apply(resident, code, slot, key="once-and-again-0001") == first
        assert left(slot) == before

    def test_a_wrong_form_takes_nothing(self, resident, code, slot):
        before = left(slot)
        assert apply(resident, code, slot, 422, answers={})["code"] == "form_answers_wrong"
        assert left(slot) == before
        assert Case._get_collection().find_one({"account": resident_account(resident)}) is None

    def test_a_time_of_another_place_is_refused(self, office, resident, slot):
        other = office.item(slot={"place": "somewhere_else"})
        assert apply(resident, other, slot, 422)["code"] == "appointment_slot_wrong"

    def test_an_item_without_times_takes_none_and_one_with_times_is_not_opened_without(
        self, office, resident, code, slot
    ):
        assert apply(resident, office.item(), slot, 409)["code"] == "appointment_not_needed"
        plain = resident.post(f"/mini/v1/service-items/{code}/cases", {"version": 1, "answers": FILLED})
        assert plain.status_code == 409

    def test_of_many_for_the_last_place_one_wins_and_no_case_is_left_of_the_others(
        self, app, client, sandbox, resident, code, slot
    ):
        Slot._get_collection().update_one({"_id": slot}, {"$set": {"left": 1}})
        phones = [Phone(client, sandbox).ready().sure() for _ in range(6)]
        path = f"/mini/v1/service-items/{code}/appointments"
        body = {"version": 1, "answers": FILLED, "slot_id": slot}
        with ThreadPoolExecutor(len(phones)) as threads:
            answers = list(threads.map(lambda one: one.twin(app.test_client()).post(path, body), phones))
        assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409, 409]
        assert left(slot) == 0
        accounts = {"$in": [resident_account(one) for one in phones]}
        assert len(list(Case._get_collection().find({"account": accounts}))) == 1


class TestGivingBack:
    def test_a_withdrawn_case_gives_its_place_back_once(self, resident, code, slot):
        before = left(slot)
        told = apply(resident, code, slot)
        for _ in range(2):
            assert resident.post(f"/mini/v1/cases/{told['id']}/withdraw").status_code == 200
        for _ in range(2):
            queues.drain("affairs")
            appoint.follow(Case._get_collection().find_one({"_id": ObjectId(told["id"])}))
        assert left(slot) == before
        assert Order._get_collection().find_one({"_id": ObjectId(told["order"])})["state"] == "cancelled"

    def test_who_cancelled_the_order_and_then_withdraws_gives_it_back_once(self, resident, code, slot):
        before = left(slot)
        told = apply(resident, code, slot)
        assert resident.cancel(told["order"]).status_code == 200
        resident.post(f"/mini/v1/cases/{told['id']}/withdraw")
        queues.drain("affairs")
        assert left(slot) == before

    def test_a_decision_keeps_the_time(self, office, resident, code, slot):
        told = apply(resident, code, slot)
        move(office.clerk, told["id"], "claim")
        move(office.clerk, told["id"], "decide", {"outcome": "granted", "reason": "可以咨询"})
        queues.drain("affairs")
        assert Order._get_collection().find_one({"_id": ObjectId(told["order"])})["state"] == "issued"

    def test_a_kill_between_order_and_case_is_healed(self, resident, code, slot, monkeypatch, shift_clock):
        before = left(slot)
        with monkeypatch.context() as killed:
            killed.setattr(appoint, "hand_in", _killed)
            with pytest.raises(KeyboardInterrupt):
                apply(resident, code, slot, key="killed-in-between-1")
        assert left(slot) == before - 1
        shift_clock(130)
        queues.drain("checkout")
        assert left(slot) == before
        assert [one["state"] for one in Appointment._get_collection().find()] == ["given_back"]
        shift_clock(20 * 60)
        queues.drain("checkout")
        assert left(slot) == before
        assert Appointment._get_collection().find_one()["outbox"] == []

    def test_who_is_slower_than_the_healing_opens_no_case(self, resident, code, slot, monkeypatch):
        before, real = left(slot), hand_in.hand_in

        def slow(*args, **kwargs):
            appointment.give_back(Appointment._get_collection().find_one()["_id"])
            return real(*args, **kwargs)

        monkeypatch.setattr(appoint, "hand_in", slow)
        assert apply(resident, code, slot, 409)["code"] == "hold_lost"
        assert left(slot) == before
        assert Case._get_collection().find_one({"account": resident_account(resident)}) is None


def _killed(*_args, **_kwargs):
    raise KeyboardInterrupt


def resident_account(who) -> ObjectId:
    return account.authenticate(who.token).account_id


class TestLawConsultation:
    """The county's own item, as data only."""

    def test_is_applied_for_with_a_time_decided_put_on_paper_and_rated(self, client, resident):
        clerk = seat(client, "case_handler", unit="justice")
        times = resident.get("/mini/v1/places/law_service/slots").json["items"]
        slot_id = next(one["id"] for one in times if one["day"] > "2026-11-20")
        told = apply(
            resident, "law_consultation", slot_id, answers={"subject": "labour", "question": "单位不发工资怎么办"}
        )
        move(clerk, told["id"], "claim")
        decide(clerk, told["id"], "granted")
        queues.drain("affairs")
        assert resident.get(f"/mini/v1/cases/{told['id']}/result").json["zh"] == "法律咨询意见书"
        assert "单位不发工资怎么办" in words(resident.get(f"/mini/v1/cases/{told['id']}/result.pdf").data)
        assert resident.post(f"/mini/v1/cases/{told['id']}/rating", {"stars": 5}).status_code == 201

    def test_its_place_is_no_sight(self, resident):
        listed = resident.get("/mini/v1/places").json["items"]
        assert "law_service" not in [one["id"] for one in listed]
