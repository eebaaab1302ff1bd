"""An alert ends by an outcome that a person enters: what must be done before, what stays to be done after."""

import pytest

from models.eldercare import tell_family
from models.eldercare.alert import HealthAlert
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import OFFICE, UNIT
from tests.support import affairs, queues
from tests.support.crowd import at_once


@pytest.fixture
def elder(seeded):
    return alert_kit.enrolled(UNIT)


@pytest.fixture
def doctor(client, seeded):
    return alert_kit.doctor(client)


def test_before_anything_was_done_there_is_no_outcome(doctor, elder):
    made = alert_kit.raised(elder)
    refused = alert_kit.do(doctor, made["_id"], "outcome", {"outcome": "false_alarm"}, status=409)
    assert refused["code"] == "health_alert_nothing_done"
    alert_kit.do(doctor, made["_id"], "acknowledge")
    alert_kit.do(doctor, made["_id"], "outcome", {"outcome": "false_alarm"}, status=409)
    alert_kit.acted(doctor, made["_id"], "data_checked")
    assert alert_kit.closed(doctor, made["_id"], "false_alarm")["outcome"]["code_zh"] == "误报"


def test_unreachable_is_who_was_visited_and_not_met(doctor, elder):
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"], "phone_call")
    refused = alert_kit.do(doctor, made["_id"], "outcome", {"outcome": "unreachable"}, status=422)
    assert refused["code"] == "health_alert_visit_first"
    alert_kit.acted(doctor, made["_id"], "neighbour_asked")
    assert alert_kit.closed(doctor, made["_id"], "unreachable")["after"]["kind"] == "try_again"


def test_who_acts_on_what_nobody_took_up_takes_it_up(doctor, elder):
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"])
    assert alert_kit.stored(made["_id"])["acknowledged_by"] == f"staff:{doctor.member_id}"


def test_of_two_who_take_it_up_at_once_one_does(client, doctor, elder):
    made, other = alert_kit.raised(elder), alert_kit.doctor(client)
    clerks = [doctor.twin(client.application.test_client()), other.twin(client.application.test_client())]
    path = f"{OFFICE}/alerts/{made['_id']}/acknowledge"
    answers = at_once([lambda one=one: one.post(path).status_code for one in clerks])
    assert sorted(answers) == [200, 409]
    assert [one["what"] for one in alert_kit.stored(made["_id"])["events"]] == ["raised", "acknowledged"]


def test_a_doctor_who_takes_it_up_while_the_family_answers_is_not_sent_back(client, sandbox, seeded):
    granny = alert_kit.at_phone(client, sandbox, "赵奶奶")
    elder = alert_kit.enrolled(UNIT, person_id=alert_kit.own_person(granny))
    daughter = alert_kit.relative(client, sandbox, alert_kit.own_person(granny))
    doctor, phone = alert_kit.doctor(client), daughter.phone
    for number in range(4):
        made = alert_kit.raised(elder, rule=f"rule_{number}")
        twin = doctor.twin(client.application.test_client())
        phone.client = client.application.test_client()
        path = f"/alerts/{made['_id']}"
        statuses = at_once(
            [
                lambda clerk=twin, path=path: clerk.post(f"{OFFICE}{path}/acknowledge").status_code,
                lambda path=path: daughter.post(f"{path}/answer", {"answer": "here"}).status_code,
            ]
        )
        found = alert_kit.stored(made["_id"])
        assert (statuses, found["state"]) == ([200, 200], "acted")
        assert found["acknowledged_by"] == f"staff:{doctor.member_id}"


def test_taking_up_again_and_the_same_outcome_again_change_nothing(doctor, elder):
    made = alert_kit.raised(elder)
    first = alert_kit.do(doctor, made["_id"], "acknowledge")
    assert alert_kit.do(doctor, made["_id"], "acknowledge")["seq"] == first["seq"]
    alert_kit.acted(doctor, made["_id"])
    over = alert_kit.closed(doctor, made["_id"])
    assert alert_kit.closed(doctor, made["_id"])["seq"] == over["seq"]
    refused = alert_kit.do(doctor, made["_id"], "outcome", {"outcome": "false_alarm"}, status=409)
    assert refused["code"] == "health_alert_over"
    alert_kit.do(doctor, made["_id"], "acts", {"kind": "home_visit"}, status=409)
    alert_kit.do(doctor, made["_id"], "acknowledge", status=409)


def test_a_referral_is_asked_after_within_two_weeks_from_the_work_list(doctor, elder, shift_clock):
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"], "taken_to_hospital")
    alert_kit.closed(doctor, made["_id"], "referred_hospital")
    assert parts(doctor) == []
    shift_clock(14 * 86400)
    affairs.stay_awake()
    ((kind, about),) = parts(doctor)
    assert (kind, about) == ("referral", str(made["_id"]))
    done = alert_kit.do(doctor, made["_id"], "after", {"note": "已住院治疗"})
    assert (done["after"]["open"], done["events"][-1]["note"]) == (False, "已住院治疗")
    assert parts(doctor) == []
    alert_kit.do(doctor, made["_id"], "after", {}, status=409)


