"""What a kiosk measured without network: uploaded later, acknowledged one by one, kept once, marked late."""

from datetime import timedelta

import pytest

from backend import clock
from backend.errors import Unavailable
from backend.store import transactions
from models.eldercare import kiosk_readings
from models.eldercare.kiosk_session import HealthSession
from models.onecard import credential
from tests.eldercare import kiosk_kit
from tests.eldercare.kiosk_kit import observations
from tests.support import affairs, queues
from tests.support.kiosk import UNIT, iso, offline, reading

elder, kiosk = kiosk_kit.elder, kiosk_kit.kiosk


@pytest.fixture
def doctor(client, seeded):
    return affairs.seat(client, "village_doctor", unit=UNIT)


@pytest.fixture
def measured(elder, shift_clock):
    """What the elder measured two hours ago without network."""
    then = clock.now()
    pressures = [reading("blood_pressure", 141 + one, 80, at=then + timedelta(seconds=75 * one)) for one in range(2)]
    entry = offline(reading("temperature", 36.6), *pressures, code=elder.code())
    shift_clock(7200)
    return entry


def results(receipt) -> list[str]:
    return [one["result"] for one in receipt["readings"]]


def lose(elder) -> None:
    transactions.run(lambda session: credential.revoke_all(elder.phone.card, "lost", session))


def test_an_upload_becomes_measurements_that_say_they_are_late(kiosk, elder, measured):
    (told,) = kiosk.upload(measured)
    assert (told["result"], results(told)) == ("received", ["received"] * 3)
    temperature, pressure = elder.measured()
    assert (temperature["code"], temperature["flags"]) == ("temperature", ["late"])
    assert (pressure["values"]["systolic"], pressure["flags"]) == (141.5, ["late"])
    assert pressure["at"] < pressure["recorded_at"]


def test_the_same_batch_again_changes_nothing(kiosk, elder, measured):
    (first,) = kiosk.upload(measured)
    (again,) = kiosk.upload(measured)
    assert (again["result"], results(again)) == ("duplicate", ["duplicate"] * 3)
    ids = [[one["observation_id"] for one in told["readings"]] for told in (first, again)]
    assert ids[0] == ids[1]
    assert len(elder.measured()) == 2


def test_a_key_that_comes_with_another_content_is_told_so(kiosk, elder, measured):
    kiosk.upload(measured)
    (told,) = kiosk.upload(measured | {"readings": [reading("temperature", 39.9)]})
    assert (told["result"], len(elder.measured())) == ("key_reused", 2)


def test_what_was_measured_while_the_card_held_counts_after_its_loss(kiosk, elder, measured):
    lose(elder)
    assert kiosk.upload(measured)[0]["result"] == "received"
    assert len(elder.measured()) == 2


def test_after_the_loss_it_is_held_for_a_person_and_not_guessed(kiosk, elder, shift_clock):
    lose(elder)
    shift_clock(600)
    entry = offline(reading("temperature", 38.9), code=elder.code())
    (told,) = kiosk.upload(entry)
    assert (told["result"], told["reason"], results(told)) == ("held", "revoked", ["held"])
    assert observations(elder.subject) == []
    assert kiosk.upload(entry)[0]["result"] == "held"


def test_a_person_says_whose_it_is_once(kiosk, elder, doctor):
    kiosk.upload(offline(reading("temperature", 38.9), code="5R80:8 9WE"))
    (waiting,) = doctor.get("/office/v1/health/held-readings").json["items"]
    assert (waiting["reason"], waiting["reason_zh"]) == ("not_ours", "一卡通码未通过核验")
    whose = kiosk_kit.cared(elder.person, UNIT)
    path = f"/office/v1/health/held-readings/{waiting['id']}/identify"
    answer = doctor.post(path, {"elder_id": str(whose)})
    assert (answer.status_code, answer.json["state"]) == (200, "closed")
    assert [one["values"]["temperature"] for one in observations(whose)] == [38.9]
    assert doctor.post(path, {"elder_id": str(whose)}).status_code == 404
    assert doctor.get("/office/v1/health/held-readings").json["items"] == []


