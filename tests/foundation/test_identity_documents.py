from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend import clock
from backend.identity_documents import (
    KINDS,
    BadDocument,
    ImpossibleDate,
    UnknownDocumentKind,
    WrongCheckDigit,
    WrongForm,
    WrongLength,
    age_on,
    check_character,
    mask,
    mask_name,
    mask_phone,
    parse,
)

GB_EXAMPLES = ["11010519491231002X", "440524188001010014"]

births = st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 12, 31))
bodies = st.builds(
    lambda area, birth, order: f"{area}{birth:%Y%m%d}{order:03}",
    st.integers(100000, 899999),
    births,
    st.integers(0, 999),
)
resident_ids = bodies.map(lambda body: body + check_character(body))


def resident_id(birth, area="360731", order="002"):
    body = f"{area}{birth}{order}"
    return body + check_character(body)


@pytest.mark.parametrize("number", GB_EXAMPLES)
def test_the_examples_of_the_standard_are_valid_although_one_area_is_abolished(number):
    assert parse("resident_id", number).number == number


def test_birth_date_and_sex_are_read_from_a_resident_id():
    woman, man = parse("resident_id", "11010519491231002X"), parse("resident_id", "440524188001010014")
    assert (woman.birth_date, woman.sex) == (date(1949, 12, 31), "female")
    assert (man.birth_date, man.sex) == (date(1880, 1, 1), "male")


@given(resident_ids)
def test_every_number_with_its_check_character_is_read_back(number):
    document = parse("resident_id", number)
    assert document.number == number
    assert document.birth_date.strftime("%Y%m%d") == number[6:14]


@given(resident_ids, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_a_single_changed_character_is_always_detected(number, place, other):
    assume(other != number[place])
    with pytest.raises(BadDocument):
        parse("resident_id", number[:place] + other + number[place + 1 :])


@given(resident_ids, st.integers(0, 16))
def test_two_swapped_neighbours_are_always_detected(number, place):
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    with pytest.raises(BadDocument):
        parse("resident_id", swapped)


def test_full_width_characters_blanks_and_lower_case_are_put_right():
    assert parse("resident_id", " 110105 19491231 ００２ｘ ").number == "11010519491231002X"


def test_digits_of_other_scripts_are_refused():
    with pytest.raises(WrongForm):
        parse("resident_id", "١١٠١٠٥" + "19491231002X")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("11010519491231002", WrongLength),
        ("110105491231002", WrongLength),
        ("", WrongLength),
        ("110105194912310021", WrongCheckDigit),
        ("01010519491231002X", WrongForm),
        ("11010519491231X02X", WrongForm),
        (resident_id("20230229"), ImpossibleDate),
        (resident_id("20231301"), ImpossibleDate),
        (resident_id("18791231"), ImpossibleDate),
    ],
)
def test_each_fault_has_its_own_error(number, error):
    with pytest.raises(error):
        parse("resident_id", number)


def test_the_sentences_differ_by_fault_and_never_hold_the_number():
    sentences = set()
    for number in ("11010519491231002", "110105194912310021", resident_id("20230229")):
        with pytest.raises(BadDocument) as caught:
            parse("resident_id", number, field="visitors.0.number")
        (sentence,) = caught.value.fields["visitors.0.number"]
        assert sentence == caught.value.message()
        assert number not in sentence + caught.value.message("en") + repr(caught.value.details)
        sentences.add(sentence)
    assert len(sentences) == 3


def test_a_birth_today_is_possible_and_a_future_one_is_not():
    today = clock.today()
    assert parse("resident_id", resident_id(f"{today:%Y%m%d}")).birth_date == today
    with pytest.raises(ImpossibleDate):
        parse("resident_id", resident_id(f"{today + timedelta(days=2):%Y%m%d}"))


@pytest.mark.parametrize(
    ("kind", "number", "canonical"),
    [
        ("passport", "e12345678", "E12345678"),
        ("passport", "EA1234567", "EA1234567"),
        ("passport", "L898902C3", "L898902C3"),
        ("passport", "E1234", "E1234"),
        ("hk_macao_permit", "H12345678", "H12345678"),
        ("hk_macao_permit", "m1234567803", "M12345678"),
        ("taiwan_permit", "01234567", "01234567"),
        ("taiwan_permit", "0123456702", "01234567"),
        ("taiwan_permit", "0123456702（Ｂ）", "01234567"),
        ("taiwan_permit", "0123456702(35)", "01234567"),
        ("foreign_permanent_residence", "CAN110184120702", "CAN110184120702"),
        ("foreign_permanent_residence", "932682198501010017", "932682198501010017"),
    ],
)
def test_a_right_form_is_read_and_the_renewal_counter_of_a_permit_is_dropped(kind, number, canonical):
    assert parse(kind, number).number == canonical


