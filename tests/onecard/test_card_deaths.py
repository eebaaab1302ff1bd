"""Deaths: the card is frozen at once, a person confirms, and whoever is alive gets the card back."""

from datetime import timedelta

import pytest

from backend import clock
from models.onecard import card_centre, death_list
from models.registers import fetch
from models.registers.subject import Subject
from tests.support import cards, queues
from tests.support.cards import seen, standing, stored
from tests.support.counter import notices
from tests.support.crowd import at_once

DEATHS = "/office/v1/card-deaths"


def yesterday() -> str:
    return (clock.today() - timedelta(days=1)).isoformat()


def listed(phone, **more) -> dict:
    return {"number": phone.document, "name": phone.name, "died_on": yesterday(), **more}


@pytest.fixture
def named(mine, card_centre_box):
    """A living person whose name stands on yesterday's list."""
    card_centre_box.forget()
    cards.active(mine)
    assert mine.post("/mini/v1/card/seeds").status_code == 201
    card_centre_box.died(listed(mine), day=yesterday())
    death_list.read_all()
    return mine


def test_a_name_on_the_list_freezes_the_card_at_once_and_the_holder_is_told(named, card_manager):
    told = seen(named)
    assert (told["state"], told["stopped_by"], told["death_reported"]) == ("frozen", "death", True)
    assert cards.credentials(named.card) == []
    queues.drain("notify")
    assert notices(named)[0] == "card_death_reported"
    (one,) = card_manager.get(DEATHS).json["items"]
    assert (one["card_id"], one["source"], one["objected"]) == (named.card, "card_centre", False)
    assert named.document not in str(one)


def test_neither_the_phone_nor_the_counter_gives_the_card_back_while_it_is_looked_into(named, counter):
    assert named.post("/mini/v1/card/unfreeze").json["code"] == "counter_needed"
    here = standing(counter, named)
    assert counter.clerk.post(f"/office/v1/cards/{named.card}/unfreeze", **here).status_code == 409
    assert named.post("/mini/v1/card/loss").status_code == 409
    assert seen(named)["state"] == "frozen"


def test_who_is_alive_says_so_and_gets_the_card_back_as_it_was(named, card_manager, card_centre_box):
    said = named.post("/mini/v1/card/death-objection")
    assert (said.status_code, said.json["objected"]) == (200, True)
    (one,) = card_manager.get(DEATHS).json["items"]
    assert one["objected"]
    done = card_manager.post(f"{DEATHS}/{one['id']}/reject")
    assert (done.status_code, done.json["state"]) == (200, "rejected")
    assert (seen(named)["state"], seen(named)["death_reported"]) == ("active", False)
    queues.drain("cards", "notify")
    assert notices(named)[0] == "card_death_refuted"
    assert named.post("/mini/v1/card/seeds").status_code == 201


def test_a_rejected_entry_does_not_freeze_the_card_again(named, card_manager, card_centre_box):
    (one,) = card_manager.get(DEATHS).json["items"]
    card_manager.post(f"{DEATHS}/{one['id']}/reject")
    cards.get_db().death_lists.delete_one({"_id": yesterday()})
    assert death_list.read_all() == 1
    assert seen(named)["state"] == "active"


def test_a_confirmed_death_cancels_the_card_here_and_at_the_centre(named, card_manager, card_centre_box):
    (one,) = card_manager.get(DEATHS).json["items"]
    done = card_manager.post(f"{DEATHS}/{one['id']}/confirm")
    assert (done.status_code, done.json["state_zh"]) == (200, "已确认")
    assert card_manager.post(f"{DEATHS}/{one['id']}/confirm").status_code == 200
    queues.drain("cards")
    assert stored(named.card)["state"] == "cancelled"
    assert card_centre_box.card(named.document)["status"] == "cancelled"
    assert named.post("/mini/v1/card").json["code"] == "death_on_record"
    actions = [one["action"] for one in cards.get_db().audit_entries.find({"object": f"card:{named.card}"})]
    assert actions == ["card.death_confirmed"]


def test_even_a_confirmation_is_revocable_for_who_turns_out_to_be_alive(named, card_manager):
    (one,) = card_manager.get(DEATHS).json["items"]
    card_manager.post(f"{DEATHS}/{one['id']}/confirm")
    queues.drain("cards")
    assert card_manager.post(f"{DEATHS}/{one['id']}/reject").json["state"] == "rejected"
    cards.issued(named)
    assert card_manager.post(f"{DEATHS}/{one['id']}/confirm").status_code == 404


