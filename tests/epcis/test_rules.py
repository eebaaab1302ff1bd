"""What the schema cannot catch is refused with its reason, by event; what the schema says is checked with formats."""

import pytest

from models.epcis import checks, vocabulary
from tests.epcis import events
from tests.epcis.events import (
    BOX,
    LOT,
    PACK,
    PLACE,
    PREFIX,
    SENSOR,
    associated,
    document,
    packed,
    short,
    traded,
    transformed,
)

LATE = {"sensorMetadata": {"time": "2026-11-20T08:30:00.001+08:00"}, "sensorReport": [{"type": "Mass", "value": 1}]}
REVERSED = {
    "sensorMetadata": {"startTime": "2026-11-20T08:00:00Z", "endTime": "2026-11-20T07:00:00Z"},
    "sensorReport": [{"type": "Mass", "value": 1}],
}
WRONG_GTIN = "https://example.org/01/06901234567893/21/A1"
CASES = [
    ("parent_missing", associated(parentID=None)),
    ("parent_missing", associated(action="DELETE", parentID=None)),
    ("children_missing", associated(childEPCs=None)),
    ("children_missing", associated(action="OBSERVE", childEPCs=[])),
    ("parent_missing", packed(parentID=None)),
    ("children_missing", packed(childEPCs=[], childQuantityList=[])),
    ("parent_among_children", packed(childEPCs=[BOX, PACK.format(1)])),
    ("listed_twice", packed(childEPCs=[PACK.format(1), PACK.format(1)])),
    ("sensor_after_event", short(sensorElementList=[LATE])),
    (
        "sensor_after_event",
        short(sensorElementList=[{"sensorReport": [{"type": "Mass", "time": "2026-11-20T00:30:01Z"}]}]),
    ),
    ("sensor_report_missing", short(sensorElementList=[{"sensorMetadata": {}, "sensorReport": []}])),
    ("sensor_report_missing", short(sensorElementList=[{"sensorMetadata": {}}])),
    ("sensor_times_reversed", short(sensorElementList=[REVERSED])),
    ("time_zone_differs", short(eventTimeZoneOffset="+09:00")),
    ("time_unreadable", short(eventTime="2026-12-31T23:59:60Z")),
    ("check_digit", short(epcList=[WRONG_GTIN])),
    ("check_digit", short(epcList=["https://example.org/01/0690123456789/21/A1"])),
    ("check_digit", short(epcList=["https://example.org/00/340123450000000018"])),
    ("check_digit", short(readPoint={"id": "https://example.org/414/4012345000008"})),
    ("check_digit", packed(parentID="https://example.org/8003/04012345555550987")),
    ("check_digit", transformed(inputQuantityList=[{"epcClass": "https://example.org/01/06901234567893/10/L"}])),
    ("key_order", short(epcList=["https://example.org/01/06901234567892/21/A1/10/L7"])),
    ("not_an_instance", short(epcList=[LOT])),
    ("not_a_class", short(quantityList=[{"epcClass": PACK.format(1), "quantity": 1}])),
    ("nothing_happened_to", short(epcList=None)),
    ("nothing_happened_to", short(epcList=None, sensorElementList=[SENSOR])),
    ("input_missing", transformed(inputQuantityList=None)),
    ("output_missing", transformed(outputEPCList=None)),
    ("transactions_missing", traded(bizTransactionList=[])),
    ("ilmd_without_add", short(ilmd={"ex:a": 1})),
    ("word_unknown", short(bizStep="harvesting")),
    ("word_unknown", short(bizStep="urn:epcglobal:cbv:bizstep:harvesting")),
    ("word_unknown", short(bizStep="https://ref.gs1.org/cbv/BizStep-harvesting")),
    ("word_unknown", short(disposition="rotten")),
    ("word_unknown", short(persistentDisposition={"unset": ["rotten"]})),
    ("word_unknown", short(bizTransactionList=[{"type": "bill", "bizTransaction": "urn:x:1"}])),
    ("word_unknown", short(sourceList=[{"type": "owner", "source": "urn:x:1"}])),
    ("word_unknown", short(sensorElementList=[{"sensorReport": [{"type": "MassFraction", "value": 1}]}])),
    ("word_unknown", short(sensorElementList=[{"sensorReport": [{"type": "Mass", "exception": "OOPS"}]}])),
    (
        "word_unknown",
        short(errorDeclaration={"declarationTime": "2026-11-20T09:00:00+08:00", "reason": "changed_my_mind"}),
    ),
    ("declaration_early", short(errorDeclaration={"declarationTime": "2026-11-20T08:00:00+08:00"})),
    ("prefix_undeclared", short(**{"nowhere:a": 1})),
    ("prefix_undeclared", short(**{"ex:a": [{"nowhere:b": 1}]})),
    ("prefix_undeclared", short(action="ADD", ilmd={"nowhere:a": 1})),
    ("event_type_unknown", short(type="QuantityEvent")),
    ("number_too_large", short(quantityList=[{"epcClass": "urn:x:1", "quantity": 1e300}])),
]


def codes(event, prefixes=PREFIX) -> set[str]:
    return {one.code for one in checks.of(event, prefixes)}


@pytest.mark.parametrize(("code", "event"), CASES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(CASES)])
def test_it_is_refused_for_this_reason(code, event):
    assert codes(event) == {code}


