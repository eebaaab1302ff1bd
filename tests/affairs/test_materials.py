"""免证办: what registers and earlier cases have, nobody brings; what was used is kept, and says when it changed."""

import pytest
from bson import ObjectId

from backend import clock
from models.affairs.case_material import CaseMaterial
from models.audit.access_line import AccessLine
from models.identity import account
from models.registers import fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from tests.affairs import kit
from tests.affairs.paper_kit import FILLED, Office, settle
from tests.enterprise import kit as firms
from tests.support import files, queues
from tests.support.affairs import decide, move, seat
from tests.support.phone import Phone

SOURCES = [{"register": "person.birth_date"}, {"file": True}]
BIRTH = {"code": "birth", "zh": "出生日期证明", "required": True, "from": SOURCES}
PHOTO = {"code": "photo", "zh": "照片", "required": True, "from": [{"file": True}]}
WISH = {"code": "wish", "zh": "补充说明", "required": False, "from": [{"file": True}]}


@pytest.fixture
def office(client, seeded):
    return Office(client)


@pytest.fixture
def code(office):
    return office.item(materials=[BIRTH, PHOTO, WISH])


@pytest.fixture
def consented(resident):
    assert resident.consent("facts").status_code == 204
    return resident


@pytest.fixture
def born(consented):
    """A fact of the household register about the resident."""
    told = Statement("person.birth_date", {"birth": "1990-03-07"}, "H-1")
    about = Subject(person=account.authenticate(consented.token).person_id)
    row = fact.draft(about, "household", told, clock.now())
    fact.Fact._get_collection().insert_one(row)
    return row["_id"]


def listed(who, code: str) -> dict:
    told = who.get(f"/mini/v1/service-items/{code}/materials").json
    return {one["code"]: one for one in told["items"]} | {"spared": told["spared"]}


def sent(who) -> str:
    return files.upload(who, "mini", files.png()).json["id"]


def opened(who, code: str, **named) -> str:
    told = [{"code": name, "files": uploads} for name, uploads in named.items()]
    return kit.opened(who, code, FILLED, body={"materials": told})


def refused(who, code: str, **named) -> dict:
    told = [{"code": name, "files": uploads} for name, uploads in named.items()]
    answer = kit.applied(who, code, FILLED, body={"materials": told})
    assert answer.status_code == 422, answer.json
    return answer.json


def used(who, case_id: str, path: str = "/mini/v1/cases") -> dict:
    told = who.get(f"{path}/{case_id}/materials").json
    return {one["code"]: one for one in told["items"]} | {"spared": told["spared"]}


class TestList:
    def test_says_what_a_register_has_with_source_and_day_and_how_many_are_spared(self, consented, code, born):
        told = listed(consented, code)
        assert (told["birth"]["known"], told["birth"]["origin"], told["spared"]) == (True, "register", 1)
        assert "户" in told["birth"]["source_zh"]
        assert told["birth"]["day"] == "2026-11-20"
        assert (told["photo"]["known"], told["photo"]["why"]) == (False, "file")

    def test_without_a_consent_nothing_of_a_register_is_used(self, consented, code, born):
        assert consented.call("DELETE", "/mini/v1/consents/facts").status_code == 204
        told = listed(consented, code)
        assert (told["birth"]["known"], told["birth"]["why"], told["spared"]) == (False, "no_consent", 0)

    def test_what_is_disputed_is_to_be_uploaded(self, consented, code, born):
        assert consented.post(f"/mini/v1/facts/{born}/dispute", {"text": "日期错误"}).status_code == 201
        assert listed(consented, code)["birth"]["why"] == "disputed"

    def test_what_nobody_has_is_to_be_uploaded(self, consented, code):
        assert listed(consented, code)["birth"]["why"] == "not_known"


class TestOpening:
    def test_uses_what_is_known_and_keeps_it_sealed(self, consented, code, born):
        case_id = opened(consented, code, photo=[sent(consented)])
        told = used(consented, case_id)
        assert (told["spared"], told["birth"]["now"], told["photo"]["origin"]) == (1, "same", "file")
        kept = CaseMaterial._get_collection().find_one()
        assert kept["rows"][0]["facts"] == [born]
        assert "1990" not in str(kept)

    def test_names_every_material_that_is_missing(self, resident, code):
        told = refused(resident, code)
        assert told["code"] == "materials_missing"
        assert sorted(told["fields"]) == ["materials.birth", "materials.photo"]

    def test_an_upload_goes_before_the_register(self, consented, code, born):
        case_id = opened(consented, code, photo=[sent(consented)], birth=[sent(consented)])
        assert (used(consented, case_id)["birth"]["origin"], used(consented, case_id)["spared"]) == ("file", 0)

    def test_a_file_of_another_is_refused_and_nothing_is_opened(self, client, sandbox, consented, code, born):
        stranger = Phone(client, sandbox).ready()
        told = refused(consented, code, photo=[sent(stranger)])
        assert told["code"] == "case_bad_attachment"
        assert CaseMaterial._get_collection().find_one() is None

    def test_a_material_that_the_item_has_not_is_refused(self, consented, code, born):
        assert refused(consented, code, other=[sent(consented)])["code"] == "material_unknown"

    def test_no_file_of_a_wrong_id_makes_an_error_of_ours(self, consented, code, born):
        answer = kit.applied(consented, code, FILLED, body={"materials": [{"code": "photo", "files": ["x"]}]})
        assert answer.status_code in {404, 422}


