"""What families, schools and the bureau left in an earlier release: checked again, and gone on with today."""

import hashlib

import pytest

from tests.dumps.onecard_story import sent
from tests.dumps.school_story import MINI, OFFICE, OWN, PUBLIC
from tests.school.draw_kit import verified
from tests.support import queues
from tests.upgrade.old import old_phone, with_part

pytestmark = pytest.mark.soak
SAME = ("state", "receipt", "choices", "round", "tier_zh", "form")


@pytest.fixture(scope="module", params=with_part("school"), ids=lambda path: path.stem)
def dump(request):
    return request.param


@pytest.fixture
def told(story):
    return story["school"]


@pytest.fixture
def families(client, told):
    return [old_phone(client, one["tokens"]) for one in told["families"]]


@pytest.fixture
def staff(logged_in, told):
    """Return somebody of the staff by the name that the story gave them."""
    return lambda name: logged_in(told["staff"][name])


@pytest.fixture
def third(told):
    """The number of the family that neither has the first choice nor appealed."""
    return 3 - told["won"]["family"] - told["waits"]["family"]


def path_of(told, number: int) -> str:
    return f"{MINI}/applications/{told['families'][number]['application']['id']}"


def offers(phone, path: str) -> list[dict]:
    return sent(phone.get(f"{path}/offers"))["items"]


def test_the_published_draw_is_the_same_to_the_byte_and_anybody_can_repeat_it(client, told, tmp_path):
    base, before = f"{PUBLIC}/rounds/{told['round']}/draw", told["published"]
    assert sent(client.get(base)) == before["draw"]
    assert "digests.txt" in before["sha256"]
    for name, digest in before["sha256"].items():
        content = client.get(f"{base}/files/{name}").data
        assert hashlib.sha256(content).hexdigest() == digest, name
        (tmp_path / name).write_bytes(content)
    ended = verified(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_family_finds_application_lot_and_offer_as_they_were(client, families, told):
    for number, (phone, before) in enumerate(zip(families, told["families"], strict=True)):
        path = path_of(told, number)
        shown = sent(phone.get(path))
        assert {name: shown.get(name) for name in SAME} == {name: before["application"].get(name) for name in SAME}
        assert sent(phone.get(f"{path}/draw")) == before["draw"]
        assert [one["id"] for one in offers(phone, path)] == [before["offer"]["id"]]
        lot = before["draw"]["result"]
        public = client.get(f"{PUBLIC}/rounds/{told['round']}/draw/lot?pseudonym={lot['pseudonym']}")
        assert sent(public)["lot"] == lot["lot"]
    waits = told["waits"]["family"]
    assert sent(families[waits].get(f"{path_of(told, waits)}/waiting"))["items"] == told["waits"]["waiting"]


def test_what_a_family_read_before_the_window_it_still_reads(families, told):
    found = next(one for one in sent(families[0].get(f"{MINI}/found"))["items"] if one["id"] == told["found"]["id"])
    assert {name: found[name] for name in ("round", "schools", "missing")} == {
        name: told["found"][name] for name in ("round", "schools", "missing")
    }


def test_whom_no_message_reached_the_town_still_sees(staff, told):
    items = sent(staff("liaison").get(f"{OFFICE}/rounds/{told['round']}/unreached"))["items"]
    assert len(items) == told["unreached"]


def test_an_offer_of_before_is_accepted_today_and_the_school_sees_it(families, staff, told, third):
    offer = told["families"][third]["offer"]["id"]
    assert sent(families[third].post(f"{MINI}/offers/{offer}/accept"))["state"] == "accepted"
    assert families[third].get(f"{MINI}/offers/{offer}/notice.pdf").data[:5] == b"%PDF-"
    listed = sent(staff("school").get(f"{OFFICE}/rounds/{told['round']}/schools/{OWN[1]}/offers"))["items"]
    assert {one["id"]: one["state"] for one in listed}[offer] == "accepted"


def test_an_appeal_of_before_is_won_today_and_brings_the_place(families, staff, told):
    number, case = told["waits"]["family"], f"/office/v1/cases/{told['waits']['case']}"
    path = path_of(told, number)
    sent(staff("second").post(f"{case}/claim"))
    body = {"outcome": "overturned", "reason": "经核实哥哥在校就读。", "rule": "第11条"}
    sent(staff("second").post(f"{case}/decide", body))
    queues.drain()
    won = [one for one in offers(families[number], path) if one["kind"] == "appeal"]
    assert [(one["school"], one["state"]) for one in won] == [(OWN[0], "offered")]


def test_a_notice_of_before_is_genuine_until_its_place_is_given_up(client, families, told):
    page = f"/n/{told['won']['notice']}"
    assert "真实有效" in client.get(page).get_data(as_text=True)
    path = f"{MINI}/offers/{told['won']['offer']['id']}/decline"
    assert sent(families[told["won"]["family"]].post(path, {"confirmed": True}))["state"] == "declined"
    assert "已失效" in client.get(page).get_data(as_text=True)


def test_the_place_goes_to_who_waited_and_the_lower_one_is_released(families, staff, told, third):
    queues.drain()
    higher, lower = offers(families[third], path_of(told, third))
    assert (higher["school"], higher["kind"], higher["state"]) == (OWN[0], "waiting", "offered")
    sent(families[third].post(f"{MINI}/offers/{higher['id']}/accept"))
    assert sent(families[third].get(f"{MINI}/offers/{lower['id']}"))["state"] == "released"
    assert sent(staff("first").post(f"{OFFICE}/offers/{higher['id']}/enrol"))["state"] == "enrolled"


def test_a_draft_of_before_is_submitted_today(client, told):
    before = told["under_way"]["draft"]
    phone, path = old_phone(client, before["tokens"]), f"{MINI}/applications/{before['application']['id']}"
    draft = sent(phone.get(path))
    assert (draft["state"], draft["form"]) == ("draft", before["application"]["form"])
    receipt = sent(phone.post(f"{path}/submit", {"seq": draft["seq"]}))
    assert receipt["state"] == "submitted"
    queues.drain()
    assert sent(phone.get(path))["state"] == "qualified"


def test_a_check_of_before_is_decided_today(client, staff, told):
    before = told["under_way"]["submitted"]
    phone, path = old_phone(client, before["tokens"]), f"{MINI}/applications/{before['application']['id']}"
    assert sent(phone.get(path))["receipt"] == before["application"]["receipt"]
    desk, case = staff("desk"), f"/office/v1/cases/{told['under_way']['case']}"
    assert sent(desk.get(f"{OFFICE}/points/{told['under_way']['case']}"))["round"] == told["under_way"]["round"]
    sent(desk.post(f"{case}/claim"))
    sent(desk.post(f"{case}/decide", {"outcome": "confirmed", "reason": "经与原始登记核对,属实。"}))
    queues.drain()
    assert sent(phone.get(path))["state"] == "qualified"
