"""A printed card for a person without a phone: printed once at the counter, read by the same scanners."""

import base64
from io import BytesIO

import pytest
import zxingcpp
from bson import ObjectId
from PIL import Image

from backend import clock
from backend.codes import code_kinds, id1_picture
from backend.codes.qr import QrTooLarge
from backend.http.idempotency import KeptAnswer
from backend.store import transactions
from models.audit.entry import AuditEntry
from models.onecard import code_use, credential
from models.onecard.code_use import CodeUse
from models.onecard.credential import Credential
from tests.onecard.codes_kit import Scanner, give_card
from tests.support.counter import Counter
from tests.support.crowd import at_once
from tests.support.gate import shift_to
from tests.support.phone import person
from tests.trust.conftest import admin, counter  # noqa: F401 - fixtures

WHO = person("钟秀英", "19480512")


@pytest.fixture
def elder(counter):  # noqa: F811
    """A person without a phone, with a card, who stands at the counter."""
    counter.elder = counter.registered(WHO)
    counter.card = give_card(counter.elder)
    counter.here = counter.standing(counter.elder)
    return counter


@pytest.fixture
def scanner(client, store):
    return lambda scanner_class="venue": Scanner(client, scanner_class)


def printed(counter: Counter, **options):  # noqa: F811
    return counter.clerk.post(f"/office/v1/cards/{counter.card}/printed", {}, **options, **counter.here)


def text_of(counter: Counter) -> str:  # noqa: F811
    answer = printed(counter)
    assert answer.status_code == 201, answer.json
    return answer.json["text"]


def test_the_printed_picture_reads_as_the_text_and_is_of_a_bank_cards_size(elder):
    told = printed(elder).json
    with Image.open(BytesIO(base64.b64decode(told["picture"]))) as picture:
        assert (picture.size, round(picture.info["dpi"][0])) == ((id1_picture.WIDTH, id1_picture.HEIGHT), 300)
        assert zxingcpp.read_barcode(picture).text == told["text"]
        right = picture.crop((640, 0, *picture.size))
        assert min(right.getdata()) == 0, "the letters beside the code"
    assert told["generation"] == 1


def test_the_text_names_nobody(elder):
    text = text_of(elder)
    (stored,) = Credential._get_collection().find({"card": elder.card})
    for told in (str(elder.elder), str(elder.card), WHO["document_number"], "钟秀英", str(stored["_id"])):
        assert told not in text
        assert told.encode().hex() not in base64.b16encode(text.encode()).decode().lower()


@pytest.mark.parametrize("scanner_class", code_kinds.PRINTED_KINDS)
def test_the_same_scanners_read_it(elder, scanner, scanner_class):
    told = scanner(scanner_class).check(text_of(elder)).json
    assert (told["result"], told["medium"], told["kind"]) == ("accepted", "printed", scanner_class)


def test_a_till_does_not_take_it(elder, scanner):
    told = scanner("payment").check(text_of(elder)).json
    assert (told["result"], "打印卡不能" in told["message"]) == ("wrong_kind", True)


def test_printing_again_voids_the_first_at_once(elder, scanner):
    first, second = text_of(elder), text_of(elder)
    told = scanner().check(first).json
    assert (told["result"], "打印卡已作废" in told["message"]) == ("revoked", True)
    assert scanner().result(second) == "accepted"
    assert [one["generation"] for one in Credential._get_collection().find({"card": elder.card}).sort("_id", 1)] == [
        1,
        2,
    ]


def test_printing_is_in_the_audit_without_the_text(elder):
    text = text_of(elder)
    (line,) = AuditEntry._get_collection().find({"object": f"card:{elder.card}", "action": "card.print"})
    assert text not in str(line)
    assert line["details"]["session"] == elder.here["Counter-Session"]


def test_the_same_key_prints_once(elder):
    first, second = printed(elder, key="once"), printed(elder, key="once")
    assert first.json == second.json
    assert len(list(Credential._get_collection().find({"card": elder.card}))) == 1


def test_the_text_is_kept_nowhere_not_even_as_the_answer_to_a_key(elder):
    before = KeptAnswer._get_collection().estimated_document_count()
    assert printed(elder, key="once").status_code == 201
    assert KeptAnswer._get_collection().estimated_document_count() == before


