"""Records of production over HTTP: what a grower tells is kept with its events, checked, and counted once."""

import io
import uuid

import openpyxl
import pytest
from bson import ObjectId

from backend.store import transactions
from models.audit.entry import AuditEntry
from models.epcis import capture
from models.epcis.event import Event
from models.selenium import growing, harvesting, lot, record, uri
from models.selenium.harvesting import Harvest
from models.selenium.lot import Lot
from models.selenium.record import Record
from tests.selenium.forms_kit import DAY, Farm, harvest_body, input_body, made, read_events
from tests.selenium.grower_kit import ORANGE, RICE, confirmed_plot, farmer, producing, town_clerk
from tests.support.crowd import at_once

MINI = "/mini/v1/selenium"


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


def left(number: str) -> int:
    return lot.read(number)["left_grams"]


def test_a_harvest_makes_a_lot_and_an_event_that_its_owner_reads(farm):
    lot_no = farm.brought_in(750_500)
    shown = farm.get(f"/lots/{lot_no}").json
    assert (shown["grams"], shown["left_grams"], shown["kind"]) == (750_500, 750_500, "harvest")
    kept = farm.record("harvest")
    assert (kept["lots"], kept["day"], kept["what_zh"]) == ([lot_no], DAY, "采收 750.5 公斤")
    event = farm.event(kept)
    assert (event["type"], event["action"], event["bizStep"]) == ("ObjectEvent", "ADD", "commissioning")
    assert event["quantityList"] == [{"epcClass": shown["uri"], "quantity": 750.5, "uom": "KGM"}]
    assert event["readPoint"] == {"id": uri.place(farm.plot)}
    assert event["ilmd"]["yudu:harvestedOn"] == DAY
    assert [one["eventID"] for one in farm.events(f"MATCH_anyEPCClass={shown['uri']}")] == kept["event_ids"]


def test_what_was_put_on_a_plot_is_recorded_and_told(farm):
    body = input_body(farm.plot, input="selenium", name="叶面硒肥", amount="1.5", unit="L_per_mu", source="县农资站")
    kept = made(farm.post("/inputs", body))
    assert (kept["what_zh"], "warnings" in kept) == ("补硒:叶面硒肥 1.5 升/亩,来源:县农资站", False)
    event = farm.event(kept)
    assert (event["action"], event["epcList"]) == ("OBSERVE", [uri.place(farm.plot)])
    assert (event["yudu:input"], event["yudu:amount"], event["yudu:unit"]) == ("selenium", "1.5", "L_per_mu")
    assert "source" not in str(event)
    assert "县农资站" not in str(Record._get_collection().find_one({"_id": ObjectId(kept["id"])}))


def test_a_farmer_has_the_same_forms_as_an_organisation(client, seeded, sandbox):
    phone, clerk = farmer(client, sandbox), town_clerk(client)
    plot = confirmed_plot(phone, clerk)
    lot_no = made(phone.post(f"{MINI}/lots", harvest_body(plot)))["id"]
    made(phone.post(f"{MINI}/inputs", input_body(plot)))
    body = {"taken": [{"lot": lot_no, "grams": 1000}], "into": [{"grade": "一级", "grams": 900}], "day": DAY}
    graded = made(phone.post(f"{MINI}/gradings", body))
    assert graded["lots"][0]["grade"] == "一级"
    kinds = [one["kind"] for one in phone.get(f"{MINI}/records?limit=2").json["items"]]
    assert kinds == ["grading", "input"]
    page = phone.get(f"{MINI}/records?limit=2").json["next"]
    assert [one["kind"] for one in phone.get(f"{MINI}/records?cursor={page}").json["items"]] == ["harvest"]


