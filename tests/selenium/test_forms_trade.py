"""Boxes, buyers and shipments over HTTP: what goes where, with its events, and how it comes back."""

import uuid
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.epcis import capture, trace
from models.epcis.event import Event
from models.identity.organisation import Organisation
from models.selenium import box, boxing, lot, pack, record, shipping, uri
from models.selenium.box import Box
from models.selenium.buyer import Buyer
from models.selenium.pack import Pack
from models.selenium.record import Record
from models.selenium.shipment import Shipment
from tests.selenium.forms_kit import DAY, Farm, made, read_events
from tests.selenium.grower_kit import farmer, firm, producing, town_clerk
from tests.support.crowd import at_once

MINI = "/mini/v1/selenium"


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def goods(farm):
    """Return the number of a pack of ten packages that are on the market."""
    return farm.packed(10)[1]["_id"]


def taken(number: str) -> int:
    return pack.read(number).get("taken", 0)


def test_packing_writes_its_event_with_the_pack(farm):
    _, bound = farm.packed(10, state="bound")
    kept = farm.record("packing")
    assert (kept["packs"], kept["lots"]) == ([bound["_id"]], [farm.lot])
    event = farm.event(kept)
    assert event["inputQuantityList"] == [{"epcClass": lot.read(farm.lot)["uri"], "quantity": 50.0, "uom": "KGM"}]
    assert event["outputQuantityList"] == [{"epcClass": uri.pack(bound["_id"]), "quantity": 10}]


def test_packages_with_a_gtin_are_named_by_it(client, seeded, sandbox):
    farm = Farm(producing(client, sandbox, gtin_prefix="6901234"), town_clerk(client), gtin="06901234500011")
    _, bound = farm.packed(2, state="bound")
    (output,) = farm.event(farm.record("packing"))["outputQuantityList"]
    assert output["epcClass"].endswith(f"/01/06901234500011/10/{bound['_id']}")


def test_a_void_pack_declares_its_packing_wrong_and_one_in_a_box_is_not_voided(farm):
    _, bound = farm.packed(10, state="bound")
    number = farm.boxed({"pack": bound["_id"], "count": 1})
    assert farm.post(f"/packs/{bound['_id']}/void").json["code"] == "packages_taken"
    assert farm.withdraw(farm.record("packing")).json["code"] == "packages_taken"
    made(farm.post(f"/boxes/{number}/open"), 200)
    packing = farm.record("packing")
    assert farm.withdraw(packing).json["state"] == "corrected"
    assert (pack.read(bound["_id"])["state"], lot.read(farm.lot)["left_grams"]) == ("void", 1_000_000)
    told = farm.events(f"EQ_eventID={packing['event_ids'][0]}")
    assert len([one for one in told if "errorDeclaration" in one]) == 1
    assert uri.pack(bound["_id"]) not in trace.reach(lot.read(farm.lot)["uri"], "forward").nodes


def test_selling_a_pack_writes_one_event_and_cannot_be_withdrawn(farm, goods):
    buyer = farm.buyer()
    for _ in range(2):
        assert made(farm.post(f"/packs/{goods}/sell", {"buyer": buyer}), 200)["state"] == "sold"
    (kept,) = farm.records(kind="selling")
    event = farm.event(kept)
    assert event["quantityList"] == [{"epcClass": uri.pack(goods), "quantity": 10}]
    assert [one["destination"] for one in event["destinationList"]] == [uri.party(buyer)]
    refused = farm.withdraw(kept)
    assert (refused.status_code, refused.json["code"]) == (409, "record_final")


