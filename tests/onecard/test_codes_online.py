"""Codes over HTTP: a phone draws seeds once, scanners ask, and each is told what is wrong in words."""

import pytest
from bson import ObjectId

from backend import clock, runtime
from backend.store import transactions
from models.audit.access_line import AccessLine
from models.onecard import code_use, credential
from models.onecard.code_use import CodeUse
from models.onecard.credential import Credential
from tests.onecard.codes_kit import Scanner, Wallet, give_card, person_of
from tests.support import queues
from tests.support.counter import code as binding_code
from tests.support.crowd import at_once
from tests.support.gate import shift_to
from tests.support.phone import Phone
from tests.trust.conftest import admin, counter  # noqa: F401 - fixtures


@pytest.fixture
def holder(phone):
    phone.sure("verified")
    phone.person = person_of(phone)
    phone.card = give_card(phone.person)
    return phone


@pytest.fixture
def wallet(holder):
    made = Wallet(holder)
    assert made.draw_seeds().status_code == 201
    return made


@pytest.fixture
def scanner(client, store):
    return lambda scanner_class="venue": Scanner(client, scanner_class)


@pytest.fixture(autouse=True)
def middle_of_a_step(seeded, shift_clock):
    """Begin in the middle of a half-minute, so that no test runs over its end by chance."""
    shift_clock((15 - clock.timestamp()) % 30)


def revoke(wallet, reason="superseded"):
    transactions.run(lambda s: credential.revoke(ObjectId(wallet.package["credential_id"]), reason, s))


def test_a_phone_draws_seeds_once_and_each_kind_passes_at_its_own_scanner(wallet, scanner):
    for kind in ("identity", "medical", "transit", "venue", "payment"):
        answer = scanner(kind).check(wallet.code(kind))
        assert (answer.status_code, answer.json["result"], answer.json["kind"]) == (200, "accepted", kind)


def test_seeds_lie_nowhere_in_the_store(wallet, parts):
    database = Credential._get_collection().database
    seeds = [one["seed"] for one in wallet.package["seeds"]]
    assert len(seeds) == 6
    for name in database.list_collection_names(filter={"type": "collection", "name": {"$not": {"$regex": "^system"}}}):
        text = repr(list(database[name].find().hint([("_id", 1)])))
        assert not [seed for seed in seeds if seed in text], name


def test_the_same_key_draws_the_same_seeds_again(wallet, holder):
    again = Wallet(holder)
    first = again.draw_seeds(key="drawing-1").json["credential_id"]
    seeds = again.package["seeds"]
    assert again.draw_seeds(key="drawing-1").json["credential_id"] == first
    assert again.package["seeds"] == seeds
    assert Credential._get_collection().count_documents({"person": holder.person}) == 2


def test_drawing_anew_revokes_what_was_drawn_before_and_tells_gates(wallet, holder, scanner):
    other = Wallet(holder)
    other.draw_seeds()
    assert scanner().result(wallet.code()) == "revoked"
    assert scanner().result(other.code()) == "accepted"
    feed = Credential._get_collection().database["revocations"]
    assert feed.find_one({"_id": f"credential:{wallet.package['handle']}:"})["reason"] == "superseded"


def test_a_key_whose_seeds_are_revoked_is_told_to_draw_anew(holder):
    wallet = Wallet(holder)
    assert wallet.draw_seeds(key="one").status_code == 201
    revoke(wallet, "lost")
    answer = wallet.draw_seeds(key="one")
    assert (answer.status_code, answer.json["code"]) == (409, "seeds_replaced")


def test_without_a_card_there_are_no_seeds(phone):
    phone.sure("verified")
    answer = Wallet(phone).draw_seeds()
    assert (answer.status_code, answer.json["code"]) == (409, "card_missing")


@pytest.mark.parametrize("state", ["applied", "issued", "lost", "frozen"])
def test_a_card_that_is_not_active_gives_no_seeds(phone, state):
    phone.sure("verified")
    give_card(person_of(phone), state)
    answer = Wallet(phone).draw_seeds()
    assert (answer.status_code, answer.json["code"]) == (409, "card_not_active")


@pytest.mark.parametrize("level", ["declared", "matched"])
def test_a_binding_that_nobody_has_verified_gives_no_seeds(phone, level):
    if level != "declared":
        phone.sure(level)
    give_card(person_of(phone))
    answer = Wallet(phone).draw_seeds()
    assert (answer.status_code, answer.json["code"]) == (403, "level_needed")