def test_another_units_doctor_does_not_see_what_waits(client, kiosk, elder, doctor):
    kiosk.upload(offline(reading("temperature", 38.9), code="5R80:8 9WE"))
    (waiting,) = doctor.get("/office/v1/health/held-readings").json["items"]
    other = affairs.seat(client, "village_doctor", unit="education_sports")
    assert other.get("/office/v1/health/held-readings").json["items"] == []
    assert other.post(f"/office/v1/health/held-readings/{waiting['id']}/discard").status_code == 404


def test_readings_are_not_given_to_an_elder_of_another_unit(kiosk, elder, doctor):
    kiosk.upload(offline(reading("temperature", 38.9), code="5R80:8 9WE"))
    (waiting,) = doctor.get("/office/v1/health/held-readings").json["items"]
    whose = kiosk_kit.cared(elder.person, "education_sports")
    answer = doctor.post(f"/office/v1/health/held-readings/{waiting['id']}/identify", {"elder_id": str(whose)})
    assert answer.status_code == 404
    assert HealthSession._get_collection().find_one({"_id": waiting["id"]})["held"]


def test_what_is_no_use_is_discarded_and_stays_readable(kiosk, elder, doctor):
    kiosk.upload(offline(reading("temperature", 310, unit="K"), reading("weight", 61), code=elder.code()))
    (waiting,) = doctor.get("/office/v1/health/held-readings").json["items"]
    assert waiting["reason"] == "unit_unknown"
    assert doctor.post(f"/office/v1/health/held-readings/{waiting['id']}/discard").json["state"] == "closed"
    assert [one["code"] for one in elder.measured()] == ["weight"]
    assert len(HealthSession._get_collection().find_one({"_id": waiting["id"]})["readings"]) == 2


def test_a_session_that_lost_its_network_hands_in_the_rest(kiosk, elder, shift_clock):
    session = kiosk.log_in(elder.code())["session_id"]
    one = reading("temperature", 36.6)
    shift_clock(3600)
    (told,) = kiosk.upload(offline(one, session=session))
    assert told["result"] == "received"
    assert [one["flags"] for one in elder.measured()] == [["late"]]


def test_a_reading_outside_the_time_of_its_session_is_held(kiosk, elder, shift_clock):
    session = kiosk.log_in(elder.code())["session_id"]
    shift_clock(3600)
    (told,) = kiosk.upload(offline(reading("temperature", 36.6), session=session))
    assert (told["result"], told["reason"]) == ("held", "outside_session")


def test_a_session_that_nobody_began_is_held(kiosk, elder):
    (told,) = kiosk.upload(offline(reading("temperature", 36.6), session="0" * 24))
    assert (told["result"], told["reason"]) == ("held", "session_unknown")


def test_a_clock_that_runs_an_hour_behind_is_put_right(kiosk, elder):
    then = clock.now() - timedelta(hours=1)
    session = kiosk.log_in(elder.code())["session_id"]
    kiosk.upload(offline(reading("temperature", 36.6, at=then), at=then, session=session), clock_off=-3600)
    (kept,) = elder.measured()
    assert abs((clock.civil(kept["at"]) - clock.civil(clock.now())).total_seconds()) < 5
    assert kept["flags"] == ["time_doubtful"]


@pytest.mark.parametrize(
    "change",
    [{"readings": []}, {"readings": 3}, {"at": "gestern"}, {"session": "x"}, {"code": ""}, {"key": 1}, {"more": 1}],
)
def test_an_entry_that_cannot_be_read_stops_no_other(kiosk, elder, change):
    good = offline(reading("temperature", 36.6), code=elder.code())
    wrong, right = kiosk.upload(offline(reading("weight", 60), code="x") | change, good)
    assert (wrong["result"], right["result"]) == ("malformed", "received")
    assert [one["code"] for one in elder.measured()] == ["temperature"]


def test_what_the_request_did_not_finish_the_queue_does(kiosk, elder, measured, monkeypatch):
    def broken(_found):
        raise Unavailable

    monkeypatch.setattr(kiosk_readings, "keep_done", broken)
    body = {"device_time": iso(clock.now()), "entries": [measured]}
    assert kiosk.post("/uploads", body).status_code == 503
    monkeypatch.undo()
    assert elder.measured() == []
    queues.drain("care")
    assert len(elder.measured()) == 2
    assert kiosk.upload(measured)[0]["result"] == "duplicate"
    assert len(elder.measured()) == 2
