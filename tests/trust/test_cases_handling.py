"""A case from its opening to its end, over HTTP."""

from dataclasses import replace
from functools import partial

import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.errors import PyMongoError

from backend.errors import NotFound
from models.affairs import applicant, case, case_views, kind_table, open_case, tell
from models.affairs.case import Case
from models.affairs.open_case import Matter
from models.affairs.steps import Step
from models.audit import entry
from models.identity import account as account_rules
from models.identity.actors import Acting
from tests.support import files
from tests.support.affairs import ask_privacy, decide, inbox, move, seat, stored
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.queues import drain


@pytest.fixture
def clerk(phone):
    return seat(phone.client, "case_handler")


@pytest.fixture
def case_id(phone):
    return ask_privacy(phone)


def test_a_request_gets_a_number_a_clock_and_a_desk(phone, clerk, case_id):
    told = phone.get(f"/mini/v1/cases/{case_id}").json
    assert told["number"].startswith("PIPL-")
    assert (told["state"], told["kind"], told["text"]) == ("open", "privacy_explain", "请说明如何使用我的信息")
    assert [line["what"] for line in told["history"]] == ["opened"]
    assert [one["id"] for one in inbox(clerk)] == [case_id]


def test_the_same_request_with_the_same_key_is_one_case(phone):
    body = {"kind": "copy", "text": "全部"}
    first, second = (phone.post("/mini/v1/privacy-requests", body, key="once") for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    again = phone.post("/mini/v1/privacy-requests", body)
    assert (again.status_code, again.json["code"]) == (409, "case_already_open")
    assert first.json["number"] in again.json["message"]


def test_opened_by_many_at_once_there_is_one_case_of_a_matter(phone, app):
    calls = [
        partial(phone.twin(app.test_client()).post, "/mini/v1/privacy-requests", {"kind": "delete"}) for _ in range(6)
    ]
    assert sorted(answer.status_code for answer in at_once(calls)) == [201] + [409] * 5


def test_claim_decide_and_the_applicant_reads_the_reason(phone, clerk, case_id):
    assert move(clerk, case_id, "claim")["mine"] is True
    told = decide(clerk, case_id, "granted", rule="个人信息保护法第四十八条")
    assert (told["state"], "appeal_until" in told) == ("decided", True)
    seen = phone.get(f"/mini/v1/cases/{case_id}").json
    assert seen["decisions"][0]["reason"] == "经核对。"
    assert seen["decisions"][0]["outcome_zh"] == "同意办理"
    assert "by" not in seen["decisions"][0]
    assert {line["who"] for line in seen["history"]} == {"applicant", "staff"}
    assert inbox(clerk) == []


def test_of_two_who_claim_at_once_one_gets_it(phone, app, case_id):
    clerks = [seat(app.test_client(), "case_handler") for _ in range(6)]
    calls = [lambda one=one: one.post(f"/office/v1/cases/{case_id}/claim") for one in clerks]
    answers = at_once(calls)
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    winner = next(one for one, answer in zip(clerks, answers, strict=True) if answer.status_code == 200)
    assert stored(case_id)["work"]["holder"] == f"staff:{winner.member_id}"


def test_of_many_verdicts_at_once_one_counts(phone, app, clerk, case_id):
    move(clerk, case_id, "claim")
    path = f"/office/v1/cases/{case_id}/decide"
    calls = [
        partial(clerk.twin(app.test_client()).post, path, {"outcome": outcome, "reason": "经核对。"})
        for outcome in ("granted", "refused") * 3
    ]
    answers = at_once(calls)
    found = stored(case_id)
    assert len(found["decisions"]) == 1
    good = [answer for answer in answers if answer.status_code == 200]
    assert 1 <= len(good) <= 3
    assert get_db().audit_entries.count_documents({"object": f"case:{case_id}", "action": "case.decided"}) == 1


def test_the_same_verdict_again_changes_nothing(clerk, case_id):
    move(clerk, case_id, "claim")
    first = decide(clerk, case_id, "granted")
    before = stored(case_id)
    assert decide(clerk, case_id, "granted") == first
    assert stored(case_id) == before
    assert decide(clerk, case_id, "refused", status=409)["code"] == "case_state_wrong"


def test_who_did_not_claim_it_decides_nothing(clerk, case_id):
    assert decide(clerk, case_id, "granted", status=409)["code"] == "case_not_held"


def test_released_work_returns_to_the_desk(app, clerk, case_id):
    other = seat(app.test_client(), "case_handler")
    move(clerk, case_id, "claim")
    assert move(other, case_id, "claim", status=409)["code"] == "case_taken"
    assert move(other, case_id, "release", status=409)["code"] == "case_not_held"
    assert move(clerk, case_id, "release")["work_state"] == "waiting"
    assert move(clerk, case_id, "release")["work_state"] == "waiting"
    assert move(other, case_id, "claim")["mine"] is True


def test_claiming_again_changes_nothing(clerk, case_id):
    move(clerk, case_id, "claim")
    before = stored(case_id)
    move(clerk, case_id, "claim")
    assert stored(case_id) == before


def test_a_supervisor_gives_the_work_to_a_colleague(app, clerk, case_id):
    boss = seat(app.test_client(), "case_supervisor")
    assert [one["id"] for one in inbox(boss, "?scope=unit")] == [case_id]
    assert inbox(boss) == []
    told = move(boss, case_id, "assign", {"staff_id": str(clerk.member_id)})
    assert told["holder"] == f"staff:{clerk.member_id}"
    assert [one["id"] for one in inbox(clerk, "?scope=mine")] == [case_id]
    stranger = seat(app.test_client(), "case_handler", unit="public_security")
    refused = move(boss, case_id, "assign", {"staff_id": str(stranger.member_id)}, status=422)
    assert refused["code"] == "case_not_a_desk"
    assert clerk.post(f"/office/v1/cases/{case_id}/assign", {"staff_id": "x"}).status_code == 403


def test_transferred_work_lies_at_the_other_unit_with_its_reason(app, phone, clerk, case_id):
    there = seat(app.test_client(), "case_handler", unit="public_security")
    due = stored(case_id)["work"]["due"]
    assert there.get(f"/office/v1/cases/{case_id}").status_code == 404
    move(clerk, case_id, "claim")
    move(clerk, case_id, "transfer", {"unit": "public_security", "reason": "属公安职责"})
    assert [one["id"] for one in inbox(there)] == [case_id]
    assert inbox(clerk) == []
    assert stored(case_id)["work"]["due"] == due
    move(there, case_id, "claim")
    history = phone.get(f"/mini/v1/cases/{case_id}").json["history"]
    assert [line.get("text") for line in history if line["what"] == "transferred"] == ["属公安职责"]


@pytest.mark.parametrize("unit", ["no_such_unit", "x", "", "$ne"])
def test_nothing_is_transferred_to_nobody(clerk, case_id, unit):
    move(clerk, case_id, "claim")
    answer = clerk.post(f"/office/v1/cases/{case_id}/transfer", {"unit": unit, "reason": "属其职责"})
    assert answer.status_code in {400, 422}
    assert [one["id"] for one in inbox(clerk)] == [case_id]


def test_a_question_stops_the_clock_until_the_answer(phone, clerk, case_id):
    move(clerk, case_id, "claim")
    told = move(clerk, case_id, "ask", {"text": "请说明是哪一次"})
    assert (told["work_state"], told["waits_for_me"]) == ("paused", True)
    assert decide(clerk, case_id, "granted", status=409)["code"] == "case_state_wrong"
    seen = phone.get(f"/mini/v1/cases/{case_id}").json
    assert seen["pause"]["reason"] == "waiting_for_applicant"
    assert seen["history"][-1]["text"] == "请说明是哪一次"
    answer = phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "上周那次"})
    assert answer.status_code == 200, answer.json
    whole = clerk.get(f"/office/v1/cases/{case_id}").json
    assert (whole["work_state"], whole["history"][-1]["text"]) == ("taken", "上周那次")
    late = phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "还有"})
    assert (late.status_code, late.json["code"]) == (409, "case_state_wrong")
    decide(clerk, case_id, "granted")


