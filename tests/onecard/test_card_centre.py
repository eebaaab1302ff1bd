"""The card centre is slow, fails, forgets, contradicts; and a worker is killed: the two agree in the end."""

import os
import subprocess
import sys

import pytest

from backend import outbox, runtime
from models.identity import erasure
from models.onecard import card_centre, death_list, tell_centre
from tests.architecture.house import ROOT
from tests.support import cards, queues
from tests.support.cards import differences, seen, stored
from tests.support.crowd import at_once
from tests.support.patience import until


def due_again(phone) -> None:
    """Make what waits for the centre due at once."""
    card = {"_id": stored(phone.card)["_id"]}
    change = {"$set": {"outbox.$[].due": stored(phone.card)["created_at"]}}
    cards.get_db().cards.update_one(card, change)


@pytest.mark.parametrize("fault", ["error_500", "garbage", "wrong_signature", "timeout"])
@pytest.mark.parametrize("command", ["issue", "activate", "report_loss"])
def test_a_failing_centre_is_asked_again_and_does_it_once(mine, card_centre_box, fault, command):
    options = {"seconds": 0.0} if fault == "timeout" else {}
    card_centre_box.fault(fault, count=2, register=command, **options)
    cards.applied(mine)
    for step in ("", "/activation", "/loss"):
        if step:
            assert mine.post(f"/mini/v1/card{step}").status_code == 200
        for _ in range(4):
            queues.drain("cards")
            due_again(mine)
    theirs = card_centre_box.cards(mine.document)
    assert [one["status"] for one in theirs] == ["lost"]
    assert (seen(mine)["state"], seen(mine)["waiting"]) == ("lost", False)
    assert differences() == []


def test_while_the_centre_is_away_commands_wait_in_their_order(mine, card_centre_box):
    cards.active(mine)
    card_centre_box.fault("error_500", count=1)
    mine.post("/mini/v1/card/freeze")
    mine.post("/mini/v1/card/unfreeze")
    mine.post("/mini/v1/card/loss")
    assert [one["command"] for one in stored(mine.card)["commands"]] == ["freeze", "unfreeze", "report_loss"]
    queues.drain("cards")
    due_again(mine)
    queues.drain("cards")
    assert stored(mine.card)["commands"] == []
    assert card_centre_box.card(mine.document)["status"] == "lost"
    assert differences() == []


