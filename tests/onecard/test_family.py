"""Family cards: who may carry whose codes, how many, for what, until when; and what ends them."""

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from backend.store import transactions
from models.onecard import family, family_terms
from tests.support import cards, queues
from tests.support.cards import offered, person_of
from tests.support.counter import again, in_days, notices
from tests.support.crowd import at_once
from tests.support.phone import person

KINDS = ["medical", "transit"]


@pytest.fixture
def father(client, seeded, sandbox):
    return cards.active(cards.holder(client, sandbox, name="张大山"))


@pytest.fixture
def daughter(client, seeded, sandbox):
    return cards.holder(client, sandbox, name="张小红")


def accepted(holder, carrier, **more) -> str:
    made = offered(holder, carrier, **more)
    assert made.status_code == 201, made.json
    taken = carrier.post(f"/mini/v1/family-cards/{made.json['id']}/acceptance")
    assert (taken.status_code, taken.json["state"]) == (200, "active"), taken.json
    return made.json["id"]


def seeds(carrier, family_card: str, key: str | None = None):
    return carrier.post(f"/mini/v1/family-cards/{family_card}/seeds", key=key)


def live(holder) -> list[dict]:
    return [one for one in cards.credentials(holder.card) if one["medium"] == "family"]


def test_the_holder_offers_the_relative_accepts_and_draws_codes_of_those_kinds_only(father, daughter):
    made = offered(father, daughter)
    assert (made.status_code, made.json["state"], made.json["other_name"]) == (201, "offered", "")
    queues.drain("notify")
    assert notices(daughter)[0] == "family_offered"
    path = made.json["id"]
    assert seeds(daughter, path).status_code == 404
    taken = daughter.post(f"/mini/v1/family-cards/{path}/acceptance")
    assert (taken.json["state"], taken.json["other_name"]) == ("active", "张**")
    drawn = seeds(daughter, path)
    assert drawn.status_code == 201, drawn.json
    (credential,) = live(father)
    assert (credential["kinds"], str(credential["_id"])) == (KINDS, drawn.json["credential_id"])
    assert credential["person"] == cards.stored(father.card)["person"]
    listed = father.get("/mini/v1/family-cards").json
    assert ([one["other_name"] for one in listed["given"]], listed["most"]) == (["张**"], 8)


def test_the_same_key_draws_the_same_codes_and_a_new_one_ends_them(father, daughter):
    path = accepted(father, daughter)
    first = seeds(daughter, path, key="a" * 32).json["credential_id"]
    assert seeds(daughter, path, key="a" * 32).json["credential_id"] == first
    assert seeds(daughter, path).json["credential_id"] != first
    assert len(live(father)) == 1


def test_an_offer_tells_nothing_of_who_is_known_and_nobody_else_can_accept(father, daughter, client, sandbox):
    nobody = father.post(
        "/mini/v1/family-cards", {**person("王五", "19700101"), "kinds": KINDS, "last_day": in_days(30)}
    )
    wrong = father.post(
        "/mini/v1/family-cards", {**cards.papers(daughter), "name": "王五", "kinds": KINDS, "last_day": in_days(30)}
    )
    shown = [{name: value for name, value in one.json.items() if name != "id"} for one in (nobody, wrong)]
    assert [one.status_code for one in (nobody, wrong)] == [201, 201]
    assert shown[0].keys() == shown[1].keys()
    assert shown[0]["other_name"] == shown[1]["other_name"] == ""
    assert daughter.post(f"/mini/v1/family-cards/{wrong.json['id']}/acceptance").status_code == 404
    meant = offered(father, daughter).json["id"]
    stranger = cards.holder(client, sandbox, name="赵六")
    assert stranger.post(f"/mini/v1/family-cards/{meant}/acceptance").status_code == 404
    assert stranger.call("DELETE", f"/mini/v1/family-cards/{meant}").status_code == 404


