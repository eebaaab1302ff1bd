"""Addresses as people write them: which street, which number."""

import pytest

from models.school import address_text
from models.school.address_text import Parsed

STREETS = {"长征大道", "长征大道东段", "红军路", "三门里", "解放西路"}


@pytest.mark.parametrize(
    ("text", "street", "number", "suffix"),
    [
        ("长征大道12号", "长征大道", 12, ""),
        ("江西省赣州市于都县贡江镇长征大道12号", "长征大道", 12, ""),
        ("长征大道１２号", "长征大道", 12, ""),
        ("长征大道12號", "长征大道", 12, ""),
        ("长征大道 第 12 号 3栋2单元401室", "长征大道", 12, ""),
        ("长征大道门牌12号", "长征大道", 12, ""),
        ("长征大道(原红军路)12号", "长征大道", 12, ""),
        ("长征大道【东】12号", "长征大道", 12, ""),
        ("长征大道十二号", "长征大道", 12, ""),
        ("长征大道二十号", "长征大道", 20, ""),
        ("长征大道一百零三号2单元", "长征大道", 103, ""),
        ("长征大道一百一十号", "长征大道", 110, ""),
        ("长征大道九百九十九号", "长征大道", 999, ""),
        ("长征大道一二三号", "长征大道", 123, ""),
        ("长征大道一〇三号", "长征大道", 103, ""),
        ("长征大道12-3号", "长征大道", 12, "3"),
        ("长征大道12—3号", "长征大道", 12, "3"),
        ("长征大道12号-3", "长征大道", 12, "3"),
        ("长征大道12号附3号", "长征大道", 12, "3"),
        ("长征大道12附3号", "长征大道", 12, "3"),
        ("长征大道12号之二", "长征大道", 12, "2"),
        ("长征大道12之2号", "长征大道", 12, "2"),
        ("长征大道东段9号", "长征大道东段", 9, ""),
        ("长征大道88号金色家园12号楼", "长征大道", 88, ""),
        ("三门里十二号", "三门里", 12, ""),
        ("三门里三号", "三门里", 3, ""),
        ("红军路3号(长征大道12号)", "红军路", 3, ""),
        ("长征大道100002号", None, 0, ""),
        ("长征大道金色家园12号", None, 0, ""),
        ("长征大道12栋", None, 0, ""),
        ("长征大道0号", None, 0, ""),
        ("长征大道〇号", None, 0, ""),
        ("中山路12号", None, 0, ""),
        ("12号", None, 0, ""),
        ("长征大道", None, 0, ""),
        ("", None, 0, ""),
    ],
)
def test_street_and_number_are_found_where_the_number_follows_the_street(text, street, number, suffix):
    expected = Parsed(street, number, suffix) if street else None
    assert address_text.parse(text, STREETS) == expected


def test_the_longest_known_street_wins():
    assert address_text.parse("长征大道东段9号", {"长征大道东段", "东段"}) == Parsed("长征大道东段", 9)
    assert address_text.parse("长征大道东段9号", {"大道东段", "东段"}) == Parsed("大道东段", 9)


@pytest.mark.parametrize(("number", "odd", "label"), [(1, True, "1"), (2, False, "2"), (99_999, True, "99999")])
def test_a_number_knows_its_side_and_how_it_is_written(number, odd, label):
    told = Parsed("长征大道", number)
    assert (told.odd, told.label) == (odd, label)
    assert Parsed("长征大道", number, "3").label == f"{label}-3"


def test_all_endings_before_a_number_may_be_the_street():
    found = address_text.endings("贡江镇红军路3号")
    assert {"红军路", "军路", "贡江镇红军路"} <= set(found)
    assert "红军路3" not in found
    assert address_text.endings("没有门牌") == []


@pytest.mark.parametrize(
    "numeral", ["十百", "一百三", "零", "百", "一零零零", "十零", "二十零", "一百零", "两十", "〇一二三", ""]
)
def test_what_is_no_numeral_is_no_number(numeral):
    assert address_text.value_of(numeral) is None


def test_every_number_up_to_999_is_read_as_it_is_said():
    digits = "零一二三四五六七八九"

    def said(number: int) -> str:
        hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
        told = f"{digits[hundreds]}百" if hundreds else ""
        if tens:
            told += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
        elif hundreds and ones:
            told += "零"
        return told + (digits[ones] if ones else "")

    assert [address_text.value_of(said(number)) for number in range(1, 1000)] == list(range(1, 1000))


def test_a_very_long_text_costs_nothing():
    assert address_text.parse("一" * 100_000 + "号", STREETS) is None
    assert address_text.parse("长征大道" * 100_000 + "12号", STREETS) is None
