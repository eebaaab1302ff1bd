"""Opening an appeal: against what, within which time, once, with files, and never before who decided."""

import pytest

from backend import clock
from models.affairs.case import Case
from models.school import appeal_kinds
from models.school.application import SchoolApplication
from models.school.round import SchoolRound
from tests.school.after_kit import MINI, OFFICE, ROUND, A, B, C, Published, clerk, family, manager
from tests.support import affairs
from tests.support.files import png, upload

TEXT = "居住证满一年,审核时没有计入。"


def send(phone) -> str:
    """Upload a picture and return its id."""
    return upload(phone, "mini", png()).json["id"]


def refused(made, phone, *choices, **told):
    """Return an application that was refused a moment ago."""
    now = clock.now()
    found = {"state": "refused", "decided_at": now, "decision": {"outcome": "refused", "at": now}, **told}
    return made.apply(*(choices or (A, B)), phone=phone, **found)


def appeal(phone, application, what="refusal", **more):
    return phone.post(f"{MINI}/applications/{application}/appeals", {"what": what, "text": TEXT, **more})


@pytest.fixture
def ours(client, seeded, sandbox):
    phone, made = family(client, sandbox), Published({A: 1, B: 1, C: 1})
    return phone, made


class TestRefusal:
    def test_is_appealed_once_with_a_number_and_two_clocks(self, ours):
        phone, made = ours
        mine = refused(made, phone)
        told = appeal(phone, mine)
        assert told.status_code == 201, told.json
        assert told.json["number"].startswith("RXSS-20261120-")
        assert told.json["due_day"] == "2026-12-04"
        again = appeal(phone, mine)
        assert (again.status_code, again.json["code"]) == (409, "school_appealed_before")
        (listed,) = phone.get(f"{MINI}/applications/{mine}/appeals").json["items"]
        assert (listed["state"], listed["what_zh"]) == ("open", "审核不通过的决定")
        assert listed["appeal_until"] == "2026-12-08T00:00:00+08:00"

    def test_may_be_appealed_until_the_end_of_a_working_day_and_no_longer(self, ours, travel):
        phone, made = ours
        first, second = refused(made, phone), refused(made, phone)
        travel("2026-12-07", "23:50")
        phone.log_in()
        assert appeal(phone, first).status_code == 201
        travel("2026-12-08", "00:05")
        late = appeal(phone, second)
        assert (late.status_code, late.json["code"]) == (409, "school_appeal_over")
        assert "行政复议" in late.json["message"]

    @pytest.mark.parametrize("state", ["draft", "submitted", "to_correct", "qualified", "withdrawn"])
    def test_that_did_not_happen_is_not_appealed(self, ours, state):
        phone, made = ours
        told = appeal(phone, refused(made, phone, state=state))
        assert (told.status_code, told.json["code"]) == (409, "school_nothing_to_appeal")

    def test_taken_back_may_be_appealed_again(self, ours):
        phone, made = ours
        mine = refused(made, phone)
        case = appeal(phone, mine).json["id"]
        assert phone.post(f"/mini/v1/cases/{case}/withdraw").json["state"] == "withdrawn"
        assert phone.get(f"{MINI}/applications/{mine}/appeals").json["items"] == []
        assert appeal(phone, mine).status_code == 201

    def test_of_another_is_not_found(self, ours, client, sandbox):
        phone, made = ours
        mine, stranger = refused(made, phone), family(client, sandbox)
        assert appeal(stranger, mine).status_code == 404
        assert stranger.get(f"{MINI}/applications/{mine}/appeals").status_code == 404
        assert appeal(stranger, "é").status_code == 404

    def test_who_decided_before_may_not_take_it(self, ours, client):
        phone, made = ours
        decided, other = manager(client), manager(client)
        now = clock.now()
        mine = refused(made, phone, decision={"outcome": "refused", "at": now, "by": decided.actor().key})
        case = appeal(phone, mine).json["id"]
        assert affairs.move(decided, case, "claim", status=422)["code"] == "case_same_person"
        assert affairs.move(other, case, "claim")["work_state"] == "taken"

    def test_who_handled_a_point_before_may_not_take_it_either(self, ours, client):
        phone, made = ours
        handled = manager(client)
        point = Case._get_collection().insert_one(
            {"number": "RXSH-1", "workers": [handled.actor().key], "state": "closed", "desks": []}
        )
        mine = refused(made, phone, points=[{"code": "address", "case": point.inserted_id, "state": "refused"}])
        case = appeal(phone, mine).json["id"]
        Case._get_collection().delete_one({"_id": point.inserted_id})
        assert affairs.move(handled, case, "claim", status=422)["code"] == "case_same_person"

    def test_carries_files_that_the_staff_read(self, ours, client):
        phone, made = ours
        file = send(phone)
        mine = refused(made, phone)
        told = appeal(phone, mine, attachments=[file])
        assert told.status_code == 201, told.json
        bureau = manager(client)
        shown = bureau.get(f"/office/v1/cases/{told.json['id']}").json
        assert shown["history"][0]["attachments"] == [file]
        assert shown["text"] == TEXT
        got = bureau.get(f"/office/v1/cases/{told.json['id']}/files/{file}")
        assert got.status_code == 200
        assert phone.get(f"/mini/v1/cases/{told.json['id']}/files/{file}").status_code == 200

    def test_with_a_file_of_somebody_else_is_refused_whole(self, ours, client, sandbox):
        phone, made = ours
        strange = send(family(client, sandbox))
        mine = refused(made, phone)
        told = appeal(phone, mine, attachments=[strange])
        assert (told.status_code, told.json["code"]) == (422, "case_bad_attachment")
        assert phone.get(f"{MINI}/applications/{mine}/appeals").json["items"] == []
        assert appeal(phone, mine).status_code == 201