@pytest.mark.parametrize(
    "event",
    [
        associated(),
        associated(parentID=PLACE),
        associated(action="DELETE", childEPCs=None),
        associated(action="OBSERVE", parentID=None),
        packed(action="DELETE", childEPCs=None),
        short(eventTime="2026-11-20T00:30:00Z"),
        short(eventTime="2026-11-20T00:30:00.123456789Z"),
        short(eventTimeZoneOffset="+08:00"),
        short(epcList=None, readPoint={"id": PLACE}, sensorElementList=[SENSOR]),
        transformed(inputQuantityList=None, transformationID="urn:x:1"),
        transformed(outputEPCList=None, transformationID="urn:x:1"),
        short(bizStep="https://example.org/steps/harvesting"),
        short(epcList=["https://example.org/t/AB12", "urn:example:free:1", BOX]),
        short(certificationInfo="https://example.org/cert/1"),
        short(**{"cbvmda:lotNumber": "L7", "http://example.com/x": 1}),
    ],
)
def test_it_is_accepted(event):
    assert codes(event) == set()


@pytest.mark.parametrize(
    "event",
    [
        short(eventTime=None),
        short(eventTime="2026-11-20T08:30:00"),
        short(eventTime="yesterday"),
        short(eventTime="2026-02-30T08:30:00Z"),
        short(eventTimeZoneOffset="+8:00"),
        short(eventTimeZoneOffset="+14:30"),
        short(eventTimeZoneOffset=None),
        short(action="REMOVE"),
        short(action=None),
        short(epcList=["not a uri"]),
        short(epcList=["/relative"]),
        short(eventID="374d95fc"),
        short(readPoint="urn:x:1"),
        short(unknown=1),
        short(action="ADD", ilmd={"lotNumber": 1}),
        short(quantityList=[{"quantity": 3}]),
        short(quantityList=[{"epcClass": "urn:x:1", "uom": "KGM"}]),
        short(quantityList=[{"epcClass": "urn:x:1", "quantity": "3"}]),
        short(sourceList=[{"source": "urn:x:1"}]),
        short(sensorElementList=[{"sensorReport": [{"value": 1}]}]),
        short(sensorElementList=[{"sensorReport": [{"type": "Mass", "hexBinaryValue": "xyz"}]}]),
        short(errorDeclaration={"reason": "did_not_occur"}),
        short(persistentDisposition={}),
        short(certificationInfo="none"),
        transformed(action="ADD"),
        packed(epcList=[PACK.format(1)]),
    ],
)
def test_the_schema_and_its_formats_refuse_it(event):
    assert codes(event) == {"form"}


@pytest.mark.parametrize("broken", [None, 7, "x", [], {}, {"type": 3}, {"type": ["ObjectEvent"]}])
def test_what_is_no_event_at_all_is_refused(broken):
    assert codes(broken) == {"event_type_unknown"}


def test_depth_has_an_end():
    deep = {}
    for _ in range(30):
        deep = {"ex:a": deep}
    assert codes(short(**{"ex:deep": deep})) == {"nested_too_deep"}


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (vocabulary.BIZ_STEPS, "shipping"),
        (vocabulary.DISPOSITIONS, "recalled"),
        (vocabulary.BIZ_TRANSACTION_TYPES, "testres"),
        (vocabulary.SOURCE_DEST_TYPES, "owning_party"),
        (vocabulary.ERROR_REASONS, "incorrect_data"),
        (vocabulary.COMPONENTS, "latitude"),
        (vocabulary.MEASUREMENT_TYPES, "Temperature"),
    ],
)
def test_a_word_is_one_word_in_each_of_its_forms(words, word):
    forms = [word, f"{words.web}{word}", f"{words.curie}{word}", *([f"{words.urn}{word}"] if words.urn else [])]
    assert len(set(forms)) == len(forms) >= 3
    assert {vocabulary.bare(words, one) for one in forms} == {word}
    assert all(vocabulary.is_known(words, one) for one in forms)
    assert not any(vocabulary.is_known(words, f"{one}x") for one in forms if words is not vocabulary.MEASUREMENT_TYPES)


def test_the_vocabulary_has_as_many_words_as_the_standard():
    told = (vocabulary.BIZ_STEPS, vocabulary.DISPOSITIONS, vocabulary.BIZ_TRANSACTION_TYPES, vocabulary.ERROR_REASONS)
    assert [len(one.words) for one in told] == [41, 33, 13, 2]
    assert [len(one.words) for one in (vocabulary.SOURCE_DEST_TYPES, vocabulary.MEASUREMENT_TYPES)] == [3, 72]


def test_over_http_each_wrong_event_is_named_with_its_reasons(office):
    wrong = [associated(parentID=None), short(bizStep="harvesting", epcList=[WRONG_GTIN])]
    job = office.captured(document(short(), *wrong))
    assert (job["success"], job["storedCount"]) == (False, 0)
    assert [(one["index"], one["eventID"]) for one in job["errors"]] == [
        (place, one["eventID"]) for place, one in enumerate(wrong, 1)
    ]
    assert [{why["code"] for why in one["reasons"]} for one in job["errors"]] == [
        {"parent_missing"},
        {"word_unknown", "check_digit"},
    ]
    assert all(one["type"] == "epcisException:ValidationException" and one["title"] for one in job["errors"])
    assert office.ids() == []


def test_one_wrong_event_alone_is_a_400_with_its_reasons_in_the_language_asked_for(office):
    answer = office.post("/events", {"@context": events.CONTEXT, **short(bizStep="harvesting")}, Accept_Language="en")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["type"] == "epcisException:ValidationException"
    [told] = answer.json["errors"][0]["reasons"]
    assert told["code"] == "word_unknown"
    assert told["where"] == "bizStep"
