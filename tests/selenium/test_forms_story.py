"""The story of a package: what anybody may read of its way, in order, at a bounded cost."""

import pytest
from pymongo import monitoring

from models.selenium import covering, pack, story
from tests.selenium.forms_kit import DAY, Farm, input_body, made
from tests.selenium.grower_kit import producing, town_clerk


class Wire(monitoring.CommandListener):
    """Notes what is read from the store while it is `open`."""

    def __init__(self) -> None:
        self.open, self.sent = False, []

    def started(self, event) -> None:
        if self.open and event.command_name in {"find", "aggregate", "count", "getMore"}:
            self.sent.append(event.command[event.command_name])

    def succeeded(self, event) -> None:
        pass

    def failed(self, event) -> None:
        pass


WIRE = Wire()
monitoring.register(WIRE)  # before the fixtures connect: a client keeps the listeners of its beginning


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


def test_the_story_of_a_package_runs_from_the_field_to_the_sale(farm, sandbox, client):
    made(farm.post("/inputs", input_body(farm.plot, day="2026-03-01", name="李四家的肥")))
    sprayed = {"input": "pesticide", "name": "矿物油", "interval_days": 7}
    made(farm.post("/inputs", input_body(farm.plot, day="2026-10-01", **sprayed)))
    harvest = farm.brought_in(500_000, harvested_on="2026-11-15")
    body = {
        "taken": [{"lot": harvest, "grams": 300_000}],
        "into": [{"grade": "一级", "grams": 300_000}],
        "day": "2026-11-16",
    }
    farm.lot = made(farm.post("/gradings", body))["lots"][0]["id"]
    made(farm.post("/samplings", {"lot": farm.lot, "grams": 1000, "day": "2026-11-17"}))
    labels, bound = farm.packed(10)
    number = farm.boxed({"pack": bound["_id"], "count": 2})
    made(farm.ship(farm.buyer(name="王小姐"), boxes=[number]))
    pack.sell(farm.grower, bound["_id"])
    told = story.of_pack(covering.read(labels["_id"], 1))
    assert [(one["day"], one["zh"]) for one in told] == [
        ("2026-03-01", "施肥"),
        ("2026-10-01", "用药(安全间隔期 7 天)"),
        ("2026-11-15", "采收"),
        ("2026-11-16", "分级"),
        ("2026-11-17", "抽样送检"),
        (DAY, "包装赋码"),
        (DAY, "启用"),
        (DAY, "发货"),
        (DAY, "售出"),
    ]
    assert {one["place_zh"] for one in told} <= {"", "梓山镇潭头社区"}
    assert "王小姐" not in str(told)
    assert "李四" not in str(told)


def test_what_was_corrected_is_no_part_of_the_story(farm):
    kept = made(farm.post("/inputs", input_body(farm.plot)))
    labels, _ = farm.packed(2)
    assert "施肥" in str(story.of_pack(covering.read(labels["_id"], 1)))
    farm.withdraw(kept)
    assert [one["zh"] for one in story.of_pack(covering.read(labels["_id"], 1))] == ["采收", "包装赋码", "启用"]


def test_a_story_takes_two_reads_however_long_it_is(farm):
    labels, _ = farm.packed(10)
    for place in range(30):
        made(farm.post("/inputs", input_body(farm.plot, day=f"2026-10-{place % 28 + 1:02d}")))
    found = covering.read(labels["_id"], 1)
    WIRE.sent.clear()
    WIRE.open = True
    told = story.of_pack(found)
    WIRE.open = False
    assert WIRE.sent == ["selenium_lots", "selenium_records"]
    assert len(told) == 28 + 3
