"""A recall under way: two persons, what becomes of lots, packs and certificates, a kill, two starts at once."""

import pytest
from mongoengine.connection import get_db

from backend import jobs, outbox
from models.audit.entry import AuditEntry
from models.epcis.event import Event
from models.messaging.notice import Notice
from models.selenium import code, lot, pack, recall, recall_item, recall_run, roll, roll_labels, uri
from models.selenium.recall_item import RecallItem
from tests.selenium.cert_kit import PUBLIC as CHECK
from tests.selenium.cert_kit import Desk, applied
from tests.selenium.grower_kit import OTHER_VILLAGE, farmer, firm, office, producing, town_clerk
from tests.selenium.recall_kit import (
    OFFICE,
    PUBLIC,
    Farm,
    body,
    drawn,
    event,
    items,
    names,
    proposed,
    put,
    started,
    weight,
)
from tests.support import affairs, queues
from tests.support.clerk import Clerk
from tests.support.crowd import at_once
from tests.support.patience import until


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def desk(client, seeded):
    """Two members of the county's office."""
    return office(client), office(client)


def state(number: str) -> str:
    return lot.read(number)["state"]


def events_of(number: str) -> list[dict]:
    return list(Event._get_collection().find({"words": "disposition=recalled", "things": f"c:{uri.lot(number)}"}))


def notices(kind: str) -> list[dict]:
    return [one for one in Notice._get_collection().find({"_id": {"$exists": True}}) if one["kind"] == kind]


def lines(action: str) -> list[str]:
    found = AuditEntry._get_collection().find({"_id": {"$exists": True}})
    return sorted(one["object"] for one in found if one["action"] == action)


def test_a_recall_forward_recalls_what_came_of_the_lot_and_nothing_else(farm, desk):
    a, b = farm.harvested(), farm.harvested()
    (c,) = farm.graded({a: 500, b: 500}, 1000)
    d, e = farm.graded({c: 800}, 400, 400)
    (f,) = farm.graded({b: 100}, 100)
    made = started(*desk, a)
    assert [state(one) for one in (a, c, d, e)] == ["recalled"] * 4
    assert [state(one) for one in (b, f)] == ["open"] * 2
    assert (made["state"], made["parts"], made["parts_done"]) == ("under_way", 4, 4)
    assert "reached_at" in made
    assert [len(events_of(one)) for one in (a, b, c, d, e, f)] == [1, 0, 1, 1, 1, 0]
    assert names(items(desk[0], f"{OFFICE}/{made['id']}", "lot"), outcome="recalled") == {a, c, d, e}


def test_what_a_package_says_after_a_recall(farm, desk, client):
    a = farm.harvested()
    made = farm.packed(a, 2, state="sold")
    labels = roll.read(made["roll"])
    path = "/" + roll_labels.payload(labels, code.text(labels, 1)).partition("://")[2].partition("/")[2]
    assert "正品" in client.get(path).text
    started(*desk, a)
    assert "已召回,请勿食用" in client.get(path).text
    assert pack.read(made["_id"])["state"] == "frozen"


def test_packages_of_a_recalled_lot_are_not_sold_any_more(farm, desk):
    a = farm.harvested()
    made = farm.packed(a, 2)
    started(*desk, a)
    assert farm.firm.post(f"/selenium/packs/{made['_id']}/sell").json["code"] == "pack_state"


def test_a_recall_backward_holds_the_sources_until_a_person_decides(farm, desk):
    a, b = farm.harvested(), farm.harvested()
    (c,) = farm.graded({a: 500, b: 500}, 1000)
    lot.close(b, by="staff:test")
    made = started(*desk, c, direction="backward")
    assert [state(one) for one in (a, b, c)] == ["held", "closed", "recalled"]
    found = items(desk[0], f"{OFFICE}/{made['id']}", "lot")
    assert (names(found, outcome="held"), names(found, outcome="left")) == ({a}, {b})
    path = f"{OFFICE}/{made['id']}/close"
    assert desk[0].post(path, {"short": "eaten"}).json["code"] == "recall_lots_undecided"
    assert desk[0].post(f"/office/v1/lots/{a}/release").json["state"] == "open"
    assert desk[0].post(path).json["state"] == "closed"