@pytest.mark.parametrize(("days", "status"), [(-1, 422), (366, 422), (0, 201), (365, 201)])
def test_the_term_is_a_year_at_most(father, daughter, days, status):
    assert offered(father, daughter, days=days).status_code == status


def test_only_a_verified_holder_with_a_card_in_use_offers(client, seeded, sandbox, daughter):
    unsure = cards.issued(cards.holder(client, sandbox, level="matched", name="张大山"))
    assert offered(unsure, daughter).json["code"] == "level_needed"
    fresh = cards.issued(cards.holder(client, sandbox, name="张大山"))
    assert offered(fresh, daughter).json["code"] == "card_not_active"
    assert offered(cards.active(cards.holder(client, sandbox)), daughter).status_code == 201


def test_either_side_ends_it_at_once_and_its_codes_with_it(father, daughter):
    for side in (father, daughter):
        path = accepted(father, daughter)
        assert seeds(daughter, path).status_code == 201
        assert side.call("DELETE", f"/mini/v1/family-cards/{path}").status_code == 204
        assert side.call("DELETE", f"/mini/v1/family-cards/{path}").status_code == 204
        assert live(father) == []
        assert seeds(daughter, path).status_code == 404
    queues.drain("notify")
    assert notices(father).count("family_ended") == notices(daughter).count("family_ended") == 2


def test_a_loss_ends_what_relatives_carry_and_a_freeze_only_their_codes(father, daughter):
    path = accepted(father, daughter)
    seeds(daughter, path)
    father.post("/mini/v1/card/freeze")
    assert live(father) == []
    assert seeds(daughter, path).json["code"] == "card_not_active"
    father.post("/mini/v1/card/unfreeze")
    assert seeds(daughter, path).status_code == 201
    father.post("/mini/v1/card/loss")
    assert live(father) == []
    listed = daughter.get("/mini/v1/family-cards").json
    assert listed["carried"] == []
    assert seeds(daughter, path).status_code == 404


def test_a_loss_of_the_carrier_ends_the_codes_on_their_phone_and_not_the_permission(father, daughter):
    path = accepted(father, daughter)
    cards.active(daughter)
    seeds(daughter, path)
    daughter.post("/mini/v1/card/loss")
    assert live(father) == []
    assert seeds(daughter, path).status_code == 201


def test_it_ends_with_its_last_day(father, daughter, shift_clock):
    path = accepted(father, daughter, days=0)
    drawn = seeds(daughter, path)
    assert drawn.json["last_day"] == in_days(0)
    shift_clock(24 * 3600)
    daughter.log_in()
    assert seeds(daughter, path).status_code == 404
    assert family.end_due() == 1
    assert family.end_due() == 0


def test_an_offer_that_nobody_accepts_lapses(father, daughter, shift_clock):
    path = offered(father, daughter).json["id"]
    shift_clock(8 * 24 * 3600)
    daughter.log_in()
    assert daughter.post(f"/mini/v1/family-cards/{path}/acceptance").status_code == 404
    assert family.end_due() == 1
    father.log_in()
    assert offered(father, daughter).status_code == 201


# Eight on one phone


def held_by(carrier: ObjectId) -> int:
    return len(list(get_db().family_cards.find({"carrier": carrier, "live": True, "state": "active"})))


def grants(carrier: ObjectId, number: int = 9) -> list[dict]:
    until = family_terms.end_of(clock.today())
    return [family.made(ObjectId(), carrier, KINDS, until, how="counter", by="staff:test") for _ in range(number)]


def stored(grant: dict) -> bool:
    try:
        family.store(grant)
    except family_terms.TooManyFamilyCards:
        return False
    return True


def test_nine_relatives_at_once_leave_eight(store):
    carrier = ObjectId()
    done = at_once([lambda grant=grant: stored(grant) for grant in grants(carrier)])
    assert (sum(done), held_by(carrier)) == (8, 8)


