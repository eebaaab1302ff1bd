"""The day on which children report to their school: in the round, on the notices, told to families once it changes."""

import pytest
from bson import ObjectId

from backend import clock, jobs
from models.audit.entry import AuditEntry
from models.messaging.notice import Notice
from models.school import application as applications
from models.school import notice_code, offer, report_day
from models.school.round import SchoolRound
from tests.school import ground
from tests.school.after_kit import MINI, OFFICE, ROUND, A, B, Published, clerk, family, manager, of, resident
from tests.school.test_notice_paper import words
from tests.school.test_office_schools import BODY, sent
from tests.support import queues
from tests.support.crowd import at_once

PATH = f"{OFFICE}/rounds/{ROUND}/report-day"
DAY, LATER = "2027-02-22", "2027-02-24"


@pytest.fixture
def held(client, seeded, sandbox):
    """A family that accepted in a round that names no day: phone, offer, round."""
    phone, made = family(client, sandbox), Published({A: 1, B: 1}, report_day=None)
    mine = made.placed(A, at=A, lot=1, phone=phone)
    made.offers()
    sent(phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept"))
    return phone, of(mine), made


def told() -> list[dict]:
    return list(Notice._get_collection().find({"kind": "school_report_day"}, hint="_id_"))


def put(bureau, day, path=PATH, status=200):
    return sent(bureau.call("PUT", path, {"report_day": day}), status)


def test_a_round_is_planned_with_its_day_and_without(client, seeded):
    bureau = manager(client)
    with_day = bureau.post(f"{OFFICE}/rounds", {"id": "2027-primary_a", **BODY, "report_day": "2027-08-31"})
    assert (sent(with_day, 201)["report_day"], with_day.json["report_zh"]) == ("2027-08-31", "2027-08-31")
    without = sent(bureau.post(f"{OFFICE}/rounds", {"id": "2027-primary_b", **BODY}), 201)
    assert (without["report_day"], without["report_zh"]) == (None, "2027年秋季开学前,以学校通知为准")
    early = {"id": "2027-primary_c", **BODY, "report_day": "2027-07-25"}
    assert "report_day" in sent(bureau.post(f"{OFFICE}/rounds", early), 422)["fields"]
    changed = bureau.call("PUT", f"{OFFICE}/rounds/2027-primary_b", {**BODY, "report_day": "2027-09-01"})
    assert sent(changed)["report_day"] == "2027-09-01"


def test_the_demonstration_names_one(client, seeded):
    assert sent(client.get("/public/v1/school/rounds"))["items"] == []
    assert sent(manager(client).get(f"{OFFICE}/rounds/2027-primary"))["report_day"] == "2027-08-31"


def test_an_announced_round_takes_a_day_and_nothing_else(client, seeded):
    ground.prepare(state="open")
    bureau = manager(client)
    path = f"{OFFICE}/rounds/{ground.ROUND}"
    assert sent(bureau.call("PUT", path, {**BODY, "report_day": "2027-09-01"}), 409)["code"] == (
        "school_round_state_wrong"
    )
    assert put(bureau, "2027-09-01", f"{path}/report-day")["report_day"] == "2027-09-01"
    public = sent(client.get(f"/public/v1/school/rounds/{ground.ROUND}"))
    assert public["report_day"] == "2027-09-01"
    page = client.get(f"/school/{ground.ROUND}").get_data(as_text=True)
    assert "报到日 2027-09-01" in page
    assert jobs.Job._get_collection().count_documents({"task": "school.tell_report_day"}, hint="_id_") == 0


def test_no_notice_is_made_before_the_day_is_set_and_then_it_names_it(client, held):
    phone, found, _ = held
    path = f"{MINI}/offers/{found['_id']}"
    refused = sent(phone.get(f"{path}/notice.pdf"), 409)
    assert refused["code"] == "school_report_day_missing"
    assert "报到日尚未确定" in refused["message"]
    assert sent(phone.get(path))["report_zh"] == "2027年秋季开学前,以学校通知为准"
    put(manager(client), DAY)
    text = words(phone.get(f"{path}/notice.pdf").data)
    assert f"报到日{DAY}" in text
    assert sent(phone.get(path))["report_zh"] == DAY
    assert f"报到日 {DAY}" in client.get(f"/n/{notice_code.code(found)}").get_data(as_text=True)


def test_a_change_after_the_publication_is_told_once_to_each_family_that_holds_a_place(client, sandbox, held):
    phone, _, made = held
    other, gone = family(client, sandbox), family(client, sandbox)
    for one, state in ((other, "offered"), (gone, "declined")):
        application = applications.read(made.apply(B, phone=one))
        record = offer.record(made.found(), application, B, "waiting", now=clock.now())
        offer.SchoolOffer._get_collection().insert_one(record | {"state": state, "outbox": []})
    bureau = manager(client)
    put(bureau, DAY)
    queues.drain("reports")
    put(bureau, DAY)
    queues.drain("reports")
    assert {one["account"] for one in told()} == {resident_of(phone), resident_of(other)}
    assert len(told()) == 2
    put(bureau, LATER)
    queues.drain("reports")
    assert len(told()) == 4
    queues.drain("push")
    texts = [one["text_zh"] for one in sent(phone.get("/mini/v1/notices"))["items"]]
    assert sum(LATER in text for text in texts) == sum(DAY in text for text in texts) == 1
    audited = AuditEntry._get_collection().count_documents({"action": "school_round.report_day_set"})
    assert audited == 2


def resident_of(phone) -> ObjectId:
    return resident(phone).account_id


def test_a_day_that_was_changed_again_before_it_was_told_is_not_told(client, held):
    phone, *_ = held
    bureau = manager(client)
    put(bureau, DAY)
    put(bureau, LATER)
    queues.drain("reports")
    (one,) = told()
    assert one["key"].endswith(LATER)
    assert one["account"] == resident_of(phone)


def test_two_changes_at_once_leave_one_day_and_tell_it(client, held):
    actor = manager(client).actor()

    def change(day):
        try:
            return report_day.put(actor, ROUND, day)["report_day"]
        except Exception as refused:  # noqa: BLE001 - the loser of a race
            return type(refused).__name__

    days = [f"2027-03-{number:02d}" for number in range(1, 5)]
    at_once([lambda day=day: change(day) for day in days])
    queues.drain("reports")
    final = SchoolRound._get_collection().find_one({"_id": ROUND})["report_day"]
    assert final in days
    assert [one["key"].rpartition(":")[2] for one in told()] == [final]


def test_who_plans_nothing_sets_no_day_and_an_ended_round_keeps_its_own(client, held):
    assert clerk(client, A).call("PUT", PATH, {"report_day": DAY}).status_code == 403
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "ended"}})
    assert put(manager(client), DAY, status=409)["code"] == "school_round_state_wrong"
    assert "report_day" in put(manager(client), "2026-01-01", status=422)["fields"]
    assert put(manager(client), "soon", status=400)["code"] == "bad_input"
