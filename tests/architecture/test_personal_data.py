"""Every collection says what it holds about people, or is listed here with the reason why it holds nothing."""

from collections import Counter

import pytest
from mongoengine import BinaryField
from mongoengine.connection import get_db

from backend import personal_data
from backend.personal_data import Blind, Holding, Sealed
from backend.sealing import SealBroken
from backend.store import indexes
from models.payments import notice
from models.upgrades import documents
from tests.support import seals
from tests.support.phone import Phone

HOLDS_NOTHING = {
    "areas": "divisions of the county",
    "audit_heads": "roots of the audit's tree and their signatures",
    "audit_leaves": "digests of audit lines",
    "audit_nodes": "digests of digests",
    "audit_tree": "how large the audit's tree is",
    "bills": "numbers and sums of payments",
    "bus_lines": "lines and fares",
    "calendar_years": "public holidays",
    "case_counters": "the last number that a day gave out",
    "concessions": "who may have what by which rule",
    "consent_texts": "texts that everybody may read",
    "crowd_days": "how many people a place had a day",
    "crowd_history": "how many people a place had a minute",
    "crowd_hours": "how many people went in and out a minute",
    "crowd_limits": "how many people a place takes",
    "crowd_readings": "how many people a sensor saw",
    "crowd_sources": "what cameras and car parks counted last",
    "data_keys": "keys",
    "death_lists": "days whose list was read",
    "devices": "gates and kiosks",
    "enterprise_figures": "how much policies gave, by policy and unit",
    "enterprise_firms": "public facts of the business register",
    "epcis_capture_jobs": "counts, and reasons why events were refused",
    "epcis_events": "goods, places and parties by their numbers",
    "exhibits": "numbers and codes of exhibits",
    "guide_counts": "how often a content was looked at",
    "health_devices": "kiosks and wearables, their models and calibrations",
    "health_figure_runs": "counts of elders by town and unit",
    "health_figures": "counts of elders by town and unit",
    "index_keys": "ids of keys",
    "itinerary_terms": "speeds and durations",
    "jobs": "ids of what is worked on",
    "key_rotations": "counts",
    "ledger_days": "digests and counts",
    "ledger_limits": "how much a wallet may hold",
    "merchants": "shops and offices",
    "message_templates": "texts of messages",
    "notice_days": "figures",
    "rating_figures": "counts of ratings by unit and month",
    "offline_limits": "how long scanners may do without network",
    "organisations": "public facts of the business register",
    "periodic_work": "the schedule",
    "place_codes": "pictures of places",
    "places": "places",
    "privacy_texts": "texts that everybody may read",
    "reconciliations": "numbers and sums of statements",
    "register_sources": "how far each register has answered",
    "reminder_passes": "how far the reminders of a day are",
    "resources": "courts, lanes and guides as things to book",
    "rule_parameters": "thresholds of laws and plans",
    "selenium_committed_grams": "how many grams of a lot are committed to",
    "selenium_products": "products and how much a mu of them may yield",
    "selenium_standards": "what standards ask of products",
    "health_tools": "scoring tables and what they give, of nobody",
    "address_points": "standard addresses and where their doors are, of nobody",
    "school_districts": "areas and their schools",
    "schools": "schools",
    "search_terms": "names and facts of places, for searching",
    "selenium_code_counters": "how many serials were given out",
    "seat_plans": "how many places a school has",
    "slots": "places, days and ids of holds",
    "sms_templates": "numbers of templates",
    "units": "offices",
}
BYTES_OF_NOBODY = {
    "health_devices.claim": "digest of the code in a wearable's box",
    "health_sessions.digest": "digest of what a kiosk uploaded",
    "selenium_certificates.signature": "signature",
    "access_lines.salt": "random",
    "approvals.link": "digest of a random link",
    "approvals.pin": "keyed digest of a random PIN, short-lived",
    "audit_entries.salt": "random",
    "audit_heads.root": "digest",
    "audit_heads.signature": "signature",
    "audit_leaves.hash": "digest",
    "audit_nodes.hash": "digest",
    "credentials.handle": "random",
    "data_keys.wrapped": "a wrapped key",
    "devices.public_key": "public",
    "epcis_capture_jobs.body": "a document of events, while it waits",
    "epcis_events.core": "digest of an event",
    "epcis_events.digest": "digest of an event",
    "idempotency_keys.body": "digest of a request, for a day",
    "service_appointments.key": "digest that names a request",
    "orders.claims": "digests of random ids",
    "place_codes.picture": "a picture of no one",
    "transfers.body": "digest of what a transfer says",
    "waiting_entries.claims": "digests of random ids",
}
ONE_RECORD_IN_TWO_PLACES = {
    "cases.history.text": "a long history moves to a collection of its own, line by line",
    "orders.visitors.name": "an offer moves the lines of a waiting entry to the order of the same id",
    "orders.visitors.evidence": "as the names",
    "health_records.content": "what a record said before a correction is kept as it was sealed",
}
LAWS = ("法", "条例", "规定", "GB/T")


@pytest.fixture(scope="module", autouse=True)
def every_document():
    documents.load()


def kinds():
    return {kind._get_collection_name(): kind for kind in indexes.documents()}


def declared():
    return {one.collection: one for one in personal_data.holdings()}