def test_the_other_decision_about_a_held_source_is_a_recall_of_its_own(farm, desk):
    a = farm.harvested()
    (c,) = farm.graded({a: 500}, 500)
    (d,) = farm.graded({a: 100}, 100)
    first = started(*desk, c, direction="both")
    assert (state(a), state(d)) == ("held", "open")
    second = started(*desk, a)
    assert [state(one) for one in (a, c, d)] == ["recalled"] * 3
    assert desk[0].post(f"{OFFICE}/{first['id']}/close").json["state"] == "closed"
    assert len(events_of(c)) == 2
    assert second["state"] == "under_way"


class TestTwoPersons:
    def test_nothing_happens_before_a_second_person_has_approved(self, farm, desk):
        first, second = desk
        a = farm.harvested()
        made = drawn(first, a)
        assert (made["state"], state(a)) == ("drawn", "open")
        asked = proposed(first, made["id"])
        assert asked["state"] == "proposed"
        path = f"/office/v1/approvals/{asked['approval_id']}"
        assert first.post(f"{path}/approve").json["code"] == "own_proposal"
        queues.drain()
        assert state(a) == "open"
        assert second.post(f"{path}/approve").status_code == 200
        queues.drain("trust", "reports")
        assert state(a) == "recalled"
        assert lines("recall.start") == [f"recall:{made['id']}"]
        assert second.get(path).json["outcome"] == "started"

    @pytest.mark.parametrize("how", ["refuse", "withdraw"])
    def test_what_is_not_approved_is_a_drawing_again(self, farm, desk, how):
        first, second = desk
        made = drawn(first, farm.harvested())
        asked = proposed(first, made["id"])
        who = second if how == "refuse" else first
        assert who.post(f"/office/v1/approvals/{asked['approval_id']}/{how}").status_code == 200
        queues.drain("trust")
        told = first.get(f"{OFFICE}/{made['id']}").json
        assert (told["state"], "approval_id" in told) == ("drawn", False)
        again = proposed(first, made["id"])
        assert again["approval_id"] != asked["approval_id"]

    def test_a_town_clerk_reads_recalls_and_starts_none(self, farm, desk, client):
        a = farm.harvested()
        made = drawn(desk[0], a)
        assert farm.clerk.get(f"{OFFICE}/{made['id']}").status_code == 200
        assert farm.clerk.post(OFFICE, body(a)).status_code == 403
        assert farm.clerk.post(f"{OFFICE}/{made['id']}/start", {"reason": "检测"}).status_code == 403
        elsewhere = town_clerk(client, OTHER_VILLAGE[:9])
        assert elsewhere.get(f"{OFFICE}/{made['id']}").status_code == 404
        assert elsewhere.get(f"{OFFICE}/{made['id']}/report.pdf").status_code == 404
        assert elsewhere.get(OFFICE).json["items"] == []
        assert [one["id"] for one in farm.clerk.get(OFFICE).json["items"]] == [made["id"]]

    def test_an_office_of_one_town_alone_starts_nothing_elsewhere(self, farm, client):
        near = affairs.seat(client, "agriculture_office", unit="agriculture_rural", area=OTHER_VILLAGE[:9])
        assert near.post(OFFICE, body(farm.harvested())).status_code == 404

    def test_a_withdrawn_drawing_is_not_started(self, farm, desk):
        made = drawn(desk[0], farm.harvested())
        for _ in range(2):
            assert desk[0].post(f"{OFFICE}/{made['id']}/withdraw").json["state"] == "withdrawn"
        assert desk[0].post(f"{OFFICE}/{made['id']}/start", {"reason": "检测"}).json["code"] == "recall_state"


