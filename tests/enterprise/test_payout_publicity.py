"""Publicity: its terms, what anybody sees, objections that hold one firm and how they are settled."""

import pytest

from backend.store import transactions
from models.enterprise import offer, publicity, publicity_objection
from models.enterprise.offer import Offer
from models.enterprise.publicity import NothingToPublish
from models.enterprise.publicity_objection import PublicityOver
from tests.enterprise import kit as base
from tests.enterprise import payout_kit as kit
from tests.enterprise.kit import OFFICE
from tests.selenium.grower_kit import resident
from tests.support import affairs
from tests.support.crowd import at_once
from tests.support.queues import drain

PUBLIC = "/public/v1/enterprise/publicities"
DAY = 24 * 3600
TEXT = "该企业已停产半年"


@pytest.fixture
def policy(clerk, manager, garments):
    kit.opened(clerk, manager, garments)
    return kit.CODE


@pytest.fixture
def listed(client, clerk, policy):
    """A public list of three firms, and their offers."""
    offers = kit.crowd(3, state="confirmed")
    answer = clerk.post(f"{kit.PATH}/publicities")
    assert answer.status_code == 201, answer.json
    return answer.json["id"], offers


def objected(phone, listed_id: str, line, *, status: int = 201, text: str = TEXT) -> dict:
    path = f"/mini/v1/enterprise/publicities/{listed_id}/objections"
    answer = phone.post(path, {"line_id": str(line), "text": text})
    assert answer.status_code == status, answer.json
    return answer.json


def over(shift_clock, days: int = 8) -> None:
    shift_clock(days * DAY)
    affairs.stay_awake()
    drain("affairs")


def lines(client, listed_id: str) -> dict[str, str]:
    return {one["id"]: one["state"] for one in client.get(f"{PUBLIC}/{listed_id}").json["items"]}


def state(offer_id) -> str:
    return offer.read(offer_id)["state"]


def taken(clerk, case_id: str) -> None:
    affairs.move(clerk, case_id, "claim")


def test_the_time_is_dated_data_and_a_policy_may_have_its_own(clerk, manager, policy):
    assert clerk.get(f"{kit.PATH}/payout-terms").json["publicity"] == {"days": 5, "counted": "working"}
    told = kit.terms(manager, publicity={"days": 3, "counted": "calendar"})
    assert (told["publicity_zh"], told["own_publicity"]) == ("3日", True)
    kit.crowd(1, state="confirmed")
    made = clerk.post(f"{kit.PATH}/publicities").json
    assert made["last_day"] == "2026-11-23"
    assert clerk.call("PUT", f"{kit.PATH}/payout-terms", {}).status_code == 403


@pytest.mark.parametrize(
    "told",
    [
        {"fund": "wallet:x"},
        {"publicity": {"days": 0, "counted": "working"}},
        {"promise": {"months": 12}},
        {"pay_within": 0},
        {"unknown": 1},
    ],
    ids=lambda told: next(iter(told)),
)
def test_terms_that_cannot_be_kept_are_refused(manager, policy, told):
    assert manager.call("PUT", f"{kit.PATH}/payout-terms", told).status_code in {400, 422}


def test_a_list_is_bounded_and_paged_and_shows_names_and_amounts_alone(client, clerk, policy):
    kit.crowd(5, state="confirmed")
    made = clerk.post(f"{kit.PATH}/publicities").json
    first = client.get(f"{PUBLIC}/{made['id']}?limit=3")
    assert first.headers["Cache-Control"] == "no-store"
    assert len(first.json["items"]) == 3
    rest = client.get(f"{PUBLIC}/{made['id']}?limit=3&cursor={first.json['next']}").json
    assert (len(rest["items"]), rest["next"]) == (2, None)
    assert set(rest["items"][0]) == {"id", "name", "amount_fen", "state"}
    assert client.get(f"{PUBLIC}/{made['id']}?limit=1000").status_code == 400
    assert clerk.post(f"{kit.PATH}/publicities").status_code == 409
    assert client.get(f"{PUBLIC}/673ec0a5c0ffee0123456789").status_code == 404


def test_two_who_publish_at_once_make_one_list(client, clerk, policy):
    kit.crowd(20, state="confirmed")
    actor = clerk.actor()

    def publish() -> str:
        try:
            return str(publicity.publish(actor, kit.CODE)["_id"])
        except NothingToPublish:
            return ""

    made = [one for one in at_once([publish] * 6) if one]
    assert len(made) == 1
    assert len(client.get(PUBLIC).json["items"]) == 1
    assert Offer._get_collection().count_documents({"publicity": {"$exists": True}, "policy": kit.CODE}) == 20


