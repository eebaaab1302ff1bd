"""Sheets as data: cells read exactly, every mistake named with its row, and nothing that becomes a formula."""

import io
import time
import zipfile
from datetime import date, datetime
from datetime import time as clock_time

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sheets import columns, importing, reading, values, writing
from backend.sheets.columns import Column, Sheet
from backend.sheets.values import CellWrong, Formula
from backend.uploads.errors import FileBroken, FileRefused
from tests.support import files

SHEET = Sheet(
    "things",
    "物品",
    (
        Column("code", "编码", "code", required=True, aliases=("代码",), pattern=r"[0-9a-z]{1,15}"),
        Column("name", "名称", personal=True),
        Column("price", "价格", "fen", most=100_000_00),
        Column("day", "日期", "date"),
        Column("at", "时间", "time"),
        Column("number", "数量", "int", most=1_000_000),
        Column("colour", "颜色", "choice", choices={"红": "red", "蓝": "blue"}),
    ),
    unique=("code",),
)
EXCELS_DAYS = [46350, datetime.fromisoformat("2026-11-24T09:00"), date(2026, 11, 24), "２０２６－１１－２４"]


def read(key: str, raw):
    return columns.value_of(SHEET.column(key), raw)


def checked(content: bytes, kind: str = "xlsx", mapping=None) -> importing.Result:
    found = reading.rows(content, kind)
    return importing.checked(SHEET, found[1:], importing.mapped(SHEET, found[0], mapping or {}))


class TestCells:
    @pytest.mark.parametrize(
        ("raw", "fen"),
        [("12.50", 1250), ("12.5", 1250), (12.5, 1250), (0.29, 29), (1.1, 110), (8, 800), ("¥1,234.56", 123456),
         ("12.50元", 1250), ("１２．５０", 1250), ("￥3", 300), ("0", 0), (19.99, 1999), ("4.35", 435)],
    )  # fmt: skip
    def test_money_is_exact(self, raw, fen):
        assert read("price", raw) == fen

    @pytest.mark.parametrize(
        "raw", ["12.505", 0.1 + 0.2, "1,2,3", "十二", "-1", "1e3", True, "12.50.1", float("inf"), "NaN"]
    )
    def test_what_is_no_amount_is_refused(self, raw):
        with pytest.raises(CellWrong):
            read("price", raw)

    @given(st.integers(0, 9_999_999))
    def test_every_amount_comes_back_from_its_text_and_from_excels_number(self, fen):
        assert read("price", f"{fen // 100}.{fen % 100:02d}") == fen
        assert read("price", fen / 100) == fen

    @pytest.mark.parametrize(
        "raw", ["2026-11-24", "2026/11/24", "2026.11.24", "2026年11月24日", "20261124", *EXCELS_DAYS]
    )
    def test_days_are_read_as_offices_write_them(self, raw):
        assert read("day", raw) == "2026-11-24"

    @pytest.mark.parametrize("raw", ["2026-02-30", "26-11-24", "明天", -1, 10**9, "2026-13-01", True])
    def test_what_is_no_day_is_refused(self, raw):
        with pytest.raises(CellWrong):
            read("day", raw)

    @pytest.mark.parametrize("raw", ["08:30", "8:30", "8：30", "8点30分", "8:30:00", 8.5 / 24, clock_time(8, 30)])
    def test_times_are_read_as_offices_write_them(self, raw):
        assert read("at", raw) == "08:30"

    @pytest.mark.parametrize("raw", ["24:00", "8:60", "早上", 1.5, 25])
    def test_what_is_no_time_is_refused(self, raw):
        with pytest.raises(CellWrong):
            read("at", raw)

    @pytest.mark.parametrize(
        ("raw", "code"), [("007", "007"), (7, "7"), (7.0, "7"), ("０07", "007"), (360731100, "360731100")]
    )
    def test_codes_keep_their_digits(self, raw, code):
        assert read("code", raw) == code

    def test_a_code_longer_than_excel_keeps_is_refused_as_a_number(self):
        with pytest.raises(CellWrong, match="文本"):
            read("code", 1234567890123456)

    @pytest.mark.parametrize(("raw", "value"), [("红", "red"), ("blue", "blue"), (" 红 ", "red")])
    def test_a_choice_is_the_value_of_its_word(self, raw, value):
        assert read("colour", raw) == value

    @pytest.mark.parametrize("key", ["number", "colour", "code"])
    @pytest.mark.parametrize("raw", ["1.5x", Formula, "\x07", True])
    def test_nonsense_formulas_and_control_characters_are_refused(self, key, raw):
        with pytest.raises(CellWrong):
            read(key, raw)

    def test_an_empty_cell_has_no_value_unless_it_must(self):
        assert read("name", "  ") is None
        with pytest.raises(CellWrong, match="必填"):
            read("code", None)


