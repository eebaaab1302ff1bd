"""The admission notice: its paper, its signed code, and the page that checks it."""

import base64
import io

import pytest
from bson import ObjectId
from pypdf import PdfReader

from backend import runtime
from backend.codes import compact
from backend.store import transactions
from models.audit.access_line import AccessLine
from models.school import notice_code, offer
from tests.school.after_kit import MINI, OFFICE, A, B, Published, clerk, family, of, states
from tests.school.test_offer_answer import approve
from tests.support import queues


@pytest.fixture
def held(client, seeded, sandbox):
    """A family that accepted; phone, offer, the round."""
    phone, made = family(client, sandbox), Published({A: 1, B: 1})
    mine = made.placed(B, A, at=A, lot=1, phone=phone)
    other = made.placed(B, at=B, lot=2)
    made.offers()
    answer = phone.post(f"{MINI}/offers/{of(mine)['_id']}/accept")
    assert answer.status_code == 200
    return phone, offer.read(ObjectId(answer.json["id"])), made, (mine, other)


def page(client, code):
    return client.get(f"/n/{code}").get_data(as_text=True)


def words(pdf: bytes) -> str:
    return "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf)).pages).replace(" ", "")


class TestPaper:
    def test_names_child_school_round_number_and_day(self, held):
        phone, found, *_ = held
        answer = phone.get(f"{MINI}/offers/{found['_id']}/notice.pdf")
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        told = words(answer.data)
        for word in ("入学通知书", "李小满", "于都县A小学", "2027年小学一年级招生", found["number"], "2027-02-22"):
            assert word in told, word

    def test_is_given_out_only_once_the_offer_was_accepted(self, client, seeded, sandbox):
        phone, made = family(client, sandbox), Published({A: 1})
        mine = made.placed(A, at=A, lot=1, phone=phone)
        made.offers()
        refused = phone.get(f"{MINI}/offers/{of(mine)['_id']}/notice.pdf")
        assert (refused.status_code, refused.json["code"]) == (409, "school_notice_not_yet")

    def test_of_a_school_needs_an_approval_and_leaves_an_access_line(self, held, client):
        _, found, *_ = held
        school, path = clerk(client, A), f"{OFFICE}/offers/{found['_id']}/notice.pdf"
        assert school.get(path).json["code"] == "minor_approval_needed"
        assert AccessLine._get_collection().find_one({"who": school.actor().key}) is None
        approve(school, str(found["_id"]))
        assert "李小满" in words(school.get(path).data)
        line = AccessLine._get_collection().find_one({"who": school.actor().key})
        assert (line["subjects"], line["case"]) == ([found["child"]], found["number"])


class TestPage:
    def test_says_authentic_with_school_masked_name_and_tail(self, held, client):
        _, found, *_ = held
        told = page(client, notice_code.code(found))
        for word in ("真实有效", "于都县A小学", "2027年小学一年级招生", "李**", found["number"][-6:]):
            assert word in told, word
        assert "李小满" not in told
        assert found["number"] not in told

    def test_says_so_too_after_the_child_came(self, held, client):
        _, found, *_ = held
        clerk(client, A).post(f"{OFFICE}/offers/{found['_id']}/enrol")
        assert "真实有效" in page(client, notice_code.code(found))

    def test_says_revoked_once_the_place_was_given_up(self, held, client):
        phone, found, *_ = held
        code = notice_code.code(found)
        phone.post(f"{MINI}/offers/{found['_id']}/decline")
        told = page(client, code)
        assert "已失效" in told
        assert "真实有效" not in told

    def test_says_revoked_once_a_higher_choice_took_its_place(self, held, client):
        phone, found, _, (mine, other) = held
        gone = of(other)
        transactions.run(lambda session: offer.end(gone, "declined", by="x", at=gone["offered_at"], session=session))
        queues.drain("affairs")
        phone.post(f"{MINI}/offers/{of(mine, B)['_id']}/accept")
        assert states(mine) == {A: "released", B: "accepted"}
        assert "已失效" in page(client, notice_code.code(found))
        assert "真实有效" in page(client, notice_code.code(of(mine, B)))

    def test_knows_no_forged_no_foreign_and_no_damaged_code(self, held, client):
        _, found, *_ = held
        good = notice_code.code(found)
        raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
        keys = runtime.current().ticket_keys
        payload = raw[2:-64]
        other_key = compact.base45_decode(compact.sign(notice_code.KIND, 1, payload, keys.private[keys.current]))
        wrong = {
            "other kind": resigned(0x54, payload),
            "other offer": resigned(notice_code.KIND, ObjectId().binary + payload[12:]),
            "other number": resigned(notice_code.KIND, payload[:12] + b"xxxx"),
            "short payload": resigned(notice_code.KIND, payload[:10]),
            "other key": coded(other_key),
            "flipped": coded(raw[:20] + bytes([raw[20] ^ 1]) + raw[21:]),
            "cut": good[:-4],
            "longer": good + "A",
            "padded": good + "==",
            "nothing": "x",
            "words": "真",
            "long": "A" * 5000,
        }
        for name, code in wrong.items():
            assert "查无此通知书" in page(client, code), name
        assert "真实有效" in page(client, good)

    def test_every_changed_byte_makes_it_unknown(self, held):
        _, found, *_ = held
        good = notice_code.code(found)
        raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
        for place in range(len(raw)):
            changed = coded(raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :])
            assert notice_code.look(changed)["state"] == "unknown", place

    def test_is_kept_by_nobody(self, held, client):
        _, found, *_ = held
        answer = client.get(f"/n/{notice_code.code(found)}")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def resigned(kind: int, payload: bytes) -> str:
    keys = runtime.current().certificate_keys
    return coded(compact.base45_decode(compact.sign(kind, keys.current, payload, keys.private[keys.current])))
