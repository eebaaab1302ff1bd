"""The card centre simulator by its own protocol, and how the service is told of one."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend import clock, runtime
from backend.exchange import Exchange, ExchangeFailure, ExchangeRefusedUs, read_credentials
from backend.settings import BadSettings
from models.onecard.card_centre import ByExchange, Held, Refused
from tests.support.card_centre import CardCentreBox
from tests.support.phone import resident_id


@pytest.fixture
def box(card_centre_box):
    yield card_centre_box
    card_centre_box.clear()


@pytest.fixture
def centre(box):
    return ByExchange(Exchange(box.base, read_credentials(Path(box.credentials))))


def issued(centre, request: str = "r1", number: str = "") -> Held:
    told = {"id_number": number or resident_id(), "name": "张三丰"}
    return centre.do("issue", request + told["id_number"], told)


def test_a_command_is_done_once_for_its_request_and_answered_alike(box, centre):
    number = resident_id()
    first, again = issued(centre, number=number), issued(centre, number=number)
    assert first == again
    assert len(box.cards(number)) == 1
    assert first.ready_on == clock.today() + timedelta(days=3)


def test_a_card_goes_through_its_life(box, centre):
    number = resident_id()
    held = issued(centre, number=number)
    told = {"number": held.number}
    assert centre.do("activate", "a", told).status == "active"
    assert centre.do("sign_on", "b", told).electronic == "signed"
    assert centre.do("report_loss", "c", told).status == "lost"
    assert centre.do("unfreeze", "d", {**told, "to": "active"}).status == "active"
    assert centre.do("freeze", "e", told).status == "frozen"
    other = centre.do("replace", "f", told)
    assert (other.status, other.number != held.number) == ("issued", True)
    assert centre.state(held.number).status == "replaced"
    assert centre.of_person(number).number == other.number
    assert centre.do("cancel", "g", {"number": other.number}).status == "cancelled"
    assert centre.of_person(number) is None


def test_what_does_not_fit_is_refused_by_a_reason(centre):
    number = resident_id()
    held = issued(centre, number=number)
    assert issued(centre, "r2", number) == Refused("has_card")
    assert centre.do("unfreeze", "x", {"number": held.number, "to": "active"}) == Refused("state_wrong")
    assert centre.do("freeze", "y", {"number": "D99999999"}) is None


@pytest.mark.parametrize("fault", ["timeout", "wrong_signature"])
def test_an_unknown_result_was_carried_out(box, centre, fault):
    held = issued(centre)
    box.fault(fault, count=1, register="freeze", **({"seconds": 0.0} if fault == "timeout" else {}))
    with pytest.raises(ExchangeFailure):
        centre.do("freeze", held.number, {"number": held.number})
    assert centre.state(held.number).status == "frozen"


@pytest.mark.parametrize("fault", ["error_500", "garbage"])
def test_a_failure_was_not_carried_out(box, centre, fault):
    held = issued(centre)
    box.fault(fault, count=1, register="freeze")
    with pytest.raises(ExchangeFailure):
        centre.do("freeze", held.number, {"number": held.number})
    assert centre.state(held.number).status == "issued"


def test_a_slow_answer_comes_and_faults_are_counted(box, centre):
    held = issued(centre)
    box.fault("slow", count=1, seconds=0.05, register="freeze")
    box.fault("stale", count=1, register="freeze")
    assert centre.do("freeze", held.number, {"number": held.number}).status == "issued"
    assert [one["fired"] for one in box.call("/faults")["faults"]] == [1, 1]
    assert box.call("/faults", {"name": "no_such"})["status"] == 400
    assert box.call("/faults", {"name": "slow", "seconds": "long"})["status"] == 400


def test_the_death_list_comes_in_pages(box, centre):
    day = clock.today() - timedelta(days=30)
    people = [{"number": resident_id(), "name": "某人", "died_on": day.isoformat()} for _ in range(101)]
    box.died(*people, day=day.isoformat())
    assert [one.number for one in centre.deaths(day)] == [one["number"] for one in people]
    assert centre.deaths(day - timedelta(days=1)) == []


def test_who_is_not_registered_is_refused(box, tmp_path):
    told = json.loads(Path(box.credentials).read_text())
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({**told, "app_id": "somebody"}))
    with pytest.raises(ExchangeRefusedUs):
        ByExchange(Exchange(box.base, read_credentials(path))).state("D00000000")


def test_cards_and_answers_are_kept_over_a_restart(tmp_path):
    box = CardCentreBox(tmp_path / "centre", "--made-in-days", "0").start()
    number = resident_id()
    try:
        centre = ByExchange(Exchange(box.base, read_credentials(Path(box.credentials))))
        first = issued(centre, number=number)
        box.stop()
        box.start()
        centre = ByExchange(Exchange(box.base, read_credentials(Path(box.credentials))))
        assert issued(centre, number=number) == first
        assert first.ready_on == clock.today()
    finally:
        box.stop()


def test_the_simulator_imports_nothing_of_the_product():
    code = "import sys, seed.simulators.card_centre.__main__; print([m for m in sys.modules if m.split('.')[0] in "
    code += "('backend', 'models', 'tasks', 'blueprints')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_production_refuses_a_simulators_credentials_and_a_plain_address(module_settings):
    wrong = replace(module_settings, production=True)
    with pytest.raises(BadSettings) as told:
        runtime._card_centre(wrong)
    assert all(reason.startswith("CARD_CENTRE_BASE") for reason in told.value.reasons)
    assert any("simulator" in reason for reason in told.value.reasons)
    nowhere = {"card_centre_base": "https://cards.example", "card_centre_credentials": "/nowhere"}
    with pytest.raises(BadSettings):
        runtime._card_centre(replace(wrong, **nowhere))
    assert runtime._card_centre(replace(wrong, card_centre_base="")) is None
