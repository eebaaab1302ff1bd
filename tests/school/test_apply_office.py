"""Applications for staff: schools see those that name them; a clerk enters one for who stands at the counter."""

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from models.audit.access_line import AccessLine
from models.school.application import SchoolApplication
from tests.school import apply_kit
from tests.school.apply_kit import OFFICE, OWN, ROUND, made, manager, named, parent, sent
from tests.support import affairs
from tests.support.counter import Counter

COUNTER = f"{OFFICE}/counter/applications"


def listed(clerk, query=""):
    return sent(clerk.get(f"{OFFICE}/applications?round={ROUND}{query}"))["items"]


class TestReading:
    @pytest.fixture
    def receipt(self, client, sandbox, opened):
        parent(client, sandbox, made(opened, number=2)).filled()
        return parent(client, sandbox, made(opened)).submitted(choices=[OWN[1]])

    def test_the_bureau_sees_what_was_submitted_and_no_draft(self, client, receipt):
        (one,) = listed(manager(client))
        assert (one["receipt"], one["state"], one["channel"]) == (receipt["receipt"], "submitted", "mini")
        assert one["child_name"] == "未满14周岁,需审批"

    def test_a_school_sees_those_that_name_it_alone(self, client, receipt):
        own = affairs.seat(client, "school_clerk", unit=f"school_{OWN[1]}")
        assert [one["id"] for one in listed(own)] == [receipt["id"]]
        assert sent(own.get(f"{OFFICE}/applications/{receipt['id']}"))["basis"]["kind"] == "household"
        other = affairs.seat(client, "school_clerk", unit="school_demo_primary_08")
        assert (listed(other), listed(other, f"&school={OWN[1]}")) == ([], [])
        assert other.get(f"{OFFICE}/applications/{receipt['id']}").status_code == 404

    def test_each_reading_leaves_its_line(self, client, receipt):
        clerk = manager(client)
        sent(clerk.get(f"{OFFICE}/applications/{receipt['id']}"))
        child = SchoolApplication._get_collection().find_one({"_id": ObjectId(receipt["id"])})["child"]
        lines = AccessLine._get_collection().find({"subjects": child}, hint="_id_")
        assert (clerk.actor().key, "school_enrolment") in {(one["who"], one["purpose"]) for one in lines}

    def test_who_reads_no_applications_is_refused(self, client, receipt):
        liaison = affairs.seat(client, "school_liaison", unit=apply_kit.BUREAU)
        assert liaison.get(f"{OFFICE}/applications?round={ROUND}").status_code == 403


class TestCounter:
    @pytest.fixture
    def counter(self, client, opened):
        return Counter(affairs.seat(client, "counter_clerk"))

    @pytest.fixture
    def here(self, counter, opened):
        """A parent without a phone who stands at the counter, with the child."""
        family = made(opened)
        parent_id = counter.registered(named(family["parent"]))
        child_id = counter.registered(named(family["children"][0]), seen="household_register")
        sent(counter.relate("guardian", child_id, parent_id), 201)
        return child_id, counter.standing(parent_id)

    def begin(self, counter, child_id, header, version="2026-11"):
        body = {"round": ROUND, "person_id": child_id, "text_version": version}
        return counter.clerk.post(COUNTER, body, **header)

    def test_a_guardian_without_a_phone_applies_by_the_same_rules(self, counter, here):
        child_id, header = here
        found = sent(self.begin(counter, child_id, header), 201)
        form = {"basis": {"kind": "household", "address": "于都县贡江镇演示一街1号"}, "choices": [OWN[0]]}
        path = f"{COUNTER}/{found['id']}"
        saved = sent(counter.clerk.call("PUT", f"{path}/form", {"seq": found["seq"], "form": form}, **header))
        told = sent(counter.clerk.post(f"{path}/precheck", {}, **header))
        assert (told["passes"], "facts" in told) == (True, False)
        body = {"seq": saved["seq"]}
        receipt = sent(counter.clerk.post(f"{path}/submit", body, **header))
        assert sent(counter.clerk.post(f"{path}/submit", body, **header))["receipt"] == receipt["receipt"]
        stored = SchoolApplication._get_collection().find_one({"receipt": receipt["receipt"]})
        assert (stored["channel"], stored["consent"]["channel"]) == ("counter", "counter")
        about = f"school_application:{found['id']}"
        entries = [one for one in get_db()["audit_entries"].find({}, hint="_id_") if one["object"] == about]
        assert [one["action"].rpartition(".")[2] for one in entries] == ["begin", "save", "submit"]
        assert sent(counter.clerk.get(path, **header))["state"] == "submitted"
        assert sent(counter.clerk.post(f"{path}/withdraw", {"seq": receipt["seq"]}, **header))["state"] == "withdrawn"

    def test_an_older_consent_text_is_not_signed(self, counter, here):
        child_id, header = here
        refused = self.begin(counter, child_id, header, "2020-01")
        assert (refused.status_code, refused.json["code"]) == (409, "consent_text_outdated")

    def test_nobody_at_the_counter_nothing_is_entered(self, counter, here, opened):
        child_id, header = here
        found = sent(self.begin(counter, child_id, header), 201)
        assert self.begin(counter, child_id, {}).json["code"] == "counter_session_over"
        other = counter.standing(counter.registered())
        assert self.begin(counter, child_id, other).json["code"] == "person_not_at_counter"
        path = f"{COUNTER}/{found['id']}"
        assert counter.clerk.post(f"{path}/submit", {"seq": 1}, **other).status_code == 404
        assert counter.clerk.get(path, **other).status_code == 404
