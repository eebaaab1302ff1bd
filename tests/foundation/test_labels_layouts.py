"""The measures of sheets and rolls."""

import pytest

from backend.labels.drawing import frame
from backend.labels.label import LayoutUnknown, SizeOutside
from backend.labels.layout import SHEETS, roll, sheet


@pytest.mark.parametrize("layout", SHEETS.values(), ids=SHEETS)
def test_labels_lie_on_the_sheet_in_the_middle_and_apart(layout):
    right, bottom = (
        place + size
        for place, size in zip(layout.place(layout.per_page - 1), (layout.width, layout.height), strict=True)
    )
    left, top = layout.place(0)
    assert (left, top) == pytest.approx((210 - right, 297 - bottom))
    assert left >= -1e-9
    assert top >= -1e-9
    assert layout.pitch_across >= layout.width
    assert layout.pitch_down >= layout.height
    assert layout.source


# Left and upper margin in millimetres as lists of templates have them; the last number is how far lists lie apart.
@pytest.mark.parametrize(
    ("name", "per_page", "left", "top", "apart"),
    [
        ("a4_65", 65, 4.75, 10.7, 0.1),
        ("a4_40", 40, 10, 22, 0.65),
        ("a4_24", 24, 7.25, 12.9, 0.1),
        ("a4_21", 21, 7.25, 15.15, 0.1),
        ("a4_14", 14, 4.65, 15.1, 0.1),
        ("a4_12", 12, 7.35, 3.53, 1),
        ("a4_8", 8, 4.67, 13.04, 0.1),
    ],
)
def test_margins_are_those_of_published_lists(name, per_page, left, top, apart):
    assert sheet(name).per_page == per_page
    assert sheet(name).place(0) == pytest.approx((left, top), abs=apart)


def test_the_order_is_along_the_rows():
    layout = sheet("a4_21")
    assert layout.place(1) == pytest.approx((layout.margin_left + 66, layout.margin_top))
    assert layout.place(3) == pytest.approx((layout.margin_left, layout.margin_top + 38.1))


@pytest.mark.parametrize("layout", [*SHEETS.values(), roll(40, 30), roll(30, 60), roll(20, 20)])
def test_code_and_lines_stay_inside_of_the_label_and_apart(layout):
    parts = frame(layout)
    assert parts.code_x >= 1
    assert parts.code_y >= 1
    assert parts.text_x + parts.text_width <= layout.width - 1
    assert parts.text_y + parts.text_height <= layout.height - 1 + 1e-9
    if parts.centred:
        assert parts.text_y >= parts.code_y + parts.code_side - 1e-9
    else:
        assert parts.text_x >= parts.code_x + parts.code_side - 1e-9


def test_an_unknown_sheet_is_refused():
    with pytest.raises(LayoutUnknown):
        sheet("letter_30")


@pytest.mark.parametrize("size", [(14, 30), (40, 301), (float("nan"), 30)])
def test_a_roll_of_no_real_size_is_refused(size):
    with pytest.raises(SizeOutside):
        roll(*size)
