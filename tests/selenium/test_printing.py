"""What growers print for themselves: sheets, rolls, their printer, single pictures, posters, the page of the gate."""

import io

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from models.selenium import uri
from tests.selenium.cert_kit import Desk, applied
from tests.selenium.code_kit import Packing, path
from tests.selenium.grower_kit import producing, town_clerk


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


def read(picture: bytes) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))]


def drawn(pdf: bytes, dpi: int = 300) -> Image.Image:
    return pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil()


def test_one_code_comes_as_a_picture_that_a_phone_reads(packing, client):
    labels = packing.rolled(3)
    answer = packing.firm.get(f"/selenium/rolls/{labels['_id']}/labels/2.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    (told,) = read(answer.data)
    assert told.endswith(path(labels, 2))
    drawing = packing.firm.get(f"/selenium/rolls/{labels['_id']}/labels/2.svg")
    assert (drawing.status_code, drawing.data.count(b"<path")) == (200, 1)


@pytest.mark.parametrize("number", ["0", "4", "x", "99999999"])
def test_a_label_that_the_roll_does_not_have_has_no_picture(packing, number):
    labels = packing.rolled(3)
    assert packing.firm.get(f"/selenium/rolls/{labels['_id']}/labels/{number}.png").status_code == 404


def test_labels_on_a_roll_are_pages_of_their_size(packing):
    body = {"item": str(packing.item), "count": 2, "sheet": "roll_60x40"}
    ordered = packing.firm.post("/selenium/rolls", body)
    assert ordered.status_code == 202, ordered.json
    packing.drain()
    pdf = packing.firm.get(f"/selenium/rolls/{ordered.json['id']}/sheets/1.pdf").data
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 2
    assert [round(side * 25.4 / 72) for side in document[0].get_size()] == [60, 40]
    assert len(zxingcpp.read_barcodes(drawn(pdf))) == 1


@pytest.mark.parametrize(
    ("sheet", "code"), [("a4_41", "layout_unknown"), ("roll_1x1", "label_size_outside"), ("roll_axb", "layout_unknown")]
)
def test_labels_of_no_size_are_refused_before_anything_is_counted(packing, sheet, code):
    answer = packing.firm.post("/selenium/rolls", {"item": str(packing.item), "count": 2, "sheet": sheet})
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert packing.firm.get("/selenium/rolls").json["items"] == []


def test_what_was_measured_moves_and_stretches_the_sheet(packing):
    boxes = []
    for printer in ({}, {"right_mm": 5.0, "down_mm": 3.0, "across_mm": 149.0, "along_mm": 199.0}):
        body = {"item": str(packing.item), "count": 1, "printer": printer}
        ordered = packing.firm.post("/selenium/rolls", body).json
        packing.drain()
        pdf = packing.firm.get(f"/selenium/rolls/{ordered['id']}/sheets/1.pdf").data
        (found,) = zxingcpp.read_barcodes(drawn(pdf))
        boxes.append((found.position.top_left.x * 25.4 / 300, found.position.top_left.y * 25.4 / 300))
    right, down = (after - before for before, after in zip(*boxes, strict=True))
    assert 4.5 < right < 6.5
    assert 2.5 < down < 4.5


def test_a_printer_that_no_printer_is_is_refused(packing):
    body = {"item": str(packing.item), "count": 1, "printer": {"across_mm": 120.0}}
    answer = packing.firm.post("/selenium/rolls", body)
    assert (answer.status_code, answer.json["code"]) == (422, "label_size_outside")


def test_the_page_to_be_measured_comes_for_every_sheet(packing):
    sheets = packing.firm.get("/selenium/label-sheets").json["items"]
    assert len(sheets) > 5
    for name in [*(one["name"] for one in sheets), "roll_50x30"]:
        answer = packing.firm.get(f"/selenium/label-sheets/{name}/ruler.pdf?across_mm=149.6")
        assert (answer.status_code, answer.data[:4]) == (200, b"%PDF")
    assert packing.firm.get("/selenium/label-sheets/nothing/ruler.pdf").status_code == 422


@pytest.mark.parametrize("size", ["A4", "A3", "A2"])
def test_the_poster_at_the_gate_leads_to_the_producers_page(packing, client, size):
    answer = packing.firm.get(f"/selenium/poster.png?size={size}")
    (told,) = read(answer.data)
    assert told == uri.party(packing.grower.producer_id)
    page = client.get(told.removeprefix(uri.base()))
    assert page.status_code == 200
    assert packing.grower.producer["shown_name"] in page.text
    assert "目前没有有效证书" in page.text
    assert "138" not in page.text


def test_the_page_of_a_producer_names_certificates_while_they_hold(packing, client):
    made = applied(packing.firm, [packing.lot])
    number = Desk(client).granted(made, "YD-GATE-1")
    address = f"/party/{packing.grower.producer_id}"
    assert number in client.get(address).text
    held = packing.clerk.post(f"/office/v1/lots/{packing.lot}/hold", {"reason": "suspected"})
    assert held.status_code == 200, held.json
    assert number not in client.get(address).text


@pytest.mark.parametrize("party", ["x", "unit-agriculture_rural", "0" * 24])
def test_a_party_that_is_no_producer_has_no_page(client, seeded, party):
    assert client.get(f"/party/{party}").status_code == 404
