"""What a print shop gets: ZIP, list, manifest."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from backend.labels import bundle, sheets
from backend.labels.label import Label, PartChanged
from backend.labels.layout import sheet
from backend.labels.printer import Printer
from backend.labels.sheets import Plan
from tests.support import printed

AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
TOTAL = 100


def labels():
    return [Label(f"https://t.example.org/t/K{n:05d}", ("脐橙", "5 千克"), f"K-{n:05d}") for n in range(TOTAL)]


@pytest.fixture(scope="module")
def made():
    plan = Plan(sheet("a4_40"), "标签", AT, pages_a_part=1, start=3, printer=Printer(right_mm=1))
    files = [io.BytesIO() for _ in range(plan.parts(TOTAL))]
    parts = list(sheets.write_all(plan, TOTAL, labels(), iter(files)))
    return plan, parts, {part.name: file.getvalue() for part, file in zip(parts, files, strict=True)}


def zipped(made, **changed):
    plan, parts, files = made

    def read(part):
        content = {**files, **changed}[part.name]
        yield from (content[start : start + 1_000] for start in range(0, len(content), 1_000))

    return bundle.stream(plan, parts, read, labels())


def opened(made):
    return zipfile.ZipFile(io.BytesIO(b"".join(zipped(made))))


def test_the_zip_holds_every_part_a_list_and_a_manifest_and_is_whole(made):
    archive = opened(made)
    assert archive.testzip() is None
    assert archive.namelist() == [
        "labels-0001.pdf",
        "labels-0002.pdf",
        "labels-0003.pdf",
        "labels.csv",
        "manifest.json",
    ]
    found = [text for name in archive.namelist()[:3] for text in printed.payloads(archive.read(name), 200)]
    assert sorted(found) == [label.payload for label in labels()]


def test_the_manifest_counts_and_its_digests_are_those_of_the_files(made):
    archive = opened(made)
    told = json.loads(archive.read("manifest.json"))
    assert (told["labels"], told["pages"], told["start"]) == (TOTAL, 3, 3)
    assert (told["first_serial"], told["last_serial"]) == ("K-00000", "K-00099")
    assert told["created"] == "2026-11-20T09:30:00+08:00"
    assert told["printer"]["right_mm"] == 1
    assert told["printed_module_mm"]["least"] >= 0.396
    assert [file["name"] for file in told["files"]] == archive.namelist()[:-1]
    for file in told["files"]:
        content = archive.read(file["name"])
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["bytes"] == len(content)
    assert [file.get("labels") for file in told["files"]] == [38, 40, 22, None]
    assert told["files"][1]["first_serial"] == "K-00038"


def test_the_same_labels_make_the_same_zip(made):
    assert b"".join(zipped(made)) == b"".join(zipped(made))


def test_the_zip_comes_in_pieces_and_nothing_waits_for_the_end(made):
    pieces = list(zipped(made))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 4_000


def test_a_part_that_is_not_what_was_written_ends_the_zip_without_its_directory(made):
    pieces = []
    with pytest.raises(PartChanged) as caught:
        pieces.extend(zipped(made, **{"labels-0002.pdf": b"%PDF-other"}))
    assert "labels-0002.pdf" in caught.value.message()
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(pieces)))


def test_the_list_has_a_row_for_each_label_and_opens_in_excel(made):
    content = opened(made).read("labels.csv")
    assert content.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["序列号", "二维码内容", "文字"]
    assert rows[1:] == [[label.serial, label.payload, "脐橙 / 5 千克"] for label in labels()]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "＝", "'="])
def test_no_cell_of_the_list_acts_as_a_formula(sign):
    hostile = Label("https://t.example.org/1", (f'{sign}HYPERLINK("http://x","y")',), f"{sign}1+1")
    rows = list(csv.reader(io.StringIO(b"".join(bundle.rows([hostile])).decode("utf-8-sig"))))
    assert all(cell.strip()[0] == "'" for cell in (rows[1][0], rows[1][2]))


def test_control_characters_and_line_ends_do_not_reach_the_list():
    rows = b"".join(bundle.rows([Label("https://t.example.org/1", ("a\r\nb\x00", '"c",d'), "K\n1")]))
    assert rows.count(b"\r\n") == 2
    assert list(csv.reader(io.StringIO(rows.decode("utf-8-sig"))))[1][::2] == ["K 1", 'a  b / "c",d']
