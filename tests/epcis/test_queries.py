"""The simple event query over HTTP: each parameter finds what it should and nothing else, every one by an index."""

from urllib.parse import quote

import pytest
from mongoengine.connection import get_db

from models.epcis import query
from tests.epcis.events import (
    BOX,
    BUYER,
    COMMON,
    FULL,
    LOT,
    LOT_2,
    PACK,
    PLACE,
    PLACE_2,
    SELLER,
    SGTIN,
    associated,
    packed,
    short,
    traded,
    transformed,
)

URN = "urn:epcglobal:cbv"
PO = "urn:epc:id:gdti:0614141.00001.1618034"
ALL = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
OBJECT, AGGREGATION, TRANSACTION, TRANSFORMATION, ASSOCIATION = ALL
EXPECTED = [
    ({}, set(ALL) | {"plain"}),
    ({"eventType": "ObjectEvent"}, {OBJECT, "plain"}),
    ({"eventType": "ObjectEvent|AssociationEvent"}, {OBJECT, "plain", ASSOCIATION}),
    ({"eventType": ["ObjectEvent", "AssociationEvent"]}, {OBJECT, "plain", ASSOCIATION}),
    ({"EQ_action": "OBSERVE"}, {"plain", TRANSACTION}),
    ({"EQ_bizStep": "shipping"}, set(ALL)),
    ({"EQ_bizStep": f"{URN}:bizstep:shipping"}, set(ALL)),
    ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}, set(ALL)),
    ({"EQ_bizStep": "receiving"}, set()),
    ({"EQ_disposition": "in_transit"}, set(ALL)),
    ({"EQ_disposition": "completeness_verified"}, set()),
    ({"EQ_persistentDisposition_set": f"{URN}:disp:completeness_verified"}, set(ALL)),
    ({"EQ_persistentDisposition_unset": "completeness_verified"}, set()),
    ({"EQ_readPoint": PLACE}, set(ALL)),
    ({"EQ_readPoint": PLACE_2}, set()),
    ({"EQ_bizLocation": PLACE_2}, set(ALL)),
    ({"EQ_bizTransaction_po": PO}, set(ALL)),
    ({"EQ_bizTransaction_https://ref.gs1.org/cbv/BTT-po": PO}, set(ALL)),
    ({"EQ_bizTransaction_inv": PO}, set()),
    ({"EQ_bizTransaction": "https://example.org/doc/2"}, set(ALL)),
    ({"EQ_bizTransaction": PO}, set(ALL)),
    ({"EQ_source_owning_party": SELLER}, set(ALL)),
    ({"EQ_source_possessing_party": SELLER}, set()),
    ({f"EQ_source_{URN}:sdt:location": PLACE}, set(ALL)),
    ({"EQ_destination_possessing_party": BUYER}, set(ALL)),
    ({"EQ_destination_location": PLACE}, set()),
    ({"MATCH_epc": PACK.format(9)}, {OBJECT}),
    ({"MATCH_epc": PACK.format(2)}, {AGGREGATION, ASSOCIATION}),
    ({"MATCH_epc": "urn:epc:idpat:sgtin:4012345.012345.*"}, {OBJECT}),
    ({"MATCH_epc": "urn:epc:idpat:sgtin:4012345.*.*"}, {OBJECT}),
    ({"MATCH_epc": "urn:epc:idpat:sgtin:401234.*.*"}, set()),
    ({"MATCH_parentID": BOX}, {AGGREGATION, TRANSACTION}),
    ({"MATCH_inputEPC": SGTIN.format(2)}, {TRANSFORMATION}),
    ({"MATCH_outputEPC": PACK.format(2)}, {TRANSFORMATION}),
    ({"MATCH_outputEPC": SGTIN.format(2)}, set()),
    ({"MATCH_anyEPC": PACK.format(2)}, {AGGREGATION, ASSOCIATION, TRANSFORMATION}),
    ({"MATCH_anyEPC": BOX}, {AGGREGATION, TRANSACTION}),
    ({"MATCH_epcClass": LOT}, {OBJECT, AGGREGATION, TRANSACTION, ASSOCIATION}),
    ({"MATCH_inputEPCClass": LOT}, {TRANSFORMATION}),
    ({"MATCH_outputEPCClass": LOT_2}, {TRANSFORMATION}),
    ({"MATCH_anyEPCClass": LOT}, set(ALL)),
    ({"EQ_transformationID": "urn:uuid:00000000-0000-4000-8000-000000000001"}, {TRANSFORMATION}),
    ({"EQ_type": "gs1:Temperature"}, set(ALL)),
    ({"EQ_type": "Speed"}, set()),
    ({"EQ_deviceID": "urn:epc:id:giai:4000001.112"}, set(ALL)),
    ({"EQ_chemicalSubstance": "https://identifiers.org/inchikey:BUGBHKTXTAQXES-UHFFFAOYSA-N"}, set(ALL)),
    ({"EXISTS_sensorElementList": "true"}, set(ALL)),
    ({"EXISTS_errorDeclaration": "true"}, set()),
    ({"EXISTS_errorDeclaration": "false", "EQ_action": "OBSERVE"}, {"plain", TRANSACTION}),
    ({"EQ_errorReason": "did_not_occur"}, set()),
    ({"GE_eventTime": "2026-11-20T08:30:00+08:00"}, set(ALL)),
    ({"LT_eventTime": "2026-11-20T08:30:00+08:00"}, {"plain"}),
    ({"GE_eventTime": "2026-11-19T00:00:00Z", "LT_eventTime": "2026-11-20T00:30:00Z"}, {"plain"}),
    ({"GE_recordTime": "2026-11-20T09:00:00+08:00"}, set(ALL) | {"plain"}),
    ({"LT_recordTime": "2026-11-20T09:00:00+08:00"}, set()),
    ({"MATCH_anyEPCClass": LOT, "EQ_action": "ADD", "EQ_bizStep": "shipping"}, {OBJECT, AGGREGATION, ASSOCIATION}),
    ({"EQ_bizStep": "shipping", "orderBy": "recordTime", "LT_eventTime": "2020-01-01T00:00:00Z"}, set()),
]