def test_boxes_hold_packages_by_number_or_by_label(farm, goods):
    body = {"packs": [{"pack": goods, "first": 1, "last": 3}, {"pack": goods, "count": 2}], "day": DAY}
    shown = made(farm.post("/boxes", body))
    assert [one["count"] for one in shown["packs"]] == [3, 2]
    assert (shown["state"], taken(goods)) == ("packed", 5)
    event = farm.event(farm.record("boxing"))
    assert (event["type"], event["action"], event["parentID"]) == ("AggregationEvent", "ADD", shown["uri"])
    assert event["childQuantityList"] == [{"epcClass": uri.pack(goods), "quantity": 5}]
    for part in ({"first": 3, "last": 4}, {"count": 6}):
        more = farm.post("/boxes", {"packs": [{"pack": goods, **part}], "day": DAY})
        assert (more.status_code, more.json["code"]) == (409, "packages_taken")
    assert [one["id"] for one in farm.get("/boxes").json["items"]] == [shown["id"]]
    assert farm.get(f"/boxes/{shown['id']}").json == shown


def test_an_opened_box_gives_its_packages_back_and_says_so(farm, goods):
    number = farm.boxed({"pack": goods, "first": 1, "last": 10})
    for _ in range(2):
        assert made(farm.post(f"/boxes/{number}/open"), 200)["state"] == "opened"
    assert (taken(goods), pack.read(goods)["spans"]) == (0, [])
    (kept,) = farm.records(kind="unboxing")
    event = farm.event(kept)
    assert (event["action"], event["bizStep"], event["parentID"]) == ("DELETE", "unpacking", uri.box(number))
    assert farm.withdraw(kept).json["code"] == "record_final"
    assert farm.withdraw(farm.record("boxing")).json["code"] == "box_state"
    assert farm.boxed({"pack": goods, "first": 5, "last": 6}) != number


def test_a_boxing_that_was_wrong_is_withdrawn(farm, goods):
    number = farm.boxed({"pack": goods, "count": 4})
    assert farm.withdraw(farm.record("boxing")).json["state"] == "corrected"
    assert (taken(goods), farm.get(f"/boxes/{number}").json["state"]) == (0, "opened")
    assert uri.box(number) not in trace.reach(lot.read(farm.lot)["uri"], "forward").nodes


def test_boxes_filled_at_once_hold_each_package_once(farm, goods):
    def fill():
        try:
            return boxing.fill(farm.grower, [{"pack": goods, "count": 4}], clock.today())["_id"]
        except pack.PackagesTaken:
            return None

    filled = [one for one in at_once([fill] * 6) if one]
    assert (len(filled), taken(goods)) == (2, 8)
    assert Box._get_collection().count_documents({"producer": farm.grower.producer_id}) == 2


def test_control_counting_first_would_box_a_package_twice(farm, goods):
    packs = Pack._get_collection()

    def fill():
        if packs.find_one({"_id": goods}).get("taken", 0) <= 6:
            packs.update_one({"_id": goods}, {"$inc": {"taken": 4}})

    for _ in range(20):
        at_once([fill] * 8)
        if taken(goods) > 10:
            return
        packs.update_one({"_id": goods}, {"$set": {"taken": 0}})
    pytest.fail("the race was not seen")


def test_a_shipment_takes_boxes_packages_and_loose_produce_to_a_buyer(farm, goods):
    number, buyer = farm.boxed({"pack": goods, "count": 4}), farm.buyer()
    told = {"boxes": [number], "packs": [{"pack": goods, "count": 2}], "lots": [{"lot": farm.lot, "grams": 7500}]}
    shown = made(farm.ship(buyer, note_no="2026-0118", **told))
    assert (shown["state"], shown["boxes"], shown["note_no"]) == ("shipped", [number], "2026-0118")
    assert (farm.get(f"/boxes/{number}").json["shipment"], taken(goods)) == (shown["id"], 6)
    assert lot.read(farm.lot)["left_grams"] == 1_000_000 - 50_000 - 7500
    event = farm.event(farm.record("shipping"))
    assert (event["bizStep"], event["disposition"], event["epcList"]) == ("shipping", "in_transit", [uri.box(number)])
    quantities = {one["epcClass"]: one["quantity"] for one in event["quantityList"]}
    assert quantities == {uri.pack(goods): 2, lot.read(farm.lot)["uri"]: 7.5}
    assert event["bizTransactionList"] == [{"type": "desadv", "bizTransaction": uri.shipment(shown["id"])}]
    assert event["sourceList"] == [{"type": "owning_party", "source": uri.party(farm.grower.producer_id)}]
    assert event["destinationList"] == [{"type": "owning_party", "destination": uri.party(buyer)}]
    note = farm.get(f"/shipments/{shown['id']}/note.pdf")
    assert (note.status_code, note.data[:5]) == (200, b"%PDF-")
    assert [one["id"] for one in farm.get("/shipments").json["items"]] == [shown["id"]]
    assert farm.get(f"/shipments/{shown['id']}").json == shown