class TestReading:
    def test_leading_zeros_that_a_format_shows_are_kept(self):
        book = openpyxl.Workbook()
        book.active.append(["编码"])
        book.active.append([7])
        book.active["A2"].number_format = "0000"
        out = io.BytesIO()
        book.save(out)
        assert checked(out.getvalue()).rows[0][1]["code"] == "0007"

    def test_a_formula_is_named_with_its_row_and_never_computed(self):
        result = checked(files.sheet(["编码", "数量"], ["a", 1], ["b", "=1+1"]))
        assert [row for row, _ in result.rows] == [2]
        assert (result.errors[0].row, result.errors[0].column) == (3, "数量")
        assert "公式" in result.errors[0].message

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_a_csv_is_read_in_every_encoding_that_offices_write(self, encoding):
        text = '编码,名称,价格\r\n007,"贡江镇,东门",12.50\r\n'
        told = checked(text.encode(encoding), "csv").rows[0][1]
        assert {key: value for key, value in told.items() if value is not None} == {
            "code": "007",
            "name": "贡江镇,东门",
            "price": 1250,
        }

    @pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|'/C calc'!A0", "-cmd"])
    def test_a_formula_in_a_csv_is_refused(self, cell):
        result = checked(f'编码,名称\n1,"{cell}"\n'.encode(), "csv")
        assert (result.rows, result.errors[0].row) == ([], 2)

    def test_a_last_row_of_excel_costs_nothing(self):
        far = files.entries(files.sheet(["编码"], ["a"]))
        rows = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>z</t></is></c></row></sheetData>'
        page = far["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", rows)
        started = time.process_time()
        result = checked(files.zipped(far | {"xl/worksheets/sheet1.xml": page}))
        assert [row for row, _ in result.rows] == [2, 1048576]
        assert time.process_time() - started < 1

    def test_too_many_rows_or_columns_are_refused(self):
        with pytest.raises(reading.SheetTooLong):
            reading.rows("\n".join(["编码"] + ["1"] * 20_001).encode(), "csv")
        with pytest.raises(reading.SheetTooLong):
            reading.rows(files.sheet(["编码"] * 51, [1]), "xlsx")
        assert len(reading.rows("\n".join(["编码"] + ["1"] * 20_000).encode(), "csv")) == 20_001
        with pytest.raises(reading.SheetTooLong):
            reading.rows("\n".join(["编码" + ",a" * 40] * 5_000).encode(), "csv")

    def test_a_page_full_of_empty_cells_is_refused_before_it_costs_much(self):
        plain = files.entries(files.sheet(["编码"], ["a"]))
        row = b"<row>" + b"<c/>" * 50 + b"</row>"
        page = plain["xl/worksheets/sheet1.xml"].replace(b"</sheetData>", row * 9_000 + b"</sheetData>")
        with pytest.raises(reading.SheetTooLong):
            reading.rows(files.zipped(plain | {"xl/worksheets/sheet1.xml": page}), "xlsx")

    def test_an_empty_sheet_is_refused(self):
        for content in (files.sheet(["编码"]), files.sheet()):
            with pytest.raises(reading.SheetEmpty):
                reading.rows(content, "xlsx")

    def test_the_reader_itself_refuses_entities(self):
        """The gate refuses them before; this is the belt under it."""
        plain = files.entries(files.sheet(["编码"], ["a"]))
        bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">]>' + plain["xl/worksheets/sheet1.xml"].replace(
            b"<v>0", b"<v>&a;0"
        )
        with pytest.raises(FileBroken):
            reading.rows(files.zipped(plain | {"xl/worksheets/sheet1.xml": bomb}), "xlsx")

    @given(st.data())
    def test_a_workbook_with_changed_parts_is_read_or_refused_and_nothing_else(self, data):
        parts = files.entries(files.sheet(["编码", "名称"], ["a", 1.5], ["b", "=1"]))
        name = data.draw(st.sampled_from(sorted(parts)))
        part = bytearray(parts[name])
        for _ in range(data.draw(st.integers(1, 5))):
            part[data.draw(st.integers(0, len(part) - 1))] = data.draw(st.integers(32, 126))
        refusals = (FileRefused, reading.SheetEmpty, reading.SheetTooLong, importing.HeadersWrong)
        assert files.outcome(lambda: checked(files.zipped(parts | {name: bytes(part)})), *refusals)


