"""Members of organisations capture and read as the party of their producer, else of the organisation."""

from models.epcis import capture
from models.selenium import uri
from tests.epcis.events import document, ends, short
from tests.selenium import grower_kit


def call(firm, method, path, body=None):
    return firm.phone.call(method, f"/epcis{path}", body, **{grower_kit.HEADER: firm.id})


def ids(firm) -> list[str]:
    answer = call(firm, "GET", "/events")
    assert answer.status_code == 200, answer.json
    return [one["eventID"] for one in answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]


def test_an_organisation_that_grows_reads_what_its_forms_wrote_and_what_it_captured(client, seeded, sandbox):
    firm = grower_kit.producing(client, sandbox)
    party = uri.party(firm.grower().producer_id)
    written = short()
    capture.put([written], party)
    sent = short(epcList=["urn:example:1"])
    answer = call(firm, "POST", "/capture", document(sent))
    assert answer.status_code == 202, answer.json
    assert call(firm, "GET", answer.headers["Location"].removeprefix("/epcis")).json["success"]
    assert set(ids(firm)) == {written["eventID"], sent["eventID"]}


def test_another_organisation_reads_only_what_it_owns_or_possesses(client, seeded, sandbox):
    seller, buyer = grower_kit.producing(client, sandbox), grower_kit.firm(client, sandbox, name="于都县测试收购公司")
    sold = short(destinationList=[ends("owning_party", uri.party(buyer.id), "destination")])
    kept = short(epcList=["urn:example:2"])
    assert call(seller, "POST", "/capture", document(sold, kept)).status_code == 202
    assert ids(buyer) == [sold["eventID"]]
    assert set(ids(seller)) == {sold["eventID"], kept["eventID"]}


def test_who_is_no_member_is_told_that_there_is_no_such_organisation(client, seeded, sandbox):
    firm = grower_kit.producing(client, sandbox)
    stranger = firm.by(grower_kit.resident(client, sandbox))
    answer = call(stranger, "GET", "/events")
    assert (answer.status_code, answer.json["type"]) == (404, "epcisException:NoSuchResourceException")
    assert call(stranger, "POST", "/capture", document(short())).status_code == 404


def test_a_resident_alone_is_nobody_here(client, seeded, sandbox):
    phone = grower_kit.resident(client, sandbox)
    assert phone.get("/epcis/events").status_code == 401