def test_a_lot_is_followed_to_its_boxes_and_to_the_buyer(farm, goods):
    graded = made(
        farm.post(
            "/gradings",
            {"taken": [{"lot": farm.lot, "grams": 1000}], "into": [{"grade": "一级", "grams": 900}], "day": DAY},
        )
    )["lots"][0]
    number, buyer = farm.boxed({"pack": goods, "count": 4}), farm.buyer()
    made(farm.ship(buyer, boxes=[number]))
    reached = trace.reach(lot.read(farm.lot)["uri"], "forward")
    assert set(reached.nodes) == {lot.read(farm.lot)["uri"], graded["uri"], uri.pack(goods), uri.box(number)}
    assert {(one.source, one.target) for one in trace.handed_over(reached.nodes)} == {
        (uri.box(number), uri.party(buyer))
    }
    back = trace.reach(uri.box(number), "backward")
    assert lot.read(farm.lot)["uri"] in back.nodes


def test_a_shipment_is_withdrawn_until_it_has_arrived(farm, goods):
    number, buyer = farm.boxed({"pack": goods, "count": 4}), farm.buyer()
    told = {
        "boxes": [number],
        "packs": [{"pack": goods, "first": 1, "last": 2}],
        "lots": [{"lot": farm.lot, "grams": 500}],
    }
    made(farm.ship(buyer, **told))
    before = lot.read(farm.lot)["left_grams"]
    assert farm.post(f"/boxes/{number}/open").json["code"] == "box_state"
    for _ in range(2):
        assert farm.withdraw(farm.record("shipping")).json["state"] == "corrected"
    assert lot.read(farm.lot)["left_grams"] == before + 500
    assert (taken(goods), farm.get(f"/boxes/{number}").json["state"]) == (4, "packed")
    assert trace.handed_over([uri.box(number)]) == []
    again = made(farm.ship(buyer, **told))
    for _ in range(2):
        assert made(farm.post(f"/shipments/{again['id']}/receive"), 200)["received_on"] == DAY
    assert farm.event(farm.record("receiving"))["bizStep"] == "receiving"
    (shipped,) = [one for one in farm.records(kind="shipping") if one["state"] == "kept"]
    refused = farm.withdraw(shipped)
    assert (refused.status_code, refused.json["code"]) == (409, "shipment_state")
    assert farm.get(f"/boxes/{number}").json["state"] == "received"


def test_what_arrives_and_what_is_withdrawn_at_once_ends_as_one_of_the_two(farm, goods):
    buyer = farm.buyer()
    for _ in range(4):
        number = farm.boxed({"pack": goods, "count": 1})
        sent = made(farm.ship(buyer, boxes=[number]))["id"]
        kept = Record._get_collection().find_one({"boxes": number, "kind": "shipping"})

        def withdraw(kept=kept):
            answer = farm.firm.by(farm.firm.phone.twin(farm.firm.phone.client.application.test_client())).post(
                f"/selenium/records/{kept['_id']}/withdraw"
            )
            return answer.status_code

        def receive(sent=sent):
            answer = farm.firm.by(farm.firm.phone.twin(farm.firm.phone.client.application.test_client())).post(
                f"/selenium/shipments/{sent}/receive"
            )
            return answer.status_code

        codes = at_once([withdraw, receive])
        assert sorted(codes) == [200, 409]
        states = (Shipment._get_collection().find_one({"_id": sent})["state"], box.read(number)["state"])
        assert states == (("withdrawn", "packed") if codes[0] == 200 else ("received", "received"))


