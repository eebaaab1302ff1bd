"""Figures, dashboard and export: who sees how many, who sees whom, and with whose agreement."""

import io

import openpyxl
import pytest
from bson import ObjectId

from backend import small_numbers
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import approval
from models.school import offer_make, statistics
from models.school.offer import SchoolOffer
from models.school.round import SchoolRound
from tests.school.after_kit import BUREAU, MINI, OFFICE, ROUND, A, B, Published, clerk, family, manager, of, resident
from tests.school.test_appeal_open import appeal, refused
from tests.support import affairs, queues

PUBLIC = f"/public/v1/school/rounds/{ROUND}/figures"


@pytest.fixture
def made(client, seeded):
    """Twelve at A by first choice, six at B by second choice of whom all wait for A, three nowhere, two refused."""
    made = Published({A: 12, B: 6})
    for lot in range(1, 13):
        made.placed(A, B, at=A, lot=lot)
    for lot in range(13, 19):
        made.placed(A, B, at=B, lot=lot, priority=201)
    for lot in range(19, 22):
        made.placed(A, at="", lot=lot, priority=301)
    made.apply(A, state="refused")
    made.apply(A, state="refused")
    made.apply(A, state="submitted")
    return made.offers()


def test_the_figures_add_up(made):
    told = statistics.of_round(ROUND)
    assert (told["applied"], told["qualified"], told["refused"], told["in_review"]) == (24, 21, 2, 1)
    assert (told["placed"], told["unplaced"], told["waiting"]) == (18, 3, 9)
    assert told["by_choice"] == [{"number": 1, "count": 12}, {"number": 2, "count": 6}]
    assert told["by_tier"] == [{"number": 1, "count": 12}, {"number": 2, "count": 6}]
    assert told["offers"]["offered"] == 18
    first, second = told["schools"]
    assert (first["places"], first["taken"], first["offered"], first["waiting"]) == (12, 12, 12, 9)
    assert (second["places"], second["taken"], second["offered"], second["waiting"]) == (6, 6, 6, 0)


def test_the_public_sees_no_group_of_fewer_than_five(made, client):
    told = client.get(PUBLIC).json
    assert (told["applied"], told["placed"], told["waiting"]) == (24, 18, 9)
    assert (told["refused"], told["in_review"], told["qualified"]) == (None, None, 21)
    assert told["by_choice"] == [{"number": 1, "count": 12}, {"number": 2, "count": 6}]
    assert told["offers"]["offered"] == 18


def test_before_the_publication_there_are_no_public_figures(made, client):
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "drawn"}})
    assert client.get(PUBLIC).status_code == 404
    assert client.get("/public/v1/school/rounds/nothing/figures").status_code == 404


def numbers(told) -> list[int]:
    """Return every count of an answer; ranks, tiers and the places of a plan are none."""
    if isinstance(told, dict):
        return [each for name, one in told.items() if name not in {"number", "places"} for each in numbers(one)]
    if isinstance(told, list):
        return [each for one in told for each in numbers(one)]
    return [told] if type(told) is int else []


class TestBoard:
    def test_shows_the_bureau_everything(self, made, client):
        told = manager(client).get(f"{OFFICE}/rounds/{ROUND}/board").json
        assert told["funnel"]["applied"] == 24
        assert told["reviews_overdue"] == 1
        assert [one["school"] for one in told["schools"]] == [A, B]
        assert told["open_appeals"] == []

    def test_shows_a_school_its_own_row_alone(self, made, client):
        told = clerk(client, B).get(f"{OFFICE}/rounds/{ROUND}/board").json
        assert [one["school"] for one in told["schools"]] == [B]
        assert set(told) == {"round", "state", "state_zh", "schools"}

    def test_shows_an_auditor_figures_alone(self, made, client, sandbox):
        phone = family(client, sandbox)
        mine = refused(made, phone, A)
        assert appeal(phone, mine).status_code == 201
        for one in SchoolOffer._get_collection().find({"round": ROUND, "school": A, "state": "offered"}).limit(3):
            accepted = {"$set": {"state": "accepted"}}
            SchoolOffer._get_collection().update_one({"_id": one["_id"]}, accepted)
        auditor = affairs.seat(client, "auditor")
        told = auditor.get(f"{OFFICE}/rounds/{ROUND}/board").json
        assert "open_appeals" not in told
        assert (told["funnel"]["refused"], told["funnel"]["in_review"], told["reviews_overdue"]) == (None, None, None)
        assert told["appeals"] == {"appeals": None, "appeals_open": None, "appeals_won": 0}
        first, second = told["schools"]
        assert (first["taken"], first["offered"], first["accepted"]) == (12, None, None)
        assert (second["taken"], second["offered"], second["accepted"]) == (6, None, 0), "a column hides two"
        assert (told["offers"]["accepted"], told["funnel"]["placed"], told["funnel"]["applied"]) == (None, None, 25)
        assert not [number for number in numbers(told) if 0 < number < small_numbers.SMALL]
        assert [text for text in (str(mine), "RXSS", str(resident(phone).person_id)) if text in str(told)] == []
        assert "少于 5 人" in told["note_zh"]
        whole = manager(client).get(f"{OFFICE}/rounds/{ROUND}/board").json
        assert (whole["funnel"]["refused"], len(whole["open_appeals"]), "note_zh" in whole) == (3, 1, False)

    def test_shows_the_auditor_nobody_on_any_other_page(self, made, client):
        auditor = affairs.seat(client, "auditor")
        for path in (
            f"applications?round={ROUND}", f"rounds/{ROUND}/schools/{A}/offers", f"rounds/{ROUND}/schools/{A}/waiting",
            f"rounds/{ROUND}/appeals", f"rounds/{ROUND}/candidates", f"rounds/{ROUND}/unreached",
            f"rounds/{ROUND}/undecided",
        ):  # fmt: skip
            assert auditor.get(f"{OFFICE}/{path}").status_code == 403, path

    def test_moves_with_the_answers(self, made, client, sandbox):
        phone = family(client, sandbox)
        made.school("school_c", 1)
        mine = made.placed("school_c", at="school_c", lot=90, phone=phone)
        offer_make.ensure(mine)
        phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept")
        rows = manager(client).get(f"{OFFICE}/rounds/{ROUND}/board").json["schools"]
        assert next(one for one in rows if one["school"] == "school_c")["accepted"] == 1

    def test_is_for_staff_with_figures_alone(self, made, client):
        assert affairs.seat(client, "school_liaison").get(f"{OFFICE}/rounds/{ROUND}/board").status_code == 403
        assert manager(client).get(f"{OFFICE}/rounds/nothing/board").status_code == 404


