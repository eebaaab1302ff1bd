"""The end of a round: when it may end, and which properties stay locked: those that brought a child its place."""

import pytest
from bson import ObjectId

from backend import jobs
from backend.store import transactions
from models.school import offer_make, property_lock, round_end
from models.school.property_lock import PropertyLock, PropertyLocked
from models.school.round import SchoolRound
from models.school.school import School
from tests.school.after_kit import MINI, OFFICE, ROUND, A, B, C, Published, clerk, family, manager, of, resident
from tests.school.test_appeal_decide import decided
from tests.school.test_appeal_open import appeal, refused
from tests.school.test_office_schools import sent
from tests.school.test_review_locks import a_round
from tests.support import queues
from tests.support.crowd import at_once

PATH = f"{OFFICE}/rounds/{ROUND}/end"
PRIVATE, FULL = "school_private", "school_full"


def lock(application: ObjectId, *, key: str = "", family=()) -> str:
    """Let an application rest on a property, as its submission does; return the key."""
    key = key or f"证书-{application}"
    found = {**a_round(2026), "_id": ROUND}
    told = {"round": found, "family": list(family) or [ObjectId()], "application": application, "kind": "property"}
    transactions.run(lambda session: property_lock.take(key, session=session, **told))
    return key


def is_free(key: str) -> bool:
    """Tell whether another family could use a property in the next year's round; nothing is left of the attempt."""
    other = ObjectId()
    told = {"round": a_round(2027), "family": [ObjectId()], "application": other, "kind": "property"}
    try:
        transactions.run(lambda session: property_lock.take(key, session=session, **told))
    except PropertyLocked:
        return False
    property_lock.free(other)
    return True


def answered(bureau, made) -> None:
    """Let every family that was offered a place accept it."""
    from_kit = made.found()
    offers = offer_make.SchoolOffer._get_collection()
    offers.update_many({"round": from_kit["_id"], "state": "offered"}, {"$set": {"state": "accepted"}})


@pytest.fixture
def made(seeded):
    made = Published({A: 3, B: 1, C: 2, PRIVATE: 1, FULL: 0})
    School._get_collection().update_one({"_id": PRIVATE}, {"$set": {"ownership": "private"}})
    return made


@pytest.fixture
def bureau(client, seeded):
    return manager(client)


class TestProperties:
    @pytest.fixture
    def keys(self, made, bureau):
        """One property for each way in which a child may come out of a round."""
        ways = {
            "drawn": made.placed(A, at=A, lot=1),
            "unplaced": made.placed(FULL, at="", lot=2),
            "coordinated": made.apply(FULL),
            "coordinated at home": made.apply(B, basis={"schools": [A, C]}),
            "private": made.placed(PRIVATE, at=PRIVATE, lot=5),
            "declined": made.placed(A, at=A, lot=6),
        }
        made.result(ways["coordinated"], C, 3, kind="coordinated")
        made.result(ways["coordinated at home"], C, 4, kind="coordinated")
        keys = {way: lock(one) for way, one in ways.items()}
        made.offers()
        offers = offer_make.SchoolOffer._get_collection()
        offers.update_one({"application": ways["declined"]}, {"$set": {"state": "declined"}, "$unset": {"open": ""}})
        answered(bureau, made)
        return keys

    def test_stay_locked_for_those_alone_who_were_placed_by_them(self, made, bureau, keys):
        assert [way for way, key in keys.items() if is_free(key)] == []
        assert sent(bureau.post(PATH))["state"] == "ended"
        queues.drain("reports")
        free = {"unplaced", "coordinated", "private", "declined"}
        assert {way for way, key in keys.items() if is_free(key)} == free

    def test_are_freed_once_however_often_and_whoever_repeats_it(self, made, bureau, keys):
        sent(bureau.post(PATH))
        assert sent(bureau.post(PATH))["state"] == "ended"
        (job,) = jobs.Job._get_collection().find({"task": "school.free_properties"}, hint="_id_")
        queues.drain("reports")
        before = list(PropertyLock._get_collection().find({}, hint="_id_"))
        round_end.free_properties(job["_id"])
        assert list(PropertyLock._get_collection().find({}, hint="_id_")) == before
        assert jobs.read(job["_id"])["state"] == "done"

    def test_of_a_sibling_who_has_a_place_stay(self, made, bureau):
        mother = ObjectId()
        first, second = made.placed(A, at=A, lot=1), made.placed(FULL, at="", lot=2)
        for one in (first, second):
            key = lock(one, key="证书-家", family=[mother])
        made.offers()
        answered(bureau, made)
        sent(bureau.post(PATH))
        queues.drain("reports")
        assert not is_free(key)
        (held,) = PropertyLock._get_collection().find({"live": True}, hint="_id_")
        assert {one["application"]: "freed" in one for one in held["uses"]} == {first: False, second: True}

    def test_nothing_is_freed_while_the_round_runs(self, made):
        mine = made.placed(FULL, at="", lot=2)
        key = lock(mine)
        made.offers()
        from_now = {"round": ROUND}
        job = jobs.start("school.free_properties", args=from_now, total=1, started_by="system:test")
        queues.drain("reports")
        assert jobs.read(job["_id"])["done"] == 1
        assert not is_free(key)


