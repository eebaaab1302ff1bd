"""From an application to a certificate: documents, sample, laboratory, verdict, decision."""

import pytest

from models.selenium import lot
from models.selenium.certificate import Certificate
from tests.selenium import cert_kit
from tests.selenium.cert_kit import PUBLIC, STANDARD, Desk, applied, lot_of
from tests.selenium.grower_kit import confirmed_plot, farmer, producing, town_clerk
from tests.support import affairs
from tests.support.crowd import at_once


@pytest.fixture
def desk(client, seeded):
    return Desk(client)


@pytest.fixture
def own(client, seeded, sandbox):
    return producing(client, sandbox)


@pytest.fixture
def goods(own, client):
    return cert_kit.grown(own, town_clerk(client))


@pytest.fixture
def made(own, goods):
    return applied(own, [goods])


@pytest.fixture
def seal(made):
    return f"YD-{made['id'][-10:].upper()}"


def test_an_orange_that_passes_one_standard_is_certified_by_that_one(desk, own, goods, client):
    made = applied(own, [goods], STANDARD, "gb_28050_2011")
    judged = desk.judged(made, "YD-ORANGE-1")
    outcomes = {one["standard"]: one["outcome"] for one in judged["verdicts"]}
    assert (judged["state"], judged["met"], outcomes["gb_28050_2011"]) == ("judged", [STANDARD], "below")
    desk.decided(made)
    shown = own.get(f"/selenium/certifications/{made['id']}").json
    assert shown["state"] == "granted"
    found = client.get(f"{PUBLIC}/certificates/{shown['certificate']}").json
    assert (found["state"], found["lots"], found["holder"]) == ("valid", [goods], "于都县测试种植专业合作社")
    assert [one["number"] for one in found["standards"]] == ["DB36/T 566-2009"]
    assert [one["number"] for one in own.get("/selenium/certificates").json["items"]] == [shown["certificate"]]


def test_a_farmer_applies_by_phone_and_sees_the_case(client, seeded, sandbox, desk):
    phone = farmer(client, sandbox)
    from models.identity import account  # noqa: PLC0415 - only here, by the token of a test
    from models.selenium.producer import acting  # noqa: PLC0415

    field = confirmed_plot(phone, town_clerk(client))
    number = lot_of(acting(account.authenticate(phone.token)), field)
    answer = phone.post("/mini/v1/selenium/certifications", {"lots": [number], "standards": [STANDARD]})
    assert answer.status_code == 201, answer.json
    case = phone.get(f"/mini/v1/cases/{answer.json['case_id']}")
    assert (case.status_code, case.json["number"]) == (200, answer.json["case_number"])
    listed = phone.get("/mini/v1/selenium/certifications").json["items"]
    assert [one["id"] for one in listed] == [answer.json["id"]]
    assert phone.post(f"/mini/v1/cases/{case.json['id']}/withdraw").status_code == 200
    assert desk.read(answer.json)["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("standards", "code"),
    [
        (["nothing"], "standard_unknown"),
        (["t_qas_011_2020"], "certification_standards_wrong"),
        (["gb_28050_2025"], "certification_standards_wrong"),
    ],
)
def test_one_applies_by_standards_of_the_county_that_are_in_force(own, goods, standards, code):
    assert applied(own, [goods], *standards, status=422)["code"] == code


def test_one_applies_for_own_open_lots_once(own, goods, made, client, sandbox):
    assert applied(own, [goods], status=409)["code"] == "case_already_open"
    stranger = producing(client, sandbox)
    applied(stranger, [goods], status=404)
    lot.hold(goods, "suspected", by="staff:test")
    assert applied(own, [goods], status=422)["code"] == "certification_lots_wrong"
    assert stranger.get(f"/selenium/certifications/{made['id']}").status_code == 404
    wrong = own.post("/selenium/certifications", {"lots": [], "standards": [STANDARD]})
    assert wrong.status_code == 400


def test_no_sample_before_the_documents_are_checked(desk, made, seal):
    assert desk.take(made, seal).json["code"] == "certification_state"
    desk.checked(made)
    assert desk.take(made, seal, lot="20261120AAAAAAAA").json["code"] == "sample_lot_wrong"
    assert desk.take(made, "x").status_code == 400
    assert desk.take(made, seal).status_code == 201
    assert desk.take(made, seal + "B").json["code"] == "certification_state"


def test_custody_goes_from_hand_to_hand_in_order(desk, made, seal):
    desk.checked(made)
    desk.take(made, seal)
    other = affairs.seat(desk.client, "cert_clerk", unit=cert_kit.CENTRE)
    assert desk.hand(other, seal, desk.lab).json["code"] == "sample_custody"
    assert desk.hand(desk.clerk, seal, desk.manager).json["code"] == "sample_receiver_unknown"
    assert desk.receive(desk.clerk, seal).json["code"] == "sample_custody"
    assert desk.lab.get(f"/office/v1/samples/{seal}").status_code == 404
    handed = desk.hand(desk.clerk, seal, desk.lab)
    assert handed.status_code == 200, handed.json
    assert desk.hand(desk.clerk, seal, desk.lab).json == handed.json
    assert desk.hand(desk.clerk, seal, other).json["code"] == "sample_custody"
    assert desk.receive(desk.second, seal).status_code == 404
    received = desk.receive(desk.lab, seal, 2990)
    assert received.status_code == 200, received.json
    assert desk.receive(desk.lab, seal, 2990).json == received.json
    assert [one["what"] for one in received.json["custody"]] == ["taken", "handed", "received"]
    assert (received.json["at_lab"], received.json["state"]) == (True, "held")


