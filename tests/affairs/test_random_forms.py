"""Forms that are taken can be filled, field by field; those refused cannot; a filling is judged as JSON Schema says."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from models.affairs import form, form_answers
from tests.affairs import random_forms


def test_a_form_is_taken_exactly_when_every_field_of_it_can_be_filled():
    seen = Counter()

    @settings(max_examples=400, deadline=None)
    @given(random_forms.forms())
    def judged(told):
        taken = form.problems(told) == []
        seen[taken] += 1
        assert taken == (_has_examples(told) and random_forms.can_be_filled(told)), form.problems(told)

    judged()
    assert min(seen[True], seen[False]) > 30


def _has_examples(told: dict) -> bool:
    """A pattern is shown by an example that fits it: the only thing that is asked beyond being fillable."""
    examples = [one["examples"][0] for one in told["properties"].values() if "examples" in one]
    return all(one in {"ab", "abcc"} for one in examples)


def test_a_filling_is_right_exactly_when_json_schema_says_so():
    seen = Counter()

    @settings(max_examples=600, deadline=None)
    @given(random_forms.forms().filter(lambda one: not form.problems(one)), st.data())
    def judged(told, data):
        answers = data.draw(random_forms.fillings(told))
        right = form_answers.errors(told, answers) == {}
        seen[right] += 1
        assert right == random_forms.standard(told).is_valid(answers), form_answers.errors(told, answers)

    judged()
    assert min(seen[True], seen[False]) > 30


def test_every_wrong_field_is_named_with_a_code_and_a_sentence():
    @settings(max_examples=300, deadline=None)
    @given(random_forms.forms().filter(lambda one: not form.problems(one)), st.data())
    def judged(told, data):
        answers = data.draw(random_forms.fillings(told))
        for one in form_answers.told(told, answers):
            assert one["code"] in form_answers.CODES.values()
            assert one["zh"].endswith("。")
            assert "{" not in one["zh"]

    judged()
