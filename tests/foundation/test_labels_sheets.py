"""Sheets and rolls, rendered at print resolution and read by a decoder."""

import os
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from backend.codes.qr import QrTooLarge
from backend.labels import drawing, sheets, symbol
from backend.labels.label import CodeTooDense, Label, PayloadNotPlain, SerialTooLong, SizeOutside, StartOutside
from backend.labels.layout import SHEETS, roll, sheet
from backend.labels.printer import RULER_ACROSS, RULER_DOWN, Printer
from backend.labels.sheets import Plan
from tests.support import printed
from tests.support.patience import until

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
LINES = ("脐橙 一级果", "净含量 5 千克", "产地:某镇某村合作社")


def label(number):
    return Label(f"https://t.example.org/01/06901234567892/21/K7{number:06d}TAG99XYZ", LINES, f"K7-{number:06d}")


def labels(numbers):
    return [label(number) for number in numbers]


def plan(name="a4_40", **settings):
    layout = settings.pop("layout", None) or sheet(name)
    return Plan(layout, "标签", AT, **settings)


def written(chosen, number, part=0):
    out = BytesIO()
    span = chosen.span(part, number)
    return sheets.write(chosen, part, number, labels(span), out), out.getvalue()


def corners(content, dpi=300):
    """Return where each code begins on the first page, in millimetres, by what it says."""
    return {code.text: printed.corner(code, dpi) for code in printed.codes(printed.pictures(content, dpi)[0])}


def expected(chosen, position):
    """Return where the code of a label ought to begin on an unmoved page."""
    x, y = chosen.layout.place(position)
    frame, across = drawing.frame(chosen.layout), symbol.encode(label(0).payload).across
    quiet = 4 * frame.code_side / across
    return x + frame.code_x + quiet, y + frame.code_y + quiet


def test_a_thousand_labels_are_read_as_a_thousand_payloads():
    part, content = written(plan(), 1000)
    found = printed.payloads(content, 200)
    assert len(found) == 1000
    assert set(found) == {one.payload for one in labels(range(1000))}
    assert (part.labels, part.pages, part.bytes) == (1000, 25, len(content))


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize("name", sorted(SHEETS))
def test_every_label_of_every_sheet_is_read(name, dpi):
    chosen = plan(name)
    _, content = written(chosen, chosen.layout.per_page)
    found = printed.payloads(content, dpi)
    assert sorted(found) == sorted(one.payload for one in labels(range(chosen.layout.per_page)))


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_codes_lie_where_the_sheet_has_its_labels(name):
    chosen = plan(name)
    places = corners(written(chosen, chosen.layout.per_page)[1])
    for position in (0, 1, chosen.layout.columns, chosen.layout.per_page - 1):
        assert places[label(position).payload] == pytest.approx(expected(chosen, position), abs=0.2)


@pytest.mark.parametrize(("width", "height"), [(40, 30), (60, 40), (50, 50), (40, 60), (100, 150)])
@pytest.mark.parametrize("dpi", [203, 300])
def test_a_roll_has_a_page_of_its_size_for_each_label(width, height, dpi):
    chosen = plan(layout=roll(width, height), printer=Printer(dpi=dpi))
    part, content = written(chosen, 12)
    pages = PdfReader(BytesIO(content)).pages
    assert len(pages) == part.pages == 12
    assert float(pages[0].mediabox.width) == pytest.approx(width / 25.4 * 72, abs=0.01)
    assert printed.payloads(content, dpi) == [one.payload for one in labels(range(12))]
    assert part.least_module_mm * dpi / 25.4 == pytest.approx(round(part.least_module_mm * dpi / 25.4), abs=1e-2)


def test_printing_starts_at_the_first_free_label_of_a_sheet():
    chosen = plan("a4_21", start=5)
    part, content = written(chosen, 20)
    places = corners(content)
    assert part.pages == 2
    assert len(places) == 17
    assert places[label(0).payload] == pytest.approx(expected(chosen, 4), abs=0.2)
    second = printed.codes(printed.pictures(content)[1])
    assert {code.text for code in second} == {one.payload for one in labels(range(17, 20))}
    first = next(code for code in second if code.text == label(17).payload)
    assert printed.corner(first) == pytest.approx(expected(chosen, 0), abs=0.2)