@pytest.mark.parametrize(("grams", "intact"), [(3000, False), (2900, True), (3100, True)])
def test_a_broken_seal_or_a_wrong_weight_ends_the_sample_and_another_is_taken(desk, made, seal, grams, intact):
    desk.checked(made)
    desk.take(made, seal)
    desk.hand(desk.clerk, seal, desk.lab)
    assert desk.receive(desk.lab, seal, grams, intact=intact).json["state"] == "broken"
    assert desk.enter(seal).json["code"] == "sample_custody"
    assert desk.read(made)["state"] == "applied"
    assert desk.take(made, seal).json["code"] == "seal_taken"
    assert desk.take(made, f"{seal}B").status_code == 201


def test_a_result_is_entered_at_the_laboratory_and_confirmed_by_another_person(desk, made, seal):
    desk.at_lab(made, seal)
    elsewhere = affairs.seat(desk.client, "lab_clerk", unit="health_commission")
    assert elsewhere.post(f"/office/v1/samples/{seal}/results", cert_kit.report("X-1")).status_code == 404
    assert desk.clerk.post(f"/office/v1/samples/{seal}/results", cert_kit.report("X-1")).status_code == 403
    entered = desk.enter(seal).json
    assert desk.enter(seal).json["code"] == "lab_result_taken"
    assert desk.confirm(entered["id"], desk.lab).json["code"] == "lab_same_person"
    assert desk.confirm(entered["id"], elsewhere).status_code == 404
    assert desk.decided(made, status=409)["code"] == "certification_not_met"
    confirmed = desk.confirm(entered["id"])
    assert (confirmed.status_code, desk.confirm(entered["id"]).json) == (200, confirmed.json)
    answer = desk.second.post(f"/office/v1/lab-results/{entered['id']}/return")
    assert answer.json["code"] == "lab_result_settled"
    assert desk.clerk.get(f"/office/v1/samples/{seal}").json["state"] == "tested"


def test_a_returned_result_is_entered_anew(desk, made, seal):
    desk.at_lab(made, seal)
    first = desk.enter(seal, se="0.120").json
    assert desk.second.post(f"/office/v1/lab-results/{first['id']}/return").json["state"] == "returned"
    second = desk.enter(seal).json
    assert desk.confirm(second["id"]).status_code == 200
    assert desk.read(made)["met"] == [STANDARD]


@pytest.mark.parametrize(
    "told",
    [
        {"analytes": [{"code": "Cd", "value": "0.1", "method": "GB", "conforms": True}]},
        {"analytes": [{"code": "Se", "value": "0.1", "method": "GB"}] * 2},
        {"analytes": [{"code": "Se", "value": "0.1", "method": "GB"}, {"code": "Cd", "value": "0.1", "method": "GB"}]},
        {"analytes": [{"code": "Se", "value": "0.00001", "method": "GB"}]},
        {"report_date": "2026-11-21"},
        {"report_date": "2026-11-19"},
    ],
)
def test_a_result_that_cannot_be_is_refused(desk, made, seal, told):
    desk.at_lab(made, seal)
    assert desk.enter(seal, **told).status_code == 422


@pytest.mark.parametrize(
    ("se", "cd", "expected"),
    [("0.009", True, "below"), ("0.051", True, "above"), (None, True, "below"), ("0.012", False, "pass")],
)
def test_what_fails_is_not_granted_but_refused(desk, made, seal, se, cd, expected):
    analytes = cert_kit.report("x", se)["analytes"]
    analytes[1]["conforms"] = cd
    judged = desk.judged(made, seal, analytes=analytes)
    assert {one["standard"]: one["outcome"] for one in judged["verdicts"]}[STANDARD] == expected
    assert desk.decided(made, status=409)["code"] == "certification_not_met"
    affairs.decide(desk.manager, made["case_id"], "refused")
    assert desk.read(made)["state"] == "refused"
    assert "certificate" not in desk.read(made)


def test_a_lot_held_meanwhile_gets_no_certificate(desk, made, seal, goods):
    desk.judged(made, seal)
    lot.hold(goods, "suspected", by="staff:test")
    assert desk.decided(made, status=409)["code"] == "lot_not_open"
    assert desk.read(made)["state"] == "judged"


def test_of_two_confirmations_at_once_one_judges(desk, made, seal):
    desk.at_lab(made, seal)
    entered = desk.enter(seal).json
    third = affairs.seat(desk.client, "lab_clerk", unit=cert_kit.LAB)
    told = at_once([lambda who=who: desk.confirm(entered["id"], who).status_code for who in (desk.second, third)])
    assert sorted(told) == [200, 409]


def test_decisions_at_once_make_one_certificate(desk, made, seal):
    desk.judged(made, seal)
    affairs.move(desk.manager, made["case_id"], "claim")
    body = {"outcome": "granted", "reason": "经核对。"}
    path = f"/office/v1/cases/{made['case_id']}/decide"
    codes = at_once([lambda: desk.manager.post(path, body).status_code] * 4)
    assert 200 in codes
    found = desk.read(made)
    assert found["state"] == "granted"
    assert len(list(Certificate._get_collection().find({"lots": made["lots"][0]}))) == 1