def test_a_supplement_is_asked_for_once(phone, clerk, case_id):
    move(clerk, case_id, "claim")
    move(clerk, case_id, "ask", {"text": "请补充材料", "supplement": True})
    assert phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "已补充"}).status_code == 200
    again = move(clerk, case_id, "ask", {"text": "再补充", "supplement": True}, status=409)
    assert again["code"] == "case_stop_used"


def test_a_stop_needs_a_reason_that_the_law_knows(clerk, case_id):
    move(clerk, case_id, "claim")
    wrong = move(clerk, case_id, "pause", {"reason": "holiday", "text": "休假"}, status=422)
    assert wrong["code"] == "case_stop_unknown"
    told = move(clerk, case_id, "pause", {"reason": "waiting_for_other_unit", "text": "已函询"})
    assert told["work_state"] == "paused"
    assert move(clerk, case_id, "resume")["work_state"] == "taken"
    assert move(clerk, case_id, "resume")["work_state"] == "taken"


def test_the_applicant_may_withdraw_while_nothing_is_decided(phone, clerk, case_id):
    for _ in range(2):
        assert phone.post(f"/mini/v1/cases/{case_id}/withdraw").json["state"] == "withdrawn"
    assert inbox(clerk) == []
    assert move(clerk, case_id, "claim", status=409)["code"] == "case_state_wrong"
    assert ask_privacy(phone) != case_id