class TestHeaders:
    def test_headers_are_known_by_name_alias_and_key(self):
        for header in ("编码", "编码*", " 编 码(必填)", "代码", "code", "CODE"):
            assert checked(files.sheet([header], ["a"])).rows[0][1]["code"] == "a"

    def test_unknown_headers_are_told_and_left_out(self):
        found = reading.rows(files.sheet(["编码", "备注"], ["a", "b"]), "xlsx")
        assert importing.mapped(SHEET, found[0], {}).unknown == ("备注",)

    def test_a_mapping_names_other_headers_and_leaves_some_out(self):
        content = files.sheet(["Nr", "名称", "价"], ["a", "x", "1"])
        told = checked(content, mapping={"Nr": "code", "名称": "", "价": "price"}).rows[0][1]
        assert (told["code"], told["name"], told["price"]) == ("a", None, 100)

    @pytest.mark.parametrize(
        ("headers", "mapping"),
        [(["名称"], {}), (["编码", "代码"], {}), (["编码"], {"编码": "no_such"}), (["编码"], {"编码": ""})],
    )
    def test_missing_double_and_invented_columns_are_refused(self, headers, mapping):
        with pytest.raises(importing.HeadersWrong):
            checked(files.sheet(headers, ["a"] * len(headers)), mapping=mapping)


class TestRows:
    def test_every_mistake_of_a_row_is_told_and_personal_values_are_masked(self):
        result = checked(files.sheet(["编码", "名称", "价格"], ["a", "x" * 600, "一元"], ["b", "y", 1]))
        assert [(e.row, e.column) for e in result.errors] == [(2, "名称"), (2, "价格")]
        assert result.errors[0].value == "x********"
        assert (result.wrong, [row for row, _ in result.rows]) == (1, [3])

    def test_a_row_that_comes_twice_is_told_with_the_first(self):
        result = checked(files.sheet(["编码"], ["a"], ["b"], ["a"]))
        assert (result.errors[0].row, result.errors[0].message) == (4, "与第 2 行重复。")

    def test_two_hundred_errors_are_told_and_all_are_counted(self):
        result = checked(files.sheet(["编码"], *(["!"] for _ in range(300))))
        assert (len(result.errors), result.wrong) == (200, 300)


class TestWriting:
    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\tx", "\r=1", "\n=1", "＝1", "'=1", "''@x"])
    def test_a_text_that_would_be_a_formula_is_none(self, text):
        cell = openpyxl.load_workbook(io.BytesIO(writing.table(["a"], [[text]]))).active["A2"]
        assert (cell.data_type, cell.value[0]) == ("s", "'")

    @pytest.mark.parametrize("value", ["x", "1-1", "a=b", "张三", 5, -3, 1.5, None])
    def test_anything_else_stays_as_it_is(self, value):
        assert files.cells(writing.table(["a", "b"], [[value, "end"]]))[1][0] == value

    def test_headers_are_neutralised_too(self):
        assert files.cells(writing.table(["=1+1"], []))[0] == ["'=1+1"]

    @given(
        st.lists(
            st.tuples(
                st.text(alphabet=st.characters(exclude_categories=("Cs", "Co", "Cn")), max_size=60),
                st.integers(0, 100_000_00),
                st.dates(date(1950, 1, 1), date(2100, 1, 1)),
            ),
            min_size=1,
            max_size=8,
        )
    )
    def test_what_was_exported_can_be_imported(self, lines):
        kept = []
        for text, fen, day in lines:
            try:
                kept.append((read("name", text), fen, day.isoformat()))
            except CellWrong:
                continue
        rows = [[f"c{n}", name, f"{fen // 100}.{fen % 100:02d}", day] for n, (name, fen, day) in enumerate(kept)]
        if not rows:
            return
        result = checked(writing.table(["编码", "名称", "价格", "日期"], rows))
        assert result.errors == []
        assert [(told["name"], told["price"], told["day"]) for _, told in result.rows] == kept

    def test_the_template_has_headers_notes_lists_and_a_page_that_explains(self):
        book = openpyxl.load_workbook(io.BytesIO(writing.template(SHEET)))
        page, told = book.worksheets
        assert [cell.value for cell in page[1]] == ["编码*", "名称", "价格", "日期", "时间", "数量", "颜色"]
        assert "必填" in page["A1"].comment.text
        assert page.data_validations.dataValidation[0].formula1 == '"红,蓝"'
        assert told.max_row == 8

    def test_a_filled_template_can_be_imported(self):
        book = openpyxl.load_workbook(io.BytesIO(writing.template(SHEET)))
        book.worksheets[0].append(["007", "甲", "1.00", "2026-01-02", "9:00", 3, "红"])
        out = io.BytesIO()
        book.save(out)
        told = checked(out.getvalue()).rows[0][1]
        assert (told["code"], told["colour"], told["price"]) == ("007", "red", 100)

    def test_ten_thousand_rows_are_a_stream(self):
        content = writing.table(["编码", "名称"], ([str(n), "名"] for n in range(10_000)))
        assert len(checked(content).rows) == 10_000
        assert zipfile.is_zipfile(io.BytesIO(content))


def test_a_sheet_says_which_column_is_which():
    assert SHEET.column("price").zh == "价格"
    assert columns.known_as(SHEET)["代码"] == "code"
    assert values.text(7.0) == "7"
