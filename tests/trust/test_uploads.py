"""The gate for uploaded files: what is taken, what is refused, and what of a picture remains."""

import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from backend.uploads import check
from backend.uploads.errors import (
    FileBroken,
    FileRefused,
    FileTooBig,
    FileTypeWrong,
    PdfActive,
    PictureMoves,
    PictureTooLarge,
    WorkbookUnsafe,
)
from tests.support import files

MEDIA = {name: kind.media_type for name, kind in check.KINDS.items()}
ALL = frozenset(check.KINDS)


def passed(content: bytes, kind: str, name: str = "a.bin") -> check.Checked:
    return check.check(content, media_type=MEDIA[kind], name=name, allowed=ALL)


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


class TestPictures:
    def test_the_place_where_a_photo_was_taken_is_gone_and_it_stands_upright(self):
        taken = files.photo((40, 30))
        assert b"SecretPhone" in taken
        assert opened(taken).getexif().get_ifd(0x8825)
        kept = passed(taken, "jpeg").content
        assert opened(kept).size == (30, 40)
        assert dict(opened(kept).getexif()) == {}
        assert b"SecretPhone" not in kept
        assert b"Exif" not in kept
        assert b"written by hand" not in kept

    @pytest.mark.parametrize(("kind", "form"), [("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
    @pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", files.zipped({"x.txt": b"hidden"})])
    def test_what_hangs_behind_a_picture_vanishes(self, kind, form, tail):
        kept = passed(files.saved(Image.new("RGB", (9, 7), "green"), form) + tail, kind).content
        assert tail not in kept
        assert not zipfile.is_zipfile(io.BytesIO(kept))
        assert opened(kept).size == (9, 7)

    def test_text_inside_a_png_vanishes(self):
        plain = files.png()
        marked = plain[:33] + files.png_chunk(b"tEXt", b"Author\x00Zhang San") + plain[33:]
        assert b"Zhang San" not in passed(marked, "png").content

    def test_the_pixels_of_a_png_stay_as_they_are(self):
        picture = Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 20).convert("RGB")
        assert opened(passed(files.saved(picture, "PNG"), "png").content).tobytes() == picture.tobytes()

    def test_a_clear_background_stays_clear(self):
        assert opened(passed(files.saved(Image.new("RGBA", (4, 4), (1, 2, 3, 0)), "PNG"), "png").content).mode == "RGBA"

    def test_a_flood_of_pixels_is_refused_by_its_header(self):
        bomb = files.flood(50_000)
        assert len(bomb) < 1 << 20
        started = time.process_time()
        with pytest.raises(PictureTooLarge):
            passed(bomb, "png")
        assert time.process_time() - started < 1

    def test_a_picture_just_over_the_limit_of_pixels_is_refused(self):
        with pytest.raises(PictureTooLarge):
            passed(files.flood(5_001), "png")
        assert opened(passed(files.flood(4_999), "png").content).size == (4_999, 4_999)

    @pytest.mark.parametrize(("kind", "form"), [("png", "PNG"), ("webp", "WEBP")])
    def test_a_moving_picture_is_refused(self, kind, form):
        frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "green")]
        moving = files.saved(frames[0], form, save_all=True, append_images=frames[1:])
        with pytest.raises(PictureMoves):
            passed(moving, kind)

    @pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
    def test_half_a_picture_is_refused(self, kind):
        whole = {"jpeg": files.photo((900, 700)), "png": files.noise(80)}.get(kind)
        whole = whole or files.saved(Image.effect_noise((80, 80), 90).convert("RGB"), "WEBP")
        with pytest.raises(FileBroken):
            passed(whole[: len(whole) // 2], kind)

    def test_a_gif_in_the_dress_of_a_webp_is_refused(self):
        with pytest.raises(FileRefused):
            passed(b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(40), "webp")


class TestTypes:
    @pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "pdf", "xlsx"])
    def test_what_it_says_must_be_what_it_is(self, kind):
        with pytest.raises(FileTypeWrong):
            passed(b"<!doctype html><script>alert(1)</script>", kind)

    @pytest.mark.parametrize("said", ["image/svg+xml", "text/html", "application/zip", "image/gif", "", "png", "IMAGE"])
    def test_only_listed_types_are_taken(self, said):
        with pytest.raises(FileTypeWrong):
            check.check(files.png(), media_type=said, name="a.png", allowed=ALL)

    def test_a_type_that_is_taken_elsewhere_is_not_taken_here(self):
        with pytest.raises(FileTypeWrong):
            check.check(files.png(), media_type="image/png", name="a.png", allowed=check.SHEETS)

    def test_the_limit_of_bytes_is_that_of_the_kind(self):
        with pytest.raises(FileTooBig):
            passed(b"a" * ((5 << 20) + 1), "csv")
        with pytest.raises(FileTooBig):
            passed(b"", "png")

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../etc/passwd", "passwd.png"),
            ("D:" + "\\temp\\户口本.JPG", "户口本.png"),
            ("a\u202egnp.exe", "agnp.png"),
            ("\x00\r\n.png", "file.png"),
            ("", "file.png"),
            ("x" * 300, "x" * 96 + ".png"),
            ('a"b<c>.png', "abc.png"),
        ],
    )
    def test_a_name_holds_no_path_and_no_trick(self, name, kept):
        assert passed(files.png(), "png", name).name == kept