def test_without_the_guard_nine_relatives_at_once_are_nine(store, monkeypatch):
    """The control: who counts first and then writes lets a ninth in."""
    carrier = ObjectId()

    def counted(grant, session):
        if len(get_db().family_carriers.find_one({"_id": carrier}, session=session)["carried"]) >= family_terms.MOST:
            raise family_terms.TooManyFamilyCards(most=8)

    for grant in grants(carrier, 7):
        family.store(grant)
    with monkeypatch.context() as unguarded:
        unguarded.setattr(family, "take_place", counted)
        done = at_once([lambda grant=grant: stored(grant) for grant in grants(carrier, 2)])
    assert (sum(done), held_by(carrier)) == (2, 9)


def test_the_ninth_is_refused_in_words_and_an_ended_one_makes_room(daughter, client, sandbox):
    carrier = ObjectId(get_db().persons.find_one({"_id": {"$exists": True}}, hint="_id_")["_id"])
    mine = get_db().accounts.find_one({"person": carrier})
    assert mine is not None
    for grant in grants(carrier, 8):
        family.store(grant)
    father = cards.active(cards.holder(client, sandbox, name="张大山"))
    path = offered(father, daughter).json["id"]
    refused = daughter.post(f"/mini/v1/family-cards/{path}/acceptance")
    assert (refused.status_code, refused.json["code"], "8" in refused.json["message"]) == (
        409,
        "too_many_family_cards",
        True,
    )
    other = daughter.get("/mini/v1/family-cards").json["carried"][-1]["id"]
    assert daughter.call("DELETE", f"/mini/v1/family-cards/{other}").status_code == 204
    assert daughter.post(f"/mini/v1/family-cards/{path}/acceptance").status_code == 200
    assert held_by(carrier) == 8


def test_accepting_and_withdrawing_at_once_never_leaves_a_place_taken_by_nothing(father, daughter, app):
    carrier = get_db().family_cards.find_one
    for _ in range(5):
        path = offered(father, daughter).json["id"]
        other, own = daughter.twin(app.test_client()), father.twin(app.test_client())
        at_once(
            [
                lambda at=path, who=other: who.post(f"/mini/v1/family-cards/{at}/acceptance"),
                lambda at=path, who=own: who.call("DELETE", f"/mini/v1/family-cards/{at}"),
            ]
        )
        found = carrier({"_id": ObjectId(path)})
        place = get_db().family_carriers.find_one({"_id": found["carrier"]}) or {"carried": []}
        assert (found["live"], place["carried"]) in [(False, []), (True, [found["_id"]])]
        father.call("DELETE", f"/mini/v1/family-cards/{path}")


# Children, elders without a phone, the counter


def test_a_guardian_carries_the_childs_codes_until_the_relation_ends(father, counter, card_centre_box):
    child = counter.registered(person("张小宝", "20180601"))
    relation = counter.relate("guardian", child, person_of(father)).json["id"]
    acting = {"Acting-For": relation}
    father.post("/mini/v1/card", **acting)
    queues.drain("cards")
    father.post("/mini/v1/card/activation", **acting)
    body = {"kinds": KINDS, "last_day": in_days(60)}
    carried = father.post("/mini/v1/family-cards/carried", body, **acting)
    assert (carried.status_code, carried.json["how"], carried.json["state"]) == (201, "guardian", "active")
    assert seeds(father, carried.json["id"]).status_code == 201
    father.call("DELETE", f"/mini/v1/relations/{relation}")
    assert seeds(father, carried.json["id"]).status_code == 404
    queues.drain("notify")
    assert father.get("/mini/v1/family-cards").json["carried"] == []
    assert [one["state"] for one in get_db().credentials.find({"person": ObjectId(child)})] == ["revoked"]


def elder_with_card(counter) -> tuple[str, str]:
    elder = counter.registered(person("刘桂英", "19480203"))
    here = counter.standing(elder)
    made = counter.clerk.post("/office/v1/cards", {"person_id": elder}, **here).json["id"]
    queues.drain("cards")
    counter.clerk.post(f"/office/v1/cards/{made}/activation", **here)
    return elder, made


