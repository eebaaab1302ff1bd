"""The state machine of a card under any order of acts, against a small model of it."""

import pytest
from bson import ObjectId
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from mongoengine.connection import get_db

from backend.store import transactions
from models.onecard import card, card_moves
from models.onecard.card_moves import LIVE, MOVES, STATE_ZH

REACHED = {
    ("applied", "issued"): "issued",
    ("applied", "refused"): "cancelled",
    ("issued", "activate"): "active",
    **{(state, "lose"): "lost" for state in ("issued", "active", "frozen", "lost")},
    **{(state, "freeze"): "frozen" for state in ("issued", "active", "frozen")},
    **{(state, "hold"): "frozen" for state in ("issued", "active", "frozen")},
    ("lost", "hold_lost"): "lost",
    **{(state, "replace"): "replaced" for state in ("issued", "active", "lost", "frozen", "replaced")},
    **{(state, "cancel"): "cancelled" for state in ("issued", "active", "lost", "frozen", "cancelled")},
    ("issued", "issued"): "issued",
    ("active", "activate"): "active",
    ("cancelled", "refused"): "cancelled",
}
"""Written down by hand, beside the table of the product: what each act comes to where nobody died."""


def test_the_table_of_moves_is_the_one_of_this_page():
    simple = {name for name in MOVES if name not in ("unfreeze", "report_death", "refute_death")}
    told = {(before, name): MOVES[name].after for name in simple for before in MOVES[name].before}
    told |= {(MOVES[name].after, name): MOVES[name].after for name in simple}
    assert told == REACHED


def test_every_state_has_its_words_and_every_end_is_an_end():
    assert {one for move in MOVES.values() for one in (*move.before, move.after) if one} == set(STATE_ZH)
    assert set(STATE_ZH) - set(LIVE) == {"replaced", "cancelled"}
    assert all(set(move.before) <= set(LIVE) for move in MOVES.values())


class CardMachine(RuleBasedStateMachine):
    """One card: the product's on the real store, and the model's three words."""

    def __init__(self):
        super().__init__()
        record = card.begin(ObjectId(), card.pending("issue"), by="resident:test")
        card.insert(record)
        self.card_id, self.person = record["_id"], record["person"]
        self.state, self.was, self.dying = "applied", "", None
        self.lines = 1

    @rule(name=st.sampled_from(sorted(MOVES)))
    def act(self, name):
        wanted = self._model(name)
        change = card.prepared(self.card_id, name, by="resident:test", stop={"how": "self"})
        try:
            moved = transactions.run(lambda session: card.move(self.card_id, change, session))
        except card.NotNow:
            assert wanted is None, (self.state, name)
            return
        assert wanted is not None, (self.state, name)
        self.lines += moved.done
        self._take(name, wanted, done=moved.done)

    def _model(self, name):
        if self.dying is not None:
            reached = {"report_death": "frozen", "freeze": "frozen", "cancel": "cancelled", "refute_death": self.dying}
            return reached.get(name)
        if name == "refute_death":
            return None
        if name == "report_death":
            return "frozen" if self.state in ("issued", "active", "lost", "frozen") else None
        if name == "unfreeze":
            return self.was if self.state in ("lost", "frozen") else None
        return REACHED.get((self.state, name))

    def _take(self, name, wanted, *, done):
        if not done:
            assert wanted == self.state
            return
        if self.state in card_moves.USABLE and wanted in ("lost", "frozen"):
            self.was = self.state
        self.dying = self.state if name == "report_death" else None
        self.state = wanted

    @invariant()
    def the_store_says_what_the_model_says(self):
        found = card.read(self.card_id)
        assert found["state"] == self.state
        assert found["live"] == (self.state in LIVE)
        assert len(found["history"]) == self.lines
        assert ("before_death" in found) == (self.dying is not None)
        if self.state in card_moves.USABLE:
            assert not {"stop", "was"} & set(found)

    @invariant()
    def a_person_has_one_live_card_at_most(self):
        assert len(list(get_db().cards.find({"person": self.person, "live": True}))) == (self.state in LIVE)


@pytest.mark.usefixtures("seeded")
def test_any_order_of_acts_agrees_with_the_model():
    run_state_machine_as_test(CardMachine, settings=settings(max_examples=60, stateful_step_count=12))
