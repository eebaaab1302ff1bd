"""What a thing came to and what it came from, over splits, merges, boxes in boxes, and corrections."""

import pytest

from models.epcis import capture, trace
from tests.epcis.events import ends, packed, short, transformed

PARTY, BUYER = "https://example.org/party/1", "https://example.org/party/9"


def lot(name: str) -> str:
    return f"https://example.org/lot/{name}"


def made(sources: list[str], targets: list[str], **more) -> dict:
    inputs = [{"epcClass": lot(one), "quantity": 1, "uom": "KGM"} for one in sources]
    return transformed(inputQuantityList=inputs or None, outputEPCList=[lot(one) for one in targets] or None, **more)


def boxed(children: list[str], parent: str, **more) -> dict:
    return packed(parentID=lot(parent), childEPCs=[lot(one) for one in children], **more)


def put(*events):
    capture.put(list(events), PARTY)


def names(found: trace.Reach) -> set[str]:
    return {one.rpartition("/")[2] for one in found.nodes}


@pytest.fixture
def graph(store):
    """Two harvests mixed, graded into three, two of them packed in boxes, these on a pallet; a stranger beside."""
    put(made(["h1", "h2"], ["m"]), made(["m"], ["a", "b", "c"]), boxed(["a"], "box1"), boxed(["b"], "box2"))
    put(boxed(["box1", "box2"], "pallet"), made(["h3"], ["x"]), boxed(["x"], "box2"), short(epcList=[lot("a")]))


def test_forward_reaches_all_that_came_of_it(graph):
    found = trace.reach(lot("h1"), "forward")
    assert names(found) == {"h1", "m", "a", "b", "c", "box1", "box2", "pallet"}
    assert found.nodes[lot("pallet")] == 4
    assert not found.cut


def test_backward_reaches_all_that_it_came_from_and_not_its_siblings(graph):
    assert names(trace.reach(lot("a"), "backward")) == {"a", "m", "h1", "h2"}
    assert names(trace.reach(lot("pallet"), "backward")) >= {"box1", "box2", "a", "b", "x", "m", "h1", "h2", "h3"}


def test_both_ways_is_what_it_came_from_and_what_it_came_to(graph):
    assert names(trace.reach(lot("m"))) == {"h1", "h2", "m", "a", "b", "c", "box1", "box2", "pallet"}
    assert names(trace.reach(lot("a"))) == {"a", "m", "h1", "h2", "box1", "pallet"}


def test_edges_say_by_which_event_and_how(graph):
    found = trace.reach(lot("a"), "both")
    told = {(one.source.rpartition("/")[2], one.target.rpartition("/")[2], one.kind) for one in found.edges}
    assert told == {
        ("m", "a", "transformation"),
        ("h1", "m", "transformation"),
        ("h2", "m", "transformation"),
        ("a", "box1", "aggregation"),
        ("box1", "pallet", "aggregation"),
    }
    assert all(one.event.startswith("urn:uuid:") and one.at.tzinfo for one in found.edges)


def test_unpacking_joins_nothing(store):
    put(boxed(["a"], "box", action="DELETE"), boxed(["b"], "box", action="OBSERVE"))
    assert names(trace.reach(lot("a"))) == {"a"}
    assert names(trace.reach(lot("b"))) == {"b", "box"}


def test_a_transformation_in_several_events_joins_by_its_id(store):
    whole = {"transformationID": "urn:x:batch/t1"}
    put(
        made(["in1"], [], **whole), made(["in2"], [], **whole), made([], ["out1"], **whole), made([], ["out2"], **whole)
    )
    assert names(trace.reach(lot("in1"), "forward")) == {"in1", "t1", "out1", "out2"}
    assert names(trace.reach(lot("out2"), "backward")) == {"out2", "t1", "in1", "in2"}


@pytest.mark.parametrize("first", ["event", "declaration"])
def test_an_event_that_was_declared_wrong_joins_nothing_whichever_came_first(store, first):
    wrong = made(["h"], ["a"])
    declaration = {**wrong, "errorDeclaration": {"declarationTime": "2026-11-20T09:00:00+08:00"}}
    for one in (wrong, declaration) if first == "event" else (declaration, wrong):
        put(one)
    put(made(["h"], ["b"]))
    assert names(trace.reach(lot("h"))) == {"h", "b"}


def test_a_circle_ends(store):
    put(made(["a"], ["b"]), made(["b"], ["a"]))
    assert names(trace.reach(lot("a"))) == {"a", "b"}


def test_above_what_was_asked_for_it_is_cut_and_says_so(store):
    put(made(["h"], [f"a{n}" for n in range(50)]))
    assert trace.reach(lot("h"), "forward", 49).cut
    found = trace.reach(lot("h"), "forward", 60)
    assert (len(found.nodes), found.cut) == (51, False)


def test_what_nobody_knows_reaches_itself(store):
    assert trace.reach(lot("nothing")) == trace.Reach({lot("nothing"): 0})


def test_who_received_what_is_told_by_destinations(store):
    sold = {"destinationList": [ends("owning_party", BUYER, "destination")]}
    put(made(["h"], ["a", "b"]), short(epcList=[lot("a")], **sold), short(epcList=[lot("c")], **sold))
    found = trace.reach(lot("h"), "forward")
    handed = trace.handed_over(found.nodes)
    assert [(one.source, one.target, one.kind) for one in handed] == [(lot("a"), BUYER, "observed")]
    assert handed[0].source in found.nodes
