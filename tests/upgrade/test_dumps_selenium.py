"""What growers left in an earlier release: packages are traced, papers checked, goods go on, and are recalled."""

import pytest

from backend import clock
from tests.dumps.onecard_story import sent
from tests.dumps.selenium_story import FIRM, MINI, ORANGE, ORGANISATION, STANDARD, events, page
from tests.support import queues
from tests.upgrade.old import old_phone, with_part

pytestmark = pytest.mark.soak
PUBLIC = "/public/v1/selenium"


@pytest.fixture(scope="module", params=with_part("selenium"), ids=lambda path: path.stem)
def dump(request):
    return request.param


@pytest.fixture
def told(story):
    return story["selenium"]


@pytest.fixture
def firm(client, told):
    """The phone of the firm's owner, with what it sends to speak for the firm."""
    phone = old_phone(client, told["tokens"])
    named = {ORGANISATION: told["organisation"]}
    return lambda method, path, body=None: phone.call(method, f"{FIRM}{path}", body, **named)


@pytest.fixture
def staff(logged_in, told):
    """Return somebody of the staff by the name that the story gave them."""
    return lambda name: logged_in(told["staff"][name])


def test_a_package_of_before_is_genuine_and_its_scans_are_counted_on(client, told):
    scanned, other, bound, _bound, loose, _loose = told["goods"]["paths"]
    shown = page(client, scanned)
    for word in ("正品,查验通过", "0.012 mg/kg", "承诺达标合格证", told["lot"], "累计查验:2 次"):
        assert word in shown, word
    assert "累计查验:1 次" in page(client, other)
    assert all("标签尚未启用" in page(client, path) for path in (bound, loose))


def test_the_office_traces_a_package_by_its_code_to_its_box_and_buyer(staff, told):
    code = told["goods"]["paths"][0].rpartition("/")[2]
    found = sent(staff("office").get(f"/office/v1/codes/{code}"))
    assert (found["pack"], found["lot"], found["roll"]) == (told["goods"]["sold"], told["lot"], told["goods"]["roll"])
    reach = sent(staff("office").get(f"/office/v1/lots/{told['lot']}/reach?direction=forward"))
    assert (reach["counts"]["boxes"], reach["counts"]["buyers"]) == (1, 1)


def test_every_event_reads_as_it_was_written(client, told):
    assert {one.get("bizStep") for one in told["events"].values()} > {"commissioning", "packing", "shipping"}
    assert events(old_phone(client, told["tokens"]), told["organisation"]) == told["events"]


def test_papers_are_checked_as_before(client, told):
    before = told["certificate"]
    assert sent(client.get(f"{PUBLIC}/certificates/{before['number']}")) == before["public"]
    number = told["commitment"]["number"]
    assert sent(client.get(f"{PUBLIC}/commitments/{number}")) == told["commitment"]
    assert client.get(f"{PUBLIC}/certificates/{before['number']}/file").data[:5] == b"%PDF-"


def test_quota_and_lot_stand_as_they_were(firm, told):
    assert sent(firm("GET", f"/quota?product={ORANGE}")) == told["quota"]
    assert sent(firm("GET", f"/lots/{told['lot']}")) == told["lot_shown"]


def test_labels_of_before_are_put_on_the_market_and_sold_today(client, firm, told):
    goods, day = told["goods"], clock.today().isoformat()
    sent(firm("POST", f"/packs/{goods['bound']}/activate"))
    bound = sent(firm("POST", f"/rolls/{goods['roll']}/packs", {"lot": told["second"], "first": 5, "last": 6}), 201)
    sent(firm("POST", f"/packs/{bound['id']}/activate"))
    assert all("正品,查验通过" in page(client, path) for path in goods["paths"][2:])
    box = sent(firm("POST", "/boxes", {"packs": [{"pack": goods["bound"], "first": 3, "last": 4}], "day": day}), 201)
    body = {"buyer": goods["buyer"], "day": day, "boxes": [box["id"]]}
    shipped = sent(firm("POST", "/shipments", body), 201)
    assert firm("GET", f"/shipments/{shipped['id']}/note.pdf").data[:5] == b"%PDF-"
    assert sent(firm("POST", f"/packs/{goods['sold']}/sell"))["state"] == "sold"
    refused = firm("POST", "/rolls", {"item": told["item"], "count": 100_000})
    assert (refused.status_code, refused.json["code"]) == (409, "code_quota_exceeded")


def test_an_application_of_before_goes_on_over_its_desk(staff, firm, told):
    found = sent(firm("GET", f"/certifications/{told['waiting']}"))
    clerk, path = staff("clerk"), f"/office/v1/cases/{found['case_id']}"
    sent(clerk.post(f"{path}/claim"))
    sent(clerk.post(f"{path}/decide", {"outcome": "accepted", "reason": "材料齐全。"}))
    sample = {"seal": "YD-0123456789", "lot": told["second"], "grams": 3000, "retained_grams": 1000}
    sent(clerk.post(f"/office/v1/certifications/{told['waiting']}/samples", sample), 201)
    assert found["standards"] == [STANDARD]


def test_a_farmer_of_before_promises_for_the_harvest(client, told):
    farmer = old_phone(client, told["farmer"]["tokens"])
    lot = told["farmer"]["lot"]
    assert sent(farmer.get(f"{MINI}/lots/{lot['id']}"))["left_grams"] == lot["left_grams"]
    body = {"lot": lot["id"], "grams": 50_000, "ticks": ["self_commitment"]}
    made = sent(farmer.post(f"{MINI}/commitments", body), 201)
    assert sent(client.get(f"{PUBLIC}/commitments/{made['number']}"))["state"] == "valid"


def test_what_was_sold_before_is_recalled_today(client, staff, told):
    first, second, base = staff("office"), staff("second"), "/office/v1/recalls"
    body = {"lot": told["lot"], "direction": "forward", "level": "two", "reason": "residue"}
    number = sent(first.post(base, body), 201)["id"]
    asked = sent(first.post(f"{base}/{number}/start", {"reason": "监督抽检超标"}), 202)
    sent(second.post(f"/office/v1/approvals/{asked['approval_id']}/approve"))
    queues.drain()
    assert sent(first.get(f"{base}/{number}"))["state"] == "under_way"
    pages = [page(client, path) for path in told["goods"]["paths"]]
    assert ["已召回,请勿食用" in one for one in pages] == [True] * 4 + [False] * 2
    written = events(old_phone(client, told["tokens"]), told["organisation"]).values()
    assert "recalled" in {one.get("disposition") for one in written}
