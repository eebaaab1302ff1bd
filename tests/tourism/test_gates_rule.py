"""Which scans of a ticket count: the same for every order in which they become known."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.booking import gate_rule, gate_terms
from models.booking.gate_terms import WHOLE, GateTerms, Zone

OPENS = datetime(2026, 11, 24, 1, tzinfo=UTC)
HOURS = (OPENS, OPENS + timedelta(hours=8))


def scan(minute, zone="", direction="in", device="a", **more):
    at = OPENS + timedelta(minutes=minute)
    nonce = f"n{minute}-{zone}-{direction}-{device}"
    return {"at": at, "device": device, "gate": device, "nonce": nonce, "zone": zone, "direction": direction, **more}


def terms(**zones):
    return GateTerms({name.replace("whole", WHOLE): one for name, one in zones.items()})


def way(*scans, by=None):
    return gate_rule.course(scans, by or GateTerms(), HOURS)


def reasons(found):
    return [one.reason for one in found.wrong]


def test_without_terms_the_place_is_entered_once_and_leaving_gives_no_second_entry():
    found = way(scan(0), scan(10, direction="out"), scan(20, device="b"))
    assert reasons(found) == ["used_twice"]
    assert (found.wrong[0].scan["device"], found.wrong[0].other["device"]) == ("b", "a")
    assert found.written() == {
        WHOLE: {
            "in": 1,
            "out": 1,
            "inside": False,
            "last": {
                "at": scan(10)["at"],
                "device": "a",
                "nonce": "n10--out-a",
                "direction": "out",
            },
        }
    }


def test_with_several_entries_one_has_to_leave_first():
    by = terms(whole=Zone(most_entries=2))
    assert reasons(way(scan(0), scan(10), by=by)) == ["inside_twice"]
    assert reasons(way(scan(0), scan(5, direction="out"), scan(10), by=by)) == []
    third = way(scan(0), scan(5, direction="out"), scan(10), scan(15, direction="out"), scan(20), by=by)
    assert reasons(third) == ["entries_used_up"]


def test_where_nobody_looks_at_exits_one_may_enter_again_at_any_time():
    by = terms(hall=Zone(most_entries=0, again="free"))
    found = way(*[scan(minute, "hall") for minute in range(50)], by=by)
    assert reasons(found) == []
    assert found.count("hall").entries == 50
    assert found.left("hall") is None


def test_one_drawn_code_counts_once_in_a_zone_even_where_entries_are_free():
    by = terms(hall=Zone(most_entries=0, again="free"), whole=Zone())
    found = way(scan(0, "hall", step=7), scan(0, "hall", device="b", step=7), scan(1, "", step=7), by=by)
    assert reasons(found) == ["code_used"]


def test_leaving_the_place_leaves_every_zone_of_it():
    by = terms(whole=Zone(most_entries=0), hall=Zone(most_entries=0), room=Zone(most_entries=0, parent="hall"))
    inside = [scan(0), scan(1, "hall"), scan(2, "room")]
    assert [one["inside"] for one in way(*inside, by=by).written().values()] == [True] * 3
    left = way(*inside, scan(3, direction="out"), by=by).written()
    assert [one["inside"] for one in left.values()] == [False] * 3
    hall = way(*inside, scan(3, "hall", "out"), by=by).written()
    assert {code: one["inside"] for code, one in hall.items()} == {WHOLE: True, "hall": False, "room": False}


def test_an_exit_without_an_entry_is_a_fact_and_uses_nothing():
    found = way(scan(0, direction="out"))
    assert (reasons(found), found.first) == ([], None)
    assert found.written()[WHOLE]["out"] == 1


def test_a_zone_that_was_not_agreed_on_is_not_included_but_the_place_is():
    by = terms(hall=Zone(included=False))
    found = way(scan(0, "hall"), scan(1, "cellar"), scan(2), by=by)
    assert reasons(found) == ["zone_not_included"] * 2
    assert found.first["zone"] == ""


def test_an_entry_outside_of_the_hours_counts_and_is_told():
    found = way(scan(-1))
    assert (reasons(found), found.count("").entries) == (["other_time"], 1)


def test_at_the_same_instant_the_device_decides_then_the_nonce():
    for scans in ([scan(0, device="b"), scan(0, device="a")], [scan(0, device="a"), scan(0, device="b")]):
        assert way(*scans).first["device"] == "a"


TERMS = [
    GateTerms(),
    terms(whole=Zone(most_entries=2), hall=Zone(most_entries=0)),
    terms(whole=Zone(most_entries=0, again="free"), hall=Zone(most_entries=3, parent=WHOLE)),
]
scans = st.builds(
    scan,
    st.integers(-5, 30),
    st.sampled_from(["", "hall", "cellar"]),
    st.sampled_from(["in", "out"]),
    st.sampled_from("abc"),
)


@given(st.lists(scans, max_size=12, unique_by=gate_rule.scan_id), st.sampled_from(TERMS), st.randoms())
def test_the_order_in_which_scans_become_known_does_not_matter(found, by, dice):
    shuffled = list(found)
    dice.shuffle(shuffled)
    one, other = way(*found, by=by), way(*shuffled, by=by)
    assert (one.written(), one.first, one.wrong) == (other.written(), other.first, other.wrong)


@given(st.lists(scans, max_size=12, unique_by=gate_rule.scan_id), st.sampled_from(TERMS))
def test_no_rule_is_ever_overdrawn(found, by):
    end = way(*found, by=by)
    for code, count in end.zones.items():
        most = by.zone(code).most_entries
        assert not most or count.entries <= most
        assert by.zone(code).included or not count.entries
    wrong = [one for one in end.wrong if one.reason != "other_time"]
    entries = sum(one.entries for one in end.zones.values())
    assert entries + len(wrong) == sum(one["direction"] == "in" for one in found)


def test_terms_are_read_as_an_order_took_them_along():
    told = {"zones": [{"code": "hall", "ticket_types": ["adult"], "most_entries": 0}], "static_code": "inspect"}
    adult, child = gate_terms.read(told, "adult"), gate_terms.read(told, "child")
    assert (adult.zone("hall").included, child.zone("hall").included) == (True, False)
    assert (adult.zone("hall").most_entries, adult.zone("hall").again, adult.static_code) == (
        0,
        "after_exit",
        "inspect",
    )
    assert adult.zone(WHOLE) == Zone()
    assert gate_terms.read({}, "adult") == GateTerms()


@pytest.mark.parametrize("seed", range(3))
def test_a_ticket_never_has_more_inside_than_one(seed):
    dice, by = random.Random(seed), terms(whole=Zone(most_entries=0))
    found = [scan(minute, direction=dice.choice(["in", "out"])) for minute in range(60)]
    inside = 0
    wrong = {gate_rule.scan_id(one.scan) for one in way(*found, by=by).wrong}
    for one in found:
        if gate_rule.scan_id(one) in wrong:
            assert inside == 1
        else:
            inside = 1 if one["direction"] == "in" else 0
