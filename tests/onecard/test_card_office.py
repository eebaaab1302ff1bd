"""Cards at the counter and at the hotline: who may do what, for whom, and what is left behind of it."""

from bson import ObjectId
from mongoengine.connection import get_db

from tests.support import cards, queues
from tests.support.cards import papers, seen, standing, stored
from tests.support.counter import in_days, notices
from tests.support.phone import person


def lines(purpose: str = "card_service") -> list[dict]:
    return list(get_db().access_lines.find({"purpose": purpose}).sort("_id", -1))


def actions(card_id: str) -> list[str]:
    return [one["action"] for one in get_db().audit_entries.find({"object": f"card:{card_id}"}).sort("_id", 1)]


def test_an_elder_without_a_phone_gets_a_card_at_the_counter(counter, client, card_centre_box):
    body = person("刘桂英", "19480203")
    elder = counter.registered(body)
    here = counter.standing(elder)
    made = counter.clerk.post("/office/v1/cards", {"person_id": elder}, **here)
    assert (made.status_code, made.json["state"]) == (201, "applied")
    assert body["document_number"] not in made.text
    assert "刘桂英" not in made.text
    queues.drain("cards")
    handed = counter.clerk.post(f"/office/v1/cards/{made.json['id']}/activation", **here)
    assert (handed.json["state"], handed.json["physical"]) == ("active", "in_hand")
    queues.drain("cards")
    assert card_centre_box.card(body["document_number"])["status"] == "active"
    assert actions(made.json["id"]) == ["card.issue", "card.hand_over"]
    assert lines()[0]["subjects"] == [ObjectId(elder)]


def test_a_second_card_is_refused_at_the_counter_too(counter):
    elder = counter.registered()
    here = counter.standing(elder)
    assert counter.clerk.post("/office/v1/cards", {"person_id": elder}, **here).status_code == 201
    again = counter.clerk.post("/office/v1/cards", {"person_id": elder}, **here)
    assert (again.status_code, again.json["code"]) == (409, "card_exists")


def test_a_card_is_found_by_number_and_name_together_and_leaves_a_line(mine, hotline):
    cards.active(mine)
    assert hotline.post("/office/v1/cards/find", {**papers(mine), "name": "李四"}).status_code == 404
    assert lines() == []
    found = hotline.post("/office/v1/cards/find", papers(mine))
    assert (found.status_code, found.json["id"], found.json["holder"]["name"]) == (200, mine.card, "张**")
    (line,) = lines()
    assert (line["subjects"], "card.number_tail" in line["fields"]) == ([stored(mine.card)["person"]], True)
    whole = hotline.get(f"/office/v1/cards/{mine.card}").json
    assert [one["what"] for one in whole["history"]] == ["applied", "issued", "activate"]


def test_the_hotline_reports_a_loss_for_who_knows_name_and_number_and_the_holder_is_told(mine, hotline):
    cards.active(mine)
    mine.post("/mini/v1/card/seeds")
    wrong = hotline.post(f"/office/v1/cards/{mine.card}/loss", {**papers(mine), "name": "李四"})
    assert (wrong.status_code, wrong.json["code"]) == (403, "holder_not_identified")
    assert seen(mine)["state"] == "active"
    done = hotline.post(f"/office/v1/cards/{mine.card}/loss", papers(mine))
    assert (done.status_code, done.json["state"], done.json["stopped_by"]) == (200, "lost", "clerk")
    assert cards.credentials(mine.card) == []
    queues.drain("cards", "notify")
    assert notices(mine)[0] == "card_lost"
    assert actions(mine.card) == ["card.lose"]
    again = hotline.post(f"/office/v1/cards/{mine.card}/loss", papers(mine))
    assert (again.status_code, actions(mine.card)) == (200, ["card.lose"])


def test_the_hotline_gives_no_card_back(mine, hotline):
    cards.active(mine)
    assert hotline.post(f"/office/v1/cards/{mine.card}/unfreeze").status_code == 403
    assert hotline.post(f"/office/v1/cards/{mine.card}/freeze", {"reason": "holder_asked"}).status_code == 403
    assert hotline.post(f"/office/v1/cards/{mine.card}/replacement").status_code == 403


def test_a_found_card_comes_back_to_its_holder_at_the_counter_and_to_nobody_else(mine, counter, card_centre_box):
    cards.active(mine)
    mine.post("/mini/v1/card/loss")
    other = counter.standing(counter.registered())
    path = f"/office/v1/cards/{mine.card}/unfreeze"
    assert counter.clerk.post(path, **other).json["code"] == "person_not_at_counter"
    assert counter.clerk.post(path).json["code"] == "person_not_at_counter"
    assert seen(mine)["state"] == "lost"
    back = counter.clerk.post(path, **standing(counter, mine))
    assert (back.status_code, back.json["state"]) == (200, "active")
    queues.drain("cards")
    assert card_centre_box.card(mine.document)["status"] == "active"
    assert actions(mine.card) == ["card.unfreeze"]


def test_a_card_is_replaced_by_one_with_another_number_and_the_codes_end(mine, counter, card_centre_box):
    cards.active(mine)
    mine.post("/mini/v1/card/seeds")
    mine.post("/mini/v1/card/loss")
    old, here = mine.card, standing(counter, mine)
    made = counter.clerk.post(f"/office/v1/cards/{old}/replacement", **here)
    assert (made.status_code, made.json["state"]) == (201, "applied")
    assert made.json["id"] != old
    assert stored(old)["state"] == "replaced"
    assert cards.credentials(old) == []
    queues.drain("cards", "notify")
    first, second = card_centre_box.cards(mine.document)
    assert (first["status"], second["status"]) == ("replaced", "issued")
    assert seen(mine)["number_tail"] == second["number"][-4:]
    assert "card_replaced" in notices(mine)
    assert mine.post("/mini/v1/card/activation").json["state"] == "active"
    assert mine.post("/mini/v1/card/seeds").status_code == 201
    assert cards.differences() == []


