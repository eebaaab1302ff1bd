"""Paragraph 5: all that is held about oneself, from every collection, and what is left after the account is closed."""

import json

import bson
import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import outbox, personal_data, runtime
from backend.store import indexes
from models.identity import binding, erasure
from models.identity.own_data import Scope
from tests.support.phone import Phone
from tests.support.queues import drain
from tests.tourism.money_kit import let_pass

NAME = "欧阳于都"
LATER = 12 * 24 * 3600
"""Seconds after which the visits are over."""


@pytest.fixture
def planted(client, seeded, sandbox, shift_clock):
    """A resident who did what one can do, under a name that nobody else has."""
    phone = Phone(client, sandbox).log_in()
    phone.consent("phone")
    phone.consent("document")
    code = sandbox.call(f"/users/{phone.user['user_id']}/phone_code", {})["code"]
    phone.post("/mini/v1/phone", {"code": code})
    phone.bind(NAME)
    other = phone.companion()
    phone.issued(phone.free_slot("museum"), (phone.me, "adult"))
    gone = phone.issued(phone.free_slot("pingshan"), (phone.me, "adult"), (other, "adult"))["id"]
    phone.cancel(gone)
    let_pass(shift_clock, lambda: phone.order(gone)["refund"]["state"] == "succeeded")
    return phone


def account_of(phone: Phone) -> dict:
    index = runtime.current().sealer.blinds("accounts.openid", phone.user["openid"])
    return get_db().accounts.find_one({"openid_index": {"$in": index}})


def matched(phone: Phone) -> Phone:
    account = account_of(phone)
    binding.raise_level(
        account["_id"], account["person"], "matched", method="register", evidence=["test"], by="system:t"
    )
    return phone


def exported(phone: Phone) -> list[dict]:
    answer = phone.get("/mini/v1/my-data/export")
    assert answer.status_code == 200, answer.json
    return [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]


def whole_store() -> dict[str, list[dict]]:
    """Return every document of every collection: a full scan."""
    names = [name for name in get_db().list_collection_names() if not name.startswith("system.")]
    return {name: list(get_db()[name].find().sort("_id", 1).hint("_id_")) for name in names}


def mentions(document: dict, collection: str, needles: list) -> bool:
    """Tell whether a document holds one of the needles, in clear or in a sealed value that its declaration opens."""
    told = repr(document)
    if any(str(one) in told for one in needles):
        return True
    declared = {one.collection: one for one in personal_data.holdings()}
    if collection not in declared:
        return False
    opened = personal_data.open_all(runtime.current().sealer, declared[collection], document)
    return any(str(one) in text for text in opened.values() for one in needles)


def test_the_export_finds_the_planted_person_wherever_a_full_scan_does(planted):
    account = account_of(matched(planted))
    needles = [account["_id"], account["person"], NAME, planted.user["openid"], planted.document]
    found = {
        (name, str(document["_id"]))
        for name, documents in whole_store().items()
        for document in documents
        if mentions(document, name, needles)
    }
    told = {(line["collection"], line["record"]["id"]) for line in exported(planted)}
    assert {name for name, _ in found} >= {
        "accounts",
        "persons",
        "orders",
        "tickets",
        "payments",
        "consents",
        "bindings",
    }
    staff_side = {"audit_entries", "audit_leaves"}
    assert {one for one in found if one[0] not in staff_side} - told == set()


def test_the_export_is_readable_and_holds_no_key_of_ours(planted):
    lines = exported(matched(planted))
    text = json.dumps(lines, ensure_ascii=False)
    assert NAME in text
    assert planted.document in text
    assert planted.user["phone"] in text
    for secret in ("session_key", "openid_index", "document_index", "digest", "former_refresh", "outbox"):
        assert f'"{secret}"' not in text.replace('"text_digest"', "")
    assert planted.token not in text


def test_a_declared_binding_exports_the_account_but_not_the_person(planted):
    collections = {line["collection"] for line in exported(planted)}
    assert {"accounts", "orders", "consents"} <= collections
    assert "persons" not in collections


def test_of_somebody_elses_order_one_sees_only_oneself(planted, client, sandbox):
    friend = matched(Phone(client, sandbox).ready())
    theirs = account_of(friend)
    name, document = "上官小河", friend.document
    planted.post("/mini/v1/companions", {"name": name, "document_kind": "resident_id", "document_number": document})
    listed = planted.get("/mini/v1/companions").json["items"]
    companion = next(one["id"] for one in listed if one["document_tail"][-4:] == document[-4:])
    planted.issued(planted.free_slot("museum", later=2), (planted.me, "adult"), (companion, "adult"))
    orders = [line["record"] for line in exported(friend) if line["collection"] == "orders"]
    assert len(orders) == 1
    assert [one["name"] for one in orders[0]["visitors"]] == [name]
    assert NAME not in json.dumps(orders, ensure_ascii=False)
    assert str(account_of(planted)["_id"]) not in json.dumps(orders)
    assert theirs["person"] is not None


def test_a_strangers_export_holds_nothing_of_the_person(planted, client, sandbox):
    stranger = matched(Phone(client, sandbox).ready())
    assert NAME not in json.dumps(exported(stranger), ensure_ascii=False)


def test_every_collection_is_listed_with_what_deletion_does_to_it(planted):
    told = {one["collection"]: one for one in planted.get("/mini/v1/my-data").json["items"]}
    assert told["orders"]["at_deletion"] == "restrict"
    assert told["orders"]["because_zh"]
    assert told["accounts"]["at_deletion"] == "delete"
    assert planted.get("/mini/v1/my-data/orders?limit=1").json["next"]
    assert planted.get("/mini/v1/my-data/units").status_code == 404