@pytest.mark.parametrize(
    ("kind", "number", "error"),
    [
        ("passport", "ABCDEFGH", WrongForm),
        ("passport", "E123", WrongLength),
        ("passport", "E1234567890", WrongLength),
        ("passport", "E12-45678", WrongForm),
        ("hk_macao_permit", "T12345678", WrongForm),
        ("hk_macao_permit", "H1234567", WrongLength),
        ("taiwan_permit", "1234567A", WrongForm),
        ("taiwan_permit", "0123456702[B]", WrongForm),
        ("foreign_permanent_residence", "CA1110184120702", WrongForm),
        ("foreign_permanent_residence", "932682198501010018", WrongCheckDigit),
        ("foreign_permanent_residence", "11010519491231002X", WrongForm),
    ],
)
def test_a_wrong_form_is_refused(kind, number, error):
    with pytest.raises(error):
        parse(kind, number)


def test_a_foreign_resident_is_never_taken_for_a_citizen():
    with pytest.raises(WrongForm):
        parse("resident_id", "932682198501010017")


def test_the_2023_card_of_a_foreign_resident_tells_the_birth_date_but_no_sex():
    document = parse("foreign_permanent_residence", "932682198501010017")
    assert (document.birth_date, document.sex) == (date(1985, 1, 1), None)


def test_an_unknown_kind_is_reported_under_kind():
    with pytest.raises(UnknownDocumentKind) as caught:
        parse("library_card", "123")
    assert list(caught.value.fields) == ["kind"]


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=20))
def test_no_text_makes_the_reader_fail_otherwise(kind, text):
    try:
        document = parse(kind, text)
    except BadDocument:
        return
    assert parse(kind, document.number) == document


def test_the_repr_of_a_document_shows_no_personal_data():
    shown = repr(parse("resident_id", "11010519491231002X"))
    assert "1101" not in shown
    assert "1949" not in shown


@pytest.mark.parametrize(
    ("kind", "number", "keep", "shown"),
    [
        ("resident_id", "11010519491231002X", "tail", "**************002X"),
        ("resident_id", "11010519491231002X", "handler", "110105********002X"),
        ("passport", "E12345678", "handler", "*****5678"),
        ("taiwan_permit", "01234567", "tail", "****4567"),
        ("passport", "E1234", "tail", "***34"),
        ("resident_id", "110105", "handler", "***105"),
    ],
)
def test_masks_of_numbers(kind, number, keep, shown):
    assert mask(kind, number, keep=keep) == shown


@given(resident_ids)
def test_no_mask_shows_the_birth_date(number):
    assert all(mask("resident_id", number, keep=keep)[6:14] == "*" * 8 for keep in ("tail", "handler"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张三丰", "张**"), ("张三", "张*"), ("张", "*"), ("", ""), ("欧阳娜娜", "欧阳**"), ("欧阳", "欧*")],
)
def test_masks_of_names(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800001234", "138****1234"),
        ("+86 138-0000-1234", "138****1234"),
        ("１３８００００１２３４", "138****1234"),
        ("0797-6232374", "*******2374"),
        ("12345", "***45"),
    ],
)
def test_masks_of_phones(phone, shown):
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1960, 5, 20), date(2025, 5, 19), 64),
        (date(1960, 5, 20), date(2025, 5, 20), 65),
        (date(2000, 2, 29), date(2025, 2, 27), 24),
        (date(2000, 2, 29), date(2025, 2, 28), 25),
        (date(2000, 2, 29), date(2024, 2, 28), 23),
        (date(2000, 2, 29), date(2024, 2, 29), 24),
        (date(2020, 1, 1), date(2020, 1, 1), 0),
    ],
)
def test_ages_in_completed_years(birth, day, age):
    assert age_on(birth, day) == age


@given(births, st.integers(0, 40_000))
def test_age_never_falls_and_grows_by_one_at_most_from_day_to_day(birth, days):
    day = birth + timedelta(days=days)
    assert age_on(birth, day + timedelta(days=1)) - age_on(birth, day) in (0, 1)


def test_nobody_has_an_age_before_birth():
    with pytest.raises(ValueError):
        age_on(date(2020, 1, 2), date(2020, 1, 1))