@pytest.mark.parametrize("start", [0, 22, -1])
def test_a_start_that_the_sheet_does_not_have_is_refused(start):
    with pytest.raises(StartOutside) as caught:
        plan("a4_21", start=start)
    assert "1 到 21" in caught.value.message()


def test_an_offset_moves_every_code_by_its_millimetres():
    plain, moved = plan(), plan(printer=Printer(right_mm=2.5, down_mm=-1.5))
    before, after = (corners(written(one, 40)[1]) for one in (plain, moved))
    assert set(before) == set(after)
    for payload, (x, y) in before.items():
        assert after[payload] == pytest.approx((x + 2.5, y - 1.5), abs=0.15)


def test_a_scale_makes_up_for_a_printer_that_shrinks_and_drift_grows_with_the_rows():
    plain, wide = plan(), plan(printer=Printer.measured(across_mm=149.4, along_mm=199.0))
    before, after = (corners(written(one, 40)[1]) for one in (plain, wide))
    assert set(before) == set(after)
    for payload, (x, y) in before.items():
        assert after[payload] == pytest.approx((x * 150 / 149.4, y * 200 / 199.0), abs=0.2)
    last = label(39).payload
    assert after[last][1] - before[last][1] > 1


@pytest.mark.parametrize(
    "wrong",
    [{"right_mm": 21}, {"down_mm": -20.5}, {"across": 0.8}, {"along": 1.2}, {"dpi": -1}, {"across": float("nan")}],
)
def test_a_printer_out_of_all_measure_is_refused(wrong):
    with pytest.raises(SizeOutside):
        Printer(**wrong)


def test_a_ruler_that_was_measured_as_nothing_is_refused():
    with pytest.raises(SizeOutside):
        Printer.measured(across_mm=0, along_mm=200)


def test_the_ruler_page_has_lines_of_the_length_it_states():
    out = BytesIO()
    sheets.ruler(Plan(sheet("a4_8"), "x", AT), out)
    assert "横线应为 150 毫米" in printed.text(out.getvalue())
    page = printed.pictures(out.getvalue(), 300)[0].convert("L")

    def mm(value):
        return round(value / 25.4 * 300)

    left, top = (210 - RULER_ACROSS) / 2, (297 - RULER_DOWN) / 2
    across = page.crop((0, mm(top) - 2, page.width, mm(top) + 3)).point(lambda value: 255 * (value < 100)).getbbox()
    dark = [x for x in range(mm(left) - 20, mm(left + RULER_ACROSS) + 20) if page.getpixel((x, mm(top))) < 100]
    assert across
    assert (dark[-1] - dark[0]) / 300 * 25.4 == pytest.approx(RULER_ACROSS, abs=0.2)


def test_text_and_serial_stand_beside_the_code_and_can_be_copied():
    told = printed.text(written(plan(), 2)[1])
    for line in (*LINES, "K7-000000", "K7-000001"):
        assert line in told


def test_fonts_are_embedded():
    fonts = printed.embedded_fonts(written(plan(), 40)[1])
    assert len(fonts) == 1
    assert None not in fonts.values()


def test_labels_without_any_text_need_no_font():
    out = BytesIO()
    sheets.write(plan(), 0, 1, [Label("https://t.example.org/t/1")], out)
    assert printed.payloads(out.getvalue()) == ["https://t.example.org/t/1"]
    assert printed.embedded_fonts(out.getvalue()) == {}


def test_the_stated_side_of_a_module_is_the_printed_one():
    part, content = written(plan("a4_24"), 24)
    for code in printed.codes(printed.pictures(content, 600)[0]):
        modules = symbol.encode(code.text).modules
        assert printed.side(code, 600) / modules == pytest.approx(part.least_module_mm, rel=0.01)