def test_a_replacement_that_the_centre_refuses_is_work_for_staff(mine, counter, card_centre_box, card_manager):
    cards.active(mine)
    card_centre_box.fault("refuse", reason="not_paid", count=1, register="replace")
    counter.clerk.post(f"/office/v1/cards/{mine.card}/replacement", **standing(counter, mine))
    card_centre_box.rewrite(card_centre_box.card(mine.document)["number"], status="cancelled")
    queues.drain("cards")
    (one,) = card_manager.get("/office/v1/card-differences").json["items"]
    assert (one["name"], one["reason"]) == ("refused", "not_paid")
    assert mine.get("/mini/v1/card").json["code"] == "card_missing"


def test_a_cancelled_card_is_over_and_another_may_be_asked_for(mine, counter, card_centre_box):
    cards.active(mine)
    done = counter.clerk.post(f"/office/v1/cards/{mine.card}/cancellation", **standing(counter, mine))
    assert (done.status_code, done.json["state"], done.json["physical"]) == (200, "cancelled", "void")
    queues.drain("cards")
    assert card_centre_box.card(mine.document)["status"] == "cancelled"
    first = mine.card
    cards.issued(mine)
    assert mine.card != first


def test_what_a_manager_froze_neither_holder_nor_counter_lifts(mine, counter, card_manager):
    cards.active(mine)
    mine.post("/mini/v1/card/freeze")
    frozen = card_manager.post(f"/office/v1/cards/{mine.card}/freeze", {"reason": "suspected_misuse"})
    assert (frozen.status_code, frozen.json["stopped_by"]) == (200, "staff")
    assert mine.post("/mini/v1/card/unfreeze").json["code"] == "counter_needed"
    mine.post("/mini/v1/card/loss")
    here = standing(counter, mine)
    path = f"/office/v1/cards/{mine.card}"
    assert counter.clerk.post(f"{path}/unfreeze", **here).json["code"] == "card_manager_needed"
    assert counter.clerk.post(f"{path}/replacement", **here).json["code"] == "card_manager_needed"
    assert card_manager.post(f"{path}/unfreeze").json["state"] == "active"


def test_without_the_person_there_is_no_issue_and_no_cancelling(mine, counter):
    cards.active(mine)
    for path in ("activation", "replacement", "cancellation"):
        answer = counter.clerk.post(f"/office/v1/cards/{mine.card}/{path}")
        assert (answer.status_code, answer.json["code"]) == (409, "counter_session_over"), path


def test_a_helper_reports_a_loss_for_the_elder_and_does_not_give_the_card_back(mine, counter, client, sandbox):
    """The elder has a card and no phone; the daughter has a relation with the scope `card`."""
    elder = counter.registered(person("刘桂英", "19480203"))
    made = counter.clerk.post("/office/v1/cards", {"person_id": elder}, **counter.standing(elder))
    queues.drain("cards")
    daughter = counter.verified(cards.holder(client, sandbox, level="declared"), person("刘小红", "19800101"))
    cards.active(mine)
    me = cards.person_of(mine)
    relation = counter.relate("helper", elder, me, scope=["card"], last_day=in_days(90))
    assert relation.status_code == 201, relation.json
    acting = {"Acting-For": relation.json["id"]}
    assert daughter != me
    assert seen(mine, **acting)["id"] == made.json["id"]
    assert mine.post("/mini/v1/card/freeze", **acting).json["stopped_by"] == "helper"
    assert mine.post("/mini/v1/card/loss", **acting).json["state"] == "lost"
    assert mine.post("/mini/v1/card/unfreeze", **acting).json["code"] == "own_act_only"
    assert mine.post("/mini/v1/card/activation", **acting).json["code"] == "card_own_or_guardian"
    assert seen(mine)["state"] == "active", "the helper's own card is another one"
    (line, *_) = lines("acting_for")
    assert line["subjects"] == [ObjectId(elder)]


def test_a_helper_without_the_scope_does_nothing(mine, counter):
    elder = counter.registered(person("刘桂英", "19480203"))
    cards.active(mine)
    relation = counter.relate("helper", elder, cards.person_of(mine), scope=["book"], last_day=in_days(90))
    for path in ("loss", "freeze"):
        answer = mine.post(f"/mini/v1/card/{path}", **{"Acting-For": relation.json["id"]})
        assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_a_guardian_gets_a_childs_card_and_activates_it(mine, counter, card_centre_box):
    cards.active(mine)
    body = person("张小宝", "20180601")
    child = counter.registered(body)
    relation = counter.relate("guardian", child, cards.person_of(mine))
    assert relation.status_code == 201, relation.json
    acting = {"Acting-For": relation.json["id"]}
    made = mine.post("/mini/v1/card", **acting)
    assert made.status_code == 201, made.json
    queues.drain("cards")
    assert mine.post("/mini/v1/card/activation", **acting).json["state"] == "active"
    queues.drain("cards")
    assert card_centre_box.card(body["document_number"])["status"] == "active"


def test_no_audit_entry_and_no_command_names_a_person_or_number(mine, counter, card_centre_box):
    cards.active(mine)
    mine.post("/mini/v1/card/loss")
    counter.clerk.post(f"/office/v1/cards/{mine.card}/unfreeze", **standing(counter, mine))
    number = card_centre_box.card(mine.document)["number"]
    kept = repr(list(get_db().audit_entries.find({"object": f"card:{mine.card}"}))) + repr(stored(mine.card))
    assert mine.document not in kept
    assert number not in kept
    assert cards.NAME not in kept