class TestPdf:
    def test_a_plain_one_is_kept_as_it_is(self):
        assert passed(files.pdf(), "pdf").content == files.pdf()

    @pytest.mark.parametrize(
        "more",
        [
            b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> ",
            b"/OpenAction << /S /Launch /F (cmd.exe) >> ",
            b"/Names << /EmbeddedFiles 4 0 R >> ",
            b"/OpenAction << /S /Java#53cript >> ",
            b"/AcroForm << /XFA [(a) 5 0 R] >> ",
            b"/AA << /O << /S /SubmitForm >> >> ",
        ],
    )
    def test_one_that_would_act_is_refused(self, more):
        with pytest.raises(PdfActive):
            passed(files.pdf(more=more), "pdf")

    @pytest.mark.parametrize("head", [b"/Filter /FlateDecode", b"/Filter [ /FlateDecode ]"])
    def test_an_action_packed_into_an_object_stream_is_found(self, head):
        assert passed(files.pdf(files.object_stream(b"1 0 << /A /B >>", head)), "pdf")
        with pytest.raises(PdfActive):
            passed(files.pdf(files.object_stream(b"1 0 << /S /JavaScript >>", head)), "pdf")

    @pytest.mark.parametrize("head", [b"", b"/Filter /LZWDecode", b"/Filter [/FlateDecode /ASCIIHexDecode]"])
    def test_an_object_stream_that_cannot_be_looked_into_is_refused(self, head):
        with pytest.raises(PdfActive):
            passed(files.pdf(files.object_stream(b"zzzz", head)), "pdf")

    def test_an_encrypted_one_is_refused(self):
        with pytest.raises(PdfActive):
            passed(files.pdf(more=b"/Encrypt 9 0 R "), "pdf")

    def test_an_object_stream_that_swells_is_refused(self):
        with pytest.raises(PdfActive):
            passed(files.pdf(files.object_stream(bytes(70 << 20))), "pdf")

    def test_one_without_an_end_is_refused(self):
        with pytest.raises(FileBroken):
            passed(files.pdf()[:-40], "pdf")