def test_who_gives_the_place_up_after_the_end_frees_the_property(client, sandbox, made, bureau):
    phone = family(client, sandbox)
    mine = made.placed(A, at=A, lot=1, phone=phone)
    key = lock(mine, family=[resident(phone).person_id])
    made.offers()
    sent(phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept"))
    sent(bureau.post(PATH))
    queues.drain("reports")
    assert not is_free(key)
    sent(phone.post(f"{MINI}/offers/{of(mine)['_id']}/decline"))
    assert is_free(key)


def test_an_appeal_that_is_won_after_the_end_takes_the_property_again(client, sandbox, made, bureau):
    phone = family(client, sandbox)
    mine = made.placed(FULL, at="", lot=9, phone=phone)
    key = lock(mine)
    made.offers()
    sent(bureau.post(PATH))
    queues.drain("reports")
    assert is_free(key)
    case = sent(appeal(phone, mine, "result", school=FULL), 201)["id"]
    decided(manager(client), case, "overturned")
    assert of(mine)["kind"] == "appeal"
    assert not is_free(key)


class TestWhen:
    def test_an_offer_that_waits_or_an_open_appeal_keeps_it_running(self, client, sandbox, made, bureau):
        phone = family(client, sandbox)
        mine = made.placed(A, at=A, lot=1)
        no = refused(made, phone, A)
        made.offers()
        case = sent(appeal(phone, no), 201)["id"]
        told = sent(bureau.post(PATH), 409)
        assert (told["code"], "1 个录取" in told["message"], "1 件申诉" in told["message"]) == (
            "school_round_busy", True, True,
        )  # fmt: skip
        decided(bureau, case, "upheld")
        assert sent(bureau.post(PATH), 409)["code"] == "school_round_busy"
        offer_make.SchoolOffer._get_collection().update_one({"application": mine}, {"$set": {"state": "accepted"}})
        assert sent(bureau.post(PATH))["state"] == "ended"

    def test_a_round_that_is_not_published_or_of_somebody_else_does_not_end(self, client, made, bureau):
        assert clerk(client, A).post(PATH).status_code == 403
        assert sent(bureau.post(PATH), 409)["code"] == "school_round_busy", "the offers are not made yet"
        SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "open"}})
        assert sent(bureau.post(PATH), 409)["code"] == "school_round_state_wrong"

    def test_many_at_once_end_it_once(self, made, bureau):
        made.placed(FULL, at="", lot=1)
        made.offers()
        actor = bureau.actor()

        def finish():
            try:
                return round_end.end(actor, ROUND)["state"]
            except Exception as lost:  # noqa: BLE001 - the losers of a race
                return type(lost).__name__

        told = at_once([finish] * 6)
        assert set(told) <= {"ended", "RoundStateWrong"}
        assert jobs.Job._get_collection().count_documents({"task": "school.free_properties"}, hint="_id_") == 1
