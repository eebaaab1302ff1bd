from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.codes.compact import sign
from backend.codes.qr import QrTooLarge, png, svg

MARGIN, PIXELS = 4, 10
TICKET = sign(1, 1, bytes(range(30)), Ed25519PrivateKey.from_private_bytes(bytes(32)))


def read(picture):
    return zxingcpp.read_barcode(Image.open(BytesIO(picture)))


def version(modules):
    return (modules - 17) // 4


def test_a_ticket_of_144_characters_is_read_back_from_a_version_of_seven_at_most():
    picture = png(TICKET)
    found = read(picture)
    assert len(TICKET) == 144
    assert found.text == TICKET
    assert found.ec_level == "M"
    assert version(Image.open(BytesIO(picture)).width // PIXELS - 2 * MARGIN) <= 7


def test_the_same_length_outside_the_alphanumeric_characters_needs_a_larger_picture():
    width = Image.open(BytesIO(png(TICKET.lower()))).width
    assert width > Image.open(BytesIO(png(TICKET))).width


@settings(max_examples=15, deadline=None)
@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:", min_size=1, max_size=120))
def test_alphanumeric_texts_are_read_back(text):
    assert read(png(text)).text == text


def test_chinese_text_is_read_back():
    assert read(png("请走东门")).text == "请走东门"


def test_the_svg_has_the_modules_of_the_png_on_a_white_ground():
    root = ET.fromstring(svg(TICKET))
    side = int(root.attrib["viewBox"].split()[2])
    assert side == Image.open(BytesIO(png(TICKET))).width // PIXELS
    tags = [child.tag.rpartition("}")[2] for child in root]
    assert tags == ["rect", "path"]
    assert root[0].attrib["fill"] == "white"


@pytest.mark.parametrize("draw", [png, svg])
def test_a_text_above_the_limit_is_refused_and_one_at_the_limit_is_drawn(draw):
    assert draw(TICKET, max_version=6)
    with pytest.raises(QrTooLarge) as caught:
        draw(TICKET, max_version=5)
    assert caught.value.status == 422


def test_a_text_above_every_version_is_refused_with_the_same_error():
    with pytest.raises(QrTooLarge):
        png("x" * 5000, max_version=40)
