"""What elders, doctors and the policy office left in an earlier release: read again, and gone on with today."""

import pytest

from tests.dumps.onecard_story import sent
from tests.upgrade.old import old_phone, with_part

pytestmark = pytest.mark.soak
OFFICE, MINI = "/office/v1/health", "/mini/v1/health"


@pytest.fixture(scope="module", params=with_part("health"), ids=lambda path: path.stem)
def dump(request):
    return request.param


@pytest.fixture
def told(story):
    return story["health"]


@pytest.fixture
def doctor(logged_in, told):
    return logged_in(told["staff"]["doctor"])


@pytest.fixture
def elder(client, told):
    return old_phone(client, told["tokens"])


def test_the_elder_reads_the_same_summary(elder, told):
    shown = sent(elder.get(f"{MINI}/summary"))
    assert shown["phrases"] == told["summary"]["phrases"]
    assert {one["name"] for one in told["summary"]["parts"]} <= {one["name"] for one in shown["parts"]}


def test_the_corrected_record_and_what_stood_before_are_read(doctor, told):
    path = f"{OFFICE}/elders/{told['elder']}/records/{told['record']['id']}/versions"
    (before,) = sent(doctor.get(path))["items"]
    assert (before["title_zh"], before["reason"]) == ("高血压", "typo")
    assert sent(doctor.get(f"/fhir/Condition/{told['record']['id']}"))["meta"]["versionId"] == "2"


def test_the_live_alert_goes_on_to_its_outcome(doctor, told):
    live, closed = told["alerts"]["live"], told["alerts"]["closed"]
    path = f"{OFFICE}/alerts/{live['id']}"
    sent(doctor.post(f"{path}/acknowledge"))
    sent(doctor.post(f"{path}/acts", {"kind": "home_visit"}))
    assert sent(doctor.post(f"{path}/outcome", {"outcome": "resolved"}))["state"] == "closed"
    assert sent(doctor.get(f"{OFFICE}/alerts/{closed['id']}"))["outcome"]["code"] == "treated_at_home"


def test_the_wish_is_in_force_and_lifted_today(doctor, told):
    path = f"{OFFICE}/elders/{told['elder']}/wishes/{told['wish']['id']}/lift"
    body = {"paper": "YD-2026-0118", "witness": "钟明"}
    assert sent(doctor.post(path, body))["in_force"] is False


def test_the_policy_runs_again_over_the_same_firms(logged_in, story):
    told = story["enterprise"]
    clerk = logged_in(told["staff"]["clerk"])
    found = sent(clerk.get(f"/office/v1/enterprise/runs/{told['run']['id']}"))
    assert found["state"] == "done"
    for code in told["firms"]:
        assert sent(clerk.get(f"/office/v1/enterprise/firms/{code}"))["items"]