def test_a_pesticide_keeps_the_harvest_off_until_its_interval_has_passed(farm):
    sprayed = input_body(farm.plot, input="pesticide", name="矿物油", day="2026-11-10", target="红蜘蛛")
    assert farm.post("/inputs", sprayed).json["code"] == "safety_interval_needed"
    kept = made(farm.post("/inputs", {**sprayed, "interval_days": 15}))
    refused = farm.post("/lots", harvest_body(farm.plot))
    assert (refused.status_code, refused.json["code"]) == (422, "safety_interval")
    assert "2026-11-25" in refused.json["message"]
    assert farm.records(kind="harvest") == []
    before = farm.brought_in(1000, harvested_on="2026-11-09")
    assert left(before) == 1000
    right = made(farm.post("/inputs", {**sprayed, "interval_days": 10, "replaces": kept["id"]}))
    assert made(farm.post("/lots", harvest_body(farm.plot)))["state"] == "open"
    wrong = farm.get(f"/records/{kept['id']}").json
    assert (wrong["state"], wrong["replaced_by"]) == ("corrected", right["id"])


def test_a_pesticide_that_is_told_late_warns_of_the_harvest_that_was_too_early(farm):
    early, late = farm.brought_in(1000, harvested_on="2026-11-12"), farm.brought_in(1000)
    sprayed = input_body(farm.plot, input="pesticide", name="矿物油", day="2026-11-10", interval_days=7)
    (warning,) = made(farm.post("/inputs", sprayed))["warnings"]
    assert (warning["lot"], warning["safe_from"]) == (early, "2026-11-17")
    assert late != early
    assert farm.get(f"/records/{farm.record('input')['id']}").json["warnings"] == [warning]


def test_a_replaced_record_is_declared_wrong_and_names_the_event_that_is_right(farm):
    wrong = made(farm.post("/inputs", input_body(farm.plot, amount="500")))
    right = made(farm.post("/inputs", input_body(farm.plot, amount="50", replaces=wrong["id"])))
    told = farm.events(f"EQ_eventID={wrong['event_ids'][0]}")
    (declared,) = [one["errorDeclaration"] for one in told if "errorDeclaration" in one]
    assert (declared["reason"], declared["correctiveEventIDs"]) == ("incorrect_data", right["event_ids"])
    again = farm.post("/inputs", input_body(farm.plot, replaces=wrong["id"]))
    assert (again.status_code, again.json["code"]) == (422, "record_replaced_wrong")
    assert len(farm.records(kind="input")) == 2


def test_a_sample_is_recorded_but_takes_nothing_of_the_mass(farm):
    lot_no = farm.brought_in(5000)
    kept = made(farm.post("/samplings", {"lot": lot_no, "day": DAY, "grams": 1500, "lab_zh": "测试中心"}))
    assert farm.event(kept)["bizStep"] == "sampling"
    assert left(lot_no) == 5000
    early = farm.post("/samplings", {"lot": lot_no, "day": "2026-11-19", "grams": 1500})
    assert (early.status_code, early.json["code"]) == (422, "record_day_wrong")


def grading_body(taken: dict[str, int], *into: tuple[str, int], day: str = DAY) -> dict:
    return {
        "taken": [{"lot": one, "grams": grams} for one, grams in taken.items()],
        "into": [{"grade": name, "grams": grams} for name, grams in into],
        "day": day,
    }


def test_grading_makes_lots_and_a_transformation(farm):
    source = farm.brought_in(1000)
    graded = made(farm.post("/gradings", grading_body({source: 900}, ("一级", 600), ("二级", 250))))
    assert [one["grams"] for one in graded["lots"]] == [600, 250]
    assert left(source) == 100
    event = farm.event(graded["record"])
    assert event["type"] == "TransformationEvent"
    assert [one["quantity"] for one in event["inputQuantityList"]] == [0.9]
    outputs = {one["epcClass"]: one["quantity"] for one in event["outputQuantityList"]}
    assert outputs == {one["uri"]: one["grams"] / 1000 for one in graded["lots"]}


def test_two_gradings_of_one_lot_at_once_never_use_more_than_there_is(farm):
    for _ in range(3):
        source = farm.brought_in(1000)

        def sort_out(source=source):
            try:
                return growing.sort_out(farm.grower, {source: 600}, [("一级", 600)], record.clock.today())["_id"]
            except lot.LotTooSmall:
                return None

        kept = [one for one in at_once([sort_out] * 3) if one]
        assert (len(kept), left(source)) == (1, 400)
        made_of_it = list(Lot._get_collection().find({"parents": source}))
        assert sum(one["grams"] for one in made_of_it) == 600
        outputs = farm.events(f"MATCH_inputEPCClass={lot.read(source)['uri']}")
        assert len(outputs) == 1


