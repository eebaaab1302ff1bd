"""Text in a given width."""

from importlib.metadata import distribution
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.documents import font
from backend.documents.fitting import fit, wrap

CLOSING, OPENING = set("，。、；：？！）》」』】％…"), set("（《「『【")
PROSE = st.text(
    st.one_of(st.sampled_from("山水稻香，。、；：（）《》「」…—"), st.sampled_from("abc 019.,()-/")), max_size=160
)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("脐橙\n一级", "脐橙 一级"),
        ("a\tb\r\nc", "a b  c"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("good\u202edoog", "gooddoog"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("e\u0301", "é"),
        ("\U0001f34a橙", "〓橙"),
        ("\ud800x", "x"),
        ("", ""),
    ],
)
def test_what_cannot_be_printed_is_replaced_or_goes(told, shown):
    assert font.clean(told) == shown


def test_the_characters_that_the_font_lacks_are_named():
    assert font.lacking("张\U0001f34a三\x00") == ["\U0001f34a"]
    assert font.lacking("龘㑇䶮") == []


def test_a_text_that_fits_keeps_its_size():
    found = fit("净含量 5 千克", 60, 9, 5)
    assert (found.text, found.size) == ("净含量 5 千克", 9)
    assert found.width == pytest.approx(font.width("净含量 5 千克", 9))


def test_a_text_a_little_too_wide_is_shrunk_and_keeps_every_character():
    natural = font.width("山" * 10, 9)
    found = fit("山" * 10, natural * 0.8, 9, 5)
    assert found.text == "山" * 10
    assert found.size == pytest.approx(7.2, abs=0.1)


def test_a_text_too_wide_at_the_least_size_ends_in_an_ellipsis_and_uses_the_room():
    found = fit("山" * 40, 30, 9, 5)
    assert found.size == 5
    assert found.text.endswith("山…")
    assert 30 - font.width("山", 5) < found.width <= 30


@settings(max_examples=60, deadline=None)
@given(PROSE, st.floats(6, 80), st.floats(5, 12))
def test_a_fitted_text_is_never_wider_than_its_room(told, room, size):
    found = fit(told, room, size, 5)
    assert font.width(found.text, found.size) <= room + 1e-6
    assert 5 <= found.size <= size


@settings(max_examples=80, deadline=None)
@given(PROSE, st.floats(25, 90))
def test_wrapped_lines_fit_and_together_say_the_whole(told, room):
    lines = wrap(told, room, 10)
    assert all(font.width(line, 10) <= room + 1e-6 for line in lines)
    assert "".join("".join(lines).split()) == "".join(font.clean(told).split())


def test_no_line_begins_with_closing_punctuation_or_ends_with_an_opening_bracket():
    prose = "根据《农产品质量安全法》(以下简称“本法”)第四十一条,生产者应当（自行）召回、处置;并报告。" * 6
    prose = prose.replace("(", "（").replace(")", "）").replace(",", "，").replace(";", "；")
    for room in range(30, 120, 3):
        lines = wrap(prose, room, 10.5)
        assert len(lines) > 1
        assert not [line for line in lines[1:] if line[0] in CLOSING]
        assert not [line for line in lines[:-1] if line[-1] in OPENING]


def test_latin_words_and_numbers_stay_whole_and_one_wider_than_the_line_is_broken():
    assert wrap("合格批次是 L2026-11-0001 号", 34, 10) == ["合格批次是", "L2026-11-0001 号"]
    broken = wrap("https://t.example.org/" + "a" * 60, 40, 10)
    assert len(broken) > 2
    assert "".join(broken) == "https://t.example.org/" + "a" * 60


def test_line_ends_of_a_text_are_kept():
    assert wrap("一\n二\r\n\r\n三", 50, 10) == ["一", "二", "", "三"]
    assert wrap("", 50, 10) == [""]


def test_a_subset_holds_what_is_used_and_is_the_same_bytes_each_time():
    font.subset.cache_clear()
    once = font.subset(frozenset("脐橙012"))
    font.subset.cache_clear()
    assert font.subset(frozenset("210橙脐")) == once
    assert len(once) < 6_000 < len(font.content()) / 1000


def test_the_font_may_be_embedded_by_its_own_word_and_licence():
    assert TTFont(BytesIO(font.content()))["OS/2"].fsType == 0
    licence = distribution("pylopdf-fonts-zh-cn").read_text("licenses/LICENSE")
    assert "SIL Open Font License" in licence
