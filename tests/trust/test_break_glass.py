"""Breaking the glass: open at once and for an hour, judged within three working days, or an alarm."""

from datetime import date, timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import break_glass
from models.identity.break_glass import BreakGlass
from models.identity.minor_approval import HIDDEN
from tests.support import alarms, slots
from tests.support.crowd import at_once
from tests.support.queues import drain
from tests.trust.test_minors import born, family, names  # noqa: F401 - a fixture

WHY = {"emergency": "lost_person", "reason": "景区走失儿童,需联系监护人"}


def smash(clerk, **about):
    return clerk.post("/office/v1/break-glass", {**WHY, **about})


def review(clerk, glass_id: str, *, justified: bool = True):
    return clerk.post(f"/office/v1/break-glass/{glass_id}/review", {"justified": justified, "note": "已核实警情"})


@pytest.fixture
def elsewhere(phone):
    """An order of a place outside of the manager's unit."""
    return phone.issued(slots.make(9, place_id="museum"))["id"]


def test_an_order_outside_of_ones_unit_opens_at_once_for_an_hour(manager, elsewhere, shift_clock):
    path = f"/office/v1/orders/{elsewhere}"
    assert manager.get(path).status_code == 404
    opened = smash(manager, order_id=elsewhere)
    assert (opened.status_code, opened.json["state_zh"]) == (201, "待复核")
    assert manager.get(path).json["visitors"][0]["name"] == "张**"
    line = AccessLine._get_collection().find_one({"who": manager.actor().key})
    assert (line["purpose"], line["case"]) == ("emergency", f"break_glass:{opened.json['id']}")
    shift_clock(29 * 60)
    assert manager.get(path).status_code == 200
    shift_clock(3601)
    manager.log_in()
    assert manager.get(path).status_code == 404


def test_it_opens_for_who_broke_it_and_nobody_else(admin, manager, elsewhere):
    smash(manager, order_id=elsewhere)
    other = admin.hire("scenic_manager", unit="changzhengyuan")
    assert other.get(f"/office/v1/orders/{elsewhere}").status_code == 404


def test_a_broken_glass_of_one_order_opens_no_other(manager, phone, elsewhere):
    other = phone.issued(slots.make(9, place_id="museum", days=3))["id"]
    smash(manager, order_id=elsewhere)
    assert manager.get(f"/office/v1/orders/{other}").status_code == 404


def test_a_child_is_seen_without_an_approval(manager, family):  # noqa: F811
    order_id, (_, child) = family
    assert names(manager, order_id)[1] == HIDDEN
    assert smash(manager, person_id=str(child)).status_code == 201
    assert names(manager, order_id)[1] == "李*"


def test_opening_is_an_alarm_an_audit_entry_and_on_the_officers_list(manager, privacy, elsewhere):
    before = alarms.raised("break_glass_opened")
    glass = smash(manager, order_id=elsewhere).json
    assert alarms.raised("break_glass_opened") == before + 1
    entry = AuditEntry._get_collection().find_one({"object": f"break_glass:{glass['id']}"})
    assert entry["details"] == {"subject": f"order:{elsewhere}", "emergency": "lost_person"}
    (listed,) = privacy.get("/office/v1/break-glass").json["items"]
    assert (listed["id"], listed["reason"], listed["overdue"]) == (glass["id"], WHY["reason"], False)
    stored = repr(BreakGlass._get_collection().find_one({"_id": ObjectId(glass["id"])}))
    assert WHY["reason"] not in stored + repr(entry)


@pytest.mark.parametrize("justified", [True, False])
def test_the_judgement_ends_it_once(manager, privacy, elsewhere, justified):
    glass, before = smash(manager, order_id=elsewhere).json["id"], alarms.raised("break_glass_unjustified")
    judged = review(privacy, glass, justified=justified)
    assert (judged.status_code, judged.json["justified"], judged.json["note"]) == (200, justified, "已核实警情")
    assert alarms.raised("break_glass_unjustified") == before + (not justified)
    assert review(privacy, glass).json["code"] == "break_glass_reviewed"
    assert privacy.get("/office/v1/break-glass").json["items"] == []
    assert [one["id"] for one in privacy.get("/office/v1/break-glass?state=reviewed").json["items"]] == [glass]


