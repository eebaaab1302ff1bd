"""Every store that an earlier release left is upgraded, and its story goes on over today's API."""

import base64
import json
from datetime import datetime

import pytest
from bson import ObjectId
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from mongoengine.connection import get_db

from backend import merkle, runtime
from backend.store import migrations
from backend.store.backup_file import read_key
from backend.store.restore import verify
from models import upgrades
from models.audit import sequencer, tree_head
from models.booking import sweeper
from models.payments import ledger_account, ledger_verify
from models.rules import rule_set, rule_set_views
from tests.dumps import keys
from tests.dumps.onecard_story import LISTED, drawn
from tests.support import queues, timeline
from tests.support.verifier import verify as verify_ticket
from tests.upgrade.old import DUMPS, at_scanner, old_clerk, old_gate, old_phone

pytestmark = pytest.mark.soak


@pytest.fixture
def resident(client, story):
    header = {"Authorization": f"Bearer {story['resident']['tokens']['access_token']}"}
    return lambda path: client.get(path, headers=header)


def test_there_is_a_dump_of_every_issue_so_far():
    issues = ["0002-main-job", "0003-trust", "0004-onecard", "0005-tourism", "0006-selenium", "0007-school"]
    issues += ["0008-health"]
    assert [path.stem for path in DUMPS][: len(issues)] == issues
    assert all(path.with_suffix(".story.json").exists() for path in DUMPS)
    assert all(path.stat().st_size < 1_000_000 for path in DUMPS)


def test_the_dump_holds_what_was_lived(dump):
    counts = {name: tally["count"] for name, tally in verify(dump, read_key(keys.BACKUP)).items()}
    assert counts["orders"] >= 3
    assert counts["tickets"] >= 4
    assert all(counts[name] for name in ("audit_entries", "access_lines", "payments", "refunds", "staff", "devices"))


def test_it_is_refused_until_it_is_upgraded_and_a_second_upgrade_does_nothing(upgraded, dump):
    assert ("pending; run `make upgrade`" in upgraded.refusal) == bool(upgraded.first)
    assert upgraded.first or dump != DUMPS[0]  # a dump of this very release has nothing due
    assert upgraded.second == []
    assert upgraded.unchanged
    assert migrations.require_current(upgrades.MIGRATIONS) is None


def test_a_resident_who_was_logged_in_still_is_and_sees_the_orders(resident, story):
    for name, before in story["resident"]["orders"].items():
        answer = resident(f"/mini/v1/orders/{before['id']}")
        assert answer.status_code == 200, answer.json
        shown = answer.json
        same = ("id", "place_id", "day", "state", "total_fen")
        assert {field: shown[field] for field in same} == {field: before[field] for field in same}, name
        named = [(one["name"], one["document_tail"]) for one in shown["visitors"]]
        assert named == [(one["name"], one["document_tail"]) for one in before["visitors"]]
        assert [one["code"] for one in shown["tickets"]] == [one["code"] for one in before["tickets"]]


def test_the_tickets_verify_without_the_service_and_let_in_at_the_gate(client, story, shift_clock):
    order = story["resident"]["orders"]["paid"]
    published = client.get("/public/v1/ticket-keys").json["items"]
    opens = datetime.fromisoformat(order["start"]).timestamp()
    shift_clock(opens + 60 - timeline.unshifted())
    gate = old_gate(client, story["gate"])
    for ticket in order["tickets"]:
        assert verify_ticket(ticket["code"], published).ticket == ticket["id"]
        assert gate.scan(ticket["code"]).json["result"] == "admitted"
    assert gate.scan(order["tickets"][0]["code"]).json["result"] == "already_used"


def test_a_cancelled_ticket_stays_cancelled(client, resident, story):
    order = story["resident"]["orders"]["cancelled"]
    shown = resident(f"/mini/v1/orders/{order['id']}").json
    assert [one["state"] for one in shown["tickets"]] == ["void"]
    assert shown["refund"]["state"] == "succeeded"


def test_the_staff_log_in_with_password_and_code_and_find_what_they_left(client, story):
    clerks = {role: old_clerk(client, told).log_in() for role, told in story["staff"].items()}
    assert [one["role"] for one in clerks["manager"].get("/office/v1/me").json["assignments"]] == ["scenic_manager"]
    order = story["resident"]["orders"]["paid"]
    seen = clerks["manager"].get(f"/office/v1/orders/{order['id']}")
    assert (seen.status_code, seen.json["state"]) == (200, "issued")
    entries = clerks["auditor"].get("/office/v1/audit/entries?object=place:pingshan")
    assert entries.status_code == 200, entries.json
    actions = {one["action"] for one in entries.json["items"]}
    assert "notice.post" in actions


