"""Three reviews by three persons, none of them the author; what was written stays as it was written."""

from datetime import timedelta
from functools import partial

import pytest
from mongoengine.connection import get_db

from backend import clock
from models.audit.entry import AuditEntry
from models.content import differences, item, review, write
from models.content.item import ContentItem
from models.content.review import ContentReview
from models.content.revision import ContentRevision
from tests.support import affairs
from tests.support.crowd import at_once
from tests.tourism.content_kit import FACT, ITEMS, UNIT, Newsroom

STEPS = ("first-review", "second-review", "final-review")
POINTS = "/mini/v1/guide/points"


@pytest.fixture
def news(client, seeded):
    return Newsroom(client)


def wire(seconds: float) -> str:
    return clock.civil(clock.now() + timedelta(seconds=seconds)).isoformat(timespec="seconds")


# The way through


def test_content_passes_three_reviews_and_is_then_seen_by_everybody(news, client):
    made = news.made(title_zh="东门渡口讲解", facts=[FACT], red_heritage=True)
    own = made.partition(":")[2]
    assert client.get(f"{POINTS}/{own}").status_code == 404
    states = [news.state(made)]
    news.submit(made)
    for step in STEPS:
        states.append(news.state(made))
        assert news.decide(step, made).status_code == 200
    states.append(news.state(made))
    assert states == ["draft", "first_review", "second_review", "final_review", "approved"]
    assert client.get(f"{POINTS}/{own}").status_code == 404
    assert news.publish(made).json["state"] == "published"
    told = client.get(f"{POINTS}/{own}").json
    assert (told["title_zh"], told["revision"], told["imported"]) == ("东门渡口讲解", 1, False)
    assert told["facts"][0]["sources"][0]["url"].startswith("https://")


def test_the_work_list_of_each_step_shows_what_waits_and_not_what_one_wrote_or_passed(news):
    made = news.made()
    news.submit(made)

    def waiting(clerk, step):
        return made in [one["id"] for one in clerk.get(f"/office/v1/content/work/{step}").json["items"]]

    assert waiting(news.first, "first-review")
    assert not waiting(news.author, "first-review")
    news.decide("first-review", made)
    assert not waiting(news.first, "first-review")
    assert waiting(news.second, "second-review")
    news.decide("second-review", made)
    assert waiting(news.final, "final-review")
    news.decide("final-review", made)
    assert waiting(news.second, "approved")


def test_sent_back_at_any_step_it_begins_again_with_a_further_revision(news):
    for number, step in enumerate(STEPS):
        made = news.made()
        news.submit(made)
        for passed in STEPS[:number]:
            news.decide(passed, made)
        told = news.decide(step, made, verdict="return", reason="年份与来源不符")
        assert told.json["state"] == "returned"
        assert news.submit(made).status_code == 409
        assert news.write(made).status_code == 201
        news.bring_out(made, 2)
        acts = news.author.get(f"{ITEMS}/{made}").json["acts"]
        assert [one["reason"] for one in acts if one["act"] == "return"] == ["年份与来源不符"]


def test_what_was_approved_is_sent_back_instead_of_published(news):
    made = news.made()
    news.approve(made)
    body = {"revision": 1, "reason": "节后再发"}
    assert news.first.post(f"{ITEMS}/{made}/send-back", body).status_code == 403
    assert news.publisher.post(f"{ITEMS}/{made}/send-back", body).json["state"] == "returned"
    assert news.publish(made).json["code"] == "content_state_wrong"


def test_to_send_back_needs_a_reason(news):
    made = news.made()
    news.submit(made)
    answer = news.decide("first-review", made, verdict="return")
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["reason"])


# Who may not