class TestResult:
    def test_names_a_choice_above_the_place_that_the_child_has(self, ours):
        phone, made = ours
        mine = made.placed(A, B, C, at=B, lot=1, phone=phone)
        for school in ("", B, C, "school_z"):
            told = appeal(phone, mine, "result", school=school)
            assert (told.status_code, told.json["code"]) == (422, "school_appeal_school"), school
        assert appeal(phone, mine, "result", school=A).status_code == 201

    def test_before_the_publication_cannot_be_appealed(self, ours):
        phone, made = ours
        mine = made.apply(A, phone=phone)
        told = appeal(phone, mine, "result", school=A)
        assert (told.status_code, told.json["code"]) == (409, "school_nothing_to_appeal")

    def test_who_published_may_not_take_it(self, ours, client):
        phone, made = ours
        published = manager(client)
        line = {"what": "publish", "by": published.actor().key, "at": clock.now()}
        SchoolRound._get_collection().update_one({"_id": ROUND}, {"$push": {"history": line}})
        mine = made.placed(A, at="", lot=1, phone=phone)
        case = appeal(phone, mine, "result", school=A).json["id"]
        assert affairs.move(published, case, "claim", status=422)["code"] == "case_same_person"


def test_the_bureau_sees_open_appeals_with_their_clocks(ours, client, travel):
    phone, made = ours
    mine = refused(made, phone)
    case = appeal(phone, mine).json["id"]
    bureau = manager(client)
    (told,) = bureau.get(f"{OFFICE}/rounds/{ROUND}/appeals?state=open").json["items"]
    assert (told["case_id"], told["application_id"], told["overdue"], told["taken"]) == (case, str(mine), False, False)
    assert told["due"] == "2026-12-05T00:00:00+08:00"
    travel("2026-12-05", "09:00")
    affairs.stay_awake()
    assert bureau.get(f"{OFFICE}/rounds/{ROUND}/appeals").json["items"][0]["overdue"] is True
    assert clerk(client, A).get(f"{OFFICE}/rounds/{ROUND}/appeals").status_code == 403


def test_the_kind_cites_its_law_and_answers_within_ten_working_days():
    told = appeal_kinds.APPEAL
    assert "教育法" in told.law
    assert "行政复议法第二十条" in told.law
    assert (told.limit.days, told.limit.counted) == (10, "working")
    assert (appeal_kinds.WITHIN.days, appeal_kinds.WITHIN.counted) == (15, "calendar")
    assert all(step.another_person for step in told.steps)


def test_the_appeals_of_a_child_stay_with_its_family(ours):
    phone, made = ours
    mine = refused(made, phone)
    appeal(phone, mine)
    found = SchoolApplication._get_collection().find_one({"_id": mine})
    assert found["state"] == "refused"
