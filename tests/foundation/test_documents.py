"""Certificates and reports as PDF."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
import qrcode
from PIL import Image
from pypdf import PdfReader

from backend.documents import bitmap
from backend.documents.document import Document
from backend.documents.table import Column
from tests.support import printed

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
COLUMNS = [Column("批次", 2), Column("去向", 4), Column("数量(千克)", 1.5, "right")]


def made(write, **settings):
    out = BytesIO()
    with Document(out, title="召回报告", created=AT, **settings) as document:
        write(document)
    return out.getvalue()


def rows(number):
    return [[f"L-{one:04d}", "批发市场" * (1 + one % 9), str(one * 25)] for one in range(number)]


def test_chinese_text_is_copied_out_as_it_was_written_with_title_and_date():
    content = made(lambda page: (page.heading("检测证书", align="center"), page.paragraph("样品:脐橙,硒 0.02 mg/kg。")))
    assert "检测证书" in printed.text(content)
    assert "样品:脐橙,硒 0.02 mg/kg。" in printed.text(content)
    reader = PdfReader(BytesIO(content))
    assert reader.metadata.title == "召回报告"
    assert reader.metadata.creation_date == AT
    assert "样品:脐橙" in reader.pages[0].extract_text()


def test_every_font_of_the_file_is_embedded_and_only_as_far_as_it_is_used():
    fonts = printed.embedded_fonts(made(lambda page: page.paragraph("脐橙" * 100)))
    assert len(fonts) == 1
    for name, file in fonts.items():
        assert name[7] == "+"
        assert 500 < len(file) < 20_000


def test_the_same_document_is_the_same_bytes_and_another_date_is_not():
    def write(page):
        page.heading("一")
        page.table(COLUMNS, rows(60))

    assert made(write) == made(write)
    out = BytesIO()
    with Document(out, title="召回报告", created=AT.replace(day=21)) as page:
        write(page)
    assert out.getvalue() != made(write)


def test_a_date_as_the_store_gives_it_back_makes_the_same_bytes():
    files = []
    for created in (AT, AT.replace(tzinfo=None)):
        out = BytesIO()
        with Document(out, title="x", created=created) as page:
            page.paragraph("x")
        files.append(out.getvalue())
    assert files[0] == files[1]


def test_the_head_of_a_table_stands_on_every_page_and_no_row_is_lost():
    content = made(lambda page: page.table(COLUMNS, rows(200)))
    pages = len(PdfReader(BytesIO(content)).pages)
    assert pages > 4
    for number in range(pages):
        assert printed.text(content, number).count("数量(千克)") == 1
        assert f"第 {number + 1} 页,共 {pages} 页" in printed.text(content, number)
    told = printed.text(content)
    assert [one for one in range(200) if told.count(f"L-{one:04d}") != 1] == []


def test_a_row_taller_than_a_page_goes_on_over_the_next_pages():
    content = made(
        lambda page: page.table(COLUMNS, [["一", "二", "三"], ["长", "说明文字" * 900, "1"], ["尾", "末", "2"]])
    )
    told = printed.text(content)
    assert len(PdfReader(BytesIO(content)).pages) > 2
    assert "".join(told.split()).count("说明") >= 890
    assert "尾" in told


def test_a_row_that_fits_a_page_is_not_divided():
    tall = "行\n" * 20 + "末行"

    def write(page):
        page.space(200)
        page.table(COLUMNS, [["前", "短", "1"], ["后", tall, "2"]])

    content = made(write)
    assert "前" in printed.text(content, 0)
    assert "后" not in printed.text(content, 0)
    assert printed.text(content, 1).count("行\n") >= 20


def test_a_row_of_other_columns_is_refused():
    with pytest.raises(ValueError):
        made(lambda page: page.table(COLUMNS, [["一", "二"]]))


def test_a_heading_stays_with_what_follows():
    def write(page):
        page.space(page.room - 12)
        page.heading("附录", 2)
        page.paragraph("正文")

    content = made(write)
    assert "附录" not in printed.text(content, 0)
    assert "附录" in printed.text(content, 1)


def test_nothing_is_written_outside_the_margins_and_page_numbers_stand_in_the_foot():
    content = made(lambda page: page.paragraph("农产品质量安全 trace-ability。" * 300))
    assert len(PdfReader(BytesIO(content)).pages) == 3
    picture = printed.pictures(content, 100)[0].convert("L")
    box = picture.point(lambda value: 255 if value < 128 else 0).crop((0, 0, picture.width, 1090)).getbbox()
    left, right = box[0] * 25.4 / 100, box[2] * 25.4 / 100
    assert 19.5 < left < 21.5
    assert 185 < right < 190.5


def test_a_code_has_the_side_that_was_asked_for():
    matrix = matrix_of("https://t.example.org/c/1")

    def write(page):
        page.code(bitmap.of_matrix(matrix), 41, caption="扫码核验")

    content = made(write)
    (found,) = printed.codes(printed.pictures(content)[0])
    assert found.text == "https://t.example.org/c/1"
    modules = len(matrix)
    assert printed.side(found) == pytest.approx(41 * modules / (modules + 8), abs=0.3)
    quiet = 41 * 4 / (modules + 8)
    assert printed.corner(found) == pytest.approx((20 + quiet, 20 + quiet), abs=0.3)
    assert "扫码核验" in printed.text(content)


def matrix_of(text):
    code = qrcode.QRCode(border=0)
    code.add_data(text)
    return code.get_matrix()


def test_a_matrix_that_is_not_square_is_refused():
    with pytest.raises(ValueError):
        bitmap.of_matrix([[True, False], [True]])


def test_a_picture_is_placed_in_its_proportions_and_transparency_is_white():
    image = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 200, 200))
    file = BytesIO()
    image.save(file, "PNG")
    page = printed.pictures(made(lambda page: page.picture(file.getvalue(), 80, align="left")), 100)[0].convert("RGB")

    def seen(x, y):
        return page.getpixel((round(x / 25.4 * 100), round(y / 25.4 * 100)))

    assert seen(21, 21) == seen(59, 59) == (255, 0, 0)
    assert seen(61, 30) == seen(21, 61) == (255, 255, 255)


def test_a_picture_larger_than_a_page_is_refused():
    file = BytesIO()
    Image.new("L", (10, 100)).save(file, "PNG")
    with pytest.raises(ValueError):
        made(lambda page: page.picture(file.getvalue(), 100))


def test_landscape_turns_the_page_and_the_running_head_stands_on_each():
    content = made(lambda page: page.table(COLUMNS, rows(60)), landscape=True, running="报告 R-1")
    reader = PdfReader(BytesIO(content))
    assert reader.pages[0].mediabox.width > reader.pages[0].mediabox.height
    assert all("报告 R-1" in printed.text(content, number) for number in range(len(reader.pages)))


def test_text_from_outside_cannot_break_out_of_the_file():
    hostile = ") Tj ET /Launch <</S/JavaScript>> endstream endobj %%EOF \x00"
    content = made(lambda page: page.paragraph(hostile), running=hostile)
    assert b"/Launch" not in content
    assert len(PdfReader(BytesIO(content), strict=True).pages) == 1
    assert "endstream endobj" in printed.text(content)


def test_a_document_that_fails_has_no_end():
    out = BytesIO()
    with pytest.raises(RuntimeError), Document(out, title="x", created=AT):
        raise RuntimeError
    assert b"%%EOF" not in out.getvalue()