def test_confirmed_and_rejected_at_once_only_one_of_both_stands(named, card_manager, app):
    (one,) = card_manager.get(DEATHS).json["items"]
    twins = [card_manager.twin(app.test_client()) for _ in range(2)]
    paths = [f"{DEATHS}/{one['id']}/confirm", f"{DEATHS}/{one['id']}/reject"]
    at_once([lambda at=at, who=who: who.post(at) for who, at in zip(twins, paths, strict=True)])
    report = cards.get_db().card_deaths.find_one({"state": {"$in": ["confirmed", "rejected"]}})
    held = stored(named.card)["state"]
    assert (report["state"], held) in {("confirmed", "cancelled"), ("rejected", "active"), ("rejected", "cancelled")}
    if (report["state"], held) == ("rejected", "cancelled"):
        assert [line["what"] for line in stored(named.card)["history"]][-1] == "cancel", "rejected after confirming"


def test_under_another_name_the_card_is_left_alone_until_somebody_has_looked(mine, card_centre_box, card_manager):
    card_centre_box.forget()
    cards.active(mine)
    card_centre_box.died(listed(mine, name="李四"), day=yesterday())
    death_list.read_all()
    assert seen(mine)["state"] == "active"
    (one,) = card_manager.get(DEATHS).json["items"]
    assert one["name_differs"]
    card_manager.post(f"{DEATHS}/{one['id']}/reject")
    assert seen(mine)["state"] == "active"


def test_all_pages_of_a_list_are_read_and_strangers_and_rubbish_are_passed_over(mine, card_centre_box):
    card_centre_box.forget()
    cards.active(mine)
    rubbish = [{"number": f"not a number {n}", "name": "某人", "died_on": yesterday()} for n in range(120)]
    card_centre_box.died(*rubbish, listed(mine), day=yesterday())
    assert len(card_centre.current().deaths(clock.today() - timedelta(days=1))) == 121
    death_list.read_all()
    assert seen(mine)["state"] == "frozen"
    kept = cards.get_db().death_lists.find_one({"_id": yesterday()})
    assert (kept["entries"], kept["reports"]) == (121, 1)


def test_a_list_that_fails_half_way_is_read_again_without_harm(mine, card_centre_box):
    card_centre_box.forget()
    cards.active(mine)
    card_centre_box.died(listed(mine), day=yesterday())
    card_centre_box.fault("error_500", count=1, register="deaths")
    with pytest.raises(Exception, match="exchange_failed"):
        death_list.read_all()
    assert death_list.read_all() == 7
    assert death_list.read_all() == 0
    assert cards.get_db().card_deaths.find_one({"state": "reported"})["card"] == stored(mine.card)["_id"]


def test_a_card_that_is_issued_after_the_report_is_frozen_as_it_comes(mine, card_centre_box):
    card_centre_box.forget()
    cards.applied(mine)
    card_centre_box.died(listed(mine), day=yesterday())
    death_list.read_all()
    assert seen(mine)["state"] == "applied"
    queues.drain("cards")
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("frozen", "death")
    assert cards.get_db().card_deaths.find_one({"state": "reported"})["frozen"]


def test_the_registers_word_freezes_the_card_as_well(mine, card_manager, registers_box, shift_clock):
    """The person's facts are asked, and the register of deaths has an entry."""
    registers_box.person(number=mine.document, name=mine.name, **{"with": ["death"]})
    cards.active(mine)
    fetch.ask("death", Subject(person=stored(mine.card)["person"]))
    shift_clock(25 * 3600)
    death_list.check_due()
    assert seen(mine.log_in())["state"] == "frozen"
    (one,) = cards.get_db().card_deaths.find({"state": "reported"})
    assert one["source"] == "registers"


def test_who_is_not_on_any_list_has_nothing_to_object_to(mine):
    cards.active(mine)
    assert mine.post("/mini/v1/card/death-objection").status_code == 404


def test_only_managers_see_and_decide(named, hotline, counter):
    for clerk in (hotline, counter.clerk):
        assert clerk.get(DEATHS).status_code == 403
        assert clerk.post(f"{DEATHS}/{'0' * 24}/confirm").status_code == 403