def test_a_decision_cannot_be_withdrawn(phone, clerk, case_id):
    move(clerk, case_id, "claim")
    decide(clerk, case_id, "refused")
    answer = phone.post(f"/mini/v1/cases/{case_id}/withdraw")
    assert (answer.status_code, answer.json["code"]) == (409, "case_state_wrong")


def test_a_corrected_slip_keeps_the_old_wording(phone, clerk, case_id):
    move(clerk, case_id, "claim")
    decide(clerk, case_id, "refused")
    move(clerk, case_id, "correct", {"reason": "经核实。", "rule": "第四十七条"})
    told = phone.get(f"/mini/v1/cases/{case_id}").json["decisions"]
    assert [one["reason"] for one in told] == ["经核对。", "经核实。"]
    assert told[1]["corrects"] == told[0]["id"]
    assert {one["outcome"] for one in told} == {"refused"}


def test_an_open_case_has_nothing_to_correct(clerk, case_id):
    move(clerk, case_id, "claim")
    assert move(clerk, case_id, "correct", {"reason": "经核实。"}, status=409)["code"] == "case_state_wrong"


class TestAppeal:
    def decided(self, clerk, case_id):
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "refused")

    def appeal(self, phone, case_id):
        return phone.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "理由不成立"})

    def test_somebody_else_decides_it(self, app, phone, clerk, case_id):
        self.decided(clerk, case_id)
        assert self.appeal(phone, case_id).json["state"] == "appealed"
        assert inbox(clerk) == []
        officer = seat(app.test_client(), "privacy_officer", unit="")
        assert [one["step"] for one in inbox(officer)] == ["appeal"]
        move(officer, case_id, "claim")
        assert decide(officer, case_id, "upheld")["state"] == "closed"
        assert len(phone.get(f"/mini/v1/cases/{case_id}").json["decisions"]) == 2

    def test_overturned_the_case_is_handled_anew_and_then_final(self, app, phone, clerk, case_id):
        self.decided(clerk, case_id)
        self.appeal(phone, case_id)
        officer = seat(app.test_client(), "privacy_officer", unit="")
        move(officer, case_id, "claim")
        assert decide(officer, case_id, "overturned")["state"] == "open"
        move(clerk, case_id, "claim")
        assert decide(clerk, case_id, "granted")["state"] == "closed"
        assert self.appeal(phone, case_id).json["code"] == "case_appeal_over"

    def test_not_the_person_who_decided(self, app, phone, case_id):
        officer = seat(app.test_client(), "privacy_officer", unit="")
        Case._get_collection().update_one({"number": {"$gt": ""}}, {"$push": {"work.desks": "privacy_officer@/"}})
        move(officer, case_id, "claim")
        decide(officer, case_id, "refused")
        self.appeal(phone, case_id)
        assert move(officer, case_id, "claim", status=422)["code"] == "case_same_person"
        other = seat(app.test_client(), "privacy_officer", unit="")
        assert move(other, case_id, "claim")["mine"] is True

    def test_before_a_decision_there_is_none(self, phone, case_id):
        assert self.appeal(phone, case_id).json["code"] == "case_state_wrong"


