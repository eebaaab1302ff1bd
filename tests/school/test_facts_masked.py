"""The reason for a district names a house number: it stands only where the address itself may be read."""

from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.school.application import SchoolApplication
from models.school.round import SchoolRound
from tests.school import ground
from tests.school.apply_kit import sent
from tests.school.family_kit import BORN_FROM, BORN_TO, EAST, family
from tests.school.ground import ROUND
from tests.support import affairs, queues

HOUSE, NUMBER = "于都县贡江镇红军路37号", "红军路 37 号"
MINI = "/mini/v1/school"


@pytest.fixture
def made(client, box):
    """A family of two parents whose second one owns a house with a number, found for an announced round."""
    ground.prepare()
    streets = [ground.street("红军路")]
    east = ground.feature("east", ground.rectangle(1000, 0, 900, 900), ["s_east"], villages=[EAST], streets=streets)
    ground.lay(ground.collection(east))
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "open"}})
    found = family(box, parents=2)
    box.change("property", found.owns(found.parents[1], EAST), location=HOUSE)
    bureau = affairs.seat(client, "school_manager", unit="education_sports")
    body = {"born_from": BORN_FROM, "born_to": BORN_TO}
    assert bureau.post(f"/office/v1/school/rounds/{ROUND}/find", body).status_code == 202
    queues.drain("reports")
    return found


def read(phone) -> dict:
    """Become the child's guardian and read what is known."""
    (one,) = phone.get(f"{MINI}/found").json["items"]
    assert phone.post(f"{MINI}/found/{one['id']}/guardianship").status_code == 200
    answer = phone.get(f"{MINI}/children/{one['child_id']}/facts?round={ROUND}")
    assert answer.status_code == 200, answer.json
    return answer.json


def bases(told: dict) -> dict[str, dict]:
    return {one["kind"]: one for one in told["bases"]}


@pytest.fixture
def both(client, sandbox, made):
    """What the first parent reads, once the second is a guardian here as well, and what the second one reads."""
    second = read(made.phone(client, sandbox, parent=1, level="verified"))
    return read(made.phone(client, sandbox, parent=0, level="verified")), second


def test_the_owner_reads_by_which_house_number_the_district_was_found(both):
    assert NUMBER in bases(both[1])["property"]["why_zh"]


def test_the_other_guardian_reads_the_schools_and_no_house_number(both):
    theirs = bases(both[0])["property"]
    assert theirs["schools"] == ["s_east"]
    assert theirs["why_zh"]
    told = str([one["why_zh"] for one in both[0]["bases"]])  # ids of facts hold any digits
    assert [text for text in (NUMBER, HOUSE, "37") if text in told] == []


def test_who_was_not_seen_by_a_clerk_or_a_face_reads_no_house_number_either(client, sandbox, made):
    told = read(made.phone(client, sandbox, parent=1, level="matched"))
    assert bases(told)["property"]["schools"] == ["s_east"]
    assert NUMBER not in str(told)


def test_a_reason_that_names_no_house_is_read_by_both(both):
    first, second = (bases(one)["household"]["why_zh"] for one in both)
    assert first == second
    assert "村(社区)" in first


@pytest.fixture
def applied(client, sandbox, made):
    """An application on the house of the second parent, by the first one: the parents' phones, its path, its id."""
    ground.plans("s_east", "s_west")
    now = clock.now()
    times = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=5)}
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": times})
    owner, other = (made.phone(client, sandbox, parent=one, level="verified") for one in (1, 0))
    (fact,) = [one["fact"] for one in read(owner)["bases"] if one["kind"] == "property"]
    (child,) = {one["child_id"] for one in other.get(f"{MINI}/found").json["items"]}
    assert read(other)["bases"]
    (mine,) = [one["relation_id"] for one in other.get(f"{MINI}/found").json["items"] if one["child_id"] == child]
    found = sent(other.post(f"{MINI}/applications", {"round": ROUND, "relation_id": mine}), 201)
    path = f"{MINI}/applications/{found['id']}"
    form = {"basis": {"kind": "property", "fact_id": fact}, "choices": ["s_east"]}
    sent(other.call("PUT", f"{path}/form", {"seq": found["seq"], "form": form}))
    return owner, other, path, found["id"]


def leaked(*told: dict) -> list[str]:
    return [text for text in (NUMBER, HOUSE, "37 号", "37号") if text in str(told)]


def test_the_pre_check_and_the_options_name_the_house_to_its_owner_alone(applied):
    owner, other, path, _ = applied
    told = sent(other.post(f"{path}/precheck")), sent(other.get(f"{path}/options"))
    assert [one["why_zh"] for one in told[0]["schools"] if one["of_district"]] == [
        "按该地址的门牌划定学区,门牌不完整显示。"
    ]
    assert leaked(*told) == []
    for each in (sent(owner.post(f"{path}/precheck")), sent(owner.get(f"{path}/options"))):
        assert NUMBER in bases(each)["property"]["why_zh"]


def test_a_choice_elsewhere_is_refused_without_the_house(applied):
    _, other, path, _ = applied
    seen = sent(other.get(path))
    refused = other.call("PUT", f"{path}/form", {"seq": seen["seq"], "form": {**seen["form"], "choices": ["s_west"]}})
    assert "不在您的学区" in refused.json["fields"]["choices.0"][0]
    assert leaked(refused.json) == []


def test_what_was_submitted_holds_and_shows_no_house(client, applied):
    owner, other, path, found = applied
    sent(other.post(f"{path}/submit", {"seq": sent(other.get(path))["seq"]}))
    stored = SchoolApplication._get_collection().find_one({"_id": ObjectId(found)})
    assert leaked(stored["basis"]) == []
    clerk = affairs.seat(client, "school_manager", unit="education_sports")
    told = sent(clerk.get(f"/office/v1/school/applications/{found}"))
    assert told["basis"]["why_zh"] == sent(other.get(path))["basis_why_zh"] != ""
    assert leaked(told, sent(other.get(path)), sent(owner.get(path))) == []


def test_what_was_stored_with_the_house_is_shown_without_it(client, applied):
    _, other, path, found = applied
    sent(other.post(f"{path}/submit", {"seq": sent(other.get(path))["seq"]}))
    change = {"$set": {"basis.why_zh": f"门牌 {NUMBER},划入东片区。"}}
    SchoolApplication._get_collection().update_one({"_id": ObjectId(found)}, change)
    clerk = affairs.seat(client, "school_manager", unit="education_sports")
    assert leaked(sent(other.get(path)), sent(clerk.get(f"/office/v1/school/applications/{found}"))) == []
