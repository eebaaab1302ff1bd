"""Applying, many at once: one document, one receipt, no half of a submission."""

from functools import partial

import pytest
from bson import ObjectId

from models.messaging import notice
from models.school import applying, submit
from models.school.application import SchoolApplication
from models.school.property_lock import PropertyLock
from tests.school import apply_kit
from tests.school.after_kit import resident
from tests.school.apply_kit import OWN, ROUND, made, parent, sent
from tests.support.crowd import at_once

THREADS = 20


@pytest.fixture
def family(client, sandbox, box, seeded):
    apply_kit.open_round()
    return parent(client, sandbox, made(box))


def live() -> list[dict]:
    query = {"round": ROUND, "state": {"$in": ["draft", "submitted", "withdrawn"]}}
    return list(SchoolApplication._get_collection().find(query))


def held() -> list[dict]:
    return list(PropertyLock._get_collection().find({}, hint="_id_"))


def test_twenty_phones_that_begin_at_once_have_one_application(family, app):
    family.begun()
    SchoolApplication._get_collection().delete_many({})
    answers = at_once([family.twin(app.test_client()).begin for _ in range(THREADS)])
    assert {one.status_code for one in answers} == {201}
    assert {one.json["id"] for one in answers} == {str(one["_id"]) for one in live()}
    assert len(live()) == 1


def test_both_parents_submit_at_once_and_get_one_receipt(family, app, client, sandbox, box):
    found = family.filled()
    other = parent(client, sandbox, family.told, apply_kit.spouse(box, family.told))
    other.begun()
    phones = [one.twin(app.test_client()) for one in (family, other) * 4]
    answers = at_once([lambda one=one: one.do("submit", found) for one in phones])
    assert [one.status_code for one in answers] == [200] * len(phones), [one.json for one in answers]
    assert len({one.json["receipt"] for one in answers}) == 1
    (stored,) = live()
    assert (stored["submission"], len(held()), len(held()[0]["uses"])) == (1, 1, 1)
    assert [one["task"] for one in stored["outbox"]] == ["school.review_begin"]


def test_submission_and_withdrawal_at_once_leave_one_of_both_whole(family, app):
    for _ in range(4):
        found = family.filled()
        phones = [family.twin(app.test_client()) for _ in range(4)]
        verbs = ("submit", "withdraw") * 2
        answers = at_once([partial(p.do, v, found) for p, v in zip(phones, verbs, strict=True)])
        assert {one.status_code for one in answers} <= {200, 409}
        stored = SchoolApplication._get_collection().find_one({"_id": ObjectId(found["id"])})
        live_use = any(
            "freed" not in use for lock in held() for use in lock["uses"] if use["application"] == stored["_id"]
        )
        assert live_use is (stored["state"] == "submitted")
        if stored["state"] == "submitted":
            sent(family.do("withdraw", family.read(found)))
        assert not any(one.get("live") for one in held())


def test_two_families_on_one_property_submit_at_once_and_one_gets_it(client, sandbox, box, app, seeded):
    apply_kit.open_round()
    families = [made(box, number=n) for n in (1, 2)]
    shared, own = (box.lookup(one["parent"]["number"])["property"][0]["certificate_no"] for one in families)
    owners = [{"name": f["parent"]["name"], "number": f["parent"]["number"], "share": "1/2"} for f in families]
    box.change("property", shared, owners=owners)
    box.remove("property", own)
    parents = [parent(client, sandbox, one) for one in families]
    drafts = [one.filled(kind="property", choices=[OWN[0]]) for one in parents]
    calls = [lambda p=p, d=d: p.twin(app.test_client()).do("submit", d) for p, d in zip(parents, drafts, strict=True)]
    answers = at_once(calls)
    assert sorted(one.status_code for one in answers) == [200, 409], [one.json for one in answers]
    (refused,) = [one.json for one in answers if one.status_code == 409]
    assert refused["code"] == "school_property_locked"
    loser = next(n for n, one in enumerate(answers) if one.status_code == 409)
    told = parents[loser].checked(drafts[loser])
    assert (told["passes"], told["property_free"]) == (False, False)
    assert "已有其他家庭" in told["property_zh"]
    assert parents[loser].read(drafts[loser])["state"] == "draft"


def test_a_failure_in_the_middle_of_a_submission_leaves_nothing_of_it(family, monkeypatch):
    found = family.filled()

    def broken(*_args, **_more):
        raise RuntimeError("the notice could not be written")

    who = applying.by(resident(family.phone))
    monkeypatch.setattr(notice, "tell", broken)
    with pytest.raises(RuntimeError):
        submit.submit(who, ObjectId(found["id"]), found["seq"])
    monkeypatch.undo()
    (stored,) = live()
    assert (stored["state"], stored["seq"], stored.get("receipt"), stored["outbox"]) == ("draft", 2, None, [])
    assert held() == []
    sent(family.do("submit", found))
    assert len(held()) == 1