@pytest.fixture
def stored(office):
    """One event of each type with every field, and a plain one of the day before."""
    made = {kind: FULL[kind]() for kind in ALL}
    made["plain"] = short(epcList=["urn:example:alone"], eventTime="2026-11-19T08:30:00+08:00")
    office.stored(*made.values())
    return made


def test_each_parameter_finds_what_it_should_and_nothing_else(office, stored):
    by_id = {one["eventID"]: name for name, one in stored.items()}
    wrong = []
    for asked, expected in EXPECTED:
        found = {by_id[one] for one in office.ids(**asked)}
        if found != expected:
            wrong.append((asked, found ^ expected))
    assert wrong == []


def test_every_parameter_that_is_offered_is_asked_for_here():
    asked = {name for one, _ in EXPECTED for name in one} | {"orderBy", "orderDirection", "perPage", "nextPageToken"}
    asked |= {"maxEventCount", "eventCountLimit", "EQ_eventID", "EQ_correctiveEventID"}
    rest = {"EQ_dataProcessingMethod", "EQ_microorganism", "EQ_bizRules", "EQ_uriValue"}  # by the same function
    assert set(query.PARAMETERS) - asked == rest


def test_the_resources_of_the_standard_ask_the_same(office, stored):
    for path, expected in [
        (f"/epcs/{quote(BOX, safe='')}/events", {AGGREGATION, TRANSACTION}),
        (f"/epcs/{quote(LOT, safe='')}/events?EQ_action=ADD", {OBJECT, AGGREGATION, ASSOCIATION}),
        ("/bizSteps/shipping/events", set(ALL)),
        (f"/bizSteps/{quote('https://ref.gs1.org/cbv/BizStep-shipping', safe='')}/events", set(ALL)),
        ("/dispositions/in_transit/events", set(ALL)),
        ("/eventTypes/TransformationEvent/events", {TRANSFORMATION}),
        (f"/readPoints/{quote(PLACE, safe='')}/events", set(ALL)),
        (f"/bizLocations/{quote(PLACE, safe='')}/events", set()),
    ]:
        answer = office.get(path)
        assert answer.status_code == 200, path
        found = answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert {one["eventID"] for one in found} == {stored[name]["eventID"] for name in expected}, path


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("order", ["eventTime", "recordTime"])
def test_pages_follow_the_link_header_and_hold_each_event_once_in_order(office, order, direction):
    made = [short(eventTime=f"2026-11-{1 + n // 2:02}T08:30:00+08:00", epcList=[PACK.format(n)]) for n in range(11)]
    for one in made:
        office.stored(one)
    path = f"/events?orderBy={order}&orderDirection={direction}&perPage=4&eventType=ObjectEvent"
    found, pages = [], 0
    while path:
        answer = office.get(path)
        found += answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        link = answer.headers.get("Link", "")
        path, pages = link[1 : link.find(">")].removeprefix("/epcis") if link else "", pages + 1
    assert pages == 3
    assert sorted(one["eventID"] for one in found) == sorted(one["eventID"] for one in made)
    times = [one[order] for one in found]
    assert times == sorted(times, reverse=direction == "DESC")


