"""A card on the phone: applied for, issued, activated, lost by one tap, frozen and given back."""

import pytest

from tests.support import cards, queues
from tests.support.cards import seen
from tests.support.counter import notices
from tests.support.crowd import at_once


def test_a_card_is_applied_for_issued_and_activated_physical_and_electronic_together(mine, card_centre_box):
    cards.applied(mine)
    first = seen(mine)
    assert (first["state"], first["physical"], first["electronic"], first["waiting"]) == (
        "applied",
        "making",
        "unsigned",
        True,
    )
    queues.drain("cards", "notify")
    theirs = card_centre_box.card(mine.document)
    told = seen(mine)
    assert (told["state"], told["waiting"]) == ("issued", False)
    assert (told["number_tail"], told["bank_tail"]) == (theirs["number"][-4:], theirs["bank_tail"])
    assert told["ready_on"] == theirs["ready_on"]
    assert mine.post("/mini/v1/card/activation").json["state"] == "active"
    queues.drain("cards", "notify")
    assert (seen(mine)["state"], seen(mine)["electronic"]) == ("active", "signed")
    theirs = card_centre_box.card(mine.document)
    assert (theirs["status"], theirs["electronic"]) == ("active", "signed")
    assert notices(mine)[:2] == ["card_active", "card_issued"]


def test_the_physical_card_waits_to_be_collected_from_the_day_that_the_centre_named(mine, travel, card_centre_box):
    cards.issued(mine)
    assert seen(mine)["physical"] == "making"
    travel(card_centre_box.card(mine.document)["ready_on"])
    mine.log_in()
    assert seen(mine)["physical"] == "made"


def test_the_number_lies_in_the_store_sealed_and_is_never_shown(mine, card_centre_box):
    cards.active(mine)
    number = card_centre_box.card(mine.document)["number"]
    assert number not in mine.get("/mini/v1/card").text
    assert number.encode() not in repr(cards.stored(mine.card)).encode()


def test_there_is_one_card_for_a_person_however_often_they_apply(mine):
    cards.applied(mine)
    again = mine.post("/mini/v1/card")
    assert (again.status_code, again.json["code"]) == (409, "card_exists")


def test_who_applies_many_times_at_once_has_one_card(mine, app):
    twins = [mine.twin(app.test_client()) for _ in range(6)]
    codes = at_once([lambda one=one: one.post("/mini/v1/card").status_code for one in twins])
    assert sorted(codes) == [201, 409, 409, 409, 409, 409]


def test_a_card_that_was_issued_elsewhere_is_taken_over(mine, card_centre_box):
    held = card_centre_box.put(mine.document)
    cards.issued(mine)
    assert seen(mine)["number_tail"] == held["number"][-4:]
    assert len(card_centre_box.cards(mine.document)) == 1


def test_a_card_that_was_in_use_elsewhere_is_activated_here_too(mine, card_centre_box):
    held = card_centre_box.put(mine.document)
    card_centre_box.rewrite(held["number"], status="active", electronic="signed")
    cards.issued(mine)
    assert seen(mine)["electronic"] == "signed"
    mine.post("/mini/v1/card/activation")
    queues.drain("cards")
    assert (seen(mine)["state"], cards.differences()) == ("active", [])


def test_a_card_that_was_lost_elsewhere_is_taken_over_stopped(mine, card_centre_box):
    held = card_centre_box.put(mine.document)
    card_centre_box.rewrite(held["number"], status="lost")
    cards.applied(mine)
    queues.drain("cards")
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("frozen", "centre")
    assert [one["name"] for one in cards.differences()] == ["status"]


def test_a_refused_application_ends_with_a_notice_and_another_may_follow(mine, card_centre_box):
    card_centre_box.fault("refuse", reason="photo_missing", count=1, register="issue")
    cards.applied(mine)
    queues.drain("cards", "notify")
    answer = mine.get("/mini/v1/card")
    assert (answer.status_code, answer.json["code"]) == (409, "card_missing")
    assert "card_refused" in notices(mine)
    assert cards.stored(mine.card)["history"][-1]["reason"] == "photo_missing"
    cards.issued(mine)