def test_the_author_does_not_review_and_nobody_reviews_twice(news, client):
    both = affairs.seat(client, "scenic_manager", unit=UNIT)
    member = get_db().staff.find_one({"_id": both.member_id})
    roles = [*member["assignments"], {"role": "tourism_office", "unit": "culture_tourism", "area": ""}]
    get_db().staff.update_one({"_id": both.member_id}, {"$set": {"assignments": roles}})
    made = news.made()
    news.submit(made)
    own = news.decide("first-review", made, by=news.author)
    assert (own.status_code, own.json["code"]) == (409, "content_own_work")
    assert news.decide("first-review", made, by=both).status_code == 200
    twice = news.decide("second-review", made, by=both)
    assert (twice.status_code, twice.json["code"]) == (409, "content_own_work")
    assert news.decide("second-review", made).status_code == 200


def test_whoever_wrote_a_part_since_the_last_publication_is_an_author(news):
    made = news.made()
    told = {"base": 1, "content": {"title_zh": "另一人改", "text_zh": "改"}}
    assert news.first.post(f"{ITEMS}/{made}/revisions", told).status_code == 201
    news.submit(made, 2)
    for clerk in (news.author, news.first):
        assert news.decide("first-review", made, 2, by=clerk).json["code"] == "content_own_work"
    third = affairs.seat(news.client, "scenic_manager", unit=UNIT)
    assert news.decide("first-review", made, 2, by=third).status_code == 200


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_for_who_holds_its_operation(news, step):
    made = news.made()
    right = {"first-review": news.first, "second-review": news.second, "final-review": news.final}[step]
    for clerk in (news.first, news.second, news.final):
        if clerk is not right:
            assert news.decide(step, made, by=clerk).status_code == 403


def test_an_item_of_another_unit_is_not_found(news, client):
    made = news.made()
    stranger = affairs.seat(client, "scenic_manager", unit="changzhengyuan")
    assert stranger.get(f"{ITEMS}/{made}").status_code == 404
    assert news.decide("first-review", made, by=stranger).status_code == 404
    assert stranger.post(f"{ITEMS}/{made}/submit", {"revision": 1}).status_code == 404
    assert made not in [one["id"] for one in stranger.get(f"{ITEMS}?limit=100").json["items"]]
    assert stranger.post("/office/v1/guide/points", {"place": "park", "content": {"title_zh": "x"}}).status_code == 404


@pytest.mark.parametrize("item_id", ["guide_point:nothing", "x", "%00", "guide_point:", "{}", "é"])
def test_something_unknown_is_not_found(news, item_id):
    assert news.author.get(f"{ITEMS}/{item_id}").status_code == 404
    assert news.author.get(f"{ITEMS}/{item_id}/revisions/1").status_code == 404
    assert news.submit(item_id).status_code == 404
    assert news.publish(item_id).status_code == 404


# Once, and one after the other


def test_the_same_act_twice_is_done_once(news):
    made = news.made()
    assert [news.submit(made).json["state"] for _ in range(2)] == ["first_review"] * 2
    assert [news.decide("first-review", made).json["state"] for _ in range(2)] == ["second_review"] * 2
    other = affairs.seat(news.client, "scenic_manager", unit=UNIT)
    assert news.decide("first-review", made, by=other).json["code"] == "content_state_wrong"
    acts = ContentReview._get_collection().find({"item": made})
    assert sorted(one["act"] for one in acts) == ["pass", "submit"]


def test_two_who_decide_at_the_same_time_are_one_after_the_other(news, app):
    others = [affairs.seat(app.test_client(), "scenic_manager", unit=UNIT) for _ in range(6)]
    made = news.made()
    news.submit(made)
    verdicts = [{"verdict": "pass"}, {"verdict": "return", "reason": "有误"}] * 3
    calls = [
        partial(news.decide, "first-review", made, by=by, **told) for by, told in zip(others, verdicts, strict=True)
    ]
    answers = at_once(calls)
    assert sorted(one.status_code for one in answers) == [200] + [409] * 5
    winner = next(one for one in answers if one.status_code == 200)
    assert news.state(made) == winner.json["state"]
    done = [one for one in ContentReview._get_collection().find({"item": made}) if one["step"] == "first_review"]
    assert len(done) == 1