@pytest.mark.parametrize(
    "wrong",
    [
        {"EQ_colour": "red"},
        {"GE_eventTime": "yesterday"},
        {"GE_eventTime": "2026-11-20T08:30:00"},
        {"GE_eventTime": ["2026-11-20T08:30:00Z", "2026-11-21T08:30:00Z"]},
        {"EQ_action": "REMOVE"},
        {"eventType": "QuantityEvent"},
        {"EQ_source_owner": "urn:x:1"},
        {"EXISTS_errorDeclaration": "perhaps"},
        {"orderBy": "colour"},
        {"orderDirection": "UP"},
        {"perPage": "0"},
        {"perPage": "many"},
        {"perPage": "٣"},
        {"EQ_bizStep": ""},
        {"EQ_bizStep": "|".join(f"urn:x:{n}" for n in range(101))},
        {"MATCH_epc": "urn:epc:idpat:sgtin:*.12345.*"},
        {"MATCH_epc": "https://example.org/*"},
        {"maxEventCount": "5", "eventCountLimit": "5", "orderBy": "eventTime"},
        {"eventCountLimit": "5"},
        {"EQ_readPoint": "x" * 2049},
        {"EQ_readPoint": "a\x00b"},
    ],
)
def test_a_wrong_parameter_is_a_400_of_the_standards_exception(office, wrong):
    answer = office.ask(**wrong)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["type"] == "epcisException:QueryParameterException"
    assert set(answer.json["fields"]) <= set(wrong)


@pytest.mark.parametrize("token", ["x", "AAAA", "W10"])
def test_a_page_token_that_is_none_of_ours_is_a_400(office, token):
    office.stored(short())
    assert office.ask(nextPageToken=token).status_code == 400


def test_max_event_count_is_a_413_and_event_count_limit_cuts(office):
    office.stored(*(short(epcList=[PACK.format(n)]) for n in range(4)))
    answer = office.ask(maxEventCount="3")
    assert (answer.status_code, answer.json["type"]) == (413, "epcisException:QueryTooLargeException")
    assert len(office.found(maxEventCount="4")) == 4
    answer = office.ask(eventCountLimit="3", orderBy="eventTime")
    assert len(answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 3
    assert "Link" not in answer.headers


def test_every_shape_of_query_runs_over_the_index_that_it_is_meant_for(office, stored):
    for asked, name in [
        ([("MATCH_anyEPC", BOX)], "things_1_event_time_-1__id_-1"),
        ([("EQ_bizStep", "shipping")], "words_1_event_time_-1__id_-1"),
        ([("EQ_bizStep", "shipping"), ("orderBy", "recordTime")], "words_1_recorded_at_-1__id_-1"),
        ([], "event_time_-1__id_-1"),
        ([("orderBy", "recordTime")], "recorded_at_-1__id_-1"),
    ]:
        read = query.read(asked)
        told = query._query(read, query.Reader("", all=True), None)
        order = [(read.order_by, read.direction), ("_id", read.direction)]
        plan = get_db().epcis_events.find(told).sort(order).limit(5).explain()["queryPlanner"]["winningPlan"]
        assert name in str(plan), (asked, plan)
        assert "'SORT'" not in str(plan), asked


def test_two_prefixes_of_one_name_do_not_mix(office):
    one, other = short(**{"ex:a": 1}), short(**{"ex:a": 2}, epcList=[PACK.format(2)])
    office.stored(one)
    office.stored(other, context=["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "urn:b:"}])
    found = {told["eventID"]: told["@context"] for told in office.found()}
    assert found == {one["eventID"]: [{"ex": "https://example.org/ns/"}], other["eventID"]: [{"ex": "urn:b:"}]}


def test_nothing_is_found_by_words_that_look_alike(office):
    office.stored(
        short(readPoint={"id": "urn:x:1"}),
        traded(epcList=[PACK.format(3)]),
        packed(parentID="urn:x:box", childEPCs=["urn:x:1"]),
        associated(parentID="urn:x:place", childEPCs=["urn:x:2"]),
        transformed(outputEPCList=["urn:x:3"]),
    )
    assert office.ids(EQ_bizLocation="urn:x:1") == []
    assert len(office.ids(MATCH_epc="urn:x:1")) == 1
    assert office.ids(MATCH_parentID="urn:x:1") == []
    assert office.ids(EQ_readPoint="urn:x:.") == []


def test_documents_found_are_documents_that_can_be_captured_again(office, stored):
    answer = office.ask()
    again = office.captured(answer.json)
    assert again["success"], again["errors"]
    assert len(office.ids()) == len(stored)
    assert COMMON.items() <= office.found(eventType="ObjectEvent", EQ_bizStep="shipping")[0].items()
