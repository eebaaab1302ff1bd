"""An elder without a phone: staff write down what is to be hidden, those concerned hear of it, it may be undone."""

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from models.audit.access_line import AccessLine
from models.audit.entry import COLLECTION as AUDIT
from models.eldercare.wish import HealthWish, Said, lift
from tests.eldercare import alert_kit, ground
from tests.support import queues
from tests.support.crowd import at_once

SAID = {"paper": "YD-2026-0117", "witness": "钟明"}


@pytest.fixture
def problem(doctor, elder):
    return ground.recorded(doctor, elder, ground.said("condition", "抑郁状态"))


def wished(clerk, elder, **told) -> dict:
    answer = clerk.post(f"{elder.path}/wishes", SAID | told)
    assert answer.status_code == 201, answer.json
    return answer.json


def lifted(clerk, elder, wish: dict):
    return clerk.post(f"{elder.path}/wishes/{wish['id']}/lift", {"paper": "YD-2026-0118", "witness": "钟明"})


def words(answer) -> set[str]:
    return {one["word"] for one in answer.json["items"]}


def audits(action: str) -> list[dict]:
    return get_db()[AUDIT].find({"action": action}).to_list()


def test_what_the_elder_wants_hidden_is_hidden_and_shown_again_by_her_word(doctor, daughter, elder, problem):
    assert words(daughter.get("/mini/v1/health/timeline")) == {"condition"}
    wish = wished(doctor, elder, word="condition", family=True)
    assert (wish["in_force"], wish["unit"], wish["word_zh"]) == (True, ground.CLINIC, "健康问题")
    assert words(daughter.get("/mini/v1/health/timeline")) == set()
    for _ in range(2):
        answer = lifted(doctor, elder, wish)
        assert (answer.status_code, answer.json["in_force"], answer.json["lifted_paper"]) == (
            200,
            False,
            "YD-2026-0118",
        )
    assert words(daughter.get("/mini/v1/health/timeline")) == {"condition"}
    (kept,) = doctor.get(f"{elder.path}/wishes").json["items"]
    assert (kept["paper"], kept["witness"], kept["in_force"]) == ("YD-2026-0117", "钟明", False)
    assert [one["details"]["paper"] for one in audits("health.wish") + audits("health.wish_lifted")] == [
        "YD-2026-0117", "YD-2026-0118",
    ]  # fmt: skip


def test_the_witness_is_sealed_and_in_no_audit_entry_and_each_look_leaves_its_line(doctor, elder):
    wished(doctor, elder, word="note", family=True)
    doctor.get(f"{elder.path}/wishes")
    assert "钟明" not in repr(list(HealthWish._get_collection().find({"subject": elder.subject})))
    assert "钟明" not in repr(audits("health.wish"))
    lines = AccessLine._get_collection().find({"who": doctor.actor().key, "purpose": "health_care"}).to_list()
    assert sum("health.wishes" in one["fields"] for one in lines) == 2


def test_the_elder_hears_of_it_and_relatives_only_where_it_is_not_about_them(
    client, sandbox, doctor, daughter, elder, problem
):
    phone = ground.phone_of(client, sandbox, elder)
    queues.drain()
    before = alert_kit.told(daughter.phone)
    wished(doctor, elder, word="condition", family=True)
    queues.drain()
    assert "health_wish" in alert_kit.told(phone)
    assert alert_kit.told(daughter.phone) == before
    wish = wished(doctor, elder, item_id=problem["id"], units=[ground.CLINIC])
    queues.drain()
    assert "health_wish_family" in alert_kit.told(daughter.phone)
    lifted(doctor, elder, wish)
    queues.drain()
    assert "health_wish_lifted" in alert_kit.told(phone)
    shown = phone.get("/mini/v1/health/hidden").json["items"]
    assert [one["written_by_zh"] for one in shown] == ["潭头村卫生室"]


def test_the_elder_undoes_on_a_phone_what_was_written_down(client, sandbox, doctor, elder):
    phone = ground.phone_of(client, sandbox, elder)
    wished(doctor, elder, word="note", family=True)
    (veil,) = phone.get("/mini/v1/health/hidden").json["items"]
    assert phone.call("DELETE", f"/mini/v1/health/hidden/{veil['id']}").status_code == 204
    (kept,) = doctor.get(f"{elder.path}/wishes").json["items"]
    assert kept["in_force"] is False


def test_what_the_elder_hid_on_a_phone_is_not_among_the_wishes(client, sandbox, doctor, elder):
    phone = ground.phone_of(client, sandbox, elder)
    phone.post("/mini/v1/health/hidden", {"word": "note", "units": [ground.CLINIC]})
    assert doctor.get(f"{elder.path}/wishes").json["items"] == []


def test_another_unit_neither_sees_nor_lifts_a_wish(client, admin, doctor, stranger, carer, elder):
    wish = wished(doctor, elder, word="note", family=True)
    assert stranger.get(f"{elder.path}/wishes").status_code == 404
    assert lifted(stranger, elder, wish).status_code == 404
    manager = ground.manager(client, admin)
    ground.enrolled(manager, elder.papers, cares_as="care_home", unit=ground.HOME)
    assert carer.get(f"{elder.path}/wishes").json["items"] == []
    assert lifted(carer, elder, wish).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"word": "note", "family": True, "paper": ""}, 400),
        ({"word": "note", "family": True, "witness": " "}, 400),
        ({"word": "note"}, 422),
        ({"word": "note", "units": ["gongjiang_clinic"]}, 422),
        ({"item_id": "0" * 24, "family": True}, 404),
        ({"family": True}, 400),
    ],
)
def test_a_wish_that_says_nothing_is_refused(doctor, elder, body, status):
    assert doctor.post(f"{elder.path}/wishes", SAID | body).status_code == status


def test_a_wish_lifted_twice_at_once_is_lifted_once(doctor, elder):
    wish = wished(doctor, elder, word="note", family=True)
    actor, said = doctor.actor(), Said("YD-2026-0118", "钟明")
    at_once([lambda: lift(actor, elder.subject, ObjectId(wish["id"]), said)] * 4)
    assert len(audits("health.wish_lifted")) == 1


def test_the_elder_and_the_daughter_hear_when_a_unit_is_added(client, sandbox, admin, doctor, daughter, elder):
    phone = ground.phone_of(client, sandbox, elder)
    queues.drain()
    before = alert_kit.told(phone).count("health_unit_added")
    ground.units(admin, ground.HOME)
    manager = ground.manager(client, admin)
    body = {**elder.papers, "document_seen": "identity_card", "cares_as": "care_home", "unit": ground.HOME}
    for _ in range(2):
        assert manager.post(ground.ELDERS, body).status_code == 201
        queues.drain()
    assert alert_kit.told(phone).count("health_unit_added") == before + 1
    assert "health_unit_added_family" in alert_kit.told(daughter.phone)