class TestScope:
    def test_another_resident_sees_nothing(self, client, sandbox, case_id):
        other = Phone(client, sandbox).ready("19910101")
        assert other.get(f"/mini/v1/cases/{case_id}").status_code == 404
        for verb, body in (("withdraw", None), ("answer", {"text": "我的"}), ("appeal", {"text": "我的"})):
            assert other.post(f"/mini/v1/cases/{case_id}/{verb}", body).status_code == 404
        assert other.get("/mini/v1/cases").json["items"] == []

    @pytest.mark.parametrize(
        ("role", "unit"),
        [("case_handler", "public_security"), ("counter_clerk", "big_data_centre"), ("unit_admin", "big_data_centre")],
    )
    def test_other_desks_see_nothing(self, app, case_id, role, unit):
        other = seat(app.test_client(), role, unit=unit)
        assert inbox(other) == []
        for verb in ("claim", "release", "resume"):
            move(other, case_id, verb, status=404)
        assert other.get(f"/office/v1/cases/{case_id}").status_code == 404

    def test_a_role_without_the_operation_is_refused(self, app, case_id):
        guard = seat(app.test_client(), "gate_clerk", unit="changzhengyuan")
        assert guard.get("/office/v1/cases/inbox").status_code == 403
        assert guard.post(f"/office/v1/cases/{case_id}/claim").status_code == 403

    def test_reading_a_case_leaves_an_access_line_with_its_number(self, phone, clerk, case_id):
        whole = clerk.get(f"/office/v1/cases/{case_id}").json
        assert whole["applicant"] == "张**"
        line = get_db().access_lines.find_one({"subjects": stored(case_id)["declared_person"]}, sort=[("_id", -1)])
        assert (line["case"], line["purpose"]) == (whole["number"], "case_handling")

    def test_the_inbox_shows_nothing_of_the_person(self, clerk, case_id):
        before = get_db().access_lines.estimated_document_count()
        told = str(inbox(clerk))
        assert "张" not in told
        assert "请说明" not in told
        assert get_db().access_lines.estimated_document_count() == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcome": "granted"},
        {"outcome": "x" * 65, "reason": "好"},
        {"outcome": {"$ne": 1}, "reason": "好"},
        {"outcome": "granted", "reason": "  "},
        {"outcome": "granted", "reason": "好" * 2001},
        {"outcome": "granted", "reason": "好", "attachments": ["x"] * 11},
        {"outcome": "granted", "reason": "好", "extra": 1},
    ],
)
def test_odd_verdicts_are_bad_requests(clerk, case_id, body):
    move(clerk, case_id, "claim")
    answer = clerk.post(f"/office/v1/cases/{case_id}/decide", body)
    assert answer.status_code == 400
    assert answer.json["fields"]


def test_an_outcome_of_another_step_is_refused(clerk, case_id):
    move(clerk, case_id, "claim")
    assert decide(clerk, case_id, "upheld", status=422)["code"] == "case_outcome_unknown"


@pytest.mark.parametrize("file_id", ["x", "673ec0a5c0ffee0123456789"])
def test_files_of_nobody_are_refused_and_nothing_is_decided(clerk, case_id, file_id):
    move(clerk, case_id, "claim")
    assert decide(clerk, case_id, "granted", attachments=[file_id], status=422)["code"] == "case_bad_attachment"
    assert stored(case_id)["state"] == "open"


