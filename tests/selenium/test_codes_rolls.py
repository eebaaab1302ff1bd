"""Rolls and packs: exactly as many codes as were ordered, labels that decode, ranges that are bound once."""

import io
import json
import zipfile

import pytest
from bson import ObjectId

from backend import jobs, outbox
from backend.codes import product_code
from models.selenium import code, lot, pack, roll, roll_labels
from models.selenium.code import Code
from models.selenium.code_quota import CodeQuota
from models.selenium.pack import LabelsOutside, LabelsTaken, LotMismatch, Pack
from tests.selenium.code_kit import Packing, path
from tests.selenium.grower_kit import OTHER_VILLAGE, farmer, producing, town_clerk
from tests.support import printed
from tests.support.crowd import at_once


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


def codes_of(labels) -> list[dict]:
    return list(Code._get_collection().find({"roll": labels["_id"]}).sort("n", 1))


def test_a_roll_has_exactly_its_codes_and_each_label_decodes_to_one(packing, client):
    answer = packing.firm.post("/selenium/rolls", {"item": str(packing.item), "count": 90, "start": 5})
    assert (answer.status_code, answer.json["state"], answer.json["parts_done"]) == (202, "making", 0)
    number = answer.json["id"]
    assert packing.firm.get(f"/selenium/rolls/{number}/labels.zip").json["code"] == "roll_not_ready"
    outbox.drain("reports")
    shown = packing.firm.get(f"/selenium/rolls/{number}").json
    assert (shown["state"], shown["parts_done"], shown["bound"], shown["packs"]) == ("ready", shown["parts"], 0, [])
    labels = roll.read(number)
    assert [one["n"] for one in codes_of(labels)] == list(range(1, 91))
    archive = zipfile.ZipFile(io.BytesIO(packing.firm.get(f"/selenium/rolls/{number}/labels.zip").data))
    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["labels"], archive.testzip()) == (90, None)
    read = printed.payloads(archive.read("labels-0001.pdf"))
    assert len(read) == 90
    assert set(read) == {roll_labels.payload(labels, code.text(labels, n)) for n in range(1, 91)}
    first = client.get(path(labels))
    assert "标签尚未启用" in first.text
    sheet = packing.firm.get(f"/selenium/rolls/{number}/sheets/1.pdf")
    assert sheet.data == archive.read("labels-0001.pdf")
    assert packing.firm.get(f"/selenium/rolls/{number}/sheets/2.pdf").status_code == 404


def test_a_job_that_was_killed_between_any_two_writes_makes_exactly_its_codes(packing, monkeypatch):
    labels = packing.ordered(2100)
    job_id, real, left = labels["job"], roll_labels.write_part, [1]

    def dies(*args):
        if args[1] == 1 and left.pop() is not None:
            raise KeyboardInterrupt
        real(*args)

    left.append(1)
    monkeypatch.setattr(roll_labels, "write_part", dies)
    with pytest.raises(KeyboardInterrupt):
        roll.make(job_id)
    monkeypatch.setattr(roll_labels, "write_part", real)
    assert 0 < len(codes_of(labels)) < 2100
    for _ in range(5):
        try:
            roll.make(job_id)
        except outbox.Later:
            continue
        break
    stored = codes_of(labels)
    assert [one["n"] for one in stored] == list(range(1, 2101))
    assert len({one["_id"] for one in stored}) == 2100
    assert (roll.read(labels["_id"])["state"], jobs.read(job_id)["state"]) == ("ready", "done")
    assert sum(one["count"] for one in (roll.read(labels["_id"]),)) * 5000 == issued(packing)


def issued(packing) -> int:
    return CodeQuota._get_collection().find_one({"producer": packing.grower.producer_id})["issued_grams"]


def test_no_serial_is_given_to_two_rolls(packing):
    first, second = packing.rolled(50), packing.rolled(50)
    heads = {one["_id"] for labels in (first, second) for one in codes_of(labels)}
    assert len(heads) == 100
    again = second | {"first_counter": first["first_counter"]}
    with pytest.raises(code.SerialsTaken):
        code.mint(again | {"_id": "RX"}, range(1, 5))


def test_a_pre_printed_roll_is_bound_to_a_lot_later(packing):
    labels, path_of = packing.rolled(100), "/selenium/rolls"
    body = {"lot": packing.lot, "first": 11, "last": 60}
    made = packing.firm.post(f"{path_of}/{labels['_id']}/packs", body)
    assert (made.status_code, made.json["state"], made.json["grams"]) == (201, "bound", 250_000)
    assert lot.read(packing.lot)["left_grams"] == 750_000
    shown = packing.firm.get(f"{path_of}/{labels['_id']}").json
    assert (shown["bound"], [one["id"] for one in shown["packs"]]) == (50, [made.json["id"]])
    for first, last in ((60, 61), (1, 11), (20, 30), (1, 100)):
        taken = packing.firm.post(
            f"{path_of}/{labels['_id']}/packs", {"lot": packing.lot, "first": first, "last": last}
        )
        assert (taken.status_code, taken.json["code"]) == (409, "labels_taken")
    assert lot.read(packing.lot)["left_grams"] == 750_000
    assert packing.firm.post(f"/selenium/packs/{made.json['id']}/activate").json["state"] == "active"
    assert packing.firm.post(f"/selenium/packs/{made.json['id']}/activate").json["state"] == "active"
    assert packing.firm.post(f"/selenium/packs/{made.json['id']}/void").json["code"] == "pack_state"
    assert packing.firm.post(f"/selenium/packs/{made.json['id']}/sell").json["state"] == "sold"