def test_two_reviews_at_once_are_one(admin, manager, privacy, elsewhere, app):
    second = admin.hire("privacy_officer", unit="big_data_centre")
    glass = smash(manager, order_id=elsewhere).json["id"]
    twins = [privacy.twin(app.test_client()), second.twin(app.test_client())]
    got = at_once([partial(review, one, glass, justified=n == 0) for n, one in enumerate(twins)])
    assert sorted(one.status_code for one in got) == [200, 409]


def test_nobody_judges_their_own(privacy):
    actor = privacy.actor()
    glass = ObjectId()
    BreakGlass._get_collection().insert_one({"_id": glass, "opened_by": actor.staff_id, "state": "open"})
    with pytest.raises(break_glass.OwnBreakGlass):
        break_glass.review(actor, glass, justified=True, note="x")
    assert review(privacy, str(glass)).json["code"] == "own_break_glass"


def test_only_the_officers_list_and_judge(manager, auditor, elsewhere):
    glass = smash(manager, order_id=elsewhere).json["id"]
    for clerk in (manager, auditor):
        assert clerk.get("/office/v1/break-glass").status_code == 403
        assert review(clerk, glass).status_code == 403


def test_what_nobody_reviews_in_three_working_days_is_an_alarm_every_day(manager, privacy, elsewhere, travel):
    glass = smash(manager, order_id=elsewhere).json
    due, before = date.fromisoformat(glass["review_by"][:10]), alarms.raised("break_glass_unreviewed")
    drain("trust")
    assert alarms.raised("break_glass_unreviewed") == before
    for day in range(2):
        travel((due + timedelta(days=day)).isoformat(), f"00:{10 * day + 5:02d}")
        drain("trust")
        assert alarms.raised("break_glass_unreviewed") == before + day + 1
    privacy.log_in()
    assert privacy.get("/office/v1/break-glass").json["items"][0]["overdue"] is True
    review(privacy, glass["id"])
    travel((due + timedelta(days=5)).isoformat(), "00:05")
    drain("trust")
    assert alarms.raised("break_glass_unreviewed") == before + 2


@pytest.mark.parametrize(
    ("opened", "due"),
    [("2026-11-23", "2026-11-27"), ("2026-11-27", "2026-12-03"), ("2026-09-30", "2026-10-11")],
)
def test_working_days_are_those_of_the_calendar(seeded, travel, opened, due):
    """Midnight at the end of the third working day: over a weekend, and over the national holiday
    with its Saturday worked in exchange."""
    travel(opened, "10:00")
    assert clock.civil(break_glass._review_by(clock.now())).date().isoformat() == due


@pytest.mark.parametrize(
    "changes",
    [{}, {"person_id": "0" * 24, "order_id": "0" * 24}, {"order_id": "0" * 24, "reason": ""},
     {"order_id": "0" * 24, "emergency": "curious"}, {"order_id": {"$ne": 1}}],
)  # fmt: skip
def test_odd_emergencies_are_bad_requests(manager, changes):
    assert smash(manager, **changes).status_code == 400


@pytest.mark.parametrize("about", [{"person_id": "0" * 24}, {"order_id": "x"}, {"person_id": "%00"}])
def test_what_is_not_there_is_not_found(manager, about):
    assert smash(manager, **about).status_code == 404


def test_many_emergencies_in_an_hour_are_a_search(manager):
    answers = [smash(manager, order_id=str(ObjectId())).status_code for _ in range(6)]
    assert answers == [201] * 5 + [429]


def test_a_role_without_it_breaks_nothing(auditor, admin):
    for clerk in (auditor, admin):
        assert smash(clerk, order_id="0" * 24).status_code == 403