def test_a_helper_whom_a_counter_has_seen_carries_the_elders_codes(father, counter):
    elder, _ = elder_with_card(counter)
    relation = counter.relate("helper", elder, person_of(father), scope=["card"], last_day=in_days(30)).json["id"]
    body = {"kinds": ["medical"], "last_day": in_days(300)}
    carried = father.post("/mini/v1/family-cards/carried", body, **{"Acting-For": relation})
    assert (carried.status_code, carried.json["how"]) == (201, "helper")
    assert carried.json["until"][:10] == in_days(31), "no longer than the relation"
    assert seeds(father, carried.json["id"]).status_code == 201


def test_a_helper_by_phones_alone_is_sent_to_the_holder(father, daughter, counter):
    cards.active(daughter)
    proposed = father.post(
        "/mini/v1/relations", {**cards.papers(daughter), "scope": ["card"], "last_day": in_days(30)}
    ).json["id"]
    assert daughter.post(f"/mini/v1/relations/{proposed}/confirm").status_code == 200
    body = {"kinds": KINDS, "last_day": in_days(20)}
    answer = daughter.post("/mini/v1/family-cards/carried", body, **{"Acting-For": proposed})
    assert (answer.status_code, answer.json["code"]) == (403, "holder_must_agree")


def test_a_clerk_gives_a_family_card_for_the_elder_who_stands_there(daughter, counter):
    elder, card_id = elder_with_card(counter)
    body = {**cards.papers(daughter), "kinds": KINDS, "last_day": in_days(30)}
    away = counter.standing(counter.registered())
    path = f"/office/v1/cards/{card_id}/family"
    assert counter.clerk.post(path, body, **away).json["code"] == "person_not_at_counter"
    made = counter.clerk.post(path, body, **counter.standing(elder))
    assert (made.status_code, made.json["how"], made.json["other_name"]) == (201, "counter", "张**")
    assert seeds(daughter, made.json["id"]).status_code == 201
    ended = counter.clerk.call("DELETE", f"/office/v1/family-cards/{made.json['id']}", **counter.standing(elder))
    assert ended.status_code == 204
    assert seeds(daughter, made.json["id"]).status_code == 404
    actions = [one["action"] for one in get_db().audit_entries.find({"object": f"card:{card_id}"})]
    assert sorted(actions) == ["card.family", "card.hand_over", "card.issue"]


def test_who_offers_to_themselves_or_twice_is_told(father, daughter):
    assert offered(father, father).json["code"] == "family_terms_wrong"
    assert offered(father, daughter).status_code == 201
    assert offered(father, daughter).json["code"] == "family_card_exists"


def test_ending_and_drawing_at_once_never_leave_live_codes_of_an_ended_card(father, daughter, app):
    path = accepted(father, daughter)
    other, own = daughter.twin(app.test_client()), father.twin(app.test_client())
    at_once([lambda: seeds(other, path), lambda: own.call("DELETE", f"/mini/v1/family-cards/{path}")])
    assert live(father) == []


def test_a_callback_that_runs_twice_ends_a_family_card_once(father, daughter):
    path = ObjectId(accepted(father, daughter))
    grant = family.read(path)

    def twice(session):
        first = family.end(grant, "withdrawn", by="staff:test", session=session)
        return first, family.end(grant, "withdrawn", by="staff:test", session=session)

    assert transactions.run(twice) == (True, False)
    assert [one["args"]["what"] for one in family.read(path)["outbox"]].count("family_ended") == 1


def test_what_was_given_stays_after_a_new_login(father, daughter, counter):
    path = accepted(father, daughter)
    again(counter, daughter)
    assert [one["id"] for one in daughter.get("/mini/v1/family-cards").json["carried"]] == [path]