@pytest.mark.parametrize("state", ["held", "recalled"])
def test_goods_of_a_held_or_recalled_lot_stay_where_they_are(farm, goods, state):
    number, buyer = farm.boxed({"pack": goods, "count": 4}), farm.buyer()
    {"held": lambda: lot.hold(farm.lot, "suspected", by="staff:x"), "recalled": lambda: lot.recall(farm.lot, by="x")}[
        state
    ]()
    for told in (
        {"boxes": [number]},
        {"packs": [{"pack": goods, "count": 1}]},
        {"lots": [{"lot": farm.lot, "grams": 1}]},
    ):
        refused = farm.ship(buyer, **told)
        assert (refused.status_code, refused.json["code"]) == (409, "lot_held"), told
    refused = farm.post("/boxes", {"packs": [{"pack": goods, "count": 1}], "day": DAY})
    assert refused.json["code"] == "lot_held"
    assert farm.post(f"/packs/{goods}/sell").json["code"] == "lot_held"
    assert farm.get("/shipments").json["items"] == []
    assert (taken(goods), box.read(number)["state"], pack.read(goods)["state"]) == (4, "packed", "active")


def test_a_hold_and_a_shipment_at_once_never_let_goods_leave_after_the_hold(farm, goods):
    buyer = ObjectId(farm.buyer())
    for _ in range(4):
        wanted = shipping.Wanted(buyer, clock.today(), packs=({"pack": goods, "count": 1},))

        def send(wanted=wanted):
            try:
                return shipping.send(farm.grower, wanted)["created_at"]
            except lot.LotHeld:
                return None

        at_once([send, lambda: lot.hold(farm.lot, "suspected", by="staff:x")])
        shipped = Record._get_collection().count_documents({"packs": goods, "kind": "shipping"})
        assert taken(goods) == shipped
        with pytest.raises(lot.LotHeld):
            shipping.send(farm.grower, wanted)
        lot.release(farm.lot, by="staff:x")


def test_a_frozen_pack_is_not_boxed(farm, goods):
    assert farm.clerk.post(f"/office/v1/packs/{goods}/freeze", {"reason": "suspected"}).status_code == 200
    refused = farm.post("/boxes", {"packs": [{"pack": goods, "count": 1}], "day": DAY})
    assert (refused.status_code, refused.json["code"]) == (409, "pack_state")


def test_the_address_book_is_sealed_and_one_s_own(farm, client, sandbox):
    number = farm.buyer(name="李小满")
    stored = Buyer._get_collection().find_one({"_id": ObjectId(number)})
    assert "李小满".encode() not in stored["name"]
    assert farm.get(f"/buyers/{number}").json["phone"] == "13811112222"
    (listed,) = farm.get("/buyers").json["items"]
    assert (listed["name"], listed["phone"], listed["kind"]) == ("李小满", "138****2222", "person")
    changed = farm.firm.call("PUT", f"/selenium/buyers/{number}", {"name": "李大满"})
    assert (changed.status_code, changed.json["name"], "phone" in changed.json) == (200, "李大满", False)
    stranger = producing(client, sandbox)
    assert stranger.get(f"/selenium/buyers/{number}").status_code == 404
    assert stranger.call("PUT", f"/selenium/buyers/{number}", {"name": "x"}).status_code == 404
    assert stranger.call("DELETE", f"/selenium/buyers/{number}").status_code == 404
    for _ in range(2):
        assert farm.firm.call("DELETE", f"/selenium/buyers/{number}").status_code == 204
    assert (farm.get("/buyers").json["items"], farm.get(f"/buyers/{number}").status_code) == ([], 404)
    refused = farm.ship(number, lots=[{"lot": farm.lot, "grams": 1}])
    assert (refused.status_code, refused.json["code"]) == (422, "buyer_unknown")