def test_an_objection_holds_one_firm_and_upheld_it_ends_with_its_reason(client, sandbox, clerk, listed, shift_clock):
    listed_id, offers = listed
    before, phone = kit.left(), resident(client, sandbox)
    made = objected(phone, listed_id, offers[0])
    assert lines(client, listed_id) == {str(one): "objected" if one == offers[0] else "published" for one in offers}
    again = objected(phone, listed_id, offers[0], status=409)
    assert again["code"] == "case_already_open"
    over(shift_clock)
    assert [state(one) for one in offers] == ["in_publicity", "payable", "payable"]
    assert [one["id"] for one in affairs.inbox(clerk)] == [made["id"]]
    taken(clerk, made["id"])
    affairs.decide(clerk, made["id"], "upheld")
    ended = offer.read(offers[0])
    assert (ended["state"], ended["ended_for"]) == ("ended", "objection_upheld")
    assert kit.left() == before + kit.EACH
    told = clerk.get(f"{kit.PATH}/offers?state=ended").json["items"][0]
    assert told["ended_for_zh"] == "公示异议成立"


def test_a_rejected_objection_lets_the_firm_go_on_before_and_after_the_end(client, sandbox, clerk, listed, shift_clock):
    listed_id, offers = listed
    early, late = (objected(resident(client, sandbox), listed_id, one)["id"] for one in offers[:2])
    for made in (early, late):
        taken(clerk, made)
    affairs.decide(clerk, early, "rejected")
    assert (state(offers[0]), lines(client, listed_id)[str(offers[0])]) == ("in_publicity", "published")
    over(shift_clock)
    assert [state(one) for one in offers] == ["payable", "in_publicity", "payable"]
    affairs.decide(clerk, late, "rejected")
    assert state(offers[1]) == "payable"


def test_of_two_objections_to_a_firm_the_last_one_frees_it(client, sandbox, clerk, listed, shift_clock):
    listed_id, offers = listed
    cases = [objected(resident(client, sandbox), listed_id, offers[0])["id"] for _ in range(2)]
    over(shift_clock)
    for number, made in enumerate(cases):
        assert (state(offers[0]), offer.read(offers[0])["objections"]) == ("in_publicity", 2 - number)
        taken(clerk, made)
        affairs.decide(clerk, made, "rejected")
    assert state(offers[0]) == "payable"


def test_another_firm_objects_and_nobody_after_the_end(client, sandbox, garments, listed, shift_clock):
    listed_id, offers = listed
    other = base.joined(client, sandbox, "别家公司")
    path = f"/publicities/{listed_id}/objections"
    assert other.post(path, {"line_id": str(offers[0]), "text": TEXT}).status_code == 201
    assert other.post(path, {"line_id": str(kit.ObjectId()), "text": TEXT}).status_code == 404
    phone = resident(client, sandbox)
    shift_clock(8 * DAY)
    phone.log_in()
    late = objected(phone, listed_id, offers[1], status=409)
    assert late["code"] == "enterprise_publicity_over"


def test_an_objection_at_the_moment_of_the_end_is_either_heard_or_refused(
    client, sandbox, garments, listed, shift_clock, monkeypatch
):
    """The end and the objection collide on the list: never is a firm payable with an open objection."""
    listed_id, offers = kit.ObjectId(listed[0]), listed[1]
    member = garments.member()
    shift_clock(8 * DAY)
    monkeypatch.setattr(publicity, "is_public", lambda _found, _now: True)

    def raised(line) -> str:
        try:
            publicity_objection.by_firm(member, listed_id, line, TEXT)
        except PublicityOver:
            return "refused"
        return "heard"

    told = at_once([*(lambda one=one: raised(one) for one in offers), lambda: publicity.over(listed_id)])
    for outcome, line in zip(told[:3], offers, strict=True):
        held = offer.read(line)
        assert (held["state"], held["objections"]) == (("in_publicity", 1) if outcome == "heard" else ("payable", 0))


def test_an_offer_ends_once_and_the_budget_gets_it_back_once(listed):
    held, before = offer.read(listed[1][0]), kit.left()

    def ended() -> bool:
        return transactions.run(lambda session: offer.end(held, "objection_upheld", session))

    assert sorted(at_once([ended] * 8)) == [False] * 7 + [True]
    assert kit.left() == before + kit.EACH


def test_without_the_guard_the_budget_gets_it_back_more_than_once(listed, monkeypatch):
    held, before = offer.read(listed[1][0]), kit.left()
    monkeypatch.setattr(offer, "ENDABLE", tuple(offer.STATES))
    for _ in range(3):
        transactions.run(lambda session: offer.end(held, "objection_upheld", session))
    assert kit.left() == before + 3 * kit.EACH


def test_a_policy_of_another_unit_is_not_published(client, policy):
    kit.crowd(1, state="confirmed")
    stranger = base.clerk(client, "commerce")
    assert stranger.post(f"{OFFICE}/policies/{kit.CODE}/publicities").status_code == 404