def test_loose_produce_is_sold_once_and_never_more_than_there_is(farm):
    lot_no, buyer = farm.brought_in(1000), farm.buyer()
    kept = made(farm.post(f"/lots/{lot_no}/sales", {"grams": 800, "day": DAY, "buyer": buyer}))
    event = farm.event(kept)
    assert (event["bizStep"], event["disposition"]) == ("retail_selling", "retail_sold")
    assert [one["destination"] for one in event["destinationList"]] == [uri.party(buyer)]
    more = farm.post(f"/lots/{lot_no}/sales", {"grams": 201, "day": DAY})
    assert (more.status_code, more.json["code"], left(lot_no)) == (409, "lot_too_small", 200)
    assert farm.withdraw(kept).json["state"] == "corrected"
    assert left(lot_no) == 1000
    assert farm.withdraw(kept).status_code == 200
    assert left(lot_no) == 1000


def test_the_same_request_twice_is_one_record(farm):
    lot_no = farm.brought_in(1000)
    calls = {
        "/lots": harvest_body(farm.plot, 777),
        "/inputs": input_body(farm.plot),
        "/gradings": grading_body({lot_no: 10}, ("一级", 10)),
        f"/lots/{lot_no}/sales": {"grams": 10, "day": DAY},
        "/samplings": {"lot": lot_no, "grams": 10, "day": DAY},
    }
    for path, body in calls.items():
        key = uuid.uuid4().hex
        first, second = farm.post(path, body, key=key), farm.post(path, body, key=key)
        assert (first.status_code, first.json) == (201, second.json), path
    assert len(farm.records()) == 1 + len(calls)
    assert left(lot_no) == 980


def test_a_request_whose_answer_was_lost_is_not_done_again(farm):
    lot_no = farm.brought_in(1000)
    told = growing.Sale(lot_no, 600, record.clock.today())
    first = growing.sell(farm.grower, told, "a" * 64)
    assert growing.sell(farm.grower, told, "a" * 64)["_id"] == first["_id"]
    found = at_once([lambda: growing.sell(farm.grower, growing.Sale(lot_no, 50, told.day), "b" * 64)["_id"]] * 4)
    assert len(set(found)) == 1
    assert left(lot_no) == 350


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["record", "events", "audit"])
def test_a_kill_between_leaves_nothing_half_written(farm, monkeypatch, where):
    lot_no = farm.brought_in(1000)
    before = (Record._get_collection().estimated_document_count(), Event._get_collection().estimated_document_count())

    def dies(*_args, **_more):
        raise Killed

    monkeypatch.setattr(
        *{"record": (lot, "use"), "events": (capture, "put"), "audit": (record.entry, "write")}[where], dies
    )
    for call in (
        lambda: growing.sell(farm.grower, growing.Sale(lot_no, 600, record.clock.today())),
        lambda: growing.sort_out(farm.grower, {lot_no: 600}, [("一级", 600)], record.clock.today()),
    ):
        with pytest.raises(Killed):
            call()
    monkeypatch.undo()
    after = (Record._get_collection().estimated_document_count(), Event._get_collection().estimated_document_count())
    assert (after, left(lot_no)) == (before, 1000)
    assert Lot._get_collection().find_one({"parents": lot_no}) is None