class TestAtOnce:
    def test_of_two_starts_of_one_drawing_one_wins(self, farm, desk, app):
        made = drawn(desk[0], farm.harvested())
        both = [one.twin(app.test_client()) for one in desk]
        path = f"{OFFICE}/{made['id']}/start"
        answers = at_once([lambda who=who: who.post(path, {"reason": "检测不合格"}) for who in both])
        assert sorted(one.status_code for one in answers) == [202, 409]
        assert next(one for one in answers if one.status_code == 409).json["code"] == "recall_state"

    def test_of_two_recalls_of_one_lot_one_runs(self, farm, desk, app):
        a = farm.harvested()
        made = [drawn(one, a)["id"] for one in desk]
        both = [one.twin(app.test_client()) for one in desk]
        calls = [
            lambda who=who, number=number: who.post(f"{OFFICE}/{number}/start", {"reason": "检测不合格"})
            for who, number in zip(both, made, strict=True)
        ]
        answers = at_once(calls)
        assert sorted(one.status_code for one in answers) == [202, 409]
        assert next(one for one in answers if one.status_code == 409).json["code"] == "recall_running"

    def test_a_grower_who_starts_twice_starts_one_job(self, farm, app):
        a = farm.harvested()
        made = farm.firm.post("/selenium/recalls", body(a)).json["id"]
        both = [farm.firm.by(farm.firm.phone.twin(app.test_client())) for _ in range(2)]
        path = f"/selenium/recalls/{made}/start"
        answers = at_once([lambda who=who: who.post(path) for who in both])
        assert {one.status_code for one in answers} <= {202, 409}
        assert farm.firm.post(path).status_code == 202
        queues.drain("reports")
        running = [one for one in get_db().jobs.find({"_id": {"$exists": True}}) if one["args"].get("recall") == made]
        assert len(running) == 1
        assert len(events_of(a)) == 1


class TestKilled:
    def test_a_job_that_was_cut_off_goes_on_and_doubles_nothing(self, farm, desk):
        a = farm.harvested()
        children = farm.graded({a: 700}, *[100] * 6)
        made = started(*desk, a, run=False)
        found = recall.read(made["id"])
        for item_id in recall_item.todo(made["id"], 3):  # done, but the job was killed before it noted so
            recall_run._lot(found, recall_item.read(item_id))
            recall_run._lot(found, recall_item.read(item_id))
        queues.drain("reports")
        assert {state(one) for one in (a, *children)} == {"recalled"}
        assert [len(events_of(one)) for one in (a, *children)] == [1] * 7
        assert len(notices("lot_recalled")) == 7
        assert lines("lot.recall") == sorted(f"lot:{one}" for one in (a, *children))
        assert jobs.read(found["job"])["state"] == "done"

    @pytest.mark.usefixtures("brief_transactions")
    def test_the_job_goes_on_where_a_killed_worker_left_it(self, farm, desk, seeded, environment, shift_clock):
        a = farm.harvested(1000)
        children = farm.graded({a: 900}, *[10] * 60)
        made = started(*desk, a, run=False)

        def done() -> int:
            return RecallItem._get_collection().count_documents({"recall": made["id"], "state": "done"})

        worker = queues.start_worker({**environment, "MONGODB_URI": seeded.settings.mongodb_uri}, "reports")
        try:
            until(lambda: done() >= 2, what="the first lots")
        finally:
            worker.kill()
            worker.wait(10)
        assert 2 <= done() < 61
        shift_clock(61)
        affairs.stay_awake()
        queues.drain("reports")
        assert done() == 61
        assert {state(one) for one in (a, *children)} == {"recalled"}
        found = Event._get_collection().find({"words": "disposition=recalled"})
        assert len({each for one in found for each in one["things"]}) == 61
        assert len(lines("lot.recall")) == 61
        assert desk[0].get(f"{OFFICE}/{made['id']}").json["parts_done"] >= 61

    def test_what_is_packed_and_graded_while_the_job_runs_is_reached_too(self, farm, desk, monkeypatch):
        monkeypatch.setattr(jobs, "SECONDS", 0.0)
        a, labels = farm.harvested(), farm.labels(2)
        made = started(*desk, a, run=False)
        (late,) = farm.graded({a: 100}, 100)
        pack_no = farm.packed(late, 2, labels=labels)["_id"]
        with pytest.raises(outbox.Later):
            recall_run.work(recall.read(made["id"])["job"])
        queues.drain("reports")
        assert (state(a), state(late)) == ("recalled", "recalled")
        assert names(items(desk[0], f"{OFFICE}/{made['id']}", "pack"), outcome="stopped") == {pack_no}