def test_every_bound_account_has_its_binding_on_record(upgraded):
    db = get_db()
    bound = list(db.accounts.find({"person": {"$gt": ObjectId("0" * 24)}}))
    records = {one["account"]: one for one in db.bindings.find({"_id": {"$exists": True}}) if one.get("open")}
    assert bound
    assert {one["_id"]: one["person"] for one in bound} == {key: one["person"] for key, one in records.items()}
    assert all(one["since"] for one in records.values())


def test_until_the_first_rotation_the_earlier_release_can_read_what_is_sealed(upgraded, dump):
    if dump != DUMPS[0]:
        pytest.skip("stores of later releases have data keys")
    sealed = runtime.current().sealer.seal("persons.profile", 1, "王芳")
    direct = AESGCM(base64.b64decode(keys.SERVICE["FIELD_KEYS"].partition(":")[2]))
    assert sealed[:2] == bytes((1, 1))
    assert direct.decrypt(sealed[2:14], sealed[14:], b"persons.profile:1").decode() == "王芳"


@pytest.fixture
def trust(story):
    """What the dumps from trust and keeping on hold."""
    if "trust" not in story:
        pytest.skip("the store is older than this part of the story")
    return story["trust"]


def test_facts_case_looks_and_file_of_the_matched_resident_are_there(resident, trust):
    told = trust["resident"]
    assert {one["kind"] for one in resident("/mini/v1/facts").json["items"]} >= set(told["facts"])
    case = resident(f"/mini/v1/cases/{told['case_id']}").json
    assert (case["number"], case["state"]) == (told["case"], "open")
    looks = [one["unit"] for one in resident("/mini/v1/access-lines").json["items"]]
    assert looks == told["looks"]
    content = resident(f"/mini/v1/files/{told['file']['id']}/content")
    assert content.data == base64.b64decode(told["file"]["content"])


def test_the_counter_still_knows_the_grandmother(client, trust):
    told = trust["counter"]
    clerk = old_clerk(client, told).log_in()
    found = clerk.post("/office/v1/persons/find", told["elder"])
    assert (found.status_code, found.json["id"]) == (200, told["elder_id"])
    begun = clerk.post(f"/office/v1/persons/{told['elder_id']}/counter-sessions", {"document_seen": "identity_card"})
    seen = clerk.get("/office/v1/counter-session", **{"Counter-Session": begun.json["id"]})
    assert [one["kind"] for one in seen.json["relations"]] == ["helper"]


def test_the_log_goes_on_from_its_published_head(client, story, trust):
    old = trust["head"]
    refused = old_clerk(client, story["staff"]["manager"]).try_login(password="forgotten")
    assert refused.status_code == 401
    assert sequencer.run() > 0
    tree_head.publish()
    newer = client.get("/public/v1/audit/tree-head").json
    asked = f"/public/v1/audit/consistency?first={old['tree_size']}&second={newer['tree_size']}"
    proof = [bytes.fromhex(one) for one in client.get(asked).json["proof"]]
    roots = (bytes.fromhex(old["root_hash"]), bytes.fromhex(newer["root_hash"]))
    assert newer["tree_size"] > old["tree_size"]
    assert merkle.verify_consistency(old["tree_size"], newer["tree_size"], proof, *roots)
    assert not merkle.verify_consistency(old["tree_size"], newer["tree_size"], proof, roots[1], roots[0])


@pytest.fixture
def onecard(story):
    """What the dumps from the one-card on hold."""
    if "onecard" not in story:
        pytest.skip("the store is older than this part of the story")
    return story["onecard"]


@pytest.fixture
def holder(client, onecard):
    header = {"Authorization": f"Bearer {onecard['holder']['tokens']['access_token']}"}
    return lambda path: client.get(path, headers=header)


def test_the_card_its_codes_and_its_printed_text_still_hold(client, holder, onecard):
    before, shown = onecard["holder"]["card"], holder("/mini/v1/card").json
    same = ("id", "state", "number_tail", "bank_tail", "electronic")
    assert {name: shown[name] for name in same} == {name: before[name] for name in same}
    codes = (drawn(onecard["seeds"], "identity"), drawn(onecard["lost"]["seeds"], "identity"))
    told = [at_scanner(client, onecard["desk"], "/gate/v1/codes", {"code": code}) for code in codes]
    assert [one["result"] for one in told] == ["accepted", "revoked"]
    printed = at_scanner(client, onecard["journal"]["gate"], "/gate/v1/codes", {"code": onecard["printed"]})
    assert (printed["result"], printed["medium"]) == ("accepted", "printed")