def test_the_quiet_zone_of_four_modules_is_white_even_with_outlines():
    chosen = plan("a4_65", outlines=True)
    part, content = written(chosen, 65)
    page = printed.pictures(content, 300)[0].convert("L")
    pixels = part.least_module_mm * 300 / 25.4
    for code in printed.codes(page):
        box = code.position
        frame = (box.top_left.x, box.top_left.y, box.bottom_right.x, box.bottom_right.y)
        left, top, right, bottom = (round(one) for one in frame)
        wide = round(3.6 * pixels)
        for strip in (
            (left - wide, top - wide, right + wide, top - 2),
            (left - wide, bottom + 3, right + wide, bottom + wide),
            (left - wide, top - wide, left - 2, bottom + wide),
            (right + 3, top - wide, right + wide, bottom + wide),
        ):
            assert page.crop(strip).getextrema()[0] > 200


def test_a_viewer_is_told_not_to_fit_the_page_to_the_paper():
    root = PdfReader(BytesIO(written(plan(), 1)[1])).trailer["/Root"]
    assert root["/ViewerPreferences"]["/PrintScaling"] == "/None"


def test_lines_that_do_not_fit_are_shrunk_or_cut_and_the_serial_never():
    lines = ("中" * 40, "短", "第三行", "第四行", "第五行", "第六行", "第七行", "第八行", "第九行", "第十行")
    out = BytesIO()
    sheets.write(plan("a4_65"), 0, 1, [Label("https://t.example.org/t/1", lines, "SERIAL-0001")], out)
    told = printed.text(out.getvalue())
    assert "中…" in told
    assert "SERIAL-0001" in told
    assert "第十行" not in told
    assert "行…" in told


def test_nothing_of_a_label_stands_outside_of_it():
    layout = sheet("a4_21")
    long = [Label(label(n).payload, ("中" * 60, "长" * 30, "x" * 90, "第四"), "K7-" + "8" * 14) for n in range(2)]
    out = BytesIO()
    sheets.write(plan("a4_21"), 0, 2, long, out)
    page = printed.pictures(out.getvalue(), 300)[0].convert("L").point(lambda value: 255 * (value < 128))
    x, y = layout.place(1)
    gap = (layout.place(0)[0] + layout.width, y, x, y + layout.height)
    assert page.crop(tuple(round(one / 25.4 * 300) for one in gap)).getbbox() is None
    left, top, right, bottom = (one / 300 * 25.4 for one in page.getbbox())
    assert left > layout.place(0)[0]
    assert right < x + layout.width
    assert top > y
    assert bottom < y + layout.height


def test_a_serial_that_does_not_fit_is_refused():
    with pytest.raises(SerialTooLong):
        sheets.write(plan("a4_65"), 0, 1, [Label("https://t.example.org/t/1", (), "8" * 60)], BytesIO())


def test_a_code_too_dense_for_its_label_is_refused_with_what_it_would_measure():
    dense = Label("https://t.example.org/" + "a" * 180)
    with pytest.raises(CodeTooDense) as caught:
        sheets.write(plan("a4_65"), 0, 1, [dense], BytesIO())
    assert "0.396" in caught.value.message()
    assert sheets.write(plan("a4_8"), 0, 1, [dense], BytesIO()).least_module_mm >= 0.396


@pytest.mark.parametrize("payload", ["", "脐橙", "a\nb", "a\x00", "é", "\x7f"])
def test_a_payload_that_phones_read_differently_is_refused(payload):
    with pytest.raises(PayloadNotPlain):
        symbol.encode(payload)


@pytest.mark.parametrize("length", [300, 400, 5000])
def test_a_payload_above_the_largest_version_is_refused(length):
    with pytest.raises(QrTooLarge):
        symbol.encode("x" * length)


def test_an_encoder_that_refused_once_goes_on():
    with pytest.raises(QrTooLarge):
        symbol.encode("x" * 400)
    assert symbol.encode("https://t.example.org/t/1").modules == 25


def test_higher_correction_makes_a_larger_code_that_reads_the_same():
    out = BytesIO()
    sheets.write(plan(correction="Q"), 0, 3, labels(range(3)), out)
    assert {code.ec_level for code in printed.codes(printed.pictures(out.getvalue())[0])} == {"Q"}
    assert symbol.encode(label(0).payload, "Q").modules > symbol.encode(label(0).payload).modules