class TestGrowers:
    def test_a_grower_recalls_an_own_lot_alone(self, farm):
        a = farm.harvested()
        made = farm.firm.post("/selenium/recalls", body(a, reason="own_request"))
        assert (made.status_code, made.json["by_grower"], state(a)) == (201, True, "open")
        path = f"/selenium/recalls/{made.json['id']}"
        assert farm.firm.post(f"{path}/start").json["state"] == "under_way"
        queues.drain("reports")
        assert state(a) == "recalled"
        assert farm.firm.post(f"{path}/start").status_code == 202
        assert [one["id"] for one in farm.firm.get("/selenium/recalls").json["items"]] == [made.json["id"]]

    def test_a_farmer_does_the_same_in_the_mini_program(self, client, seeded, sandbox):
        phone = farmer(client, sandbox)
        phone_farm = Farm(phone, town_clerk(client))
        a = phone_farm.harvested()
        made = phone.post("/mini/v1/selenium/recalls", body(a)).json["id"]
        assert phone.post(f"/mini/v1/selenium/recalls/{made}/start").status_code == 202
        queues.drain("reports")
        assert state(a) == "recalled"
        assert phone.get(f"/mini/v1/selenium/recalls/{made}/report.pdf").status_code == 200

    def test_lots_of_others_stay_as_they_are_and_are_not_named_in_public(self, farm, client, sandbox):
        other = Farm(producing(client, sandbox, name="于都县另一合作社"), farm.clerk)
        a, strange = farm.harvested(), other.harvested()
        told = {"inputQuantityList": [weight(a, 1000)], "outputQuantityList": [weight(strange, 1000)]}
        put([event("TransformationEvent", bizStep="creating_class_instance", **told)], farm.id)
        made = farm.firm.post("/selenium/recalls", body(a)).json["id"]
        farm.firm.post(f"/selenium/recalls/{made}/start")
        queues.drain("reports")
        assert (state(a), state(strange)) == ("recalled", "open")
        found = items(farm.firm, f"/selenium/recalls/{made}", "lot")
        assert names(found, outcome="other_producer") == {strange}
        assert client.get(f"{PUBLIC}/{made}").json["lots"] == [a]

    def test_nobody_else_starts_or_sees_it(self, farm, desk, client, sandbox):
        a = farm.harvested()
        made = farm.firm.post("/selenium/recalls", body(a)).json["id"]
        stranger, phone = producing(client, sandbox, name="于都县另一合作社"), farmer(client, sandbox)
        for who, base in ((stranger, ""), (phone, "/mini/v1")):
            assert who.post(f"{base}/selenium/recalls", body(a)).status_code == 404
            assert who.get(f"{base}/selenium/recalls/{made}").status_code == 404
            assert who.get(f"{base}/selenium/recalls/{made}/report.xlsx").status_code == 404
            assert who.post(f"{base}/selenium/recalls/{made}/start").status_code == 404
            assert who.get(f"{base}/selenium/recalls").json["items"] == []
        clerk = farm.firm.joined(firm(client, sandbox).phone)
        assert clerk.get(f"/selenium/recalls/{made}").status_code == 200
        assert clerk.post(f"/selenium/recalls/{made}/start").status_code == 403
        assert desk[0].post(f"{OFFICE}/{made}/start", {"reason": "检测"}).json["code"] == "recall_state"

    def test_a_drawing_of_the_office_is_not_shown_to_the_grower_before_it_starts(self, farm, desk):
        a = farm.harvested()
        made = drawn(desk[0], a)["id"]
        assert farm.firm.get(f"/selenium/recalls/{made}").status_code == 404
        assert farm.firm.get("/selenium/recalls").json["items"] == []
        started(*desk, a)
        assert len(farm.firm.get("/selenium/recalls").json["items"]) == 1