def test_a_key_whose_card_was_printed_anew_prints_nothing(elder):
    printed(elder, key="once")
    assert printed(elder, key="twice").json["generation"] == 2
    answer = printed(elder, key="once")
    assert (answer.status_code, answer.json["code"]) == (409, "seeds_replaced")


def test_one_key_sent_many_times_at_once_prints_one_card(elder, app):
    twins = [elder.twin(app.test_client()) for _ in range(4)]
    path = f"/office/v1/cards/{elder.card}/printed"
    answers = at_once([lambda one=one: one.clerk.post(path, {}, key="once", **elder.here) for one in twins])
    assert {one.status_code for one in answers} == {201}
    assert len({one.json["text"] for one in answers}) == 1
    assert len(list(Credential._get_collection().find({"card": elder.card}))) == 1


def test_who_does_not_stand_there_gets_no_card_printed(elder):
    elder.here = {"Counter-Session": str(ObjectId())}
    answer = printed(elder)
    assert (answer.status_code, answer.json["code"]) == (409, "counter_session_over")
    elder.here = elder.standing(elder.registered(person("王五", "19700101")))
    answer = printed(elder)
    assert (answer.status_code, answer.json["code"]) == (409, "person_not_at_counter")
    assert not list(Credential._get_collection().find({"card": elder.card}))


def test_a_card_that_does_not_exist_is_not_found(elder):
    elder.card = ObjectId()
    assert printed(elder).status_code == 404


def test_a_frozen_card_is_not_printed(elder):
    Credential._get_collection().database["cards"].update_one({"_id": elder.card}, {"$set": {"state": "frozen"}})
    answer = printed(elder)
    assert (answer.status_code, answer.json["code"]) == (409, "card_not_active")


def test_a_copy_that_comes_right_behind_is_stopped_and_the_holder_comes_again_later(elder, scanner, shift_clock):
    text = text_of(elder)
    shift_clock(shift_to(clock.today().isoformat(), "12:00"))
    results = [scanner().result(text), scanner().result(text)]
    shift_clock(shift_to(clock.today().isoformat(), "12:00") + code_use.PRINTED_GAP.total_seconds() + 5)
    results.append(scanner().result(text))
    assert results == ["accepted", "limit_reached", "accepted"]


def test_one_printed_card_at_many_gates_at_once_passes_one(elder, scanner, app):
    text = text_of(elder)
    gates = [scanner().twin(app.test_client()) for _ in range(6)]
    results = at_once([lambda gate=gate: gate.result(text) for gate in gates])
    assert sorted(results) == ["accepted"] + ["limit_reached"] * 5


def test_without_the_guard_it_passes_many(elder, scanner, app, monkeypatch):
    monkeypatch.setattr(code_use, "_key", lambda _use, checked: f"{checked.handle.hex()}:{checked.kind}:{ObjectId()}")
    text = text_of(elder)
    gates = [scanner().twin(app.test_client()) for _ in range(6)]
    assert at_once([lambda gate=gate: gate.result(text) for gate in gates]).count("accepted") > 1


def test_a_repeated_request_is_the_same_use(elder, scanner):
    text, gate = text_of(elder), scanner("identity")
    first = gate.check(text, nonce="n" * 20).json
    assert first["name"] == "钟**"
    assert gate.check(text, nonce="n" * 20).json == first
    (use,) = CodeUse._get_collection().find({"uses.asked": f"{gate.id}:{'n' * 20}"})
    assert use["count"] == 1


def test_a_day_has_so_many_uses(elder, scanner, shift_clock):
    text, gate, noon = text_of(elder), scanner(), shift_to(clock.today().isoformat(), "12:00")
    told = []
    for number in range(code_use.MOST_PRINTED + 1):
        shift_clock(noon + number * (code_use.PRINTED_GAP.total_seconds() + 1))
        told.append(gate.result(text))
    assert told == ["accepted"] * code_use.MOST_PRINTED + ["limit_reached"]


def test_a_lost_card_ends_its_print(elder, scanner):
    text = text_of(elder)
    transactions.run(lambda session: credential.revoke_all(elder.card, "lost", session))
    assert scanner().result(text) == "revoked"


def test_a_text_too_long_for_the_card_is_refused():
    with pytest.raises(QrTooLarge):
        id1_picture.png("A" * 300, [])