@pytest.mark.parametrize("fault", ["slow", "timeout"])
def test_a_worker_that_is_killed_while_the_centre_works_leaves_the_command_to_the_next(
    mine, card_centre_box, environment, module_settings, shift_clock, fault
):
    """SIGKILL before the centre has carried it out (`slow`), and after that but before its answer (`timeout`)."""
    cards.active(mine)
    mine.post("/mini/v1/card/loss")
    asked = card_centre_box.calls("report_loss")
    card_centre_box.fault(fault, seconds=8, count=1, register="report_loss")
    env = {**os.environ, **environment, "MONGODB_URI": module_settings.mongodb_uri, "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen([sys.executable, "-m", "tests.onecard.card_worker"], env=env, cwd=ROOT)
    until(lambda: card_centre_box.calls("report_loss") == asked + 1, what="the command")
    worker.kill()
    worker.wait()
    assert [one["command"] for one in stored(mine.card)["commands"]] == ["report_loss"]
    assert stored(mine.card)["state"] == "lost", "here it has held all the time"
    shift_clock(outbox.LEASE.total_seconds() + 1)
    queues.drain("cards")
    assert stored(mine.card)["commands"] == []
    assert card_centre_box.card(mine.document)["status"] == "lost"
    assert differences() == []


def test_a_kill_after_the_centre_did_it_and_before_we_wrote_it_heals(mine, card_centre_box, monkeypatch):
    """The worker ends between the centre's answer and our write; another one takes the entry over."""
    cards.applied(mine)
    with monkeypatch.context() as killed:
        killed.setattr(tell_centre, "_begun", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            outbox.drain("cards")
    first = card_centre_box.card(mine.document)
    assert stored(mine.card)["state"] == "applied"
    due_again(mine)
    queues.drain("cards")
    assert seen(mine)["number_tail"] == first["number"][-4:]
    assert len(card_centre_box.cards(mine.document)) == 1


def test_two_workers_who_send_the_same_command_do_it_once(mine, card_centre_box):
    cards.issued(mine)
    card_centre_box.fault("slow", seconds=0.3, count=2, register="report_loss")
    mine.post("/mini/v1/card/loss")
    card_id = stored(mine.card)["_id"]
    at_once([lambda: tell_centre.work(card_id)] * 3)
    assert stored(mine.card)["commands"] == []
    assert card_centre_box.card(mine.document)["status"] == "lost"
    assert differences() == []


def test_a_command_that_the_centre_calls_a_duplicate_is_looked_up(mine, card_centre_box):
    card_centre_box.fault("duplicate", count=1, register="issue")
    cards.issued(mine)
    assert len(card_centre_box.cards(mine.document)) == 1
    card_centre_box.fault("duplicate", count=1, register="freeze")
    mine.post("/mini/v1/card/freeze")
    queues.drain("cards")
    assert card_centre_box.card(mine.document)["status"] == "frozen"
    assert differences() == []


def test_an_out_of_date_answer_is_a_difference_for_staff_and_our_loss_stands(mine, card_centre_box, card_manager):
    cards.active(mine)
    card_centre_box.fault("stale", count=1, register="report_loss")
    mine.post("/mini/v1/card/loss")
    queues.drain("cards")
    listed = card_manager.get("/office/v1/card-differences").json["items"]
    assert [(one["name"], one["ours"], one["theirs"]) for one in listed] == [("status", "lost", "active")]
    assert mine.document not in str(listed)
    assert seen(mine)["state"] == "lost"
    settled = card_manager.post(f"/office/v1/card-differences/{listed[0]['id']}/settle", {"outcome": "told_again"})
    assert settled.json["outcome_zh"] == "已重新通知发卡机构"
    queues.drain("cards")
    assert card_manager.get("/office/v1/card-differences").json["items"] == []


def test_an_e_card_that_was_not_signed_on_is_signed_on_when_staff_tell_the_centre_again(
    mine, card_centre_box, card_manager
):
    cards.issued(mine)
    card_centre_box.fault("stale", count=1, register="sign_on")
    mine.post("/mini/v1/card/activation")
    queues.drain("cards")
    assert seen(mine)["electronic"] == "unsigned"
    (one,) = card_manager.get("/office/v1/card-differences").json["items"]
    assert one["name"] == "electronic"
    card_manager.post(f"/office/v1/card-differences/{one['id']}/settle", {"outcome": "told_again"})
    queues.drain("cards")
    assert seen(mine)["electronic"] == "signed"


def test_an_account_with_a_live_card_is_not_erased(mine):
    cards.active(mine)
    account = cards.account_of(mine)
    with pytest.raises(erasure.StillBusy):
        erasure.begin(account["_id"], case="test", by="system:test")
    assert seen(mine)["state"] == "active"


def test_a_refused_command_is_a_named_difference(mine, card_centre_box, card_manager):
    cards.active(mine)
    card_centre_box.fault("refuse", reason="maintenance", count=1, register="freeze")
    mine.post("/mini/v1/card/freeze")
    queues.drain("cards")
    (one, _) = sorted(differences(), key=lambda found: found["name"])
    assert (one["name"], one["command"], one["reason"], one["theirs"]) == ("refused", "freeze", "maintenance", "active")


def test_a_card_that_the_centre_does_not_know_is_a_difference(mine, card_centre_box):
    cards.active(mine)
    card_centre_box.fault("unknown_card", count=1, register="report_loss")
    mine.post("/mini/v1/card/loss")
    queues.drain("cards")
    assert [one["name"] for one in differences()] == ["unknown"]
    assert seen(mine)["state"] == "lost"


def test_what_the_centre_stopped_is_stopped_here_until_a_manager_lifts_it(mine, card_centre_box, card_manager):
    cards.active(mine)
    assert mine.post("/mini/v1/card/seeds").status_code == 201
    card_centre_box.rewrite(card_centre_box.card(mine.document)["number"], status="lost")
    death_list.check(stored(mine.card)["_id"])
    assert (seen(mine)["state"], seen(mine)["stopped_by"]) == ("frozen", "centre")
    assert cards.credentials(mine.card) == []
    assert mine.post("/mini/v1/card/unfreeze").json["code"] == "counter_needed"
    lifted = card_manager.post(f"/office/v1/cards/{mine.card}/unfreeze")
    assert (lifted.status_code, lifted.json["state"]) == (200, "active")
    queues.drain("cards")
    assert card_centre_box.card(mine.document)["status"] == "active"
    assert [one["outcome"] for one in differences()] == ["agreed"]


def test_cards_are_compared_with_the_centre_once_a_day(mine, card_centre_box, shift_clock):
    cards.active(mine)
    assert death_list.check_due() == 0
    shift_clock(25 * 3600)
    before = card_centre_box.calls("state")
    assert death_list.check_due() == 1
    assert death_list.check_due() == 0
    assert card_centre_box.calls("state") == before + 1


def test_without_a_card_centre_what_was_asked_waits(mine, monkeypatch):
    cards.applied(mine)
    without = type(runtime.current())(**{**vars(runtime.current()), "card_centre": None})
    monkeypatch.setattr(runtime, "_installed", [without])
    with pytest.raises(card_centre.CentreNotConnected) as told:
        tell_centre.work(stored(mine.card)["_id"])
    assert told.value.passing, "so that the queue never gives it up"
    assert seen(mine)["state"] == "applied"
