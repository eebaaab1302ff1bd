"""Single codes and whole rolls in the hands of the office: found, frozen, released, void; lost rolls; spoilt labels."""

import pytest

from backend.codes import product_code
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import account
from models.selenium import code, code_office, code_quota, lot, pack, roll, unbound, verdict
from models.selenium.code import Code
from models.selenium.code_quota import CodeQuota
from models.selenium.pack import LabelsTaken
from models.selenium.producer import acting
from models.selenium.roll import RollLost
from tests.selenium.code_kit import Packing, path
from tests.selenium.grower_kit import ORANGE, OTHER_VILLAGE, Firm, farmer, producing, town_clerk
from tests.support.crowd import at_once

OFFICE = "/office/v1/codes"


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


def kind(labels, n=1) -> str:
    return verdict.look(code.text(labels, n)).kind


def issued(packing) -> int:
    return CodeQuota._get_collection().find_one({"producer": packing.grower.producer_id})["issued_grams"]


def audited(action: str) -> int:
    return AuditEntry._get_collection().count_documents({"action": action, "at": {"$exists": True}})


def test_the_office_finds_out_what_a_code_is(packing, client):
    labels, made = packing.packed()
    text = code.text(labels, 2)
    client.get(path(labels, 2))
    told = packing.clerk.get(f"{OFFICE}/{text.lower()}").json
    assert (told["verdict"], told["roll"], told["label"], told["pack"]) == ("genuine", labels["_id"], 2, made["_id"])
    assert (told["lot"], told["scans"], told["code"], "mark" in told) == (packing.lot, 1, text, False)
    assert {"roll.order", "pack.bind", "pack.active", "scan.first"} == {one["what"] for one in told["history"]}
    assert [one["at"] for one in told["history"]] == sorted((one["at"] for one in told["history"]), reverse=True)
    assert code.read(product_code.read(text).head)["scans"] == 1


def test_the_office_sees_that_a_tag_is_forged_or_a_code_was_never_issued(packing):
    labels = packing.rolled(3)
    Code._get_collection().delete_one({"roll": labels["_id"], "n": 2})
    told = packing.clerk.get(f"{OFFICE}/{code.text(labels, 2)}").json
    assert (told["verdict"], "label" in told) == ("unissued", False)
    forged = checked(code.text(labels, 1)[:10] + "".join(reversed(code.text(labels, 1)[10:22])))
    assert packing.clerk.get(f"{OFFICE}/{forged}").json["verdict"] == "unknown"
    assert packing.clerk.post(f"{OFFICE}/{forged}/freeze", {"reason": "copied"}).status_code == 404


def checked(body: str) -> str:
    for letter in product_code.ALPHABET:
        try:
            product_code.read(body + letter)
        except product_code.CheckWrong:
            continue
        return body + letter
    raise AssertionError(body)


def test_one_code_is_frozen_and_released_and_its_neighbours_are_not(packing, client):
    labels, _ = packing.packed()
    at = f"{OFFICE}/{code.text(labels, 1)}"
    first = packing.clerk.post(f"{at}/freeze", {"reason": "copied"})
    assert (first.status_code, first.json["mark"], first.json["reason_zh"]) == (200, "frozen", "疑似被复制")
    assert (kind(labels, 1), kind(labels, 2)) == ("frozen", "genuine")
    page = client.get(path(labels)).text
    assert ("该码疑似被复制" in page, "请您" in page) == (True, False)
    assert packing.clerk.post(f"{at}/freeze", {"reason": "suspected"}).json["reason_zh"] == "疑似被复制"
    assert audited("code.freeze") == 1
    assert packing.clerk.post(f"{at}/release").json["verdict"] == "genuine"
    assert packing.clerk.post(f"{at}/release").status_code == 200
    assert audited("code.release") == 1


def test_a_void_code_stays_void(packing, client):
    labels, _ = packing.packed(state="sold")
    at = f"{OFFICE}/{code.text(labels, 1)}"
    before = issued(packing)
    assert packing.clerk.post(f"{at}/void", {"reason": "printed_wrong"}).json["mark"] == "void"
    assert packing.clerk.post(f"{at}/void", {"reason": "copied"}).json["reason_zh"] == "印制有误"
    for verb, body in (("freeze", {"reason": "copied"}), ("release", {})):
        assert packing.clerk.post(f"{at}/{verb}", body).json["code"] == "code_void"
    assert (kind(labels, 1), "标签已作废" in client.get(path(labels)).text) == ("void", True)
    assert issued(packing) == before
    assert packing.clerk.post(f"{at}/void", {"reason": "mood"}).status_code == 400


