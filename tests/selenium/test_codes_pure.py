"""The code of a package by itself: what it says, that nothing can be counted from it, and that no change passes."""

import hashlib
import hmac
from itertools import pairwise

import pytest

from backend.codes import product_code
from backend.codes.product_code import ALPHABET, GS1, SHORT, CheckWrong, NoCode, ProductKeys

MASTER, OTHER = bytes(range(7, 39)), bytes(range(90, 122))
KEYS = ProductKeys({3: MASTER, 5: OTHER}, frozenset({5}))
ITEM = product_code.item_scope("navel_orange", "673ec0a5c0ffee0123456789")
GTIN = product_code.gtin_scope("06901234500016")


def independent(form, master, key_id, counter, scope):
    """The same code written once more, from the text of docs/product-codes.md and nothing of the product."""

    def mac(key, told):
        return hmac.new(key, told, hashlib.sha256).digest()

    head_chars, bits, tag_chars = {"short": (10, 40, 12), "gs1": (8, 36, 8)}[form]
    serial_key, tag_key = (mac(master, b"product-code\0" + use) for use in (b"serial", b"tag"))
    half = bits // 2
    left, right = divmod(counter, 2**half)
    for turn in range(10):
        mixed = int(mac(serial_key, bytes([bits, turn]) + right.to_bytes(3, "big")).hex()[:8], 16) % 2**half
        left, right = right, left ^ mixed
    serial = left * 2**half + right
    told = b"product-code\0" + bytes([1, bits, key_id]) + serial.to_bytes(5, "big") + scope.encode()
    tag = f"{int(mac(tag_key, told).hex(), 16):0256b}"[: tag_chars * 5]
    all_bits = f"{key_id * 2**bits + serial:0{head_chars * 5}b}{tag}"
    values = [int(all_bits[at : at + 5], 2) for at in range(0, len(all_bits), 5)]
    if form == "short":
        total = 0
        for value in values:
            total = (total ^ value) * 2
            total ^= 37 if total >= 32 else 0
        values.append(total)
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value] for value in values)


@pytest.mark.parametrize("form", [SHORT, GS1])
@pytest.mark.parametrize("counter", [0, 1, 2, 99_999, 2**36 - 1])
@pytest.mark.parametrize(("key_id", "master"), [(3, MASTER), (5, OTHER)])
def test_codes_are_those_that_independent_code_makes(form, counter, key_id, master):
    for scope in (ITEM, GTIN):
        assert KEYS.issue(form, key_id, counter, scope) == independent(form.name, master, key_id, counter, scope)


def test_two_codes_stay_what_they_are_for_ever():
    assert KEYS.issue(SHORT, 3, 1, ITEM) == "035G0SHZYQXWX5FYYGQFNVA"
    assert KEYS.issue(GS1, 3, 1, GTIN) == "6EVH3CJ61T85N0B2"


@pytest.mark.parametrize(("form", "length"), [(SHORT, 23), (GS1, 16)])
def test_a_code_says_what_went_in_and_fits(form, length):
    text = KEYS.issue(form, 3, 4711, ITEM)
    told = product_code.read(text)
    assert (len(text), told.form, told.key_id, KEYS.counter(told)) == (length, form, 3, 4711)
    assert KEYS.wrong(told, ITEM) == 0
    assert text.startswith(told.head)
    assert KEYS.current == 3


def test_a_code_is_read_in_either_case_with_hyphens_and_with_the_letters_people_take_for_digits():
    text = KEYS.issue(SHORT, 3, 12, ITEM)
    told = product_code.read(text)
    spoken = "-".join((text[:5], text[5:13], text[13:])).lower().replace("0", "o").replace("1", "l")
    assert product_code.read(spoken) == told
    assert product_code.read(text.replace("1", "I")) == told


@pytest.mark.parametrize("form", [SHORT, GS1])
def test_every_single_changed_character_is_refused(form):
    scope = GTIN if form is GS1 else ITEM
    for counter in (0, 77):
        text = KEYS.issue(form, 3, counter, scope)
        for place, was in enumerate(text):
            for letter in ALPHABET.replace(was, ""):
                changed = text[:place] + letter + text[place + 1 :]
                if form.checked:
                    with pytest.raises(CheckWrong):
                        product_code.read(changed)
                else:
                    wrong = KEYS.wrong(product_code.read(changed), scope)
                    assert wrong == 1 if place >= form.head else wrong > 1, changed


def test_two_characters_that_changed_places_are_seen():
    text = KEYS.issue(SHORT, 3, 5, ITEM)
    pairs = [(one, two) for one in range(23) for two in range(one) if text[one] != text[two]]
    assert len(pairs) > 200
    for one, two in pairs:
        swapped = list(text)
        swapped[one], swapped[two] = text[two], text[one]
        with pytest.raises(CheckWrong):
            product_code.read("".join(swapped))


@pytest.mark.parametrize(
    "text", ["", "0" * 22, "0" * 24, "U" * 16, "0" * 15 + "é", "1" * 15 + "١", "0" * 1000, " " * 16]
)
def test_what_is_no_code_is_none(text):
    with pytest.raises(NoCode):
        product_code.read(text)


def test_a_code_belongs_to_its_scope_form_and_key():
    moved = product_code.read(KEYS.issue(SHORT, 3, 9, ITEM))
    for scope in (GTIN, product_code.item_scope("navel_orange", "0" * 24), ITEM + "x"):
        assert KEYS.wrong(moved, scope) > 1
    without = ProductKeys({4: OTHER})
    assert without.wrong(moved, ITEM) == 12
    assert without.counter(moved) is None
    assert ProductKeys({3: OTHER}).wrong(moved, ITEM) > 1


def test_serials_of_neighbours_are_all_different_and_tell_no_order():
    serials = [product_code.read(KEYS.issue(SHORT, 3, counter, ITEM)).serial for counter in range(3000)]
    assert len(set(serials)) == 3000
    rising = sum(after > before for before, after in pairwise(serials))
    assert 1350 < rising < 1650
    assert max(serials) > 0.99 * 2**40
    steps = {after - before for before, after in pairwise(serials)}
    assert len(steps) == 2999


@pytest.mark.parametrize("form", [SHORT, GS1])
def test_no_serial_is_given_out_beyond_the_last(form):
    last = product_code.read(KEYS.issue(form, 3, form.most - 1, ITEM))
    assert KEYS.counter(last) == form.most - 1
    for counter in (-1, form.most):
        with pytest.raises(ValueError, match=str(counter)):
            KEYS.issue(form, 3, counter, ITEM)


def test_the_scratch_code_is_a_secret_of_its_own():
    text = KEYS.issue(SHORT, 3, 9, ITEM)
    secret = KEYS.scratch(3, product_code.read(text).head)
    assert (len(secret), set(secret) <= set(ALPHABET), secret in text) == (8, True, False)
    assert secret != KEYS.scratch(3, text[1:11])
    assert secret != KEYS.scratch(5, product_code.read(text).head)


def test_both_forms_of_the_address_keep_host_and_scheme_in_lower_case():
    base = "https://sx.example"
    assert product_code.short_url(base, "ABC") == "https://sx.example/t/ABC"
    assert product_code.gs1_url(base, "06901234500016", "ABC") == "https://sx.example/01/06901234500016/21/ABC"