def test_one_person_with_two_roles_who_reviews_two_steps_at_once_passes_one(news, app):
    both = affairs.seat(app.test_client(), "scenic_manager", unit=UNIT)
    roles = [{"role": "scenic_manager", "unit": UNIT, "area": ""}, {"role": "tourism_office", "unit": UNIT, "area": ""}]
    get_db().staff.update_one({"_id": both.member_id}, {"$set": {"assignments": roles}})
    made = news.made()
    news.submit(made)
    calls = [partial(news.decide, step, made, by=both) for step in STEPS[:2] * 3]
    at_once(calls)
    assert news.state(made) == "second_review"
    assert ContentItem._get_collection().find_one({"_id": made})["open"]["reviewers"] == [both.member_id]


def test_without_the_guard_the_author_would_pass_their_own_work(news, monkeypatch):
    """The control: the test above sees the rule and not a lack of rights."""
    made = news.made()
    news.submit(made)
    move = item.move
    monkeypatch.setattr(item, "move", lambda name, **told: move(name, **{**told, "reviewer": None}))
    assert news.decide("first-review", made, by=news.author).status_code == 200


def test_two_who_write_on_the_same_base_make_one_revision(news, app):
    made = news.made()
    clerks = [affairs.seat(app.test_client(), "scenic_manager", unit=UNIT) for _ in range(5)]
    body = {"base": 1, "content": {"title_zh": "同时改", "text_zh": "改"}}
    answers = at_once([partial(one.post, f"{ITEMS}/{made}/revisions", body) for one in clerks])
    assert sorted(one.status_code for one in answers) == [201] + [409] * 4
    assert {one.json.get("code") for one in answers} == {None, "content_revision_stale"}
    assert ContentRevision._get_collection().count_documents({"item": made}) == 2


def test_a_revision_sent_again_after_its_answer_was_lost_is_the_same_one(news):
    made = news.made()
    first, again = news.write(made), news.write(made)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json["revision"] == 2
    other = news.write(made, title_zh="又改")
    assert (other.status_code, other.json["code"]) == (409, "content_revision_stale")


def test_an_item_whose_request_ran_twice_is_made_once(news):
    body = {"place": "park", "content": {"title_zh": "一次", "text_zh": "文字"}}
    one = news.author.post("/office/v1/guide/points", body, key="same-key")
    get_db().idempotency_keys.delete_many({"actor": news.author.actor().key})
    again = news.author.post("/office/v1/guide/points", body, key="same-key")
    assert (one.status_code, again.status_code) == (201, 201)
    assert one.json["id"] == again.json["id"]


def test_what_is_being_reviewed_is_not_written(news):
    made = news.made()
    news.submit(made)
    answer = news.write(made)
    assert (answer.status_code, answer.json["code"]) == (409, "content_state_wrong")
    assert "待初审" in answer.json["message"]


def test_nobody_passes_on_a_revision_that_they_have_not_seen(news):
    made = news.made()
    news.write(made)
    answer = news.submit(made, 1)
    assert (answer.status_code, answer.json["code"]) == (409, "content_revision_stale")


# Revisions


def test_revisions_are_numbered_and_stay_as_they_were_written(news):
    made = news.made(text_zh="第一版")
    news.write(made, text_zh="第二版")
    news.write(made, 2, text_zh="第三版")
    texts = [news.author.get(f"{ITEMS}/{made}/revisions/{n}").json["content"]["text_zh"] for n in (1, 2, 3)]
    assert texts == ["第一版", "第二版", "第三版"]
    assert [one["number"] for one in news.author.get(f"{ITEMS}/{made}").json["revisions"]] == [3, 2, 1]
    assert news.author.get(f"{ITEMS}/{made}/revisions/4").status_code == 404
    assert news.author.get(f"{ITEMS}/{made}/revisions/x").status_code == 404