def parts(clerk) -> list[tuple[str, str]]:
    told = clerk.get(f"{OFFICE}/work").json
    (part,) = [one for one in told["parts"] if one["part"] == "after_alerts"]
    return [(one["kind"], one["about"]) for one in part["items"]]


def test_a_death_ends_all_live_alerts_by_the_same_person_and_asks_for_the_archive_once(doctor, elder):
    made = [alert_kit.raised(elder, rule=one) for one in ("bp_high", "glucose_low", "pulse_low")]
    alert_kit.acted(doctor, made[0]["_id"])
    refused = alert_kit.do(doctor, made[0]["_id"], "outcome", {"outcome": "died"}, status=422)
    assert refused["code"] == "health_alert_confirm"
    alert_kit.closed(doctor, made[0]["_id"], "died", confirmed=True)
    found = [alert_kit.stored(one["_id"]) for one in made]
    by = f"staff:{doctor.member_id}"
    assert [(one["state"], one["outcome"]["code"], one["outcome"]["by"]) for one in found] == [
        ("closed", "died", by)
    ] * 3
    assert [one["outcome"].get("with_alert") for one in found] == [None, made[0]["_id"], made[0]["_id"]]
    assert [one.get("after", {}).get("kind") for one in found] == ["archive", None, None]


def test_after_a_death_no_machine_tells_the_family(client, sandbox, doctor, seeded):
    granny = alert_kit.at_phone(client, sandbox, "赵奶奶")
    elder = alert_kit.enrolled(UNIT, person_id=alert_kit.own_person(granny))
    daughter = alert_kit.relative(client, sandbox, alert_kit.own_person(granny))
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"])
    alert_kit.closed(doctor, made["_id"], "died", confirmed=True)
    queues.drain()
    assert alert_kit.told(daughter.phone) == ["health_alert_family"]
    late = alert_kit.raised(elder, rule="late")
    assert (late["state"], alert_kit.told(daughter.phone)) == ("raised", ["health_alert_family"])
    assert tell_family.relatives(alert_kit.own_person(granny))


def test_a_wrong_outcome_is_corrected_and_what_was_said_stays(doctor, elder):
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"])
    over = alert_kit.closed(doctor, made["_id"], "died", confirmed=True)
    body = {"outcome": "resolved", "seq": over["seq"], "note": "登记时选错老人"}
    right = alert_kit.do(doctor, made["_id"], "outcome/correct", body)
    assert (right["outcome"]["code"], "after" in right) == ("resolved", False)
    assert [(one["outcome"], one.get("before")) for one in right["events"] if "outcome" in one] == [
        ("died", None),
        ("resolved", "died"),
    ]
    stale = alert_kit.do(doctor, made["_id"], "outcome/correct", body, status=409)
    assert stale["code"] == "health_alert_moved"


def test_of_two_corrections_of_one_outcome_one_wins(client, doctor, elder):
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"])
    over = alert_kit.closed(doctor, made["_id"])
    path = f"{OFFICE}/alerts/{made['_id']}/outcome/correct"
    twins = [doctor.twin(client.application.test_client()) for _ in range(2)]
    bodies = [{"outcome": one, "seq": over["seq"], "note": "更正"} for one in ("false_alarm", "refused")]
    answers = at_once([lambda n=n: twins[n].post(path, bodies[n]).status_code for n in range(2)])
    assert sorted(answers) == [200, 409]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("acts", {"kind": "magic"}),
        ("acts", {}),
        ("acts", {"kind": "home_visit", "note": "a\u0000b"}),
        ("acts", {"kind": "home_visit", "more": 1}),
        ("notes", {"note": "  "}),
        ("notes", {"note": "长" * 1001}),
        ("outcome", {"outcome": "vanished"}),
        ("outcome", {"outcome": "died", "confirmed": "yes"}),
        ("outcome/correct", {"outcome": "died", "seq": 1, "note": "x"}),
    ],
)
def test_what_no_schema_knows_is_a_400(doctor, elder, verb, body):
    made = alert_kit.raised(elder)
    alert_kit.do(doctor, made["_id"], verb, body, status=400)
    assert alert_kit.stored(made["_id"])["state"] == "raised"


def test_only_so_many_notes_are_taken_and_the_outcome_still_fits(doctor, elder):
    made = alert_kit.raised(elder)
    line = alert_kit.stored(made["_id"])["events"][0]
    filler = {"$push": {"events": {"$each": [line] * 139}}}
    HealthAlert._get_collection().update_one({"_id": made["_id"]}, filler)
    assert alert_kit.do(doctor, made["_id"], "notes", {"note": "再记一条"}, status=409)["code"] == "health_alert_full"
    alert_kit.acted(doctor, made["_id"])
    alert_kit.do(doctor, made["_id"], "acts", {"kind": "phone_call"}, status=409)
    alert_kit.closed(doctor, made["_id"])


def test_a_note_is_taken_after_the_end_as_well(doctor, elder):
    made = alert_kit.raised(elder)
    alert_kit.acted(doctor, made["_id"])
    alert_kit.closed(doctor, made["_id"])
    assert alert_kit.do(doctor, made["_id"], "notes", {"note": "家属致谢"})["events"][-1]["note"] == "家属致谢"