def test_bindings_at_once_bind_each_label_once(packing):
    labels = packing.rolled(40)

    def bind(first):
        def call():
            try:
                return len(pack.bind(packing.grower, labels["_id"], packing.lot, first, first + 19)["_id"]) > 0
            except LabelsTaken:
                return False

        return call

    assert sum(at_once([bind(1 + 3 * number) for number in range(6)])) == 1
    packs = pack.of_roll(labels["_id"])
    assert lot.read(packing.lot)["left_grams"] == 1_000_000 - sum(one["grams"] for one in packs)
    assert len(roll.read(labels["_id"])["spans"]) == len(packs) == 1


def test_control_reading_first_would_bind_a_label_twice(packing):
    labels = packing.rolled(40)
    rolls = roll.Roll._get_collection()

    def bind():
        if not rolls.find_one({"_id": labels["_id"]})["spans"]:
            rolls.update_one({"_id": labels["_id"]}, {"$push": {"spans": {"first": 1, "last": 9}}})

    for _ in range(20):
        at_once([bind] * 8)
        if len(rolls.find_one({"_id": labels["_id"]})["spans"]) > 1:
            return
        rolls.update_one({"_id": labels["_id"]}, {"$set": {"spans": []}})
    pytest.fail("the race was not seen")


def test_a_lot_yields_no_more_packages_than_it_weighs_and_a_held_one_none(packing):
    labels, small = packing.rolled(10), packing.harvested(24_000)
    with pytest.raises(lot.LotTooSmall):
        pack.bind(packing.grower, labels["_id"], small, 1, 5)
    assert roll.read(labels["_id"])["spans"] == []
    pack.bind(packing.grower, labels["_id"], small, 1, 4)
    lot.hold(packing.lot, "suspected", by="staff:test")
    with pytest.raises(lot.LotNotOpen):
        pack.bind(packing.grower, labels["_id"], packing.lot, 5, 6)
    for first, last in ((0, 1), (5, 4), (10, 11)):
        with pytest.raises(LabelsOutside):
            pack.bind(packing.grower, labels["_id"], packing.lot, first, last)
    other = packing.rolled(2, season="2027-autumn")
    with pytest.raises(LotMismatch):
        pack.bind(packing.grower, other["_id"], small, 1, 2)
    assert Pack._get_collection().find_one({"roll": other["_id"]}) is None


def test_others_see_neither_rolls_nor_packs(packing, client, sandbox):
    labels, made = packing.packed()
    stranger, phone = producing(client, sandbox), farmer(client, sandbox)
    for call in (stranger.get, lambda rest: phone.get(f"/mini/v1{rest}")):
        assert call(f"/selenium/rolls/{labels['_id']}").status_code == 404
        assert call(f"/selenium/rolls/{labels['_id']}/labels.zip").status_code == 404
        assert call("/selenium/rolls").json["items"] == []
    assert stranger.post(f"/selenium/packs/{made['_id']}/sell").status_code == 404
    assert stranger.post("/selenium/rolls", {"item": str(packing.item), "count": 1}).status_code == 404
    assert packing.firm.get("/selenium/rolls").json["items"][0]["id"] == labels["_id"]


def test_the_office_sees_and_freezes_within_its_area(packing, client):
    labels, made = packing.packed()
    elsewhere = town_clerk(client, OTHER_VILLAGE[:9])
    assert [one["id"] for one in packing.clerk.get("/office/v1/rolls").json["items"]] == [labels["_id"]]
    assert packing.clerk.get(f"/office/v1/rolls/{labels['_id']}").json["packs"][0]["id"] == made["_id"]
    assert packing.clerk.get(f"/office/v1/rolls/{labels['_id']}/labels.zip").status_code == 200
    assert elsewhere.get("/office/v1/rolls").json["items"] == []
    assert elsewhere.get(f"/office/v1/rolls/{labels['_id']}").status_code == 404
    assert elsewhere.post(f"/office/v1/packs/{made['_id']}/freeze", {"reason": "suspected"}).status_code == 404
    frozen = packing.clerk.post(f"/office/v1/packs/{made['_id']}/freeze", {"reason": "suspected"})
    assert (frozen.status_code, frozen.json["state"]) == (200, "frozen")
    assert packing.firm.post(f"/selenium/packs/{made['_id']}/sell").json["code"] == "pack_state"


def test_labels_that_cannot_be_printed_are_refused_before_anything_is_counted(packing):
    told = {"item": str(packing.item), "count": 10}
    for change, error in (({"start": 41}, "start_outside"), ({"start": 66}, "bad_input")):
        answer = packing.firm.post("/selenium/rolls", told | change)
        assert (answer.status_code in {400, 422}, answer.json["code"]) == (True, error)
    for change in ({"count": 0}, {"count": 100_001}, {"sheet": "nothing"}, {"item": "x"}):
        assert packing.firm.post("/selenium/rolls", told | change).status_code in {400, 422}
    assert CodeQuota._get_collection().find_one({"producer": packing.grower.producer_id}) is None
    assert path(packing.rolled(1)).startswith("/t/")
    assert product_code.SHORT.length == 23
    assert isinstance(packing.plot, ObjectId)