class TestExport:
    def propose(self, who, school=""):
        return who.post(f"{OFFICE}/rounds/{ROUND}/offers/exports", {"school": school, "reason": "报到日核对名单"})

    def fetch(self, who, approval_id):
        return who.get(f"{OFFICE}/offers/exports/{approval_id}/content.xlsx")

    def agree(self, client, approval_id):
        officer = affairs.seat(client, "privacy_officer", unit=BUREAU)
        approval.approve(officer.actor(), ObjectId(approval_id))

    def test_leaves_only_after_a_second_person_agreed_however_few_the_rows(self, made, client):
        school = clerk(client, B)
        told = self.propose(school, B)
        assert (told.status_code, told.json["rows"]) == (202, 6)
        waiting = self.fetch(school, told.json["approval_id"])
        assert (waiting.status_code, waiting.json["code"]) == (409, "school_export_not_approved")
        self.agree(client, told.json["approval_id"])
        answer = self.fetch(school, told.json["approval_id"])
        rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
        assert len(rows) == 7
        assert {row[1] for row in rows[1:]} == {"李**"}
        line = AccessLine._get_collection().find_one({"who": school.actor().key})
        assert (len(line["subjects"]), line["purpose"]) == (6, "school_enrolment")
        found = AuditEntry._get_collection().find_one({"action": "school_offer.export"})
        assert found["details"]["rows"] == 6

    def test_is_no_other_members_and_of_no_other_school(self, made, client):
        school = clerk(client, B)
        assert self.propose(school, A).status_code == 404
        assert self.propose(school).status_code == 404
        told = self.propose(school, B).json["approval_id"]
        self.agree(client, told)
        assert self.fetch(clerk(client, B), told).status_code == 404
        assert self.fetch(manager(client), told).status_code == 404

    def test_of_the_whole_round_is_the_bureaus_and_ends_after_a_day(self, made, client, travel):
        bureau = manager(client)
        told = self.propose(bureau)
        assert told.json["rows"] == 18
        self.agree(client, told.json["approval_id"])
        assert self.fetch(bureau, told.json["approval_id"]).status_code == 200
        travel("2026-11-21", "10:00")
        affairs.stay_awake()
        late = self.fetch(bureau, told.json["approval_id"])
        assert (late.status_code, late.json["code"]) == (409, "school_export_not_approved")

    def test_shows_whole_names_only_of_accepted_places(self, made, client, sandbox):
        phone = family(client, sandbox)
        made.school("school_c", 2)
        mine = made.placed("school_c", at="school_c", lot=90, phone=phone)
        other = made.placed("school_c", at="school_c", lot=91)
        for one in (mine, other):
            offer_make.ensure(one)
        phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept")
        queues.drain("affairs")
        school = clerk(client, "school_c")
        told = self.propose(school, "school_c").json["approval_id"]
        self.agree(client, told)
        rows = list(
            openpyxl.load_workbook(io.BytesIO(self.fetch(school, told).data)).active.iter_rows(values_only=True)
        )
        assert sorted(row[1] for row in rows[1:]) == ["李**", "李小满"]