def close(phone: Phone) -> dict:
    drain()
    account = account_of(phone)
    erasure.begin(account["_id"], case="PIPL-1", by="system:test")
    drain("trust")
    return account


def test_after_deletion_no_plaintext_and_no_value_that_opens_to_it_is_left(planted, travel, shift_clock):
    matched(planted)
    account = account_of(planted)
    needles = [NAME, planted.document, planted.user["openid"], planted.user["phone"]]
    shift_clock(LATER)
    close(planted)
    left = [
        (name, document["_id"])
        for name, documents in whole_store().items()
        for document in documents
        if mentions(document, name, needles)
    ]
    assert left == []
    ids = (str(account["_id"]), str(account["person"]))
    kept = {name for name, documents in whole_store().items() if any(one in repr(documents) for one in ids)}
    by_declaration = {one.collection for one in personal_data.holdings() if one.at_deletion == "keep"}
    assert kept <= by_declaration | {"audit_entries", "audit_leaves", "jobs"}


def test_what_a_law_keeps_is_restricted_and_out_of_use(planted, shift_clock):
    matched(planted)
    shift_clock(LATER)
    orders = get_db().orders.find({"account": account_of(planted)["_id"]})
    ids = [one["_id"] for one in orders]
    account = close(planted)
    assert get_db().orders.find_one({"_id": {"$in": ids}}) is None
    kept = list(get_db().restricted_records.find({"account": account["_id"]}))
    assert {f"orders:{one}" for one in ids} <= {one["_id"] for one in kept}
    assert all(NAME.encode() not in bson.encode(one) for one in kept)


def test_an_account_with_a_visit_to_come_is_not_closed(planted):
    account = account_of(planted)
    with pytest.raises(erasure.StillBusy):
        erasure.begin(account["_id"], case="PIPL-1", by="system:test")
    assert planted.get("/mini/v1/account").status_code == 200


def test_a_closed_account_is_out_at_once_and_the_wechat_user_starts_anew(planted, shift_clock):
    shift_clock(LATER)
    planted.token = ""
    again = planted.post("/mini/v1/session/refresh", {"refresh_token": planted.tokens["refresh_token"]}).json
    planted.token = again["access_token"]
    assert planted.get("/mini/v1/account").status_code == 200
    before = close(planted)
    assert planted.get("/mini/v1/account").status_code == 401
    planted.token = ""
    refused = planted.post("/mini/v1/session/refresh", {"refresh_token": again["refresh_token"]})
    assert refused.status_code == 401
    planted.token = ""
    planted.log_in()
    assert planted.get("/mini/v1/account").json["level"] == "account"
    assert account_of(planted)["_id"] != before["_id"]


def test_while_it_is_erased_nobody_logs_in_to_the_old_account(planted, shift_clock):
    shift_clock(LATER)
    drain()
    before = account_of(planted)
    erasure.begin(before["_id"], case="PIPL-1", by="system:test")
    planted.token = ""
    version = planted.get("/mini/v1/privacy-text").json["version"]
    body = {"js_code": planted.sandbox.js_code(planted.user), "privacy_version": version}
    refused = planted.post("/mini/v1/login", body)
    assert (refused.status_code, refused.json["code"]) == (409, "account_closing")
    assert account_of(planted)["sessions"] == []
    drain("trust")
    assert account_of(planted.log_in())["_id"] != before["_id"]


def work_through(account_id) -> None:
    while True:
        try:
            return erasure.work(account_id)
        except outbox.Later:
            continue


def test_an_erasure_killed_in_the_middle_goes_on_where_it_stood(planted, shift_clock, monkeypatch):
    matched(planted)
    shift_clock(LATER)
    drain()
    account = account_of(planted)
    erasure.begin(account["_id"], case="PIPL-1", by="system:test")
    ended = []

    def cut(*arguments):
        ended.append(arguments)
        if len(ended) == 3:
            raise KeyboardInterrupt
        return whole(*arguments)

    whole = erasure._end
    monkeypatch.setattr(erasure, "_end", cut)
    with pytest.raises(KeyboardInterrupt):
        work_through(account["_id"])
    monkeypatch.undo()
    shift_clock(LATER + 3600)
    drain("trust")
    assert get_db().erasures.find_one({"_id": account["_id"]})["state"] == "done"
    assert get_db().accounts.find_one({"_id": account["_id"]}) is None


def test_in_somebody_elses_order_the_deleted_person_becomes_nobody(planted, client, sandbox, shift_clock):
    friend = matched(Phone(client, sandbox).ready())
    person = account_of(friend)["person"]
    body = {"name": "上官小河", "document_kind": "resident_id", "document_number": friend.document}
    companion = planted.post("/mini/v1/companions", body).json["id"]
    order = planted.issued(planted.free_slot("museum", later=2), (companion, "adult"))
    shift_clock(LATER)
    close(friend)
    kept = get_db().orders.find_one({"_id": ObjectId(order["id"])})
    assert kept["visitors"][0]["person"] != person
    assert "name" not in kept["visitors"][0]
    scope = Scope(account_of(planted)["_id"], None)
    assert scope.account == kept["account"]
    assert {kind._get_collection_name() for kind in indexes.documents()} >= {"orders", "restricted_records"}
