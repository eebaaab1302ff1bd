"""Numbers and truth values of JSON bodies are taken as they are; a query's are text and are converted."""

import marshmallow as ma
import pytest

from backend.http.exact_json import exact
from backend.http.surface import Surface


class Inner(ma.Schema):
    n = ma.fields.Integer()


class Outer(ma.Schema):
    n = ma.fields.Integer(allow_none=True)
    yes = ma.fields.Boolean()
    inner = ma.fields.Nested(Inner)
    many = ma.fields.List(ma.fields.Nested(Inner))
    numbers = ma.fields.List(ma.fields.Integer())
    by_name = ma.fields.Dict(values=ma.fields.Integer())


def loaded(body):
    schema = Outer()
    exact(schema)
    return schema.load(body)


@pytest.mark.parametrize("wrong", [2.6e-42, 1.0, "1", True, [], {}])
@pytest.mark.parametrize("place", ["n", "inner", "many", "numbers", "by_name"])
def test_only_an_integer_is_an_integer(place, wrong):
    def body(value):
        return {
            "n": {"n": value},
            "inner": {"inner": {"n": value}},
            "many": {"many": [{"n": value}]},
            "numbers": {"numbers": [value]},
            "by_name": {"by_name": {"a": value}},
        }[place]

    assert loaded(body(7)) == body(7)
    with pytest.raises(ma.ValidationError):
        loaded(body(wrong))


@pytest.mark.parametrize("wrong", [1, 0, 1.0, "true", "yes", "on", []])
def test_only_true_and_false_are_truth_values(wrong):
    assert loaded({"yes": True}) == {"yes": True}
    with pytest.raises(ma.ValidationError):
        loaded({"yes": wrong})


def test_what_may_be_null_may_still_be_null():
    assert loaded({"n": None}) == {"n": None}
    assert loaded({}) == {}


def test_a_surface_reads_bodies_so_and_queries_as_text():
    from_body, from_query = Outer(), Outer()
    surface = Surface("exact", __name__)
    surface.arguments(from_body)
    surface.arguments(from_query, location="query")
    with pytest.raises(ma.ValidationError):
        from_body.load({"n": "7"})
    assert from_query.load({"n": "7"}) == {"n": 7}