def test_a_code_counts_once(wallet, scanner):
    code, gate = wallet.code(), scanner()
    assert gate.result(code) == "accepted"
    again = gate.check(code).json
    assert again["result"] == "replayed"
    assert "使用过" in again["message"]
    assert scanner().result(code) == "replayed"


def test_the_same_request_gets_the_same_answer_even_a_day_later(wallet, scanner, shift_clock):
    code, gate = wallet.code("identity"), scanner("identity")
    first = gate.check(code, nonce="n" * 20).json
    shift_clock(24 * 3600)
    assert first["result"] == "accepted"
    assert gate.check(code, nonce="n" * 20).json == first


def test_a_nonce_of_another_code_is_refused(wallet, scanner):
    gate = scanner()
    assert gate.result(wallet.code(), nonce="n" * 20) == "accepted"
    answer = gate.check(wallet.code(later=30), nonce="n" * 20)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")


def test_the_same_code_at_two_gates_at_once_passes_one(wallet, scanner, app):
    gates, code = [scanner().twin(app.test_client()) for _ in range(6)], wallet.code()
    results = at_once([lambda gate=gate: gate.result(code) for gate in gates])
    assert sorted(results) == ["accepted"] + ["replayed"] * 5


def test_without_the_guard_the_same_code_passes_twice(wallet, scanner, app, monkeypatch):
    monkeypatch.setattr(code_use, "_key", lambda _use, checked: f"{checked.handle.hex()}:{checked.kind}:{ObjectId()}")
    gates, code = [scanner().twin(app.test_client()) for _ in range(6)], wallet.code()
    assert at_once([lambda gate=gate: gate.result(code) for gate in gates]).count("accepted") > 1


def test_the_same_request_twice_at_once_is_accepted_in_both_answers(wallet, scanner, app):
    gate, code = scanner(), wallet.code()
    twins = [gate.twin(app.test_client()) for _ in range(4)]
    assert at_once([lambda one=one: one.result(code, nonce="n" * 20) for one in twins]) == ["accepted"] * 4
    assert CodeUse._get_collection().estimated_document_count() == 1


def test_a_medical_code_pays_nothing_and_the_till_says_which_code_it_wants(wallet, scanner):
    answer = scanner("payment").check(wallet.code("medical")).json
    assert answer["result"] == "wrong_kind"
    assert "就医购药" in answer["message"]
    assert "付款" in answer["message"]


def test_a_code_for_the_hospital_is_no_code_for_the_counter(wallet, scanner):
    code = wallet.code("identity", "medical")
    answer = scanner("identity").check(code).json
    assert (answer["result"], "医疗机构" in answer["message"]) == ("wrong_scanner", True)
    assert scanner("medical").result(code) == "accepted"


@pytest.mark.parametrize(("fast", "words"), [(600, "快了约 10 分钟"), (-420, "慢了约 7 分钟"), (7200, "快了约 2 小时")])
def test_a_phone_whose_clock_is_off_is_told_by_how_much_and_passes_once_it_took_the_offset(
    holder, scanner, fast, words
):
    wallet = Wallet(holder, fast=fast)
    wallet.draw_seeds()
    told = scanner().check(wallet.code()).json
    assert told["result"] == "clock_off"
    assert words in told["message"]
    assert "校准时间" in told["message"]
    assert abs(told["offset_seconds"] - fast) <= 30
    wallet.calibrate()
    assert scanner().result(wallet.code()) == "accepted"


def test_one_step_to_either_side_is_accepted_and_two_are_not(wallet, scanner):
    told = [scanner().result(wallet.code(later=30 * steps)) for steps in (-2, -1, 0, 1, 2)]
    assert told == ["clock_off", "accepted", "accepted", "accepted", "clock_off"]


def test_seeds_end_with_their_last_day(wallet, scanner, shift_clock):
    last = clock.date_of(wallet.package["last_day"]).isoformat()
    shift_clock(shift_to(last, "23:58"))
    assert scanner().result(wallet.code()) == "accepted"
    shift_clock(shift_to(last, "23:58") + 180)
    told = scanner().check(wallet.code()).json
    assert (told["result"], "更新" in told["message"]) == ("expired", True)


def test_a_lost_card_ends_the_codes_of_the_phone_at_once(wallet, holder, scanner):
    transactions.run(lambda s: credential.revoke_all(holder.card, "lost", s))
    told = scanner().check(wallet.code()).json
    assert (told["result"], "作废" in told["message"]) == ("revoked", True)