WRONG = {
    "no plots": ("/lots", lambda farm: harvest_body(farm.plot, plots=[]), 400, "bad_input"),
    "unknown plot": ("/lots", lambda farm: harvest_body(ObjectId()), 422, "lot_plots_wrong"),
    "other product": ("/lots", lambda farm: harvest_body(farm.plot, product=RICE), 422, "lot_plots_wrong"),
    "unknown product": ("/lots", lambda farm: harvest_body(farm.plot, product="gold"), 422, "product_unknown"),
    "tomorrow": ("/lots", lambda farm: harvest_body(farm.plot, harvested_on="2026-11-21"), 422, "harvest_day_wrong"),
    "no weight": ("/lots", lambda farm: harvest_body(farm.plot, 0), 400, "bad_input"),
    "too heavy": ("/lots", lambda farm: harvest_body(farm.plot, lot.MOST_GRAMS + 1), 400, "bad_input"),
    "season": ("/lots", lambda farm: harvest_body(farm.plot, season="2025-autumn"), 400, "bad_input"),
    "input tomorrow": ("/inputs", lambda farm: input_body(farm.plot, day="2026-11-21"), 422, "record_day_wrong"),
    "input long ago": ("/inputs", lambda farm: input_body(farm.plot, day="2025-01-01"), 422, "record_day_wrong"),
    "input nowhere": ("/inputs", lambda _: input_body(ObjectId()), 422, "lot_plots_wrong"),
    "input of nothing": ("/inputs", lambda farm: input_body(farm.plot, amount="0.0"), 400, "bad_input"),
    "input kind": ("/inputs", lambda farm: input_body(farm.plot, input="magic"), 400, "bad_input"),
    "replaces nothing": (
        "/inputs",
        lambda farm: input_body(farm.plot, replaces=str(ObjectId())),
        422,
        "record_replaced_wrong",
    ),
    "sample of nothing": (
        "/samplings",
        lambda _: {"lot": "20261120AAAAAAAA", "day": DAY, "grams": 1},
        404,
        "not_found",
    ),
    "graded more": ("/gradings", lambda farm: grading_body({farm.lot: 10}, ("一级", 11)), 422, "lot_parents_wrong"),
    "graded nothing": ("/gradings", lambda farm: grading_body({farm.lot: 10}), 400, "bad_input"),
    "graded early": (
        "/gradings",
        lambda farm: grading_body({farm.lot: 10}, ("一级", 10), day="2026-11-19"),
        422,
        "record_day_wrong",
    ),
    "graded too much": (
        "/gradings",
        lambda farm: grading_body({farm.lot: 1_000_001}, ("一级", 10)),
        409,
        "lot_too_small",
    ),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_what_cannot_be_is_refused_with_its_reason(farm, name):
    path, body, status, code = WRONG[name]
    events = Event._get_collection().estimated_document_count()
    answer = farm.post(path, body(farm))
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert farm.records() == []
    assert Event._get_collection().estimated_document_count() == events


def test_others_find_nothing_of_ours(farm, client, sandbox):
    lot_no, kept = farm.brought_in(1000), None
    kept = farm.record("harvest")
    stranger, phone = producing(client, sandbox), farmer(client, sandbox)
    for get, post in (
        (
            lambda rest: stranger.get(f"/selenium{rest}"),
            lambda rest, body=None: stranger.post(f"/selenium{rest}", body),
        ),
        (lambda rest: phone.get(f"{MINI}{rest}"), lambda rest, body=None: phone.post(f"{MINI}{rest}", body)),
    ):
        assert get(f"/records/{kept['id']}").status_code == 404
        assert post(f"/records/{kept['id']}/withdraw").status_code == 404
        assert get(f"/record-sheet?lot={lot_no}").status_code == 404
        assert get("/records").json["items"] == []
        assert post(f"/lots/{lot_no}/sales", {"grams": 1, "day": DAY}).status_code == 404
        assert post("/gradings", grading_body({lot_no: 1}, ("一级", 1))).status_code == 404
        assert post("/lots", harvest_body(farm.plot)).json["code"] == "lot_plots_wrong"
        assert post("/inputs", input_body(farm.plot)).json["code"] == "lot_plots_wrong"
    assert read_events(stranger, f"EQ_eventID={kept['event_ids'][0]}") == []
    assert left(lot_no) == 1000


def test_a_harvest_is_withdrawn_only_while_nothing_came_of_it(farm):
    lot_no = farm.brought_in(1000)
    harvest = farm.record("harvest")
    graded = made(farm.post("/gradings", grading_body({lot_no: 500}, ("一级", 500))))
    refused = farm.withdraw(harvest)
    assert (refused.status_code, refused.json["code"]) == (409, "lot_used")
    assert farm.get(f"/records/{harvest['id']}").json["state"] == "kept"
    made(farm.post(f"/lots/{graded['lots'][0]['id']}/sales", {"grams": 1, "day": DAY}))
    assert farm.withdraw(graded["record"]).json["code"] == "lot_used"
    assert farm.withdraw(farm.record("selling")).json["state"] == "corrected"
    assert farm.withdraw(graded["record"]).json["state"] == "corrected"
    assert (left(lot_no), lot.read(graded["lots"][0]["id"])["state"]) == (1000, "closed")
    assert farm.withdraw(harvest).json["state"] == "corrected"
    assert (left(lot_no), lot.read(lot_no)["state"]) == (0, "closed")
    told = farm.events(f"EQ_eventID={harvest['event_ids'][0]}")
    assert [one["errorDeclaration"]["reason"] for one in told if "errorDeclaration" in one] == ["did_not_occur"]


def test_a_lot_that_somebody_relies_on_is_not_withdrawn(farm):
    for follow in ("commitment", "certification"):
        lot_no = farm.brought_in(1000)
        harvest = farm.record("harvest")
        if follow == "commitment":
            made(farm.post("/commitments", {"lot": lot_no, "grams": 1000, "ticks": ["self_test"]}))
        else:
            made(farm.post("/certifications", {"lots": [lot_no], "standards": ["db36t_566_2009"]}))
        assert farm.withdraw(harvest).json["code"] == "lot_used"
        assert left(lot_no) == 1000


def test_withdrawing_at_once_undoes_once(farm):
    lot_no = farm.brought_in(1000)
    made(farm.post(f"/lots/{lot_no}/sales", {"grams": 600, "day": DAY}))
    found = Record._get_collection().find_one({"lots": lot_no, "kind": "selling"})

    def withdraw():
        try:
            return growing_withdraw(farm, found["_id"])
        except record.RecordChanged:
            return "changed"

    assert "corrected" in at_once([withdraw] * 4)
    assert left(lot_no) == 1000


def growing_withdraw(farm, record_id) -> str:
    from models.selenium import correcting  # noqa: PLC0415 - only here

    return correcting.withdraw(farm.grower, record_id)["state"]


def test_the_sheet_of_a_season_and_of_a_lot_can_be_read(farm):
    made(farm.post("/inputs", input_body(farm.plot, day="2026-10-01", name="=cmd|' /C calc'!A0")))
    source, other = farm.brought_in(1000), farm.brought_in(500)
    graded = made(farm.post("/gradings", grading_body({source: 100}, ("一级", 100))))["lots"][0]["id"]
    answer = farm.get("/record-sheet?season=2026-autumn")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.values)
    assert [row[1] for row in rows] == ["事项", "投入品使用", "采收", "采收", "分级"]
    assert "=cmd" in rows[1][2]
    rows = list(openpyxl.load_workbook(io.BytesIO(farm.get(f"/record-sheet?lot={graded}").data)).active.values)
    assert [row[1] for row in rows] == ["事项", "投入品使用", "采收", "分级"]
    assert other not in str(rows)
    empty = openpyxl.load_workbook(io.BytesIO(farm.get("/record-sheet?season=2025-spring").data)).active
    assert empty.max_row == 1


def test_the_audit_names_each_record_and_no_text(farm):
    made(farm.post("/inputs", input_body(farm.plot, name="王芳自配肥", source="王芳")))
    kept = farm.record("input")
    line = AuditEntry._get_collection().find_one({"object": f"record:{kept['id']}"})
    assert (line["action"], line["details"]) == ("record.keep", {"kind": "input"})


def test_a_harvest_and_its_events_are_stored_together_or_not_at_all(farm):
    kept = record.draft(farm.grower, "harvest", record.clock.today(), [{"type": "ObjectEvent"}])
    drafted = harvesting.harvest(farm.grower, Harvest(ORANGE, (farm.plot,), 1000, record.clock.today()))
    with pytest.raises(capture.EventsRefused):
        record.keep(kept, drafted.store)
    assert Lot._get_collection().find_one({"_id": drafted.lots[0]["_id"]}) is None
    assert Record._get_collection().find_one({"_id": kept.document["_id"]}) is None
    assert transactions.run(lambda _session: True)
