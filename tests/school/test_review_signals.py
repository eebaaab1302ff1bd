"""Signals: what a reviewer should look at, found by bounded reads; they decide nothing and no family sees them."""

from datetime import timedelta

from bson import ObjectId

from backend import clock
from models.registers.fact import Fact
from models.school import review, signals
from models.school.application import SchoolApplication
from models.school.property_lock import PropertyLock
from models.school.review import SchoolReview
from models.school.round import SchoolRound
from tests.school import review_kit
from tests.school.apply_kit import ROUND
from tests.school.review_kit import applied, shown, states, stored, work


def codes(found: dict) -> set[str]:
    return {one["code"] for one in signals.notice(stored(found)).found}


def test_an_ordinary_family_raises_no_signal(family):
    assert codes(applied(family)) == set()


def test_a_home_registered_shortly_before_the_window_is_noticed(family):
    found = applied(family, kind="property")
    opens = clock.now() + timedelta(days=1)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"opens_at": opens}})
    day = (clock.today() - timedelta(days=20)).isoformat()
    query = {"kind": "property.certificate", "_id": {"$in": stored(found)["facts"]}}
    assert Fact._get_collection().update_many(query, {"$set": {"valid_from": day}}).matched_count
    assert "property_registered_late" in codes(found)


def test_the_same_property_used_by_another_family_before_is_noticed(family):
    found = applied(family, kind="property")
    (lock,) = review_kit.locks(found)
    earlier = {name: lock[name] for name in ("stage", "kind", "key")}
    use = {"application": ObjectId(), "round": "2020-primary", "school_year": 2020, "until": 2026, "at": clock.now()}
    told = {"school_year": 2020, "until": 2026, "people": [ObjectId()], "households": [], "uses": [use]}
    PropertyLock._get_collection().insert_one(earlier | told)
    assert "property_used_before" in codes(found)


def test_many_applications_of_one_account_are_noticed_and_counted_to_a_bound(family):
    found = applied(family)
    told = stored(found)
    more = [
        {
            **{name: told[name] for name in ("round", "account", "guardian", "channel", "state", "seq")},
            "child": ObjectId(),
            "receipt": f"TEST-{number}",
        }
        for number in range(3)
    ]
    assert "many_applications" not in codes(found)
    SchoolApplication._get_collection().insert_many(more)
    assert "many_applications" in codes(found)


def test_an_employer_shared_by_many_families_is_noticed(family, box):
    found = applied(family)
    told = signals.notice(stored(found))
    employers = told.employers or [b"e" * 32]
    rows = [
        {
            "_id": ObjectId(),
            "round": ROUND,
            "child": ObjectId(),
            "guardian": ObjectId(),
            "run": 1,
            "employers": employers,
        }
        for _ in range(15)
    ]
    SchoolReview._get_collection().insert_many(rows)
    assert signals._employed(stored(found), employers) == 16
    assert signals._employed(stored(found), []) == 0
    others = [{**one, "_id": ObjectId(), "employers": [b"x" * 32]} for one in rows]
    SchoolReview._get_collection().insert_many(others)
    assert signals._employed(stored(found), employers) == 16


def test_the_same_paper_of_two_families_is_noticed_and_adds_two_persons(family, desks, monkeypatch):
    found = applied(family, begin=False)
    other = {"_id": ObjectId(), "round": ROUND, "child": ObjectId(), "guardian": ObjectId(), "run": 1}
    SchoolReview._get_collection().insert_one(other | {"papers": [b"p" * 32]})
    with monkeypatch.context() as patch:
        patch.setattr(signals, "_papers", lambda _found: [b"p" * 32])
        assert "same_paper" in codes(found)
        work()
    assert states(found) == {"double": "open"}
    told = shown(desks.manager, found)
    assert [one["code"] for one in told["signals"]] == ["same_paper"]
    assert told["points"][0]["why_zh"] == ["系统提示需要留意"]
    assert review.find(ObjectId(found["id"]))["papers"] == [b"p" * 32]
    (told,) = family.read(found)["progress"]
    assert told["why_zh"] == "按规定由两人复核", "a family is not told that something was noticed"


def test_ones_own_paper_again_is_no_signal(family):
    found = applied(family)
    told = stored(found)
    mine = {"_id": ObjectId(), "round": ROUND, "child": ObjectId(), "guardian": told["guardian"], "run": 1}
    SchoolReview._get_collection().insert_one(mine | {"papers": [b"p" * 32]})
    assert not signals._papers_of_others(told, [b"p" * 32])


def test_a_signal_never_decides(family, desks, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(signals, "_crowded", lambda *_told: ["many_applications", "property_used_before"])
        found = applied(family)
    told = stored(found)
    assert told["state"] == "qualified"
    assert {one["code"] for one in told["signals"]} == {"many_applications", "property_used_before"}


def test_every_signal_has_words_a_weight_and_a_point():
    for code, (zh, weight, point) in signals.SIGNALS.items():
        assert zh.endswith("。"), code
        assert 1 <= weight <= signals.HEAVY
        assert point in {"household", "residence", "property", "insurance", "business", "guardianship", "double"}
