"""Freezing a list: what refuses it, what is public at once, and taking it back by two persons."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from backend.allocation import published
from models.media.chunk import Chunk
from models.rules.parameters import RuleParameter
from models.school import draw, draw_input, freeze, seed_source
from models.school.application import SchoolApplication
from models.school.draw import SchoolDraw
from models.school.round import SchoolRound
from models.school.seat_plan import SeatPlan
from tests.school.draw_kit import BEFORE, ROUND, A, B, C, Drawing, later, sha256
from tests.support import affairs, queues
from tests.support.crowd import at_once

pytestmark = pytest.mark.usefixtures("shift_clock")


@pytest.fixture
def made(client, seeded, shift_clock):
    return Drawing(client, {A: 3, B: 3, C: 5}, overflow=(C,))


def refused(made, **told):
    answer = made.manager.post(f"{made.office}/freeze", made.wish(**told))
    assert answer.status_code in {403, 404, 409, 422}, answer.json
    assert SchoolDraw._get_collection().find_one({"round": made.round}) is None
    assert Chunk._get_collection().find_one({"files_id": {"$exists": True}}) is None
    assert made.state() == "open"
    return answer.json


def test_the_list_is_not_frozen_while_families_may_apply(made):
    made.several(4)
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"closes_at": clock.now() + timedelta(hours=1)}})
    assert refused(made)["code"] == "school_freeze_too_early"


@pytest.mark.parametrize("state", ["submitted", "to_correct"])
def test_nor_while_an_application_is_undecided_and_says_how_many(made, state):
    made.several(4)
    for _ in range(2):
        made.apply(A, state=state)
    told = refused(made)
    assert told["code"] == "school_applications_open"
    assert "2 份" in told["message"]


def test_nor_without_a_plan_of_a_school_that_somebody_chose_or_is_coordinated_to(made):
    made.apply(A, accepts_coordination=True)
    SeatPlan._get_collection().delete_one({"_id": f"{ROUND}:{C}"})
    told = refused(made)
    assert (told["code"], "C小学" in told["message"]) == ("school_plans_missing", True)


def test_nor_with_nobody_on_it_or_without_a_priority(made):
    assert refused(made)["code"] == "school_nothing_to_draw"
    application = made.apply(A, B, priorities={A: 101})
    told = refused(made)
    assert told["code"] == "school_priorities_missing"
    assert made.of(application)["receipt"] in told["message"]


def test_nor_with_tied_children_who_name_other_schools(made):
    first = made.apply(A)
    made.apply(B, group=first)
    SchoolApplication._get_collection().update_one({"_id": first}, {"$set": {"group": first}})
    assert refused(made)["code"] == "school_groups_differ"


def test_nor_with_a_school_name_that_no_file_can_hold(made):
    made.apply(A)
    made.school(A, 3, **{"1": 9})
    assert refused(made)["code"] == "school_list_wrong"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"moment": None}, "moment"),
        ({"kind": "drand", "drand_round": 0}, "drand_round"),
        ({"kind": "drand", "drand_round": 657413}, "drand_round"),
    ],
)
def test_the_seed_must_lie_in_the_future(made, told, field):
    made.apply(A)
    wish = {name: value for name, value in made.wish(**told).items() if value is not None}
    answer = made.manager.post(f"{made.office}/freeze", wish)
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])


@pytest.mark.parametrize("ahead", [timedelta(minutes=59), timedelta(days=61)])
def test_at_least_an_hour_and_at_most_sixty_days_ahead(made, ahead):
    RuleParameter._get_collection().delete_one({"_id": seed_source.LEAD})  # the demonstration's own lead
    made.apply(A)
    assert refused(made, moment=(clock.now() + ahead).isoformat())["code"] == "school_seed_source_wrong"


def test_only_the_bureau_freezes(made, client):
    made.apply(A)
    clerk = affairs.seat(client, "school_clerk", unit="education_sports")
    assert clerk.post(f"{made.office}/freeze", made.wish()).status_code == 403
    assert clerk.get(made.office).status_code == 200


def test_what_is_frozen_is_public_at_once_with_its_digests_and_names_nobody(made):
    ids = made.several(9)
    made.freeze()
    told = made.client.get(made.public).json["draw"]
    assert [one["name"] for one in told["files"]] == list(BEFORE)
    for one in told["files"]:
        content = made.file(one["name"])
        assert (one["sha256"], one["size"]) == (sha256(content.data), len(content.data))
        assert content.headers["ETag"] == f'"{one["sha256"]}"'
    digests = made.file("digests.txt").text
    assert digests == "".join(
        f"{one['sha256']}  {one['name']}\n" for one in sorted(told["files"], key=lambda o: o["name"])
    )
    text = made.file("list.csv").text
    assert not any(str(made.of(one)["child"]) in text or made.of(one)["receipt"] in text for one in ids)
    names = {made.of(one)["pseudonym"] for one in ids}
    assert {line.partition(",")[0] for line in text.splitlines()[1:]} == names
    assert all(len(one) == 16 for one in names)
    assert made.state() == "frozen"


def test_a_part_of_a_file_is_answered_and_a_kept_one_is_not_sent_again(made):
    made.several(4)
    made.freeze()
    whole = made.file("list.csv")
    part = made.client.get(f"{made.public}/files/list.csv", headers={"Range": "bytes=3-9"})
    assert (part.status_code, part.data) == (206, whole.data[3:10])
    again = made.client.get(f"{made.public}/files/list.csv", headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304
    assert made.file("nothing.txt").status_code == made.file("salt").status_code == 404


def test_no_word_of_a_reason_stands_in_any_file(made):
    for priority in (101, 102, 203):
        made.apply(A, B, priority=priority, decision={"text_zh": "烈士子女,孤儿"}, signals=[{"zh": "残疾"}])
    made.freeze()
    for name in BEFORE[:2]:
        text = made.file(name).text
        assert not any(word in text for word in ("烈士", "孤儿", "残疾", "军人", "梯次", "优抚", "户籍"))


def test_who_accepts_coordination_gets_the_overflow_schools_behind_the_own_ones(made):
    yes = made.apply(A, B, accepts_coordination=True, priority=203)
    no = made.apply(A, B, priority=203)
    made.freeze()
    lines = dict(line.split(",", 1) for line in made.file("list.csv").text.splitlines())
    assert lines[made.of(yes)["pseudonym"]].endswith("school_a:203 school_b:203 school_c:902")
    assert lines[made.of(no)["pseudonym"]].endswith("school_a:203 school_b:203")


def test_at_a_private_school_all_are_equal(made):
    made.school("school_p", 2, ownership="private", **{"1": 1})
    first, last = made.apply("school_p", priority=101), made.apply("school_p", A, priority=305)
    made.freeze()
    lines = dict(line.split(",", 1) for line in made.file("list.csv").text.splitlines())
    assert "school_p:500" in lines[made.of(first)["pseudonym"]]
    assert "school_p:500 school_a:305" in lines[made.of(last)["pseudonym"]]
    assert "school_p,于都县P小学,2,\n" in made.file("places.csv").text


def test_tied_children_stand_on_one_line_of_wishes_with_the_best_priority_of_any(made):
    first = ObjectId()
    one = made.apply(A, B, _id=first, group=first, priority=103)
    other = made.apply(A, B, group=first, priority=101)
    alone = made.apply(A, group=ObjectId())
    made.freeze()
    lines = dict(line.split(",", 1) for line in made.file("list.csv").text.splitlines())
    pair = {lines[made.of(id_)["pseudonym"]] for id_ in (one, other)}
    assert len(pair) == 1
    assert pair.pop().endswith("1,school_a:101 school_b:101")
    assert lines[made.of(alone)["pseudonym"]].startswith(",")


def test_frozen_twice_at_once_there_is_one_draw_and_the_bytes_of_one(made):
    made.several(6)
    actor, wish = made.manager.actor(), freeze.Wish("deferred_acceptance", _source())

    def attempt():
        try:
            return freeze.freeze(actor, ROUND, wish)["_id"]
        except Exception as refusal:  # noqa: BLE001 - which refusal is asserted below
            return type(refusal).__name__

    results = at_once([attempt] * 3)
    assert sum(isinstance(one, ObjectId) for one in results) == 1
    assert {one for one in results if isinstance(one, str)} <= {"RoundStateWrong", "ListMoved"}
    assert SchoolDraw._get_collection().count_documents({"round": ROUND}) == 1
    kept = {one["files_id"] for one in Chunk._get_collection().find({"files_id": {"$exists": True}})}
    assert kept == {one["file"] for one in draw.live(ROUND)["files"]}


def _source():
    return freeze.Source("dice", "公证员现场掷骰子", clock.now() + timedelta(hours=2))


def test_an_application_that_moves_while_the_list_is_made_stops_it_and_nothing_is_left(made, monkeypatch):
    ids = made.several(5)
    gather = draw_input.gather

    def moved(*told):
        found = gather(*told)
        SchoolApplication._get_collection().update_one(
            {"_id": ids[2]}, {"$set": {"state": "withdrawn"}, "$inc": {"seq": 1}}
        )
        return found

    monkeypatch.setattr(draw_input, "gather", moved)
    with pytest.raises(freeze.ListMoved):
        freeze.freeze(made.manager.actor(), ROUND, freeze.Wish("deferred_acceptance", _source()))
    assert (
        SchoolApplication._get_collection().find_one({"round": ROUND, "frozen": True, "pseudonym": {"$gt": ""}}) is None
    )
    assert Chunk._get_collection().find_one({"files_id": {"$exists": True}}) is None
    assert made.state() == "open"


def test_a_run_that_dies_before_its_end_leaves_the_round_open(made, monkeypatch):
    made.several(5)
    monkeypatch.setattr(freeze, "_mark", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        freeze.freeze(made.manager.actor(), ROUND, freeze.Wish("deferred_acceptance", _source()))
    assert (made.state(), draw.of_round(ROUND)) == ("open", [])
    monkeypatch.undo()
    made.freeze()


# Taking a list back


def test_two_persons_take_a_list_back_and_its_digests_stay_published(made):
    ids = made.several(4)
    before = made.freeze()
    old = {made.of(one)["pseudonym"] for one in ids}
    proposed = made.propose("thaw", reason="两份申请录入有误")
    own = made.manager.post(f"/office/v1/approvals/{proposed['approval_id']}/approve")
    assert (own.status_code, own.json["code"]) == (409, "own_proposal")
    made.approve(proposed)
    told = made.client.get(made.public).json
    assert (told["state"], "draw" in told) == ("open", False)
    assert [one["state"] for one in told["cancelled"]] == ["cancelled"]
    assert told["cancelled"][0]["files"] == before["files"]
    assert not any("pseudonym" in made.of(one) or made.of(one).get("frozen") for one in ids)
    made.freeze()
    assert old & {made.of(one)["pseudonym"] for one in ids} == set()
    assert "已作废的封存" in made.client.get(f"/school/{ROUND}").text


def test_from_the_moment_of_the_seed_on_a_list_stays_what_it_is(made):
    made.several(4)
    made.freeze()
    waiting = made.propose("thaw", reason="录入有误")
    made.after_the_moment()
    made.approve(waiting)
    assert made.state() == "frozen"
    assert made.propose("thaw", 409, reason="录入有误")["code"] == "school_thaw_too_late"
    made.seeded()


def test_a_proposal_that_is_refused_leaves_the_list_and_lets_another_one_be_made(made):
    made.several(4)
    made.freeze()
    proposed = made.propose("thaw", reason="录入有误")
    assert made.propose("thaw", 409, reason="录入有误")["code"] == "school_draw_moved"
    assert made.second.post(f"/office/v1/approvals/{proposed['approval_id']}/refuse").status_code == 200
    queues.drain("trust")
    assert (made.state(), draw.live(ROUND).get("proposal")) == ("frozen", None)
    made.propose("thaw", reason="录入有误")


# Before the choice


def test_the_bureau_sees_both_mechanisms_on_trial_seeds_and_nothing_is_stored(made):
    made.several(12)
    made.apply(A, state="submitted")
    answer = made.manager.get(f"{made.office}/trial?seeds=4")
    assert answer.status_code == 200, answer.json
    late, soon = answer.json["mechanisms"]
    assert (late["mechanism"], late["envious"], late["could_gain"]) == ("deferred_acceptance", 0, 0)
    assert (soon["mechanism"], answer.json["applicants"], answer.json["seeds"]) == ("immediate_acceptance", 12, 4)
    assert soon["by_choice"][0] >= late["by_choice"][0] > 0
    assert answer.json["undecided"]["submitted"] == "1 份"
    assert draw.of_round(ROUND) == []
    made_one = SchoolApplication._get_collection().find_one({"round": ROUND, "frozen": True, "pseudonym": {"$gt": ""}})
    assert made_one is None


def test_a_frozen_list_has_no_trial(made):
    made.several(4)
    made.freeze()
    assert made.manager.get(f"{made.office}/trial").json["code"] == "school_round_state_wrong"
    later(minutes=1)


def test_the_published_rule_reads_back_with_its_mechanism(made):
    made.several(4)
    made.freeze(mechanism="immediate_acceptance")
    rule = published.read_rules(made.file("rules.txt").data)
    assert (rule.mechanism, "志愿优先" in rule.wording) == ("immediate_acceptance", True)