def test_every_collection_is_declared_or_holds_nothing_for_a_reason():
    assert set(kinds()) - set(declared()) == set(HOLDS_NOTHING)


def test_what_is_declared_is_a_collection_of_ours():
    assert set(declared()) - set(kinds()) == set()


def test_every_field_of_bytes_is_sealed_an_index_or_nobodys():
    found = set()
    for name, kind in kinds().items():
        holding = declared().get(name)
        known = {one.path for one in (*holding.sealed, *holding.blind)} if holding else set()
        for field, told in kind._fields.items():
            inner = getattr(told, "field", None)
            if (isinstance(told, BinaryField) or isinstance(inner, BinaryField)) and field not in known:
                found.add(f"{name}.{field}")
    assert found == set(BYTES_OF_NOBODY)


def test_an_index_names_where_its_value_comes_from_so_that_its_key_can_rotate():
    for name, holding in declared().items():
        sources = {one.path for one in holding.sealed}
        for blind in holding.blind:
            assert not blind.source or blind.source in sources, (name, blind.path)
            if blind.held_by:
                theirs = declared()[blind.held_by].blind
                assert any(one.field == blind.field and one.source for one in theirs), (name, blind.path)


def test_two_fields_never_share_what_their_values_are_bound_to():
    counted = Counter(holding.place(one) for holding in declared().values() for one in holding.sealed)
    assert {place for place, times in counted.items() if times > 1} == set(ONE_RECORD_IN_TWO_PLACES)


def test_whatever_is_kept_says_why_and_what_is_restricted_names_the_law():
    for name, holding in declared().items():
        assert holding.zh, name
        assert holding.because or holding.at_deletion == "delete", name
        if holding.at_deletion == "restrict":
            assert any(word in holding.because for word in LAWS), name


def test_everything_that_a_person_or_account_is_found_by_has_an_index():
    wrong = []
    for name, holding in declared().items():
        lead = {"_id", *(next(iter(dict(one["fields"]))) for one in kinds()[name]._meta["index_specs"])}
        paths = (*holding.persons, *holding.accounts, *holding.keys)
        wrong += [f"{name}.{path}" for path in paths if path not in lead]
    assert wrong == []


# What the service really stores


def test_a_visit_leaves_nothing_behind_that_is_not_as_declared(seeded, client, sandbox):
    phone = Phone(client, sandbox).ready()
    phone.consent("phone")
    code = sandbox.call(f"/users/{phone.user['user_id']}/phone_code", {})["code"]
    assert phone.post("/mini/v1/phone", {"code": code}).status_code == 200
    friend = phone.companion()
    phone.issued(phone.free_slot("pingshan"), (phone.me, "adult"), (friend, "adult"))
    assert seals.wrong() == []
    opened = {}
    for name, holding in declared().items():
        for document in get_db()[name].find({}).hint("_id_"):
            opened[name] = opened.get(name, 0) + len(personal_data.open_all(seeded.sealer, holding, document))
    assert opened["accounts"] == 3 + 2
    assert opened["persons"] == 2 * 2
    assert opened["orders"] == 2
    assert opened["idempotency_keys"] >= 3


def test_what_is_sealed_at_its_place_only_opens_there(seeded, client, sandbox):
    """Each value of a visit, moved to another record or field, does not open (the associated data)."""
    phone = Phone(client, sandbox).ready()
    phone.issued(phone.free_slot("pingshan"))
    moved = 0
    for name, holding in declared().items():
        for document in get_db()[name].find({}).hint("_id_"):
            for field in holding.sealed:
                for position, owner, key in personal_data.elements(document, field.path):
                    if not isinstance(owner[key], bytes):
                        continue
                    record = personal_data.record_name(field, document, owner, position)
                    for place, at in ((holding.place(field), f"{record}0"), (f"{holding.place(field)}x", record)):
                        with pytest.raises(SealBroken):
                            seeded.sealer.open(place, at, owner[key])
                        moved += 1
    assert moved > 10


@pytest.mark.parametrize(
    ("holding", "what"),
    [
        (Holding("payment_notices", "x"), "resource is not declared"),
        (Holding("payment_notices", "x", sealed=(Sealed("resource", place="x"),)), "do not open"),
        (Holding("payment_notices", "x", sealed=(Sealed("resource", record="{nothing}"),)), "do not open"),
        (
            Holding(
                "payment_notices", "x", sealed=(Sealed("resource"),), blind=(Blind("event_type", "x.y", "resource"),)
            ),
            "event_type is not the index of resource",
        ),
    ],
)
def test_the_look_after_every_test_sees_a_wrong_declaration(store, monkeypatch, holding, what):
    sealed = store.sealer.seal("payment_notices.resource", "n1", "{}")
    notice.PaymentNotice._get_collection().insert_one({"_id": "n1", "event_type": "x", "resource": sealed})
    assert seals.wrong() == []
    with monkeypatch.context() as changed:
        changed.setitem(personal_data._holdings, "payment_notices", holding)
        (told,) = seals.wrong()
    assert what in told


def test_a_sealed_value_in_a_collection_that_declares_nothing_is_seen(store):
    get_db().areas.insert_one({"_id": "x", "name": [{"y": store.sealer.seal("areas.name", "x", "王芳")}]})
    assert seals.wrong() == ["areas.name.0.y is not declared"]
    get_db().areas.delete_one({"_id": "x"})
