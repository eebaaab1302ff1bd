"""Certificates: signed, checked by anybody, suspended with a reason and lifted."""

from base64 import b64decode, urlsafe_b64decode
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image
from pypdf import PdfReader

from backend import clock
from models.selenium import certificate, certification_views
from models.selenium.certificate import Certificate
from tests.selenium import cert_kit
from tests.selenium.cert_kit import PUBLIC, Desk, applied
from tests.selenium.grower_kit import producing, town_clerk
from tests.support.crowd import at_once


@pytest.fixture
def desk(client, seeded):
    return Desk(client)


@pytest.fixture
def number(client, sandbox, desk):
    own = producing(client, sandbox)
    made = applied(own, [cert_kit.grown(own, town_clerk(client))])
    return desk.granted(made, f"YD-{made['id'][-10:].upper()}")


def key(client, key_id: int) -> Ed25519PublicKey:
    items = {one["key_id"]: one for one in client.get(f"{PUBLIC}/certificate-keys").json["items"]}
    return Ed25519PublicKey.from_public_bytes(b64decode(items[key_id]["public_key"]))


def shown(client, number: str) -> dict:
    return client.get(f"{PUBLIC}/certificates/{number}").json


def test_the_signature_covers_the_statement_byte_for_byte(client, number):
    told = shown(client, number)
    public, signature = key(client, told["key_id"]), b64decode(told["signature"])
    public.verify(signature, told["statement"].encode())
    with pytest.raises(InvalidSignature):
        public.verify(signature, told["statement"].replace("0.012", "0.021").encode())


def test_the_code_on_paper_leads_to_the_page_and_is_verified_offline(client, number):
    found = certificate.read(number)
    page, _, signed = certification_views.qr_text(found).partition("#")
    statement, signature = (urlsafe_b64decode(one + "=" * (-len(one) % 4)) for one in signed.split("."))
    key(client, found["key_id"]).verify(signature, statement)
    picture = client.get(f"{PUBLIC}/certificates/{number}/qr")
    assert zxingcpp.read_barcode(Image.open(BytesIO(picture.data))).text == page
    assert client.get(page[page.index("/public") :]).status_code == 200


def test_the_paper_says_number_and_holder(client, number):
    answer = client.get(f"{PUBLIC}/certificates/{number}/file")
    assert answer.data.startswith(b"%PDF")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    assert number in text
    assert "于都县测试种植专业合作社" in text


def test_a_suspension_shows_at_once_with_its_reason_and_is_lifted(client, number, desk):
    path = f"/office/v1/certificates/{number}"
    first = desk.manager.post(f"{path}/suspend", {"reason": "inspection"})
    assert (first.status_code, first.json["state"]) == (200, "suspended")
    assert desk.manager.post(f"{path}/suspend", {"reason": "inspection"}).json == first.json
    page = client.get(f"{PUBLIC}/certificates/{number}/page").text
    assert "已暂停" in page
    assert "监督检查,核实中" in page
    assert certificate.of_lot(shown(client, number)["lots"][0]) == []
    assert desk.manager.post(f"{path}/lift").json["state"] == "valid"
    assert "reason" not in shown(client, number)
    assert desk.clerk.post(f"{path}/suspend", {"reason": "inspection"}).status_code == 403
    assert desk.manager.post(f"{path}/suspend", {"reason": "mood"}).status_code == 400


def test_what_is_revoked_stays_so(client, number, desk):
    path = f"/office/v1/certificates/{number}"
    assert desk.manager.post(f"{path}/revoke", {"reason": "failed_test"}).json["state"] == "revoked"
    assert desk.manager.post(f"{path}/revoke", {"reason": "failed_test"}).status_code == 200
    for verb, body in (("lift", {}), ("suspend", {"reason": "inspection"})):
        assert desk.manager.post(f"{path}/{verb}", body).json["code"] == "certificate_state"
    assert "已撤销" in client.get(f"{PUBLIC}/certificates/{number}/page").text


def test_a_certificate_expires_after_its_last_day(client, number, desk):
    for days, state in ((0, "valid"), (1, "expired")):
        last = (clock.today() - timedelta(days=days)).isoformat()
        Certificate._get_collection().update_one({"_id": number}, {"$set": {"valid_to": last}})
        assert shown(client, number)["state"] == state
    answer = desk.manager.post(f"/office/v1/certificates/{number}/suspend", {"reason": "inspection"})
    assert answer.json["code"] == "certificate_state"


def test_suspending_and_revoking_at_once_ends_revoked_with_a_true_history(number, desk):
    path = f"/office/v1/certificates/{number}"
    verbs = [("suspend", {"reason": "inspection"}), ("revoke", {"reason": "failed_test"}), ("lift", {})] * 2
    codes = at_once([lambda v=verb, b=body: desk.manager.post(f"{path}/{v}", b).status_code for verb, body in verbs])
    assert set(codes) <= {200, 409}
    found = certificate.read(number)
    assert (found["state"], found["history"][-1]["what"]) == ("revoked", "revoke")
    assert [one["what"] for one in found["history"]].count("revoke") == 1


@pytest.mark.parametrize("what", ["", "/page", "/file", "/qr"])
def test_a_number_that_nobody_gave_out_is_not_found(client, seeded, what):
    assert client.get(f"{PUBLIC}/certificates/FX20261120AAAAAAAA{what}").status_code == 404