@pytest.mark.parametrize("path", ["/office/v1/cases/x", "/office/v1/cases/673ec0a5c0ffee0123456789"])
def test_a_case_that_is_not_there_is_not_found(clerk, path):
    assert clerk.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["?scope=all", "?state=done", "?kind=$x", "?limit=0", "?limit=101", "?cursor=abc", "?x=1"]
)
def test_odd_questions_to_the_inbox_are_bad_requests(clerk, query):
    assert clerk.get(f"/office/v1/cases/inbox{query}").status_code == 400


def test_free_text_lies_sealed_in_the_store(phone, clerk, case_id):
    move(clerk, case_id, "claim")
    move(clerk, case_id, "ask", {"text": "请说明是哪一次"})
    phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "上周那次"})
    decide(clerk, case_id, "granted")
    raw = str(stored(case_id)) + str(list(get_db().audit_entries.find({"object": f"case:{case_id}"})))
    assert all(word not in raw for word in ("请说明", "上周那次", "经核对"))


class TestFiles:
    @pytest.fixture
    def file_id(self, phone):
        return self.sent(phone, "mini")

    def sent(self, who, surface: str) -> str:
        answer = files.upload(who, surface, files.pdf(), name="材料.pdf", media_type="application/pdf")
        assert answer.status_code == 200, answer.json
        return answer.json["id"]

    def answered(self, phone, clerk, case_id, file_id):
        move(clerk, case_id, "claim")
        move(clerk, case_id, "ask", {"text": "请补充材料", "supplement": True})
        return phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "见附件", "attachments": [file_id]})

    def test_what_the_applicant_attaches_the_clerk_reads_with_an_access_line(self, phone, clerk, case_id, file_id):
        path = f"/office/v1/cases/{case_id}/files/{file_id}"
        assert clerk.get(path).status_code == 404
        assert self.answered(phone, clerk, case_id, file_id).status_code == 200
        assert clerk.get(path).data == files.pdf()
        line = get_db().access_lines.find_one({"subjects": stored(case_id)["declared_person"]}, sort=[("_id", -1)])
        assert line["fields"] == ["case.files"]
        history = clerk.get(f"/office/v1/cases/{case_id}").json["history"]
        assert history[-1]["attachments"] == [file_id]

    def test_what_the_clerk_attaches_the_applicant_reads(self, phone, clerk, case_id):
        file_id = self.sent(clerk, "office")
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "granted", attachments=[file_id])
        assert phone.get(f"/mini/v1/cases/{case_id}/files/{file_id}").data == files.pdf()
        assert phone.get(f"/mini/v1/cases/{case_id}").json["decisions"][0]["attachments"] == [file_id]

    def test_files_of_another_case_or_person_are_not_there(self, app, client, sandbox, phone, clerk, case_id, file_id):
        self.answered(phone, clerk, case_id, file_id)
        other = ask_privacy(phone, "copy")
        assert clerk.get(f"/office/v1/cases/{other}/files/{file_id}").status_code == 404
        stranger = Phone(client, sandbox).ready("19910101")
        assert stranger.get(f"/mini/v1/cases/{case_id}/files/{file_id}").status_code == 404
        outside = seat(app.test_client(), "case_handler", unit="public_security")
        assert outside.get(f"/office/v1/cases/{case_id}/files/{file_id}").status_code == 404

    def test_a_file_of_somebody_else_stops_the_answer(self, client, sandbox, phone, clerk, case_id):
        foreign = self.sent(Phone(client, sandbox).ready("19910101"), "mini")
        refused = self.answered(phone, clerk, case_id, foreign)
        assert (refused.status_code, refused.json["code"]) == (422, "case_bad_attachment")
        assert stored(case_id)["work"]["state"] == "paused"