def test_a_rollback_is_a_further_revision_that_is_reviewed_as_any_other(news, client):
    made = news.made(text_zh="第一版")
    own = news.bring_out(made)
    news.write(made, text_zh="第二版")
    news.bring_out(made, 2)
    assert client.get(f"{POINTS}/{own}").json["text_zh"] == "第二版"
    answer = news.author.post(f"{ITEMS}/{made}/rollback", {"base": 2, "revision": 1})
    assert (answer.status_code, answer.json["revision"], answer.json["state"]) == (201, 3, "draft")
    assert client.get(f"{POINTS}/{own}").json["text_zh"] == "第二版"
    news.bring_out(made, 3)
    told = client.get(f"{POINTS}/{own}").json
    assert (told["text_zh"], told["revision"]) == ("第一版", 3)
    assert news.author.get(f"{ITEMS}/{made}").json["revisions"][0]["of"] == 1


def test_reviewers_see_what_differs(news):
    made = news.made(text_zh="十月", facts=[FACT])
    news.write(made, title_zh="标题", text_zh="九月", facts=[FACT, {**FACT, "text_zh": "又一条"}])
    told = news.first.get(f"{ITEMS}/{made}/differences?after=2").json["items"]
    changed = {one["path"]: one for one in told}
    assert (changed["text_zh"]["before"], changed["text_zh"]["after"]) == ("十月", "九月")
    assert (changed["facts.1"]["change"], changed["facts.1"]["after"]["text_zh"]) == ("added", "又一条")
    assert news.first.get(f"{ITEMS}/{made}/differences?after=9").status_code == 404


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": [1, 2]}, {"a": [1]}, [("a.1", "removed")]),
        ({"a": {"b": "x"}}, {"a": {"b": "y", "c": 1}}, [("a.b", "changed"), ("a.c", "added")]),
        ({"a": "x"}, {"b": "x"}, [("a", "removed"), ("b", "added")]),
        ({"a": [1]}, {"a": {"b": 1}}, [("a", "changed")]),
    ],
)
def test_differences_name_the_place(before, after, told):
    assert [(one["path"], one["change"]) for one in differences.between(before, after)] == told


# What is shown, and when


def test_a_published_change_shows_at_once_and_what_is_in_review_does_not(news, client):
    made = news.made(text_zh="旧")
    own = news.bring_out(made)
    news.write(made, text_zh="新")
    news.approve(made, 2)
    assert client.get(f"{POINTS}/{own}").json["text_zh"] == "旧"
    news.publish(made, 2)
    assert client.get(f"{POINTS}/{own}").json["text_zh"] == "新"


def test_withdrawn_content_is_gone_at_once_and_comes_back_by_a_reviewed_revision(news, client):
    made = news.made()
    own = news.bring_out(made)
    body = {"reason": "史实存疑"}
    assert news.author.post(f"{ITEMS}/{made}/withdraw", body).status_code == 403
    assert [news.publisher.post(f"{ITEMS}/{made}/withdraw", body).json["state"] for _ in range(2)] == ["withdrawn"] * 2
    assert client.get(f"{POINTS}/{own}").status_code == 404
    news.author.post(f"{ITEMS}/{made}/rollback", {"base": 1, "revision": 1})
    news.bring_out(made, 2)
    assert client.get(f"{POINTS}/{own}").status_code == 200
    assert [one["act"] for one in review.acts(made)].count("withdraw") == 1


def test_a_revision_set_for_later_leaves_what_is_shown_until_then(news, client, shift_clock):
    made = news.made(text_zh="平时")
    own = news.bring_out(made)
    news.write(made, text_zh="国庆期间")
    news.approve(made, 2)
    assert news.publish(made, 2, **{"from": wire(3600), "to": wire(7200)}).status_code == 200
    seen = []
    for seconds in (0, 3700, 7300):
        shift_clock(seconds)
        answer = client.get(f"{POINTS}/{own}")
        seen.append(answer.json["text_zh"] if answer.status_code == 200 else None)
    assert seen == ["平时", "国庆期间", None]