def test_of_several_states_the_heaviest_is_told(packing):
    labels, _ = packing.packed()
    packing.clerk.post(f"{OFFICE}/{code.text(labels, 1)}/freeze", {"reason": "suspected"})
    packing.clerk.post(f"{OFFICE}/{code.text(labels, 2)}/void", {"reason": "copied"})
    assert [kind(labels, n) for n in (1, 2, 3)] == ["frozen", "void", "genuine"]
    lot.hold(packing.lot, "suspected", by="staff:test")
    assert [kind(labels, n) for n in (1, 2, 3)] == ["frozen", "void", "frozen"]
    lot.recall(packing.lot, by="staff:test")
    assert [kind(labels, n) for n in (1, 2, 3)] == ["recalled", "void", "recalled"]


def test_another_towns_office_neither_sees_nor_moves_a_code(packing, client):
    labels, _ = packing.packed()
    elsewhere, text = town_clerk(client, OTHER_VILLAGE[:9]), code.text(labels, 1)
    assert elsewhere.get(f"{OFFICE}/{text}").status_code == 404
    assert elsewhere.post(f"{OFFICE}/{text}/freeze", {"reason": "copied"}).status_code == 404
    assert elsewhere.post(f"/office/v1/rolls/{labels['_id']}/lost").status_code == 404
    for nothing in ("0" * 22, "nonsense", "7" * 16):
        assert packing.clerk.get(f"{OFFICE}/{nothing}").status_code == 404


def test_freezing_releasing_and_voiding_at_once_ends_void_and_is_audited_once(packing):
    labels, _ = packing.packed()
    at = f"{OFFICE}/{code.text(labels, 1)}"
    verbs = [("freeze", {"reason": "copied"}), ("void", {"reason": "copied"}), ("release", {})] * 2
    codes = at_once([lambda v=verb, b=body: packing.clerk.post(f"{at}/{v}", b).status_code for verb, body in verbs])
    assert set(codes) <= {200, 409}
    assert (kind(labels), audited("code.void")) == ("void", 1)


def test_looking_at_a_farmers_code_leaves_an_access_line(client, seeded, sandbox):
    phone, clerk = farmer(client, sandbox), town_clerk(client)
    packing = Packing(Farm(phone), clerk)
    person = packing.grower.producer["person"]
    labels = packing.rolled(1)
    before = AccessLine._get_collection().count_documents({"subjects": person})
    assert clerk.get(f"{OFFICE}/{code.text(labels, 1)}").json["verdict"] == "not_active"
    assert AccessLine._get_collection().count_documents({"subjects": person}) == before + 1
    at = f"/mini/v1/selenium/rolls/{labels['_id']}"
    body = {"first": 1, "last": 1, "reason": "unused"}
    assert phone.post(f"{at}/void-labels", body).json["void"] == 1
    assert phone.post(f"{at}/lost").json["lost"] is True


class Farm(Firm):
    """A farmer who packs: what `Packing` asks of a firm."""

    def __init__(self, phone):
        super().__init__(phone, "")

    def call(self, method, path, body=None, **headers):
        return self.phone.call(method, f"/mini/v1{path}", body, **headers)

    def grower(self):
        return acting(account.authenticate(self.phone.token))


# Labels that are on no package


def test_spoilt_labels_become_void_and_the_quota_gets_them_back_once(packing):
    labels, before = packing.rolled(20), issued(packing)
    pack.activate(packing.grower, pack.bind(packing.grower, labels["_id"], packing.lot, 1, 5)["_id"])
    at, body = f"/selenium/rolls/{labels['_id']}/void-labels", {"first": 6, "last": 9, "reason": "spoilt"}
    made = packing.firm.post(at, body)
    assert (made.status_code, made.json["void"], made.json["bound"]) == (200, 4, 5)
    assert issued(packing) == before - 20_000
    assert packing.firm.post(at, body).status_code == 200
    assert (issued(packing), audited("roll.void")) == (before - 20_000, 1)
    assert [kind(labels, n) for n in (5, 6, 9, 10)] == ["genuine", "void", "void", "not_active"]
    for first, last in ((5, 6), (9, 10), (1, 20)):
        taken = packing.firm.post(at, body | {"first": first, "last": last})
        assert (taken.status_code, taken.json["code"]) == (409, "labels_taken")
    assert packing.firm.post(at, body | {"first": 20, "last": 21}).json["code"] == "labels_outside"
    with pytest.raises(LabelsTaken):
        pack.bind(packing.grower, labels["_id"], packing.lot, 9, 10)


