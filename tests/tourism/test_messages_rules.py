"""The pure rules of messages: quiet hours, field limits, the table of kinds."""

from datetime import date, timedelta

import pytest

from backend import clock
from models.messaging import fields, inbox, notice_kinds, quiet
from models.messaging.quiet import QuietHours

NIGHT = QuietHours(22 * 60, 8 * 60)
DAY = date(2026, 11, 23)


def at(hour: int, minute: int = 0):
    return clock.at(DAY, hour * 60 + minute)


@pytest.mark.parametrize(
    ("hour", "minute", "ends"),
    [
        (21, 59, None),
        (22, 0, clock.at(DAY + timedelta(days=1), 480)),
        (23, 59, clock.at(DAY + timedelta(days=1), 480)),
        (0, 0, clock.at(DAY, 480)),
        (7, 59, clock.at(DAY, 480)),
        (8, 0, None),
        (12, 0, None),
    ],
)
def test_hours_across_midnight_end_in_the_morning_that_follows(hour, minute, ends):
    assert NIGHT.until(at(hour, minute)) == ends


def test_hours_within_one_day_end_on_it():
    noon = QuietHours(12 * 60, 14 * 60)
    assert [noon.until(at(hour)) for hour in (11, 12, 13, 14)] == [None, at(14), at(14), None]


def test_equal_ends_are_no_quiet_hours():
    assert all(QuietHours(480, 480).until(at(hour)) is None for hour in range(24))


@pytest.mark.parametrize(
    ("begins", "ends"), [("24:00", "08:00"), ("22:00", ""), (None, "08:00"), (22, 8), ("9:00", "x")]
)
def test_what_is_no_time_of_day_gives_no_quiet_hours(begins, ends):
    assert quiet.read(begins, ends) is None


def test_times_are_read():
    assert quiet.read("22:00", "08:00") == NIGHT


@pytest.mark.parametrize(
    ("field", "value", "fits"),
    [
        ("thing1", "罗田岩", "罗田岩"),
        ("thing1", "一" * 20, "一" * 20),
        ("thing1", "一" * 21, "一" * 19 + "…"),
        ("thing2", "上午\n 检修", "上午 检修"),
        ("number3", "12", "12"),
        ("number3", "-1.5", "-1.5"),
        ("letter1", "abc", "abc"),
        ("date2", "2026-11-24", "2026-11-24"),
        ("date2", "2026年11月24日 09:00", "2026年11月24日 09:00"),
        ("time2", "2026-11-24 09:00~11:00", "2026-11-24 09:00~11:00"),
        ("time2", "09:00", "09:00"),
        ("amount1", "¥20.50", "¥20.50"),
        ("amount1", "20元", "20元"),
        ("phrase1", "已关闭", "已关闭"),
        ("character_string1", "YD-2026 1", "YD-2026 1"),
        ("phone_number1", "+86 138-0000", "+86 138-0000"),
        ("name1", "景区管理员", "景区管理员"),
        ("symbol1", "!", "!"),
    ],
)
def test_what_fits_or_may_be_shortened_goes_out(field, value, fits):
    assert fields.fitted({field: value}) == {field: fits}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", ""),
        ("thing1", "   "),
        ("number3", "两"),
        ("number3", "1" * 33),
        ("number3", "1.2.3"),
        ("number3", "٣"),
        ("letter1", "a1"),
        ("date2", "明天"),
        ("date2", "09:00"),
        ("time2", "上午"),
        ("amount1", "20.505"),
        ("amount1", "12345678901"),
        ("phrase1", "已经全部关闭了"),
        ("phrase1", "closed"),
        ("character_string1", "订单"),
        ("character_string1", "a" * 33),
        ("name1", "一" * 11),
        ("colour1", "red"),
        ("thing", "x"),
        ("thing0", "x"),
    ],
)
def test_what_does_not_fit_is_named_and_never_cut(field, value):
    with pytest.raises(fields.FieldUnfit) as caught:
        fields.fitted({"thing9": "好", field: value})
    assert caught.value.field == field


VALUES = {
    "place": "于都县中央红军长征出发地纪念园和长征渡口",
    "day": "2026-11-24",
    "time": "09:00~11:00",
    "places": "2",
    "reason": "设备检修,预计持续到傍晚,请改约其他日期",
    "until": "2026-11-24 10:00",
    "count": "3",
    "yuan": "20.50",
    "extra": "讲解员",
    "product": "富硒脐橙",
    "lot": "20261120K7M3Q9X2",
    "recall": "RC20261120K7M3Q9X2",
    "number": "RX-20270705-000012",
    "school": "于都县城关小学",
    "child": "张**",
    "tier": "第 1 梯次",
    "missing": "居住证",
    "round": "2027年小学招生",
    "unit": "潭头村卫生室",
    "receipt": "RX-2027-000012-345678",
    "no_advantage": "先后提交不影响结果。",
    "window": "2027-07-01 09:00 至 2027-07-10 18:00",
    "policy": "规上纺织服装企业扩产奖励",
    "what": "资金 5000.00 元",
    "lacks": "参保职工人数(县社会保险服务中心:登记部门没有记录)",
}


@pytest.mark.parametrize("code", notice_kinds.KINDS)
def test_every_kind_fits_its_own_template_and_reads_as_a_sentence(code):
    kind = notice_kinds.KINDS[code]
    assert kind.names <= set(VALUES)
    filled = fields.fitted({name: text.format_map(VALUES) for name, text in kind.fields.items()})
    assert all(len(value) <= 32 for value in filled.values())
    assert "{" not in kind.sentence.format_map(VALUES)
    assert inbox.KINDS[code] == (kind.zh, kind.sentence)


def test_every_template_that_a_kind_or_a_moment_names_has_a_chinese_name():
    named = {kind.template for kind in notice_kinds.KINDS.values() if kind.template}
    asked = {name for names in notice_kinds.MOMENTS.values() for name in names}
    assert named | asked == set(notice_kinds.TEMPLATE_ZH)
    assert {kind.sms for kind in notice_kinds.KINDS.values() if kind.sms} == set(notice_kinds.SMS_ZH)
    assert all(len(names) <= notice_kinds.MOST_AT_A_TAP for names in notice_kinds.MOMENTS.values())


@pytest.mark.parametrize("text", ["{place.__class__}", "{0}", "{place!r}", "{place:>9}", "{place[0]}", "{", "{}"])
def test_a_text_may_only_name_values(text):
    with pytest.raises(ValueError):
        notice_kinds.placeholders([text])