class TestLater:
    @pytest.fixture
    def case_id(self, consented, code, born):
        return opened(consented, code, photo=[sent(consented)])

    def test_a_clerk_sees_what_was_used_after_an_access_line(self, client, office, case_id):
        told = used(office.clerk, case_id, "/office/v1/cases")
        assert (told["birth"]["source_zh"], told["birth"]["now"]) == (told["birth"]["source_zh"], "same")
        line = AccessLine._get_collection().find_one({"who": office.clerk.actor().key})
        assert line["fields"] == ["case.materials"]
        other = seat(client, "case_handler", unit="justice")
        assert other.get(f"/office/v1/cases/{case_id}/materials").status_code == 404

    def test_a_dispute_afterwards_is_said(self, office, consented, case_id, born):
        consented.post(f"/mini/v1/facts/{born}/dispute", {"text": "日期错误"})
        assert used(office.clerk, case_id, "/office/v1/cases")["birth"]["now"] == "disputed"

    def test_a_correction_afterwards_is_said_and_what_was_used_stays(self, client, office, consented, case_id, born):
        disputed = consented.post(f"/mini/v1/facts/{born}/dispute", {"text": "日期错误"}).json["id"]
        police = seat(client, "case_handler", unit="public_security")
        move(police, disputed, "claim")
        decide(police, disputed, "corrected", value={"birth": "1990-03-17"})
        told = used(office.clerk, case_id, "/office/v1/cases")["birth"]
        assert told["now"] == "changed"
        assert "17" not in told["value_zh"]


class TestEarlierCases:
    def test_a_result_that_counts_is_used_and_says_so_when_it_is_revoked(self, office, consented, resident):
        first = office.item()
        done = office.decided(resident, first)
        proof = {"code": "proof", "zh": "优待证明", "required": True, "from": [{"case": first}]}
        case_id = opened(consented, office.item(materials=[proof]))
        told = used(consented, case_id)["proof"]
        assert (told["origin"], told["now"]) == ("case", "same")
        resident.post(f"/mini/v1/cases/{done}/appeal", {"text": "写错了"})
        move(office.supervisor, done, "claim")
        decide(office.supervisor, done, "overturned")
        queues.drain("affairs")
        assert used(consented, case_id)["proof"]["now"] == "changed"

    def test_an_upload_of_a_decided_case_is_used_again_and_opens_for_the_clerk(self, office, resident):
        again = {**PHOTO, "from": [{"file": True}]}
        first = office.item(materials=[again])
        done = opened(resident, first, photo=[sent(resident)])
        second = office.item(materials=[{**PHOTO, "from": [{"case": first}, {"file": True}]}])
        assert refused(resident, second)["code"] == "materials_missing"
        settle(office.clerk, done, "refused")
        case_id = opened(resident, second)
        told = used(office.clerk, case_id, "/office/v1/cases")["photo"]
        assert (told["origin"], used(resident, case_id)["spared"]) == ("case", 1)
        path = f"/office/v1/cases/{case_id}/materials/files/{told['files'][0]}"
        assert office.clerk.get(path).status_code == 200
        assert office.clerk.get(f"/office/v1/cases/{case_id}/materials/files/{ObjectId()}").status_code == 404

    def test_of_another_applicant_nothing_is_used(self, client, sandbox, office, resident):
        first = office.item()
        office.decided(resident, first)
        proof = {"code": "proof", "zh": "优待证明", "required": True, "from": [{"case": first}]}
        stranger = Phone(client, sandbox).ready().sure()
        assert refused(stranger, office.item(materials=[proof]))["code"] == "materials_missing"


class TestFirms:
    def test_the_registers_of_firms_are_used_without_a_consent(self, client, sandbox, registers_box, office):
        made = firms.joined(client, sandbox)
        firms.known(registers_box, made)
        tax = {"code": "tax", "zh": "纳税证明", "required": True, "from": [{"register": "firm.tax"}]}
        code = office.item(applicants=["firm"], materials=[tax])
        told = made.get(f"/service-items/{code}/materials").json["items"][0]
        assert (told["known"], told["why"]) == (False, "not_known")
        firms.asked(made)
        told = made.get(f"/service-items/{code}/materials").json
        assert (told["spared"], told["items"][0]["origin"]) == (1, "register")
        answer = made.post(f"/service-items/{code}/cases", {"version": 1, "answers": FILLED})
        assert answer.status_code == 201, answer.json
        case_id = answer.json["id"]
        assert made.get(f"/cases/{case_id}/materials").json["spared"] == 1
        settle(office.clerk, case_id, "granted")
        assert made.get(f"/cases/{case_id}/result").json["state"] == "standing"
        assert made.post(f"/cases/{case_id}/rating", {"stars": 5}).status_code == 201