def test_a_phone_that_lost_its_person_to_another_one_shows_nothing_any_more(wallet, holder, scanner, sandbox, counter):  # noqa: F811
    code, other = wallet.code(), Phone(holder.client, sandbox).log_in()
    assert other.consent("document").status_code == 204
    assert counter.bind(str(holder.person), binding_code(other)).status_code == 201
    assert scanner().result(code) == "revoked"
    assert credential.by_handle(bytes.fromhex(wallet.package["handle"]))["state"] == "live"
    queues.drain("notify")
    feed = Credential._get_collection().database["revocations"]
    assert feed.find_one({"_id": f"credential:{wallet.package['handle']}:"})["reason"] == "binding_lost"
    assert Wallet(other).draw_seeds().status_code == 201


def test_a_card_that_is_stopped_refuses_even_a_credential_that_lives(wallet, holder, scanner):
    Credential._get_collection().database["cards"].update_one({"_id": holder.card}, {"$set": {"state": "frozen"}})
    assert scanner().result(wallet.code()) == "card_not_active"


@pytest.mark.parametrize("text", ["x", "CT1:", "CT1:00", "A", " " * 51, "0" * 600, "于都", "TICKET", "\x00"])
def test_what_is_no_code_of_ours_is_told_so_in_one_sentence(scanner, text):
    told = scanner().check(text).json
    assert (told["result"], told["message"].startswith("这不是本平台的一卡通码")) == ("not_ours", True)


def test_a_handle_that_is_in_no_store_is_not_ours(wallet, scanner):
    Credential._get_collection().delete_one({"_id": ObjectId(wallet.package["credential_id"])})
    assert scanner().result(wallet.code()) == "not_ours"


@pytest.mark.parametrize(
    ("scanner_class", "shown"),
    [
        ("identity", {"name": "张**", "age_band": "adult"}),
        ("medical", {"name": "张**"}),
        ("transit", {"age_band": "adult"}),
        ("venue", {"age_band": "adult"}),
        ("payment", {}),
    ],
)
def test_a_scanner_is_shown_no_more_than_its_class_needs_and_the_holder_sees_who_looked(
    wallet, holder, scanner, scanner_class, shown
):
    gate = scanner(scanner_class)
    told = gate.check(wallet.code(scanner_class)).json
    assert {name: told[name] for name in ("name", "age_band") if name in told} == shown
    lines = list(AccessLine._get_collection().find({"who": f"device:{gate.id}"}))
    assert [sorted(one["fields"]) for one in lines] == ([sorted(f"person.{name}" for name in shown)] if shown else [])
    looks = holder.get("/mini/v1/access-lines").json["items"]
    assert [one["purpose_zh"] for one in looks if one["purpose"] == "card_use"] == ["核验您出示的一卡通码"] * bool(
        shown
    )


def test_a_refused_code_shows_nobody_and_leaves_no_line(wallet, scanner):
    revoke(wallet)
    gate = scanner("identity")
    told = gate.check(wallet.code("identity")).json
    assert not {"name", "age_band"} & set(told)
    assert AccessLine._get_collection().count_documents({"who": f"device:{gate.id}"}) == 0


def test_the_public_list_has_public_keys_only(client, wallet):
    answer = client.get("/public/v1/card-keys")
    assert runtime.current().code_keys.masters[1] not in answer.data
    assert {one["use"] for one in answer.json["items"]} == {"printed_card", "seed_package"}


def test_server_time_is_the_servers(client):
    told = client.get("/mini/v1/server-time").json
    assert abs(told["server_unix_ms"] / 1000 - clock.timestamp()) < 5
    assert told["server_time"].endswith("+08:00")


def test_two_phones_that_draw_at_once_leave_one_credential(holder, app):
    wallets = [Wallet(holder.twin(app.test_client())) for _ in range(4)]
    answers = at_once([one.draw_seeds for one in wallets])
    assert {one.status_code for one in answers} == {201}
    live = list(Credential._get_collection().find({"person": holder.person, "state": "live"}))
    assert len(live) == 1


def test_drawing_and_losing_the_card_at_once_never_leaves_a_living_credential(holder, app, seeded):
    def lose():
        def change(session):
            cards = Credential._get_collection().database["cards"]
            update = {"$set": {"state": "lost"}, "$inc": {"seq": 1}}
            cards.update_one({"_id": holder.card}, update, session=session)
            credential.revoke_all(holder.card, "lost", session)

        transactions.run(change)

    for _ in range(5):
        Credential._get_collection().database["cards"].update_one({"_id": holder.card}, {"$set": {"state": "active"}})
        wallet = Wallet(Phone.twin(holder, app.test_client()))
        at_once([wallet.draw_seeds, lose])
        assert Credential._get_collection().count_documents({"card": holder.card, "state": "live"}) == 0