class TestTogether:
    """Steps of one moment share a transaction; each counts for itself."""

    def steps(self, phone, clerk, number: int) -> list[Step]:
        made = []
        for kind in list(kind_table.PRIVACY)[:number]:
            found = stored(ask_privacy(phone, kind))
            line = entry.line(f"staff:{clerk.member_id}", "case.claimed", f"case:{found['_id']}")
            change = {"$inc": {"seq": 1}, "$set": {"work.holder": f"staff:{clerk.member_id}", "work.state": "taken"}}
            made.append(Step({"_id": found["_id"], "seq": found["seq"]}, change, line))
        return made

    def entries(self, steps) -> list[int]:
        return [get_db().audit_entries.count_documents({"object": one.audit["object"]}) for one in steps]

    def test_all_guards_hold(self, phone, clerk):
        steps = self.steps(phone, clerk, 4)
        assert case._steps._apply(0, steps) == [True] * 4
        assert self.entries(steps) == [1] * 4

    def test_one_guard_does_not_hold(self, phone, clerk):
        steps = self.steps(phone, clerk, 4)
        stale = Step({**steps[1].guard, "seq": 7}, steps[1].update, steps[1].audit)
        assert case._steps._apply(0, [steps[0], stale, *steps[2:]]) == [True, False, True, True]
        assert self.entries(steps) == [1, 0, 1, 1]

    def test_the_same_step_twice_counts_once(self, phone, clerk):
        step = self.steps(phone, clerk, 1)[0]
        assert case._steps._apply(0, [step, step]) == [True, False]
        assert self.entries([step]) == [1]

    def test_one_that_the_store_refuses_fails_alone(self, phone, clerk):
        steps = self.steps(phone, clerk, 3)
        broken = Step(steps[1].guard, {"$push": {"number": 1}}, steps[1].audit)
        first, failure, last = case._steps._apply(0, [steps[0], broken, steps[2]])
        assert (first, last, isinstance(failure, PyMongoError)) == (True, True, True)
        assert self.entries(steps) == [1, 0, 1]


def test_who_acts_for_another_opens_follows_and_answers_in_their_name(phone, clerk):
    account = account_rules.authenticate(phone.token)
    other = ObjectId()
    helper = replace(account, acting=Acting(ObjectId(), other, "helper", frozenset({"affairs", "any"})))
    found = open_case.open_case(
        open_case.by(helper), kind_table.PRIVACY["explain"], Matter("big_data_centre", "代为申请")
    )
    assert (found["person"], "account" in found) == (other, False)
    assert [one["id"] for one in case_views.of_resident(helper, cursor=None, limit=5)[0]] == [str(found["_id"])]
    assert case_views.of_resident(account, cursor=None, limit=5)[0] == []
    with pytest.raises(NotFound):
        applicant.withdraw(account, found["_id"])
    assert applicant.withdraw(helper, found["_id"])["state"] == "withdrawn"


class TestTelling:
    def messages(self, phone) -> list[str]:
        return [one["kind"] for one in phone.get("/mini/v1/notices").json["items"]]

    def test_questions_and_decisions_lie_in_the_applicants_inbox(self, phone, clerk, case_id):
        move(clerk, case_id, "claim")
        move(clerk, case_id, "ask", {"text": "请说明是哪一次"})
        drain("affairs")
        assert self.messages(phone) == ["case_asked"]
        phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "上周那次"})
        decide(clerk, case_id, "granted")
        drain("affairs")
        assert self.messages(phone) == ["case_decided", "case_asked"]
        assert stored(case_id)["number"] in phone.get("/mini/v1/notices").json["items"][0]["text_zh"]

    def test_told_twice_it_is_one_message(self, phone, clerk, case_id):
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "granted")
        for _ in range(2):
            tell.tell(ObjectId(case_id), "case_decided", stored(case_id)["seq"])
        drain("affairs")
        assert self.messages(phone) == ["case_decided"]

    def test_a_stop_for_others_tells_nobody(self, phone, clerk, case_id):
        move(clerk, case_id, "claim")
        move(clerk, case_id, "pause", {"reason": "waiting_for_other_unit", "text": "已函询"})
        drain("affairs")
        assert self.messages(phone) == []
