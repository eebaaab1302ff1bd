"""The page behind the code on an admission notice, in a real browser: small phone, large letters, no scripts."""

import pytest
from bson import ObjectId

from models.school import notice_code, offer, offer_make
from tests.pages.checks import EachPage, Look
from tests.school.after_kit import MINI, A, Published, family, of

pytestmark = pytest.mark.browser
SAYS = {"authentic": "真实有效", "revoked": "已失效", "unknown": "查无此通知书"}


@pytest.fixture
def look(client, seeded, sandbox, tabs):
    made, pages = Published({A: 2}), {"unknown": "/n/AAAA"}
    for lot, state in enumerate(("authentic", "revoked"), 1):
        phone = family(client, sandbox)
        mine = made.placed(A, at=A, lot=lot, phone=phone)
        offer_make.ensure(mine)
        offer_id = of(mine)["_id"]
        assert phone.post(f"{MINI}/offers/{offer_id}/accept").status_code == 200
        pages[state] = f"/n/{notice_code.code(offer.read(ObjectId(offer_id)))}"
        if state == "revoked":
            phone.post(f"{MINI}/offers/{offer_id}/decline")
    return Look(tabs, pages, SAYS)


class TestEachVerdict(EachPage):
    """One page for each state of a notice."""