def test_a_gate_is_still_told_of_the_card_that_was_lost(client, onecard):
    gate, path = old_gate(client, onecard["journal"]["gate"]), "/gate/v1/sync"
    answer = client.get(path, headers={"Authorization": gate.signed(b"", method="GET", path=path)})
    told = {(one["kind"], one["key"]) for one in answer.json["revocations"]["items"]}
    assert ("credential", onecard["lost"]["handle"]) in told
    assert ("credential", json.loads(onecard["seeds"]["package"])["handle"]) not in told


def test_the_wallet_the_ride_and_the_whole_ledger_agree(holder, onecard):
    money = onecard["money"]
    assert holder("/mini/v1/wallet").json["balance_fen"] == money["balance_fen"]
    assert money["transfer"] in [one["id"] for one in holder("/mini/v1/wallet/transfers").json["items"]]
    assert [(one["line"], one["fare_fen"]) for one in holder("/mini/v1/rides").json["items"]] == [
        ("yudu-1", money["fare_fen"])
    ]
    assert ledger_verify.findings() == []
    assert ledger_account.total()["balance_fen"] == 0


def test_what_a_gate_handed_in_is_not_taken_twice(client, onecard):
    told = onecard["journal"]
    again = at_scanner(client, told["gate"], "/gate/v1/journal", told["body"])
    assert [one["result"] for one in again["items"]] == ["duplicate"]
    manager = old_clerk(client, told).log_in()
    conflicts = manager.get("/office/v1/journal/conflicts?state=open").json["items"]
    assert [one["reason"] for one in conflicts] == ["no_ticket"]


def test_the_list_of_subsidies_is_still_public_and_read_by_who_is_on_it(client, holder, onecard):
    told = onecard["benefits"]
    assert told["counts"] == {"ok": 1, "blocked": 1}
    assert client.get(f"{LISTED}/{told['public']['batch']['id']}").json == told["public"]
    line = holder(f"/mini/v1/benefits/{told['line']['id']}").json
    assert {name: line[name] for name in told["line"]} == told["line"]


def test_the_rule_says_what_it_said(upgraded, onecard):
    kept = rule_set_views.shown(rule_set.read(onecard["rule"]["id"]))
    same = ("code", "version", "state", "condition", "hash")
    assert {name: kept[name] for name in same if name in kept} == {
        name: onecard["rule"][name] for name in same if name in onecard["rule"]
    }


@pytest.fixture
def tourism(story):
    """What the dumps from tourism and sport on hold."""
    if "tourism" not in story:
        pytest.skip("the store is older than this part of the story")
    return story["tourism"]


@pytest.fixture
def visitor(client, tourism):
    return old_phone(client, tourism["tokens"])


def test_every_order_names_the_counters_it_took_from_and_no_counter_is_off(upgraded):
    db, everything = get_db(), {"_id": {"$exists": True}}
    orders = list(db.orders.find(everything).hint("_id_"))
    slots = {one["_id"]: one for one in db.slots.find(everything).hint("_id_")}
    assert all(isinstance(one["resource"], str) for one in slots.values())
    firsts = [(one["takes"][0]["slot"], one["takes"][0]["places"]) for one in orders]
    assert firsts == [(one["slot"], one["places"]) for one in orders]
    sold = {take["slot"] for one in orders for take in one["takes"]}
    assert {slot_id: sweeper.recount(slot_id) for slot_id in sold} == dict.fromkeys(sold, 0)
    unique = [one["key"] for one in db.slots.index_information().values() if one.get("unique")]
    assert unique == [[("place", 1), ("resource", 1), ("day", 1), ("start", 1)]]
    assert any(one["key"][0] == ("takes.slot", 1) for one in db.orders.index_information().values())


def test_places_of_before_are_found_by_their_initials(client):
    found = client.get("/mini/v1/search?q=lty").json["items"]
    assert found[0]["name"] == "罗田岩"


def test_a_visit_with_a_guide_and_one_without_somebody_are_as_they_were(visitor, tourism):
    same = ("id", "day", "state", "total_fen", "visitors", "tickets", "extras", "partial_refunds")
    for before in (tourism["guided"], tourism["parts"]):
        shown = visitor.get(f"/mini/v1/orders/{before['id']}").json
        assert {name: shown.get(name) for name in same} == {name: before.get(name) for name in same}
    taken = get_db().orders.find_one({"_id": ObjectId(tourism["guided"]["id"])})["takes"]
    assert [one["slot"] for one in taken][-1] == tourism["guided"]["extras"][0]["slot_id"]