def test_what_is_set_for_later_says_so_and_can_be_replaced(news, client, shift_clock):
    made = news.made(text_zh="将来")
    own = news.bring_out(made, **{"from": wire(3600)})
    assert news.state(made) == "scheduled"
    assert client.get(f"{POINTS}/{own}").status_code == 404
    news.write(made, text_zh="马上")
    news.bring_out(made, 2)
    shift_clock(3700)
    assert client.get(f"{POINTS}/{own}").json["text_zh"] == "马上"


@pytest.mark.parametrize("span", [("to", -60), ("from", 3600, "to", 60)])
def test_a_span_that_ends_before_it_begins_is_refused(news, span):
    made = news.made()
    news.approve(made)
    told = {name: wire(seconds) for name, seconds in zip(span[::2], span[1::2], strict=True)}
    answer = news.publish(made, **told)
    assert (answer.status_code, answer.json["code"]) == (400, "content_span_wrong")


def test_a_moment_without_its_zone_is_refused(news):
    made = news.made()
    assert news.publish(made, **{"from": "2026-12-01T08:00:00"}).status_code == 400


# What is written


@pytest.mark.parametrize(
    "text",
    ["<b>粗</b>", "点<script>alert(1)</script>", "< img src=x>", "&lt;b&gt;", "[x](javascript:alert(1))", "\x00",
     "反\u202e转", "", " ", "x" * 8001, None, 5, ["x"]],
)  # fmt: skip
def test_markup_unseen_characters_and_endless_texts_are_refused(news, text):
    answer = news.point(text_zh=text)
    assert answer.status_code == 400
    assert "content.text_zh" in answer.json["fields"]


def test_plain_text_with_lines_and_a_smaller_sign_is_taken(news, client):
    own = news.shown(text_zh="第一行\n第二行: 3 < 5 & 7 > 2")
    assert client.get(f"{POINTS}/{own}").json["text_zh"] == "第一行\n第二行: 3 < 5 & 7 > 2"


@pytest.mark.parametrize(
    "changes",
    [{"extra": 1}, {"title_zh": "x" * 81}, {"media": "x"}, {"facts": [{"text_zh": "无来源", "sources": []}]},
     {"facts": [{"text_zh": "x", "sources": [{"title": "只有标题"}]}]},
     {"facts": [{"text_zh": "x", "sources": [{"title": "x", "url": "javascript:alert(1)"}]}]},
     {"geo": {"lon": 500, "lat": 25}}, {"geo": {"lon": 115.4}}, {"geo": {"lon": 115.4, "lat": 25.9, "radius_m": 5}},
     {"red_heritage": 1}, {"media": [{"file": "x", "role": "audio"}]}, {"$set": {"x": 1}},
     {"media": [{"file": "0" * 24, "role": "picture", "transcript": "图片没有文字稿"}]}],
)  # fmt: skip
def test_odd_content_is_a_bad_request_that_names_the_field(news, changes):
    answer = news.point(**changes)
    assert answer.status_code == 400
    assert all(name.startswith("content") for name in answer.json["fields"])
    made = news.made()
    further = news.write(made, **changes)
    assert (further.status_code, further.json["code"]) == (400, "content_wrong")
    assert all(name.startswith("content") for name in further.json["fields"])


def test_red_heritage_without_sourced_facts_is_not_reviewed(news):
    made = news.made(red_heritage=True)
    answer = news.submit(made)
    assert (answer.status_code, answer.json["code"]) == (422, "content_sources_missing")
    assert news.state(made) == "draft"
    news.write(made, red_heritage=True, facts=[FACT])
    assert news.submit(made, 2).status_code == 200


def test_an_id_is_given_once(news):
    assert news.point(own="only_one").status_code == 201
    answer = news.point(own="only_one")
    assert (answer.status_code, answer.json["code"]) == (409, "content_id_taken")
    assert news.point(own="Nicht!").status_code == 400


