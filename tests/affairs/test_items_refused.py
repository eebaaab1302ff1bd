"""What a version of an item cannot say is refused with its place; nothing ends in an error of ours."""

import pytest

from tests.affairs import kit

OFFICE = "/office/v1/service-items"
TEXT = {"type": "string", "title": "姓名", "maxLength": 20}
CHOICE = {"type": "array", "title": "方式", "items": {"type": "string", "enum": ["a", "b"]}, "uniqueItems": True}


def form(**properties) -> dict:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"form": form(name=TEXT | {"x-when": {"field": ["name"], "in": ["a"]}})}, "form.properties.name.x-when"),
        ({"form": form(name=TEXT | {"x-when": {"field": {"a": 1}, "in": ["a"]}})}, "form.properties.name.x-when"),
        ({"form": form(name=TEXT | {"$ref": "#/x", "pattern": "a", "examples": ["a"]})}, "form.properties.name.$ref"),
        ({"form": form(ways=CHOICE | {"maxItems": 10**18})}, "form.properties.ways.minItems"),
        ({"form": form(name=TEXT) | {"title": {"a\0": 1}}}, "form.title"),
        ({"form": form(name=TEXT), "area": "name"}, "area"),
        ({"levels": [{"after": 0, "role": "nobody_at_all"}]}, "levels"),
        ({"steps": [kit.step("check", ("granted", "nowhere"))], "appeal": None}, "steps"),
    ],
)
def test_names_the_place(editor, changed, place):
    answer = editor.post(OFFICE, kit.told(kit.new_code(), **changed))
    assert (answer.status_code, answer.json["code"]) == (422, "service_item_wrong")
    assert place in answer.json["fields"]


def test_a_way_to_no_name_of_a_step_is_bad_input(editor):
    steps = [kit.step("check", ("granted", "a\nb"))]
    answer = editor.post(OFFICE, kit.told(kit.new_code(), steps=steps, appeal=None))
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")