def test_who_bought_at_a_window_and_at_a_kiosk_enters_and_the_clerk_finds_the_sale(client, tourism, shift_clock):
    told = tourism["counters"]
    clerk = old_clerk(client, told["window"]).log_in()
    shown = clerk.get(f"/office/v1/window-orders/{told['sold']['id']}").json
    assert (shown["state"], shown["channel"], shown["total_fen"]) == ("issued", "window", told["sold"]["total_fen"])
    shift_clock(datetime.fromisoformat(f"{told['given']['day']}T10:00:00+08:00").timestamp() - timeline.unshifted())
    card = at_scanner(client, told["gate"], "/gate/v1/scans", {"document": told["document"]})
    paper = at_scanner(client, told["gate"], "/gate/v1/scans", {"code": told["given"]["code"]})
    assert [one["result"] for one in (card, paper)] == ["admitted", "already_used"]


def test_who_waited_is_offered_what_comes_back(client, tourism):
    first, second = (old_phone(client, one) for one in tourism["line"]["tokens"])
    entry = tourism["line"]["entry"]
    assert [one["position"] for one in second.get("/mini/v1/waiting").json["items"]] == [1]
    assert first.cancel(tourism["line"]["order"]).status_code == 200
    queues.drain("checkout")
    assert second.post(f"/mini/v1/waiting/{entry}/accept").json["state"] == "taken"
    assert second.order(entry)["state"] == "issued"
    assert sweeper.recount(tourism["line"]["slot"]) == 0


def test_courts_water_and_a_closing_are_as_they_were(client, visitor, tourism):
    before = tourism["court"]["booked"]
    shown = visitor.get(f"/mini/v1/sport/bookings/{before['id']}").json
    same = ("state", "total_fen", "resource_zh", "start", "end", "extras", "refund_steps")
    assert {name: shown[name] for name in same} == {name: before[name] for name in same}
    manager = old_clerk(client, tourism["staff"]["venue"]).log_in()
    closure = manager.get(f"/office/v1/sport/closures/{tourism['court']['closure']}").json
    assert (closure["state"], closure["job"]["state"]) == ("closed", "done")
    (water,) = client.get("/public/v1/sport/venues/sport_pool/water").json["items"]
    assert water["latest"]["values"] == tourism["water"]["values"]


def test_limits_counts_texts_and_itineraries_are_as_they_were(client, visitor, tourism):
    manager = old_clerk(client, tourism["staff"]["manager"]).log_in()
    base = "/office/v1/places/park/crowd"
    assert manager.get(f"{base}/limits").json == tourism["crowd"]["limits"]
    (count,) = [one for one in manager.get(f"{base}/records").json["items"] if one["what"] == "headcount"]
    assert count["details"]["people"] == tourism["crowd"]["people"]
    point = tourism["text"]["item"].partition(":")[2]
    assert client.get(f"/mini/v1/guide/points/{point}").json["summary_zh"] == tourism["text"]["summary_zh"]
    told = tourism["itinerary"]
    assert client.get(f"/mini/v1/shared-itineraries/{told['share_code']}").status_code == 200
    assert visitor.get(f"/mini/v1/itineraries/{told['itinerary']['id']}").json["days"] == told["itinerary"]["days"]
    switches = {one["kind"]: one["on"] for one in visitor.get("/mini/v1/message-settings").json["items"]}
    assert (switches["visit_reminder"], switches["waiting_offer"]) == (False, True)


def test_an_allowed_message_is_still_allowed_and_a_stuck_refund_still_somebodys_work(client, visitor, tourism):
    (first, *_rest) = visitor.get("/mini/v1/message-templates?moment=order").json["items"]
    assert (first, first["left"]) == (tourism["grant"], 1)
    told = tourism["trouble"]
    clerk = old_clerk(client, told["clerk"]).log_in()
    shown = clerk.get(f"/office/v1/refund-work/{told['work']['id']}").json
    same = ("state", "amount_fen", "assignee", "why", "due", "actions")
    assert {name: shown.get(name) for name in same} == {name: told["work"].get(name) for name in same}
    assert clerk.post(f"/office/v1/refund-work/{told['work']['id']}/release").status_code == 200
    assert visitor.order(told["order"])["state"] == "cancelled"


def test_a_free_visit_of_before_is_cancelled_and_its_place_is_sold_again(client, story):
    """By the rules of today, whichever release booked it."""
    phone, order = old_phone(client, story["resident"]["tokens"]), story["resident"]["orders"]["free"]
    left = phone.slot(order["slot_id"])["left"]
    assert phone.cancel(order["id"]).json["state"] == "cancelled"
    assert phone.slot(order["slot_id"])["left"] == left + 1
    assert sweeper.recount(order["slot_id"]) == 0


def test_the_session_of_the_resident_can_be_renewed(client, story):
    body = {"refresh_token": story["resident"]["tokens"]["refresh_token"]}
    answer = client.post("/mini/v1/session/refresh", json=body)
    assert answer.status_code == 200, answer.json
    header = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/mini/v1/companions", headers=header).status_code == 200