def test_the_audit_knows_every_act_and_no_text(news):
    made = news.made(title_zh="特别的标题")
    news.submit(made)
    news.decide("first-review", made, verdict="return", reason="特别的理由")
    news.write(made, title_zh="特别的标题二")
    news.bring_out(made, 2)
    news.publisher.post(f"{ITEMS}/{made}/withdraw", {"reason": "特别的理由"})
    entries = list(AuditEntry._get_collection().find({"object": f"content:{made}"}).sort("_id", 1))
    assert [one["action"].partition(".")[2] for one in entries] == [
        "create", "submit", "return", "write", "submit", "pass", "pass", "pass", "publish", "withdraw",
    ]  # fmt: skip
    assert "特别" not in str(entries)
    stored = ContentReview._get_collection().find({"item": made})
    assert not any("特别" in str(one) for one in stored)


def test_a_list_of_published_content_is_read_by_kind_and_place(news):
    own = news.shown(place="park")
    assert item.published("guide_point", own)["title_zh"]
    assert item.published("guide_route", own) is None
    assert set(item.published_many("guide_point", [own, "nothing"])) == {own}
    assert own in {one["id"] for one in item.published_all("guide_point", place="park")[0]}
    assert item.published_all("guide_point", place="nowhere") == ([], None)


def test_imported_content_is_published_and_marked_and_left_alone_afterwards(news, client):
    told = client.get(f"{POINTS}/ferry_mengkou").json
    assert told["imported"] is True
    assert told["facts"]
    again = write.import_published("guide_point", "ferry_mengkou", write.Home("x"), {"title_zh": "别的"})
    assert again is False
    assert client.get(f"{POINTS}/ferry_mengkou").json == told


def test_drafts_and_what_has_ended_hide_nothing_that_is_shown(news, monkeypatch):
    drafts = [news.made(own=f"a{n}") for n in range(3)]
    own = news.shown(place="park")
    monkeypatch.setattr(item, "MOST_SHOWN", 1)
    shown = [one["id"] for one in item.published_all("guide_point", place="park")[0]]
    assert len(shown) == 1
    assert shown[0] not in [one.partition(":")[2] for one in drafts]
    near, far = (news.shown(geo={"lon": 115.7 + n * 0.001, "lat": 26.2}) for n in range(2))
    ended = {"$set": {"live.0.to": clock.now() - timedelta(seconds=1)}}
    ContentItem._get_collection().update_one({"_id": f"guide_point:{near}"}, ended)
    found = item.published_near("guide_point", 115.7, 26.2, most_m=500, limit=1)
    assert [one["id"] for one in found] == [far]
    assert own in item.published_many("guide_point", [own])


def test_what_is_published_while_somebody_withdraws_the_item_is_taken_off_too(news, client, monkeypatch):
    made = news.made()
    own = news.bring_out(made)
    news.write(made)
    news.approve(made, 2)
    really, published = review._seal_reason, []

    def meanwhile(told, reason):
        if not published and told["act"] == "withdraw":
            published.append(news.publish(made, 2).status_code)
        return really(told, reason)

    monkeypatch.setattr(review, "_seal_reason", meanwhile)
    answer = news.publisher.post(f"{ITEMS}/{made}/withdraw", {"reason": "有误"})
    assert (published, answer.status_code, answer.json["state"]) == ([200], 200, "withdrawn")
    assert client.get(f"{POINTS}/{own}").status_code == 404
    assert news.author.get(f"{ITEMS}/{made}").json["acts"][0]["revision"] == 2


@pytest.mark.parametrize(
    "span",
    [
        {"to": "9999-12-31T23:59:59+00:00"},
        {"from": "9999-12-31T23:59:59-12:00"},
        {"to": "9999-12-31T23:59:59-12:00"},
        {"from": "0001-01-01T00:00:00+14:00", "to": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_for_ever_is_no_end_and_no_moment_breaks_the_lists(news, span):
    made = news.made()
    news.approve(made)
    answer = news.publish(made, **span)
    assert (answer.status_code, answer.json["code"]) == (400, "content_span_wrong")
    assert news.publish(made, **{"from": "0001-01-01T00:00:00+14:00"}).status_code == 200
    assert news.author.get(f"{ITEMS}/{made}").json["state"] == "published"