def test_an_organisation_that_buys_is_linked_reads_its_events_and_confirms_what_came(farm, goods, client, sandbox):
    shop, stranger = firm(client, sandbox, name="测试水果公司"), firm(client, sandbox)
    code = Organisation._get_collection().find_one({"_id": ObjectId(shop.id)})["credit_code"]
    buyer = made(farm.post("/buyers", {"name": "测试水果公司", "credit_code": code.lower()}))
    assert (buyer["kind"], buyer["credit_code"], buyer["registered"]) == ("organisation", code, True)
    twice = farm.post("/buyers", {"name": "再来一次", "credit_code": code})
    assert (twice.status_code, twice.json["code"]) == (409, "buyer_known")
    sent = made(farm.ship(buyer["id"], packs=[{"pack": goods, "count": 3}]))
    (delivery,) = shop.get("/selenium/deliveries").json["items"]
    assert (delivery["id"], delivery["packages"], delivery["from_zh"]) == (sent["id"], 3, "于都县测试种植专业合作社")
    (event,) = read_events(shop)
    assert event["eventID"] == farm.record("shipping")["event_ids"][0]
    assert [one["type"] for one in event["destinationList"]] == ["owning_party", "possessing_party"]
    assert read_events(stranger) == []
    assert stranger.get("/selenium/deliveries").json["items"] == []
    assert stranger.post(f"/selenium/deliveries/{sent['id']}/receive").status_code == 404
    for _ in range(2):
        assert made(shop.post(f"/selenium/deliveries/{sent['id']}/receive"), 200)["state"] == "received"
    assert farm.get(f"/shipments/{sent['id']}").json["state"] == "received"
    assert len(farm.records(kind="receiving")) == 1


def test_a_withdrawn_delivery_is_not_there(farm, goods, client, sandbox):
    shop = firm(client, sandbox)
    code = Organisation._get_collection().find_one({"_id": ObjectId(shop.id)})["credit_code"]
    buyer = made(farm.post("/buyers", {"name": "测试", "credit_code": code}))["id"]
    sent = made(farm.ship(buyer, packs=[{"pack": goods, "count": 3}]))["id"]
    farm.withdraw(farm.record("shipping"))
    assert shop.get("/selenium/deliveries").json["items"] == []
    assert shop.post(f"/selenium/deliveries/{sent}/receive").status_code == 404


def test_others_find_neither_boxes_nor_shipments(farm, goods, client, sandbox):
    number, buyer = farm.boxed({"pack": goods, "count": 4}), farm.buyer()
    sent = made(farm.ship(buyer, boxes=[number]))["id"]
    stranger, phone = Farm(producing(client, sandbox), farm.clerk), farmer(client, sandbox)
    for path in (f"/boxes/{number}", f"/shipments/{sent}", f"/shipments/{sent}/note.pdf"):
        assert (stranger.get(path).status_code, phone.get(f"{MINI}{path}").status_code) == (404, 404)
    for path in (f"/boxes/{number}/open", f"/shipments/{sent}/receive"):
        assert (stranger.post(path).status_code, phone.post(f"{MINI}{path}").status_code) == (404, 404)
    theirs = stranger.buyer()
    assert stranger.ship(theirs, boxes=[number]).json["code"] == "shipment_wrong"
    assert stranger.ship(theirs, lots=[{"lot": farm.lot, "grams": 1}]).json["code"] == "shipment_wrong"
    assert stranger.ship(theirs, packs=[{"pack": goods, "count": 1}]).json["code"] == "box_contents_wrong"
    assert stranger.ship(buyer, lots=[{"lot": stranger.lot, "grams": 1}]).json["code"] == "buyer_unknown"
    assert stranger.post("/boxes", {"packs": [{"pack": goods, "count": 1}], "day": DAY}).status_code == 422


