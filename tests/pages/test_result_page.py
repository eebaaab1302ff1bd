"""The page behind the code on a result paper, in a real browser: small phone, large letters, no scripts."""

import pytest

from tests.affairs.paper_kit import Office
from tests.pages.checks import EachPage, Look
from tests.support import queues
from tests.support.affairs import decide, move

pytestmark = pytest.mark.browser
SAYS = {"authentic": "真实有效", "revoked": "不再有效", "unknown": "没有查到这份文书"}
KEPT = ("authentic", "revoked")


@pytest.fixture
def look(client, seeded, phone, tabs):
    office, resident, pages = Office(client), phone.sure(), {"unknown": "/r/AAAA"}
    for state in KEPT:
        case_id = office.decided(resident, office.item())
        url = resident.get(f"/mini/v1/cases/{case_id}/result").json["verify_url"]
        pages[state] = f"/r/{url.rpartition('/')[2]}"
    resident.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "写错了"})
    move(office.supervisor, case_id, "claim")
    decide(office.supervisor, case_id, "overturned")
    queues.drain("affairs")
    return Look(tabs, pages, SAYS)


class TestEachVerdict(EachPage):
    """One page for each state of a paper."""
