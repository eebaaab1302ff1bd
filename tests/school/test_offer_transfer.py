"""Moving to another school after the acceptance: both schools and the bureau, one place for the other."""

import pytest

from models.school.transfer import SchoolTransfer
from tests.school.after_kit import (
    MINI,
    OFFICE,
    ROUND,
    A,
    B,
    C,
    Published,
    clerk,
    exact,
    family,
    manager,
    of,
    states,
)
from tests.support import affairs, queues


@pytest.fixture
def ours(client, seeded, sandbox):
    phone, made = family(client, sandbox), Published({A: 1, B: 2, C: 1})
    mine = made.placed(A, C, at=A, lot=1, phone=phone)
    waits = made.placed(A, at="", lot=2)
    made.placed(C, at=C, lot=3)
    made.offers()
    assert phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept").status_code == 200
    return phone, made, mine, waits


def ask(phone, application, school=B):
    path = f"{MINI}/offers/{of(application)['_id']}/transfers"
    return phone.post(path, {"school": school, "text": "全家已搬到贡江镇居住"})


def received(client, case, school=B):
    receiving = clerk(client, school)
    affairs.move(receiving, case, "claim")
    affairs.decide(receiving, case, "receives")


def consent(client, school, *, agrees=True):
    sending = clerk(client, school)
    (told,) = sending.get(f"{OFFICE}/rounds/{ROUND}/schools/{school}/transfers").json["items"]
    return sending.post(f"{OFFICE}/transfers/{told['id']}/consent", {"agrees": agrees})


def settle(client, case, outcome="moved", *, status=200):
    bureau = manager(client)
    affairs.move(bureau, case, "claim")
    return affairs.decide(bureau, case, outcome, status=status)


def test_takes_the_place_at_the_one_and_frees_the_other_for_who_waits(ours, client):
    phone, made, mine, waits = ours
    case = ask(phone, mine).json["id"]
    received(client, case)
    assert consent(client, A).json["agrees"] is True
    settle(client, case)
    assert states(mine) == {A: "released", B: "accepted"}
    assert of(mine, B)["number"] != of(mine, A)["number"]
    assert phone.get(f"{MINI}/offers/{of(mine, B)['_id']}/notice.pdf").status_code == 200
    queues.drain("affairs")
    assert states(waits) == {A: "offered"}
    assert states(mine) == {A: "released", B: "accepted"}
    exact(made)


def test_without_the_sending_schools_word_nothing_moves(ours, client):
    phone, made, mine, _ = ours
    case = ask(phone, mine).json["id"]
    received(client, case)
    assert settle(client, case, status=409)["code"] == "school_transfer_consent_missing"
    assert consent(client, A, agrees=False).status_code == 200
    bureau = manager(client)
    assert bureau.get(f"/office/v1/cases/{case}").json["state"] == "open"
    assert states(mine) == {A: "accepted"}
    exact(made)


def test_the_other_school_may_say_no(ours, client):
    phone, _, mine, _ = ours
    case = ask(phone, mine).json["id"]
    receiving = clerk(client, B)
    affairs.move(receiving, case, "claim")
    affairs.decide(receiving, case, "refused")
    assert SchoolTransfer._get_collection().find_one({"from_school": A})["state"] == "refused"
    assert states(mine) == {A: "accepted"}
    assert ask(phone, mine).status_code == 201


def test_into_a_full_school_is_refused_whole(ours, client):
    phone, made, mine, _ = ours
    case = ask(phone, mine, C).json["id"]
    received(client, case, C)
    consent(client, A)
    assert settle(client, case, status=409)["code"] == "school_seats_gone"
    assert states(mine) == {A: "accepted"}
    exact(made)


def test_is_asked_once_of_an_accepted_place_and_for_a_school_of_the_round(ours):
    phone, _, mine, waits = ours
    for school in (A, "school_z"):
        told = ask(phone, mine, school)
        assert (told.status_code, told.json["code"]) == (422, "school_transfer_impossible")
    assert ask(phone, mine).status_code == 201
    assert ask(phone, mine).json["code"] == "case_already_open"
    assert phone.post(f"{MINI}/offers/{waits}/transfers", {"school": B, "text": "x"}).status_code == 404


def test_taken_back_it_may_be_asked_again(ours):
    phone, _, mine, _ = ours
    case = ask(phone, mine).json["id"]
    assert phone.post(f"/mini/v1/cases/{case}/withdraw").json["state"] == "withdrawn"
    assert ask(phone, mine).status_code == 201


def test_a_third_school_says_nothing_about_it(ours, client):
    phone, _, mine, _ = ours
    ask(phone, mine)
    found = SchoolTransfer._get_collection().find_one({"from_school": A})
    third = clerk(client, C)
    assert third.post(f"{OFFICE}/transfers/{found['_id']}/consent", {"agrees": True}).status_code == 404
    assert clerk(client, B).post(f"{OFFICE}/transfers/{found['_id']}/consent", {"agrees": True}).status_code == 404
    affairs.move(third, str(found["case"]), "claim", status=404)