def test_parts_cover_every_label_once_in_order_whatever_the_start():
    for start in (1, 2, 40):
        chosen = plan(pages_a_part=2, start=start)
        for total in (0, 1, 40, 41, 79, 80, 81, 395):
            spans = [chosen.span(part, total) for part in range(chosen.parts(total))]
            assert [number for span in spans for number in span] == list(range(total))
            assert all(len(span) for span in spans)


def test_a_part_written_again_after_a_kill_is_the_same_bytes():
    chosen = plan(pages_a_part=2, start=7)
    whole = [written(chosen, 200, part) for part in range(chosen.parts(200))]
    again = written(chosen, 200, 1)
    assert again == whole[1]
    assert len({part.sha256 for part, _ in whole}) == len(whole) == 3
    found = [text for _, content in whole for text in printed.payloads(content, 200)]
    assert sorted(found) == sorted(one.payload for one in labels(range(200)))


def test_another_process_with_another_order_of_sets_writes_the_same_bytes():
    script = (
        "import io, tests.foundation.test_labels_sheets as here\nprint(here.written(here.plan('a4_24'), 24)[0].sha256)"
    )
    wanted = written(plan("a4_24"), 24)[0].sha256
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        found = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
        assert found.stdout.strip() == wanted


JOB = """
import os, sys
import tests.foundation.test_labels_sheets as here
chosen, folder = here.plan(pages_a_part=2, start=7), sys.argv[1]
for part in range(chosen.parts(800)):
    path = os.path.join(folder, f"{part}.pdf")
    if not os.path.exists(path):
        content = here.written(chosen, 800, part)[1]
        with open(path + ".new", "wb") as file:
            file.write(content)
        os.rename(path + ".new", path)
"""


def run_job(folder):
    folder.mkdir(exist_ok=True)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", JOB, str(folder)], env=env)


def test_a_job_that_is_killed_between_parts_ends_with_the_same_files(tmp_path):
    assert run_job(tmp_path / "whole").wait() == 0
    killed = run_job(tmp_path / "killed")
    until((tmp_path / "killed" / "2.pdf").exists)
    killed.kill()
    killed.wait()
    left = len(list((tmp_path / "killed").glob("*.pdf")))
    assert run_job(tmp_path / "killed").wait() == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    assert 3 <= left <= len(files) == 11
    assert {path.name: path.read_bytes() for path in (tmp_path / "killed").glob("*.pdf")} == files


def test_a_thermal_printer_of_203_dots_gets_whole_dots_only_where_they_scan():
    part, _ = written(plan(layout=roll(40, 30), printer=Printer(dpi=203)), 1)
    assert part.least_module_mm * 203 / 25.4 == pytest.approx(4, abs=1e-3)
    small = plan(layout=roll(36, 22), printer=Printer(dpi=203))
    part, content = written(small, 1)
    assert 3 < part.least_module_mm * 203 / 25.4 < 4
    assert printed.payloads(content, 203) == [label(0).payload]


def test_a_part_is_kept_as_plain_values_and_read_back():
    part, _ = written(plan(), 5)
    assert sheets.Part(**part.record()) == part
    assert (part.first_serial, part.last_serial) == ("K7-000000", "K7-000004")


@pytest.mark.parametrize("number", [79, 81])
def test_a_part_with_other_labels_than_its_own_is_refused(number):
    with pytest.raises(ValueError):
        sheets.write(plan(pages_a_part=2), 0, 80, labels(range(number)), BytesIO())


def test_all_parts_can_be_written_from_one_iterable():
    chosen, files = plan(pages_a_part=1), [BytesIO() for _ in range(3)]
    parts = list(sheets.write_all(chosen, 100, (label(number) for number in range(100)), iter(files)))
    assert [part.labels for part in parts] == [40, 40, 20]
    assert files[2].getvalue() == written(chosen, 100, 2)[1]


class Nowhere:
    """Takes a file and forgets it."""

    def write(self, content):
        return len(content)


def peak(number):
    """Return the bytes that writing so many labels as one part held at once."""
    chosen = plan(pages_a_part=number)
    tracemalloc.start()
    sheets.write(chosen, 0, number, map(label, range(number)), Nowhere())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_labels():
    peak(200)
    few, many = peak(400), peak(4_000)
    assert many - few < 300_000
