"""Credit codes of organisations and GTINs: what is typed wrongly is seen."""

import pytest

from backend import credit_code, gtin

RIGHT = "91350100M000100Y43"
"""The example of GB 32100."""


def test_the_example_of_the_standard_is_right_and_is_read_as_people_type_it():
    assert credit_code.parse(" 91350100 m000100y43 ") == RIGHT
    assert (credit_code.division(RIGHT), credit_code.is_co_operative(RIGHT)) == ("350100", False)


@pytest.mark.parametrize("place", range(18))
def test_every_wrong_character_of_a_credit_code_is_seen(place):
    for letter in credit_code.ALPHABET:
        if letter != RIGHT[place]:
            assert not credit_code.is_right(RIGHT[:place] + letter + RIGHT[place + 1 :])


@pytest.mark.parametrize("text", ["", RIGHT[:-1], RIGHT + "0", "9135010OM000100Y43", "九" * 18])
def test_what_is_no_credit_code_is_refused(text):
    with pytest.raises(credit_code.CreditCodeWrong):
        credit_code.parse(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("6901234567892", "06901234567892"),
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("10614141000415", "10614141000415"),
    ],
)
def test_gtins_of_all_lengths_become_fourteen_digits(text, wanted):
    assert gtin.parse(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "6901234567893", "690123456789", "69012345678921", "0" * 13, "६901234567892", "x"]
)
def test_what_is_no_gtin_is_refused(text):
    with pytest.raises(gtin.GtinWrong):
        gtin.parse(text)


def test_a_gtin_belongs_to_the_company_prefix_behind_its_first_digit():
    assert gtin.has_prefix("16901234500013", "69012345")
    assert not gtin.has_prefix("06901234500011", "6901234501")
    assert not gtin.has_prefix("06901234500011", "")
