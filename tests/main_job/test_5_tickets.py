"""Paragraph 5, Tickets: one signed code a visitor, as a QR picture, read without network, keys that rotate."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO

import base45
import bson
import pytest
import zxingcpp
from bson import ObjectId
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from backend import runtime
from backend.wechat.errors import WeChatBusy
from models.booking import ticket
from models.identity.actors import Assignment, Staff
from models.places import place_code
from tests.support import slots
from tests.support.gate import Gate
from tests.support.phone import Phone, person
from tests.support.verifier import place_tag, verify

KEYS = "/public/v1/ticket-keys"
NEW_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))


@pytest.fixture
def issued(phone):
    """A paid order of an adult and a child."""
    child = phone.companion("20220101")
    return phone.issued(slots.make(9), (phone.me, "adult"), (child, "child_6"))


@pytest.fixture
def rotate(parts):
    """Put other signing keys into this process, as a restart with other settings does."""
    yield lambda keys: runtime.install(replace(parts, ticket_keys=runtime.TicketKeys(keys)))
    runtime.install(parts)


def published(client):
    answer = client.get(KEYS)
    assert answer.status_code == 200
    return answer.json["items"]


def picture(phone, ticket_id, kind):
    return phone.get(f"/mini/v1/tickets/{ticket_id}/code.{kind}")


def test_each_visitor_gets_a_ticket_of_their_own(issued):
    assert [one["ticket_class"] for one in issued["tickets"]] == ["adult", "child_6"]
    assert [one["number"] for one in issued["tickets"]] == [0, 1]
    assert len({one["code"] for one in issued["tickets"]}) == 2
    assert {one["state"] for one in issued["tickets"]} == {"valid"}


def test_a_held_order_has_no_tickets_yet(phone):
    held = phone.book(slots.make(9)).json
    assert phone.order(held["id"])["tickets"] == []
    assert picture(phone, f"{held['id']}-0", "png").status_code == 404


def test_the_code_is_the_same_at_every_call(phone, issued):
    assert phone.order(issued["id"])["tickets"] == issued["tickets"]


def test_the_first_byte_says_ticket_and_the_second_names_the_key(issued):
    assert {base45.b45decode(one["code"])[:2] for one in issued["tickets"]} == {b"T\x01"}


def test_the_png_is_a_qr_code_of_version_7_at_most_that_holds_the_code(phone, issued):
    for one in issued["tickets"]:
        answer = picture(phone, one["id"], "png")
        assert (answer.status_code, answer.mimetype) == (200, "image/png")
        image = Image.open(BytesIO(answer.data))
        found = zxingcpp.read_barcode(image)
        assert (found.text, found.format.name) == (one["code"], "QRCode")
        assert 21 <= image.width // 10 - 8 <= 17 + 4 * 7


def test_the_svg_has_as_many_modules_as_the_png_and_nothing_to_fetch(phone, issued):
    answer = picture(phone, issued["tickets"][0]["id"], "svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    root = ET.fromstring(answer.data)
    png = Image.open(BytesIO(picture(phone, issued["tickets"][0]["id"], "png").data))
    assert int(root.attrib["viewBox"].split()[2]) == png.width // 10
    assert [one.tag.rpartition("}")[2] for one in root] == ["rect", "path"]
    assert b"href" not in answer.data


@pytest.mark.parametrize("name", ["0", "no-such-ticket", "6921b0c58f1d2a3b4c5d6e7f-0", "$ne"])
def test_a_ticket_that_does_not_exist_has_no_picture(phone, name):
    assert picture(phone, name, "png").status_code == 404


def test_another_kind_of_picture_is_not_found(phone, issued):
    assert picture(phone, issued["tickets"][0]["id"], "gif").status_code == 404


def test_a_ticket_is_shown_to_its_owner_only(phone, issued, client, sandbox):
    other = Phone(client, sandbox).ready()
    assert picture(other, issued["tickets"][0]["id"], "png").status_code == 404
    answer = client.get(f"/mini/v1/tickets/{issued['tickets'][0]['id']}/code.png")
    assert answer.status_code == 401


def test_a_cancelled_ticket_has_no_code_and_no_picture(phone, issued):
    shown = phone.cancel(issued["id"]).json["tickets"]
    assert [(one["state"], one["code"]) for one in shown] == [("void", "")] * 2
    assert picture(phone, shown[0]["id"], "png").status_code == 404


def test_a_ticket_is_verified_offline_with_nothing_but_the_published_key(client, issued):
    read = [verify(one["code"], published(client)) for one in issued["tickets"]]
    assert [one.ticket for one in read] == [one["id"] for one in issued["tickets"]]
    assert {(one.place_tag, one.day, one.start, one.end) for one in read} == {
        (place_tag("pingshan"), issued["day"], 18 * 60, 20 * 60)
    }
    assert [(one.age_band, one.inspect) for one in read] == [("adult", False), ("child", True)]


def test_the_public_keys_are_published_and_no_private_one(client, seeded):
    (key,) = published(client)
    assert (key["key_id"], key["kind"], key["algorithm"]) == (1, ord("T"), "Ed25519")
    assert set(key) == {"key_id", "kind", "algorithm", "public_key"}
    assert runtime.current().ticket_keys.private[1].private_bytes_raw() not in client.get(KEYS).data


@pytest.mark.parametrize("place", [0, 1, 2, 20, 30, -1])
def test_a_code_with_one_changed_bit_is_refused_offline(client, issued, place):
    code = bytearray(base45.b45decode(issued["tickets"][0]["code"]))
    code[place] ^= 1
    with pytest.raises((InvalidSignature, StopIteration)):
        verify(base45.b45encode(bytes(code)).decode(), published(client))


def test_a_ticket_holds_no_personal_data(phone):
    body = person("司马相如")
    guest = phone.post("/mini/v1/companions", body).json["id"]
    code = base45.b45decode(phone.issued(slots.make(9), (guest, "adult"))["tickets"][0]["code"])
    stored = bson.encode(ticket.Ticket._get_collection().find_one())
    for secret in (body["document_number"], body["document_number"][6:14], body["name"]):
        assert secret.encode() not in code + stored
    assert len(code) < 100


# Rotation


def test_after_a_rotation_new_tickets_carry_the_new_key_and_old_ones_stay_good(phone, rotate, client):
    old = phone.issued(slots.make(9))["tickets"][0]["code"]
    rotate({**runtime.current().ticket_keys.private, 2: NEW_KEY})
    new = phone.issued(slots.make(9, days=3))["tickets"][0]["code"]
    assert [one["key_id"] for one in published(client)] == [1, 2]
    assert [verify(code, published(client)).key_id for code in (old, new)] == [1, 2]


def test_an_old_tickets_code_does_not_change_by_a_rotation(phone, rotate, issued):
    rotate({**runtime.current().ticket_keys.private, 2: NEW_KEY})
    assert [one["code"] for one in phone.order(issued["id"])["tickets"]] == [one["code"] for one in issued["tickets"]]


def test_a_code_signed_with_a_retired_key_is_not_ours_any_more(phone, rotate, issued, client):
    rotate({2: NEW_KEY})
    gate = Gate(client, "pingshan")
    assert gate.scan(issued["tickets"][0]["code"]).json["result"] == "not_ours"
    with pytest.raises(StopIteration):
        verify(issued["tickets"][0]["code"], published(client))


def test_an_order_whose_key_is_retired_is_still_shown_without_its_codes(phone, rotate, issued):
    rotate({2: NEW_KEY})
    shown = phone.order(issued["id"])
    assert [(one["state"], one["code"]) for one in shown["tickets"]] == [("valid", "")] * 2
    assert picture(phone, issued["tickets"][0]["id"], "png").status_code == 404


# The mini-program code of a place


def officer():
    return Staff(ObjectId(), "test", "session", (Assignment("tourism_office", "culture_tourism_bureau"),))


def test_a_place_has_a_mini_program_code_that_names_it(seeded):
    made = {place: place_code.picture(officer(), place) for place in ("museum", "park")}
    for place, code in made.items():
        assert Image.open(BytesIO(code)).format == "PNG"
        assert f"pages/place/index?scene=p={place}".encode() in code
    assert len(set(made.values())) == 2


def test_wechat_is_asked_for_a_places_code_once(seeded, sandbox, request):
    first = place_code.picture(officer(), "museum")
    request.addfinalizer(sandbox.clear)
    sandbox.fault("busy", path="/wxa/getwxacodeunlimit")
    assert place_code.picture(officer(), "museum") == first
    with pytest.raises(WeChatBusy):
        place_code.picture(officer(), "park")
