"""Single pictures for package designers, and posters."""

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from backend.codes.qr import QrTooLarge
from backend.labels import poster, single
from backend.labels.label import PayloadNotPlain, SizeOutside
from tests.support import printed

PAYLOAD = "https://t.example.org/01/06901234567892/21/K7000001TAG99XYZ"


@pytest.mark.parametrize(("module_mm", "dpi"), [(0.4, 300), (0.5, 300), (0.5, 200), (1, 600), (0.396, 150)])
def test_a_png_is_read_and_has_whole_pixels_and_the_size_it_states(module_mm, dpi):
    found = single.png(PAYLOAD, module_mm=module_mm, dpi=dpi)
    image = Image.open(BytesIO(found.content))
    (code,) = printed.codes(image)
    assert code.text == PAYLOAD
    assert image.mode == "1"
    assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.1)
    pixels = found.module_mm * dpi / 25.4
    assert pixels == pytest.approx(round(pixels))
    assert image.width == round(pixels) * (found.modules + 8)
    assert found.side_mm == pytest.approx(image.width * 25.4 / dpi)
    assert found.module_mm >= 0.396
    assert found.module_mm == pytest.approx(module_mm, abs=25.4 / dpi)


def test_an_svg_is_sized_in_millimetres():
    found = single.svg(PAYLOAD, module_mm=0.45)
    root = ET.fromstring(found.content)
    assert root.attrib["width"] == root.attrib["height"] == f"{found.side_mm:g}mm"
    assert found.side_mm == pytest.approx(0.45 * (found.modules + 8))
    assert root.attrib["viewBox"] == f"0 0 {found.modules + 8} {found.modules + 8}"


@pytest.mark.parametrize("draw", [single.png, single.svg])
@pytest.mark.parametrize("module_mm", [0.3, 11, float("nan")])
def test_a_module_that_no_phone_or_paper_suits_is_refused(draw, module_mm):
    with pytest.raises(SizeOutside):
        draw(PAYLOAD, module_mm=module_mm)


def test_a_text_too_long_and_a_resolution_too_low_are_refused():
    with pytest.raises(QrTooLarge):
        single.png("x" * 400)
    with pytest.raises(SizeOutside):
        single.png(PAYLOAD, dpi=72)


@pytest.mark.parametrize(("size", "dpi"), [("A4", 300), ("A3", 150), ("A2", 100)])
def test_a_poster_is_read_has_its_paper_and_states_its_code(size, dpi):
    made = poster.png(PAYLOAD, "某某合作社", ["扫码看产地", "监督电话 12345"], foot="二〇二六年", size=size, dpi=dpi)
    image = Image.open(BytesIO(made.content))
    (code,) = printed.codes(image)
    assert code.text == PAYLOAD
    assert code.ec_level == "Q"
    assert (image.width, image.height) == tuple(round(side * dpi / 25.4) for side in poster.SIZES[size])
    modules = round(made.code_mm / made.module_mm) - 8
    assert printed.side(code, dpi) == pytest.approx(made.module_mm * modules, abs=1)
    assert made.code_mm > image.width * 25.4 / dpi * 0.5


def ink(image, top, bottom):
    """Return the ink between two heights: its box, in shares of the picture."""
    strip = image.convert("L").crop((0, round(image.height * top), image.width, round(image.height * bottom)))
    return strip.point(lambda value: 255 * (value < 128)).getbbox()


def test_a_title_too_long_is_cut_inside_the_margins():
    image = Image.open(BytesIO(poster.png(PAYLOAD, "合作社" * 40, dpi=72).content))
    left, _, right, _ = ink(image, 0, 0.12)
    assert left >= image.width * 0.06
    assert right <= image.width * 0.94


def test_with_the_most_lines_nothing_lies_over_the_foot():
    made = poster.png(PAYLOAD, "题", [f"第{n}行说明文字" for n in range(6)], foot="", size="A4", dpi=100)
    image = Image.open(BytesIO(made.content))
    assert printed.codes(image)[0].text == PAYLOAD
    assert ink(image, 0.955, 1) is None


@pytest.mark.parametrize("wrong", [{"size": "A0"}, {"lines": ["行"] * 7}, {"dpi": 30}, {"size": "A2", "dpi": 300}])
def test_a_poster_that_cannot_be_is_refused(wrong):
    with pytest.raises(SizeOutside):
        poster.png(PAYLOAD, "题", **wrong)


def test_a_poster_of_a_payload_that_is_not_plain_is_refused():
    with pytest.raises(PayloadNotPlain):
        poster.png("脐橙", "题")
