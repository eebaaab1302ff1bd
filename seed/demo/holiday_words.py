"""A holiday at the memorial park, what one hears and reads: searching, the guide, a text and its three reviews."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

from seed.demo.http import check
from seed.demo.stage import Stage

ITEMS = "/office/v1/content/items"
FOUND, SPELLINGS = "luotianyan", ("lty", "tianyan", "田岩")
POINT = "monument"
REVIEWS = (
    ("first-review", "cao.demo", "初审"),
    ("second-review", "yan.demo", "复审"),
    ("final-review", "hua.demo", "终审"),
)


def finding_the_way(stage: Stage) -> Iterator[str]:
    """A visitor finds 罗田岩 by lty, and hears the story of the point that is near."""
    anybody = stage.anybody
    for typed in SPELLINGS:
        first = anybody.get(f"/mini/v1/search?q={typed}")["items"][0]
        check(first["id"] == FOUND, f"{typed} finds it first")
    yield f"{', '.join(SPELLINGS)}: {first['name']}"
    points = anybody.get("/mini/v1/guide/points?place=park")["items"]
    at = next(one["geo"] for one in points if one["id"] == POINT)
    here = f"/mini/v1/guide/nearby?lon={at['lon']}&lat={at['lat']}"
    near = anybody.get(f"{here}&accuracy_m=12")
    check((near["change"], near["point"]["id"]) == ("entered", POINT), "the geofence knows where one stands")
    vague = anybody.get(f"{here}&accuracy_m=500&current={POINT}")
    check(vague["change"] == "stays", "a position that is too vague changes nothing")
    yield f"standing there: {near['point']['title_zh']}; within 500 m is too vague to leave it"
    route = anybody.get("/mini/v1/guide/routes/park_walk")
    yield f"{route['title_zh']}: {len(route['stops'])} points, {route['distance_m']} m, to walk along without network"


def a_text_is_reviewed(stage: Stage) -> Iterator[str]:
    """The text of a point is changed; three persons review it before anybody reads it."""
    author, item = stage.clerk("wang.demo"), f"guide_point:{POINT}"
    whole = author.get(f"{ITEMS}/{item}")
    before = author.get(f"{ITEMS}/{item}/revisions/{whole['revision']}")["content"]
    sentence = f"(演示修订 {secrets.token_hex(3)})请在台阶前驻足。"
    content = before | {"summary_zh": sentence}
    made = author.post(f"{ITEMS}/{item}/revisions", {"base": whole["revision"], "content": content}, expect=201)
    number = {"revision": made["revision"]}
    author.post(f"{ITEMS}/{item}/submit", number)
    check(_shown(stage) != sentence, "nobody reads it yet")
    yield f"written as revision {number['revision']}, handed in; the public still reads the last one"
    body = {**number, "verdict": "pass"}
    for step, login, step_zh in REVIEWS:
        if step == "second-review":
            own = author.post(f"{ITEMS}/{item}/{step}", body, expect=409)
            yield f"its author may review texts, but not this one: {own['message']}"
        told = stage.clerk(login).post(f"{ITEMS}/{item}/{step}", body)
        yield f"{step_zh} by another person: {told['state_zh']}"
    author.post(f"{ITEMS}/{item}/publish", number)
    check(_shown(stage) == sentence, "now it is read")
    yield f"published, read by everybody: {_shown(stage)}"


STORIES: list[Callable[[Stage], Iterator[str]]] = [finding_the_way, a_text_is_reviewed]


def _shown(stage: Stage) -> Any:
    return stage.anybody.get(f"/mini/v1/guide/points/{POINT}").get("summary_zh")
