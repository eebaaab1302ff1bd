"""Files that are small to send and dear to read, or that hide what they hold: each is refused, and soon."""

import io
import time
import zipfile
import zlib

import openpyxl
import pytest

from backend.sheets import importing, reading
from backend.sheets.columns import Column, Sheet
from backend.sheets.importing import Headers
from backend.sheets.values import CellWrong
from backend.uploads import check
from backend.uploads.errors import PdfActive, WorkbookUnsafe
from models.places import place_sheets
from tests.support import files

SHEET = Sheet("stock", "库存", (Column("code", "编码", "code", required=True), Column("name", "名称")))
ACTIVE = b"<< /Type /Action /S /JavaScript /JS (app.alert(1)) >>"


def seconds(call) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


@pytest.mark.parametrize("header", ["(" * 120_000, "[" * 120_000, "名称" + "【" * 120_000])
def test_a_header_of_open_brackets_costs_no_time(header):
    rows = reading.rows(f"编码,{header}\nA1,x\n".encode(), "csv")
    assert seconds(lambda: importing.mapped(SHEET, rows[0], {})) < 1


def test_a_format_of_a_million_zeros_does_not_blow_up_numbers():
    book = openpyxl.Workbook()
    book.active.append(["编码", "名称"])
    book.active.append([7, 8])
    book.active["A2"].number_format = "0000"
    out = io.BytesIO()
    book.save(out)
    parts = files.entries(out.getvalue())
    parts["xl/styles.xml"] = parts["xl/styles.xml"].replace(b'"0000"', b'"' + b"0" * 1_000_000 + b'"')
    sheet = files.zipped(parts)
    assert len(sheet) < 20_000
    rows = reading.rows(check.check(sheet, media_type=files.XLSX, name="x.xlsx", allowed=check.SHEETS).content, "xlsx")
    assert len(str(rows[1][1][0])) < 100


def test_a_sheet_of_ten_thousand_wrong_rows_is_sorted_out_in_time():
    result = importing.Result(rows=[(number, {"code": str(number)}) for number in range(10_000)])
    wrong = {number: [importing.RowError(number, "", "", "没有这个单位。")] for number in range(10_000)}
    assert seconds(lambda: [result.refuse(errors) for errors in wrong.values()]) < 0.5
    assert (result.wrong, len(result.errors)) == (10_000, importing.MOST_TOLD)


def test_a_row_that_is_wrong_by_itself_is_not_among_the_right_ones():
    rows = [(2, {0: "A1"}), (3, {0: None}), (4, {0: "A1"})]
    unique = Sheet("stock", "库存", SHEET.columns, unique=("code",))
    result = importing.checked(unique, rows, Headers({0: "code"}, ()))
    assert ([row for row, _ in result.rows], result.wrong) == ([2], 2)


@pytest.mark.parametrize(
    "text", ["09：00－12：00、14：30－17：30", "09:00-12:00，14:30-17:30", "09:00～12:00；14:30～17:30"]
)
def test_hours_are_read_in_the_full_width_signs_that_offices_type(text):
    told = [{"open": "09:00", "close": "12:00"}, {"open": "14:30", "close": "17:30"}]
    assert place_sheets.week_day_spans(text) == told


@pytest.mark.parametrize("text", ["09:75-12:00", "09:00-11:60"])
def test_a_minute_beyond_the_hour_is_no_time(text):
    with pytest.raises(CellWrong):
        place_sheets.week_day_spans(text)


def hidden(head: bytes, inside: bytes = ACTIVE) -> bytes:
    """Return a PDF with an object stream whose dictionary is spelled to be overlooked."""
    packed = zlib.compress(inside)
    return files.pdf(b"7 0 obj\n" + head + b"stream\n" + packed + b"\nendstream\nendobj\n")


@pytest.mark.parametrize(
    "head",
    [
        b"<< /Type %a remark\n/ObjStm /Filter /FlateDecode >>\n",
        b"<< /Type\x00/ObjStm /Filter /FlateDecode >>\n",
        b"<< /Type /ObjStm /Said (stream ) /Filter /FlateDecode >>\n",
        b"<< /Type /ObjStm %stream \n/Filter /FlateDecode >>\n",
        b"<< /Type %stream \n/ObjStm /Filter /FlateDecode >>\n",
    ],
)
def test_no_spelling_hides_an_object_stream(head):
    with pytest.raises(PdfActive):
        check.check(hidden(head), media_type="application/pdf", name="a.pdf", allowed=check.DOCUMENTS)


def test_a_form_is_found_behind_a_remark():
    with pytest.raises(PdfActive):
        check.check(
            files.pdf(b"<< /AcroForm << /XFA %a remark\n[(a) 1 0 R] >> >>"),
            media_type="application/pdf",
            name="a.pdf",
            allowed=check.DOCUMENTS,
        )


def test_a_plain_object_stream_still_passes():
    quiet = files.pdf(files.object_stream(b"1 0 << /Type /Page >>"))
    assert check.check(quiet, media_type="application/pdf", name="a.pdf", allowed=check.DOCUMENTS).content == quiet


STRINGS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</sst>'
TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
DECLARED = b'<Override PartName="/xl/%s" ContentType="' + TYPE + b'"/></Types>'


def crowded(place: str, count: int) -> bytes:
    """Return a workbook of one row with so many shared strings, or cell styles."""
    parts = files.entries(files.sheet(["编码", "名称"], ["A1", "x"]))
    if place == "styles.xml":
        styles = parts["xl/styles.xml"]
        start = styles.index(b">", styles.index(b"<cellXfs")) + 1
        many = b"".join(b'<xf numFmtId="%d"/>' % (one % 300) for one in range(count))
        parts["xl/styles.xml"] = styles[:start] + many + styles[start:]
    else:
        parts[f"xl/{place}"] = STRINGS % b"".join(b"<si><t>%d</t></si>" % (one % 1000) for one in range(count))
        types = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = types.replace(b"</Types>", DECLARED % place.encode())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def taken(content: bytes) -> str:
    """Return how a workbook fares, or its second row."""
    checked = check.check(content, media_type=files.XLSX, name="x.xlsx", allowed=check.SHEETS)
    return str(reading.rows(checked.content, "xlsx")[1])


@pytest.mark.parametrize("place", ["sharedStrings.xml", "worksheets/strings.xml", "styles.xml"])
def test_a_crowd_of_strings_or_styles_does_not_hold_up_the_reader(place):
    crowd = crowded(place, 1_500_000)
    assert len(crowd) < 2 << 20
    started = time.process_time()
    with pytest.raises(WorkbookUnsafe):
        taken(crowd)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("place", ["sharedStrings.xml", "styles.xml"])
def test_as_many_strings_or_styles_as_offices_have_are_read(place):
    assert "A1" in taken(crowded(place, 60_000))