def test_voiding_and_binding_at_once_take_each_label_once(packing):
    labels, before = packing.rolled(10), issued(packing)

    def voids():
        try:
            unbound.void(packing.grower, labels["_id"], 3, 8, "spoilt")
        except LabelsTaken:
            return "taken"
        return "void"

    def binds():
        try:
            pack.bind(packing.grower, labels["_id"], packing.lot, 5, 10)
        except LabelsTaken:
            return "taken"
        return "bound"

    results = at_once([voids, binds] * 4)
    won = set(results) - {"taken"}
    assert len(won) == 1
    assert issued(packing) == before - (30_000 if won == {"void"} else 0)
    assert len(roll.read(labels["_id"])["spans"]) == 1


def test_control_reading_first_would_give_the_quota_back_twice(packing):
    labels, rolls = packing.rolled(10), roll.Roll._get_collection()
    quota = code_quota.key(packing.grower.producer_id, ORANGE, labels["season"])
    before = issued(packing)

    def voids():
        if not rolls.find_one({"_id": labels["_id"]})["spans"]:
            rolls.update_one({"_id": labels["_id"]}, {"$push": {"spans": {"first": 1, "last": 9, "void": "spoilt"}}})
            CodeQuota._get_collection().update_one({"_id": quota}, {"$inc": {"issued_grams": -1}})

    for _ in range(20):
        at_once([voids] * 8)
        if issued(packing) < before - 1:
            return
        rolls.update_one({"_id": labels["_id"]}, {"$set": {"spans": []}})
        CodeQuota._get_collection().update_one({"_id": quota}, {"$set": {"issued_grams": before}})
    pytest.fail("the race was not seen")


def test_a_lost_roll_freezes_what_is_on_no_package_and_binds_no_more(packing, client):
    labels = packing.rolled(10)
    pack.activate(packing.grower, pack.bind(packing.grower, labels["_id"], packing.lot, 1, 4)["_id"])
    answer = packing.firm.post(f"/selenium/rolls/{labels['_id']}/lost")
    assert (answer.status_code, answer.json["lost"]) == (200, True)
    assert [kind(labels, n) for n in (4, 5)] == ["genuine", "frozen"]
    page = client.get(path(labels, 5)).text
    assert ("已登记遗失" in page, "累计查验:1 次" in page) == (True, True)
    with pytest.raises(RollLost):
        pack.bind(packing.grower, labels["_id"], packing.lot, 5, 6)
    assert packing.firm.post(f"/selenium/rolls/{labels['_id']}/lost").status_code == 200
    assert audited("roll.lost") == 1
    assert packing.firm.post(f"/selenium/rolls/{labels['_id']}/found").status_code == 404
    before = issued(packing)
    body = {"first": 9, "last": 10, "reason": "lost"}
    assert packing.firm.post(f"/selenium/rolls/{labels['_id']}/void-labels", body).json["void"] == 2
    assert issued(packing) == before - 10_000
    found = packing.clerk.post(f"/office/v1/rolls/{labels['_id']}/found")
    assert (found.json["lost"], kind(labels, 5), kind(labels, 10)) == (False, "not_active", "void")
    assert pack.bind(packing.grower, labels["_id"], packing.lot, 5, 6)["state"] == "bound"


def test_losing_and_binding_at_once_end_in_one_order(packing):
    labels = packing.rolled(10)

    def binds(n):
        try:
            return pack.bind(packing.grower, labels["_id"], packing.lot, n, n)["_id"]
        except RollLost:
            return ""

    def loses():
        return unbound.report_lost(packing.grower, labels["_id"])["_id"]

    made = at_once([loses, *(lambda n=n: binds(n) for n in range(1, 8)), loses])[1:-1]
    assert len(roll.read(labels["_id"])["spans"]) == len([one for one in made if one])
    assert audited("roll.lost") == 1
    assert all(kind(labels, n) in {"not_active", "frozen"} for n in range(1, 11))
    assert kind(labels, 10) == "frozen"


def test_the_office_reports_a_roll_lost_too(packing):
    labels = packing.rolled(3)
    assert packing.clerk.post(f"/office/v1/rolls/{labels['_id']}/lost").json["lost"] is True
    assert packing.clerk.post(f"/office/v1/rolls/{labels['_id']}/found").json["lost"] is False
    assert packing.clerk.post(f"/office/v1/rolls/{labels['_id']}/found").status_code == 200
    assert audited("roll.found") == 1


def test_a_frozen_label_that_is_on_no_package_takes_no_scratch_code(packing, client):
    labels = packing.rolled(3, scratch=True)
    unbound.report_lost(packing.grower, labels["_id"])
    page = client.post(path(labels), data={"secret": "00000000"})
    assert (page.status_code, "刮刮码" in page.text) == (200, False)
    assert code_office.REASON_ZH.keys() >= verdict.BECAUSE_ZH.keys()
