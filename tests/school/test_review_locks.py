"""One property, one family, for one cycle: siblings, other families, cycles, freeing, and many at once."""

from datetime import timedelta

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.store import transactions
from models.rules.parameters import RuleParameter
from models.school import property_lock
from models.school.property_lock import LockYearsMissing, PropertyLock, PropertyLocked
from tests.school import ground
from tests.support.crowd import at_once

THREADS = 12
HOME = "证书-0001"


@pytest.fixture
def parameters(store):
    for stage, years in (("primary", 6), ("junior", 3)):
        value = {"value": years, "valid_from": "2018-01-01", "source": {"title": "测试"}}
        code = f"{property_lock.YEARS}_{stage}"
        RuleParameter._get_collection().insert_one({"_id": code, "zh": code, "kind": "number", "values": [value]})


def a_round(year: int = 2027, stage: str = "primary") -> dict:
    told = ground.round_told(school_year=year, stage=stage, rule_day=f"{year}-08-31")
    return {"_id": f"{year}-{stage}", **told}


def take(family, *, key: str = HOME, year: int = 2027, stage: str = "primary", application=None, kind="property"):
    application = application or ObjectId()
    told = {"round": a_round(year, stage), "family": family, "application": application, "kind": kind}
    transactions.run(lambda session: property_lock.take(key, session=session, **told))
    return application


def live() -> list[dict]:
    return [one for one in PropertyLock._get_collection().find({}, hint="_id_") if one.get("live")]


def test_another_family_is_refused_in_words_that_name_nobody(parameters):
    take([ObjectId()])
    with pytest.raises(PropertyLocked) as refused:
        take([ObjectId()])
    assert "不动产" in refused.value.message()
    assert "2033" in refused.value.message()
    assert (len(live()), len(live()[0]["uses"])) == (1, 1)


def test_the_key_lies_nowhere_in_the_clear(parameters):
    take([ObjectId(), "户号-77"])
    assert HOME not in str(live())
    assert "户号-77" not in str(live())


def test_a_younger_child_follows_by_a_common_guardian_or_the_same_household(parameters):
    mother, father = ObjectId(), ObjectId()
    take([mother, father])
    take([father], year=2029)
    (lock,) = live()
    assert (len(lock["uses"]), lock["until"]) == (2, 2035)
    take([ObjectId(), "户号-1"], key="证书-2")
    take([ObjectId(), "户号-1"], key="证书-2", year=2028)
    with pytest.raises(PropertyLocked):
        take([ObjectId(), "户号-2"], key="证书-2", year=2028)


def test_the_same_application_takes_it_again_without_a_second_use(parameters):
    mother = ObjectId()
    first = take([mother])
    take([mother], application=first)
    assert [use["application"] for use in live()[0]["uses"]] == [first]


def test_an_application_that_rests_on_another_property_now_lets_the_first_go(parameters):
    mother = ObjectId()
    first = take([mother])
    take([mother], key="证书-2", application=first)
    assert len(live()) == 1
    take([ObjectId()])


@pytest.mark.parametrize(("stage", "years"), [("primary", 6), ("junior", 3)])
def test_a_cycle_that_ended_is_no_hindrance_and_one_that_runs_is(parameters, stage, years):
    take([ObjectId()], stage=stage)
    with pytest.raises(PropertyLocked):
        take([ObjectId()], year=2027 + years - 1, stage=stage)
    take([ObjectId()], year=2027 + years, stage=stage)
    (lock,) = live()
    assert lock["school_year"] == 2027 + years


def test_the_stages_are_locked_apart(parameters):
    take([ObjectId()])
    take([ObjectId()], stage="junior")
    assert {one["stage"] for one in live()} == {"primary", "junior"}


def test_what_is_freed_is_free_and_freeing_again_changes_nothing(parameters):
    first = take([ObjectId()])
    property_lock.free(first)
    property_lock.free(first)
    assert live() == []
    take([ObjectId()])
    assert len(live()) == 1


def test_freeing_one_child_leaves_the_lock_to_its_sibling(parameters):
    mother = ObjectId()
    first, second = take([mother]), take([mother], year=2029)
    property_lock.free(second)
    (lock,) = live()
    assert lock["until"] == 2033
    with pytest.raises(PropertyLocked):
        take([ObjectId()])
    property_lock.free(first)
    assert live() == []


def test_a_refusal_that_does_not_stand_takes_the_property_again_unless_it_has_gone(parameters):
    first = take([ObjectId()])
    property_lock.free(first)
    transactions.run(lambda session: property_lock.take_again(first, session))
    assert len(live()) == 1
    property_lock.free(first)
    take([ObjectId()])
    with pytest.raises(PropertyLocked):
        transactions.run(lambda session: property_lock.take_again(first, session))


def test_of_many_families_at_once_one_has_the_property(parameters):
    def attempt() -> bool:
        try:
            take([ObjectId()])
        except PropertyLocked:
            return False
        return True

    assert sum(at_once([attempt] * THREADS)) == 1
    assert len(live()) == 1


def test_many_siblings_at_once_share_it_and_none_is_lost(parameters):
    mother = ObjectId()
    taken = at_once([lambda: take([mother])] * THREADS)
    (lock,) = live()
    assert sorted(use["application"] for use in lock["uses"]) == sorted(taken)


def test_without_the_index_and_the_transaction_the_race_is_lost(parameters):
    """The control: reading first and writing then lets several families in."""
    keys = [b"x" * 32]
    locks = PropertyLock._get_collection()
    found = at_once([lambda: locks.find_one({"stage": "primary", "key": {"$in": keys}, "live": True})] * THREADS)
    assert set(found) == {None}
    plain = {"stage": "primary", "kind": "property", "key": keys, "uses": []}
    at_once([lambda: locks.insert_one({**plain})] * THREADS)  # without `live` the index does not see them
    assert locks.count_documents({"key": {"$in": keys}}) == THREADS
    locks.insert_one({**plain, "live": True})
    with pytest.raises(DuplicateKeyError):
        locks.insert_one({**plain, "live": True})


def test_nobody_takes_a_property_before_the_years_are_set(store):
    with pytest.raises(LockYearsMissing):
        take([ObjectId()])


def test_years_are_dated_and_a_lock_keeps_those_it_was_taken_by(parameters):
    first = take([ObjectId()])
    longer = {"value": 9, "valid_from": (clock.today() + timedelta(days=400)).isoformat(), "source": {"title": "测试"}}
    code = f"{property_lock.YEARS}_primary"
    RuleParameter._get_collection().update_one({"_id": code}, {"$push": {"values": longer}})
    assert property_lock.of_application(first)[0]["until"] == 2033
    later = take([ObjectId()], year=2034)
    assert property_lock.of_application(later)[0]["until"] == 2043


def test_staff_see_all_who_used_the_property_and_others_only_where_it_was_not_freed(parameters):
    first = take([ObjectId()], year=2020)
    second = take([ObjectId()])
    assert len(property_lock.of_application(second)) == 2
    assert property_lock.used_before_by_others(second)
    property_lock.free(first)
    assert not property_lock.used_before_by_others(second)