WRONG_PARTS = [{"count": 0}, {"count": 11}, {"first": 0, "last": 2}, {"first": 5, "last": 4}, {"first": 10, "last": 11}]
WRONG_PARTS += [{}, {"first": 1}, {"count": 3, "first": 1, "last": 2}]


@pytest.mark.parametrize("part", WRONG_PARTS)
def test_packages_that_are_not_there_are_not_boxed(farm, goods, part):
    answer = farm.post("/boxes", {"packs": [{"pack": goods, **part}], "day": DAY})
    assert (answer.status_code, answer.json["code"]) in {(400, "bad_input"), (422, "box_contents_wrong")}
    assert taken(goods) == 0


def test_a_shipment_of_nothing_or_of_something_twice_is_refused(farm, goods):
    number, buyer = farm.boxed({"pack": goods, "count": 4}), farm.buyer()
    assert farm.ship(buyer).json["code"] == "shipment_wrong"
    assert farm.ship(buyer, boxes=[number, number]).json["code"] == "shipment_wrong"
    assert farm.ship(buyer, lots=[{"lot": farm.lot, "grams": 1}] * 2).json["code"] == "shipment_wrong"
    assert farm.ship(buyer, boxes=["B2222222222"]).json["code"] == "shipment_wrong"
    assert farm.ship(buyer, boxes=[number], note_no="a b").json["code"] == "bad_input"
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert farm.ship(buyer, boxes=[number], day=tomorrow).json["code"] == "record_day_wrong"
    assert farm.post("/buyers", {"name": "x", "credit_code": "91350100M000100Y44"}).json["code"] == "credit_code_wrong"
    assert box.read(number)["state"] == "packed"


def test_the_same_request_twice_is_one_box_and_one_shipment(farm, goods):
    buyer, key = farm.buyer(), uuid.uuid4().hex
    body = {"packs": [{"pack": goods, "count": 4}], "day": DAY}
    first, second = farm.post("/boxes", body, key=key), farm.post("/boxes", body, key=key)
    assert (first.json, taken(goods)) == (second.json, 4)
    wanted = shipping.Wanted(ObjectId(buyer), clock.today(), boxes=(first.json["id"],))
    sent = shipping.send(farm.grower, wanted, "c" * 64)
    assert shipping.send(farm.grower, wanted, "c" * 64)["_id"] == sent["_id"]
    parts = [{"pack": goods, "count": 1}]
    filled = at_once([lambda: boxing.fill(farm.grower, parts, clock.today(), "d" * 64)["_id"]] * 4)
    assert (len(set(filled)), taken(goods)) == (1, 5)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["events", "pack", "audit"])
def test_a_kill_between_leaves_nothing_half_written(farm, goods, monkeypatch, where):
    labels, buyer = farm.rolled(2), ObjectId(farm.buyer())
    counted = [Record, Event, Box, Shipment, Pack]
    before = [one._get_collection().estimated_document_count() for one in counted]

    def dies(*_args, **_more):
        raise Killed

    place = {"events": (capture, "put"), "pack": (lot, "let_move"), "audit": (record.entry, "write")}[where]
    monkeypatch.setattr(*place, dies)
    calls = [
        lambda: boxing.fill(farm.grower, [{"pack": goods, "count": 4}], clock.today()),
        lambda: shipping.send(farm.grower, shipping.Wanted(buyer, clock.today(), packs=({"pack": goods, "count": 4},))),
        lambda: pack.sell(farm.grower, goods),
    ]
    calls += [lambda: pack.bind(farm.grower, labels["_id"], farm.lot, 1, 2)] if where != "pack" else []
    for call in calls:
        with pytest.raises(Killed):
            call()
    monkeypatch.undo()
    assert [one._get_collection().estimated_document_count() for one in counted] == before
    assert (taken(goods), pack.read(goods)["state"], lot.read(farm.lot)["left_grams"]) == (0, "active", 950_000)