class TestCertificates:
    @pytest.fixture
    def certified(self, farm, client):
        """A lot with a certificate and a commitment."""
        a, b = farm.harvested(), farm.harvested()
        number = Desk(client).granted(applied(farm.firm, [a, b]), "YD-RC-1")
        told = {"lot": a, "grams": 1000, "ticks": ["self_test"]}
        commitment = farm.firm.post("/selenium/commitments", told).json["number"]
        return {"lots": (a, b), "certificate": number, "commitment": commitment}

    @staticmethod
    def shown(client, certified) -> tuple[str, str]:
        read = [client.get(f"{CHECK}/{one}s/{certified[one]}").json for one in ("certificate", "commitment")]
        return tuple(one["state"] for one in read)

    def test_a_hold_suspends_them_until_nothing_else_holds(self, certified, farm, client):
        a, b = certified["lots"]
        assert self.shown(client, certified) == ("valid", "valid")
        for number in (a, b):
            held = farm.clerk.post(f"/office/v1/lots/{number}/hold", {"reason": "inspection"})
            assert held.status_code == 200
        assert self.shown(client, certified) == ("suspended", "suspended")
        told = client.get(f"{CHECK}/certificates/{certified['certificate']}").json
        assert (told["reason"], told["reason_zh"]) == ("lot_held", "所列批次已冻结,核查中")
        farm.clerk.post(f"/office/v1/lots/{a}/release")
        assert self.shown(client, certified) == ("suspended", "valid")
        farm.clerk.post(f"/office/v1/lots/{b}/release")
        assert self.shown(client, certified) == ("valid", "valid")

    def test_a_suspension_by_a_person_outlives_the_release_of_the_lot(self, certified, farm, client):
        a, _ = certified["lots"]
        manager = affairs.seat(client, "cert_manager", unit="selenium_industry_centre")
        path = f"/office/v1/certificates/{certified['certificate']}"
        farm.clerk.post(f"/office/v1/lots/{a}/hold", {"reason": "inspection"})
        assert manager.post(f"{path}/suspend", {"reason": "misuse"}).json["reason"] == "misuse"
        farm.clerk.post(f"/office/v1/lots/{a}/release")
        assert self.shown(client, certified)[0] == "suspended"
        assert manager.post(f"{path}/lift").json["state"] == "valid"

    def test_a_recall_ends_them(self, certified, desk, client):
        started(*desk, certified["lots"][0])
        assert self.shown(client, certified) == ("suspended", "recalled")
        told = client.get(f"{CHECK}/certificates/{certified['certificate']}").json
        assert told["reason"] == "lot_recalled"

    def test_the_producer_is_told_once_of_each_hold_and_release(self, farm):
        a = farm.harvested()
        path = f"/office/v1/lots/{a}"
        for _ in range(2):
            farm.clerk.post(f"{path}/hold", {"reason": "suspected"})
        assert len(notices("lot_held")) == 1
        for _ in range(2):
            farm.clerk.post(f"{path}/release")
        assert len(notices("lot_released")) == 1
        farm.clerk.post(f"{path}/hold", {"reason": "suspected"})
        queues.drain("push")
        assert len(notices("lot_held")) == 2
        told = [one["text_zh"] for one in farm.firm.phone.get("/mini/v1/notices").json["items"]]
        assert sum("已冻结" in one for one in told) == 2
        assert sum("已解除冻结" in one for one in told) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"lot": ""}, {"lot": "x" * 21}, {"direction": "up"}, {"level": "four"}, {"reason": "because"}, {"level": None}],
)
def test_wrong_inputs_are_refused(farm, desk, wrong):
    told = desk[0].post(OFFICE, body(farm.harvested()) | wrong)
    assert (told.status_code, told.json["code"]) == (400, "bad_input")


def test_what_does_not_exist_is_not_found(farm, desk):
    assert desk[0].post(OFFICE, body("20261120AAAAAAAA")).status_code == 404
    for path in ("", "/items", "/report.pdf", "/report.xlsx", "/notices", "/returns"):
        assert desk[0].get(f"{OFFICE}/RC20261120AAAAAAAA{path}").status_code == 404
    assert isinstance(desk[0], Clerk)
