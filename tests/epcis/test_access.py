"""Who captures and who reads, the standard's headers, and errors in its form."""

import pytest
from mongoengine.connection import get_db

from models.epcis import context
from tests.epcis.events import CONTEXT, document, ends, short
from tests.support.clerk import first_admin

HEADERS = ("EPCIS-Version", "EPCIS-Min", "EPCIS-Max", "CBV-Version", "CBV-Min", "CBV-Max")


@pytest.mark.parametrize(
    "path", ["/events", "/capture", "/", "/eventTypes", "/events/urn:uuid:1", "/epcs/urn:x:1/events"]
)
def test_nobody_reads_without_proof(client, store, path):
    answer = client.get(f"/epcis{path}")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert (answer.json["type"], answer.json["status"]) == ("epcisException:SecurityException", 401)


def test_the_description_shows_errors_in_the_form_of_the_standard_and_elsewhere_in_ours(client, store):
    paths = client.get("/openapi.json").json["paths"]
    ours = [
        told["responses"]["default"]
        for path, methods in paths.items()
        for verb, told in methods.items()
        if path.startswith("/epcis") and verb != "parameters"
    ]
    assert len(ours) > 10
    assert {tuple(one["content"]) for one in ours} == {("application/problem+json",)}
    assert "$ref" in paths["/office/v1/units"]["get"]["responses"]["default"]


@pytest.mark.parametrize("path", ["/events", "/capture"])
def test_nobody_captures_without_proof(client, store, path):
    assert client.post(f"/epcis{path}", json=document(short())).status_code == 401
    assert get_db().epcis_events.estimated_document_count() == 0


def test_staff_need_the_operation_and_a_clerk_of_a_town_reads_only(client, seeded):
    admin = first_admin(client)
    other = admin.hire("gate_clerk", unit="agriculture_rural")
    answer = other.get("/epcis/events")
    assert (answer.status_code, answer.json["type"]) == (403, "epcisException:SecurityException")
    reading = admin.hire("agriculture_clerk", unit="agriculture_rural")
    assert reading.get("/epcis/events").status_code == 200
    assert reading.post("/epcis/capture", document(short())).status_code == 403


def test_a_party_reads_its_own_events_and_those_it_owns_or_possesses(seller, buyer, office):
    private, sold = short(), short(destinationList=[ends("owning_party", buyer.party, "destination")])
    placed = short(destinationList=[ends("location", buyer.party, "destination")])
    seller.stored(private, sold, placed)
    assert set(seller.ids()) == {private["eventID"], sold["eventID"], placed["eventID"]}
    assert buyer.ids() == [sold["eventID"]]
    assert buyer.ids(MATCH_epc=private["epcList"][0]) == [sold["eventID"]]
    assert buyer.get(f"/events/{private['eventID']}").status_code == 404
    assert buyer.get(f"/events/{sold['eventID']}").status_code == 200
    assert len(office.ids()) == 3


def test_a_device_of_another_class_may_not(client, store):
    from tests.support.gate import Gate  # noqa: PLC0415

    gate = Gate(client, "museum")
    headers = {"Authorization": gate.signed(b"", method="GET", path="/epcis/events")}
    answer = client.get("/epcis/events", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "device_class_wrong")


def test_every_answer_tells_the_versions(office):
    for answer in (office.get("/events"), office.get("/"), office.post("/capture", document(short()))):
        assert [answer.headers[f"GS1-{name}"] for name in HEADERS] == ["2.0.0"] * 6
        assert answer.headers["GS1-EPC-Format"] == "Never_Translates"


def test_options_tells_methods_versions_and_limits_and_nothing_else(office):
    answer = office.send("OPTIONS", "/epcis/capture", None, {})
    assert (answer.status_code, answer.data) == (204, b"")
    assert {"GET", "POST", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "2000"
    assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(4 << 20)
    assert answer.headers["GS1-Capture-Error-Behaviour"] == "all"
    assert "GS1-EPCIS-Capture-Limit" not in office.send("OPTIONS", "/epcis/events", None, {}).headers


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("GS1_EPCIS_Version", "1.2"),
        ("GS1_EPCIS_Min", "2.1"),
        ("GS1_EPCIS_Max", "1.2"),
        ("GS1_CBV_Version", "latest"),
        ("GS1_EPC_Format", "Always_EPC_URN"),
        ("Accept", "application/xml"),
    ],
)
def test_what_is_not_offered_is_a_406(office, header, value):
    answer = office.get("/events", **{header: value})
    assert (answer.status_code, answer.json["type"]) == (406, "epcisException:NotAcceptableException")


def test_versions_around_ours_are_answered(office):
    assert office.get("/events", GS1_EPCIS_Min="1.2", GS1_EPCIS_Max="2.1", GS1_CBV_Version="2.0").status_code == 200


def test_an_answer_is_json_ld_for_who_asks_for_it(office):
    assert office.get("/events").mimetype == "application/json"
    assert office.get("/events", Accept="application/ld+json").mimetype == "application/ld+json"


def test_a_missing_event_is_a_404_of_the_standard(office):
    answer = office.get("/events/urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")
    assert (answer.status_code, answer.json["type"]) == (404, "epcisException:NoSuchResourceException")


def test_what_there_is_can_be_found_from_the_top(office):
    assert "events" in office.get("/").json["member"]
    assert len(office.get("/eventTypes").json["member"]) == 5
    assert office.get("/eventTypes/ObjectEvent").json["member"] == ["events"]
    assert office.get("/eventTypes/QuantityEvent").status_code == 404
    assert office.get("/eventTypes/QuantityEvent/events").status_code == 404
    assert "commissioning" in office.get("/bizSteps").json["member"]
    assert "recalled" in office.get("/dispositions").json["member"]


def test_anybody_may_read_the_context_and_it_knows_every_name_of_the_standard(client, store):
    answer = client.get("/epcis/context.jsonld")
    assert (answer.status_code, answer.mimetype) == (200, "application/ld+json")
    terms = answer.json["@context"]
    assert terms["bizStep"]["@context"]["shipping"] == "https://ref.gs1.org/cbv/BizStep-shipping"
    assert {"eventTime", "epcList", "sensorElementList", "ilmd", "certificationInfo"} <= set(terms)


def test_addresses_in_a_documents_context_are_never_fetched(office):
    foreign = ["http://127.0.0.1:1/nowhere.jsonld", *CONTEXT]
    office.stored(short(**{"ex:a": 1}), context=foreign)
    assert context.prefixes(foreign) == {"ex": "https://example.org/ns/"}