@pytest.mark.parametrize(
    ("level", "path", "wanted"),
    [
        ("declared", "/mini/v1/card", "level_needed"),
        ("declared", "/mini/v1/card/loss", "level_needed"),
        ("matched", "/mini/v1/card/activation", "level_needed"),
        ("matched", "/mini/v1/card/unfreeze", "level_needed"),
    ],
)
def test_a_declared_binding_has_no_card_and_only_a_verified_one_activates(client, seeded, sandbox, level, path, wanted):
    answer = cards.holder(client, sandbox, level=level).post(path)
    assert (answer.status_code, answer.json["code"]) == (403, wanted)


def test_a_matched_holder_applies_and_reports_a_loss(client, seeded, sandbox):
    phone = cards.issued(cards.holder(client, sandbox, level="matched"))
    assert phone.post("/mini/v1/card/loss").json["state"] == "lost"


def test_without_a_card_every_act_says_so(mine):
    for path in ("loss", "freeze", "unfreeze", "activation"):
        answer = mine.post(f"/mini/v1/card/{path}")
        assert (answer.status_code, answer.json["code"]) == (409, "card_missing"), path


def test_one_tap_ends_every_code_at_once_before_the_centre_hears_of_it(mine, card_centre_box):
    cards.active(mine)
    drawn = mine.post("/mini/v1/card/seeds")
    assert drawn.status_code == 201, drawn.json
    assert len(cards.credentials(mine.card)) == 1
    lost = mine.post("/mini/v1/card/loss")
    assert (lost.status_code, lost.json["state"], lost.json["waiting"]) == (200, "lost", True)
    assert cards.credentials(mine.card) == []
    assert card_centre_box.card(mine.document)["status"] == "active"
    assert mine.post("/mini/v1/card/seeds").json["code"] == "card_not_active"
    queues.drain("cards", "notify")
    assert card_centre_box.card(mine.document)["status"] == "lost"
    assert (seen(mine)["waiting"], notices(mine)[0]) == (False, "card_lost")


def test_a_loss_reported_twice_at_once_is_one_loss(mine, app, card_centre_box):
    cards.active(mine)
    twins = [mine.twin(app.test_client()) for _ in range(8)]
    answers = at_once([lambda one=one: one.post("/mini/v1/card/loss") for one in twins])
    assert {(one.status_code, one.json["state"]) for one in answers} == {(200, "lost")}
    found = cards.stored(mine.card)
    assert [line["what"] for line in found["history"]].count("lose") == 1
    assert [one["command"] for one in found["commands"]] == ["report_loss"]


def test_what_one_froze_oneself_one_lifts_and_draws_codes_anew(mine, card_centre_box):
    cards.active(mine)
    assert mine.post("/mini/v1/card/seeds").status_code == 201
    assert mine.post("/mini/v1/card/freeze").json["stopped_by"] == "self"
    assert cards.credentials(mine.card) == []
    queues.drain("cards")
    assert card_centre_box.card(mine.document)["status"] == "frozen"
    assert mine.post("/mini/v1/card/unfreeze").json["state"] == "active"
    assert cards.credentials(mine.card) == [], "a code that ended never comes back"
    assert mine.post("/mini/v1/card/seeds").status_code == 201
    queues.drain("cards", "notify")
    assert card_centre_box.card(mine.document)["status"] == "active"
    assert notices(mine)[:2] == ["card_unfrozen", "card_frozen"]


def test_a_lost_card_does_not_come_back_by_phone(mine):
    cards.active(mine)
    mine.post("/mini/v1/card/loss")
    answer = mine.post("/mini/v1/card/unfreeze")
    assert (answer.status_code, answer.json["code"]) == (403, "counter_needed")
    mine.post("/mini/v1/card/freeze")
    assert seen(mine)["state"] == "lost"


def test_a_frozen_card_may_still_be_reported_lost(mine):
    cards.active(mine)
    mine.post("/mini/v1/card/freeze")
    assert mine.post("/mini/v1/card/loss").json["state"] == "lost"
    assert mine.post("/mini/v1/card/unfreeze").json["code"] == "counter_needed"


def test_a_card_that_was_stopped_before_it_was_active_comes_back_as_it_was(mine):
    cards.issued(mine)
    mine.post("/mini/v1/card/freeze")
    assert mine.post("/mini/v1/card/unfreeze").json["state"] == "issued"


def test_activating_again_changes_nothing(mine):
    cards.active(mine)
    assert mine.post("/mini/v1/card/activation").json["state"] == "active"
    assert cards.stored(mine.card)["commands"] == []