class TestWorkbooks:
    plain = files.entries(files.sheet(["a"], [1]))

    def with_entries(self, **more) -> bytes:
        return files.zipped(self.plain | more)

    def test_a_plain_one_is_kept_as_it_is(self):
        content = files.sheet(["a"], [1])
        assert passed(content, "xlsx").content == content

    @pytest.mark.parametrize(
        "name",
        ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/x.bin", "xl/activeX/a.xml",
         "xl/connections.xml", "../../x.xml", "/etc/x.xml", "run.exe"],
    )  # fmt: skip
    def test_macros_links_and_strange_entries_are_refused(self, name):
        with pytest.raises(WorkbookUnsafe):
            passed(files.zipped(self.plain | {name: b"<a/>"}), "xlsx")

    def test_a_macro_workbook_without_its_macros_is_refused(self):
        types = self.plain["[Content_Types].xml"].replace(b"sheet.main", b"sheet.macroEnabled.main")
        with pytest.raises(WorkbookUnsafe):
            passed(files.zipped(self.plain | {"[Content_Types].xml": types}), "xlsx")

    def test_a_zip_bomb_is_refused(self):
        bomb = files.zipped(self.plain | {"xl/worksheets/sheet2.xml": b"<a>" + b" " * (100 << 20) + b"</a>"})
        assert len(bomb) < 1 << 20
        with pytest.raises(WorkbookUnsafe):
            passed(bomb, "xlsx")

    def test_many_small_bombs_are_refused(self):
        part = b"<a>" + b" " * (1 << 20) + b"</a>"
        with pytest.raises(WorkbookUnsafe):
            passed(files.zipped(self.plain | {f"xl/p{n}.xml": part for n in range(50)}), "xlsx")
        with pytest.raises(WorkbookUnsafe):
            passed(files.zipped(self.plain | {f"xl/p{n}.xml": b"<a/>" for n in range(600)}), "xlsx")

    def test_an_entry_that_lies_about_its_size_is_refused(self):
        bomb = bytearray(files.zipped(self.plain | {"xl/worksheets/z.xml": b"<a>" + b" " * (30 << 20) + b"</a>"}))
        name = bomb.rfind(b"xl/worksheets/z.xml")
        bomb[name - 22 : name - 18] = (100).to_bytes(4, "little")
        with pytest.raises(FileRefused):
            passed(bytes(bomb), "xlsx")

    @pytest.mark.parametrize(
        "head",
        [
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><a>&b;</a>',
            b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a []><a/>'.encode("utf-16"),
        ],
    )
    def test_xml_that_declares_entities_is_refused(self, head):
        with pytest.raises(WorkbookUnsafe):
            passed(files.zipped(self.plain | {"xl/workbook.xml": head}), "xlsx")

    def test_a_zip_that_is_no_workbook_is_refused(self):
        with pytest.raises(FileTypeWrong):
            passed(files.zipped({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}), "xlsx")

    def test_a_damaged_one_is_refused(self):
        with pytest.raises(FileBroken):
            passed(files.sheet(["a"], [1])[:-30], "xlsx")


class TestFuzz:
    @given(st.sampled_from(sorted(ALL)), st.binary(max_size=400))
    def test_bytes_of_any_kind_are_taken_or_refused_and_nothing_else(self, kind, tail):
        begins = check.KINDS[kind].begins
        content = (begins[0] if begins else b"") + tail
        assert files.outcome(lambda: passed(content, kind), FileRefused)

    @given(st.sampled_from(["jpeg", "png", "webp", "pdf", "xlsx"]), st.data())
    def test_good_files_with_changed_bytes_are_taken_or_refused_and_nothing_else(self, kind, data):
        whole = bytearray(GOOD[kind])
        for _ in range(data.draw(st.integers(1, 6))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        assert files.outcome(lambda: passed(bytes(whole), kind), FileRefused)


GOOD = {
    "jpeg": files.photo(),
    "png": files.png(),
    "webp": files.saved(Image.new("RGB", (20, 20), "red"), "WEBP"),
    "pdf": files.pdf(files.object_stream(b"1 0 << /A /B >>")),
    "xlsx": files.sheet(["a", "b"], [1, "x"]),
}
