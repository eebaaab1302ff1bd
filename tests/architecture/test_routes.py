"""Every route declares who may call it; every POST that creates or pays takes a key."""

import re

import pytest
from flask import Flask

import wsgi
from backend.http import access, errors
from tests.support.answers import code_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WITHOUT_KEY = {
    "/office/v1/health/elders/find": "it only looks",
    "/office/v1/health/elders/{elder_id}/observations/{observation_id}/withdraw": "a version is withdrawn once",
    "/office/v1/health/elders/{elder_id}/records/{record_id}/withdraw": "a version is withdrawn once",
    "/office/v1/health/elders/{elder_id}/observations/{observation_id}/settle": "settling again changes nothing",
    "/office/v1/health/elders/{elder_id}/records/{record_id}/settle": "settling again changes nothing",
    "/office/v1/health/alerts/{alert_id}/acknowledge": "taking up again changes nothing",
    "/office/v1/health/alerts/{alert_id}/outcome": "the same outcome again changes nothing",
    "/mini/v1/health/alerts/{alert_id}/answer": "the same answer again changes nothing",
    "/office/v1/health/elders/{elder_id}/checks/{year}": "the same items again change nothing",
    "/office/v1/health/elders/{elder_id}/programmes/{disease}/end": "a programme ends once",
    "/office/v1/health/elders/{elder_id}/wishes/{wish_id}/lift": "a wish is lifted once",
    "/office/v1/health/elders/{elder_id}/ranges/{range_id}/end": "ending again changes nothing",
    "/office/v1/health/devices/{health_device_id}/retire": "retiring again changes nothing",
    "/office/v1/health/elders/{elder_id}/wearables/{health_device_id}/end": "ending again changes nothing",
    "/office/v1/health/held-readings/{health_session_id}/identify": "held readings are settled once",
    "/office/v1/health/held-readings/{health_session_id}/discard": "held readings are settled once",
    "/mini/v1/health/wearables/{health_device_id}/end": "ending again changes nothing",
    "/enterprise/v1/firm/refresh": "it only asks the registers",
    "/office/v1/enterprise/policies/{policy_code}/try": "it only looks",
    "/office/v1/enterprise/payouts/{payout_no}/returns": "a return's number decides",
    "/office/v1/enterprise/payouts/{payout_no}/release": "releasing again changes nothing",
    "/office/v1/enterprise/promises/{promise_id}/check": "what was decided is not checked again",
    "/office/v1/school/rounds/{round_code}/draw/compute": "what was computed is only compared",
    "/office/v1/school/rounds/{round_id}/announce": "a round is announced once",
    "/office/v1/school/rounds/{round_id}/recall": "an announcement is taken back once",
    "/office/v1/school/rounds/{round_id}/end": "a round ends once",
    "/office/v1/school/rounds/{round_id}/where": "it only looks",
    "/office/v1/school/rounds/{round_id}/districts/check": "it only checks",
    "/office/v1/sheets/address-points/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/address-points/imports/{import_id}/commit": "committing again returns the same job",
    "/mini/v1/school/applications/{application_id}/precheck": "it only looks",
    "/mini/v1/school/applications/{application_id}/submit": "submitting the same seq again is the same receipt",
    "/mini/v1/school/applications/{application_id}/correct": "taking back again changes nothing",
    "/mini/v1/school/applications/{application_id}/withdraw": "withdrawing again changes nothing",
    "/office/v1/school/counter/applications/{application_id}/precheck": "it only looks",
    "/office/v1/school/counter/applications/{application_id}/submit": "the same seq again is the same receipt",
    "/office/v1/school/counter/applications/{application_id}/withdraw": "withdrawing again changes nothing",
    "/office/v1/sheets/school-applications/imports": "checking writes no data; the commit decides",
    "/office/v1/sheets/school-applications/imports/{import_id}/commit": "committing again returns the same job",
    "/mini/v1/school/offers/{offer_id}/accept": "accepting again changes nothing",
    "/mini/v1/school/offers/{offer_id}/decline": "declining again changes nothing",
    "/office/v1/school/rounds/{round_id}/unreached/{candidate_id}/visited": "the same visit again changes nothing",
    "/mini/v1/school/found/{found_id}/guardianship": "a guardian becomes one once",
    "/office/v1/sheets/school-roster/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/school-roster/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/school/offers/{offer_id}/enrol": "a child comes to school once",
    "/office/v1/school/transfers/{transfer_id}/consent": "the same word again changes nothing",
    "/office/v1/window-calls/{order_id}/done": "who was told stays told",
    "/office/v1/window-orders/{order_id}/cancel": "an order is cancelled and its cash handed back once",
    "/office/v1/benefits/batches/{batch_id}/submit": "submitting again changes nothing",
    "/office/v1/benefits/batches/{batch_id}/publish": "publishing again changes nothing",
    "/office/v1/benefits/batches/{batch_id}/return": "sending back again changes nothing",
    "/office/v1/benefits/batches/{batch_id}/cancel": "cancelling again changes nothing",
    "/office/v1/benefits/batches/{batch_id}/close": "closing again changes nothing",
    "/office/v1/benefits/lines/{line_id}/withdraw": "withdrawing again changes nothing",
    "/office/v1/benefits/lines/{line_id}/findings/{code}/clear": "clearing again changes nothing",
    "/office/v1/sheets/benefit-lines/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/benefit-lines/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/benefits/files/{file_no}/release": "releasing again changes nothing",
    "/office/v1/benefits/files/{file_no}/returns": "the same return file again changes nothing",
    "/mini/v1/login": "the js_code counts once",
    "/mini/v1/session/refresh": "the refresh token counts once",
    "/mini/v1/logout": "ending a session again changes nothing",
    "/mini/v1/logout-everywhere": "ending sessions again changes nothing",
    "/mini/v1/consents": "giving a consent again changes nothing",
    "/mini/v1/consents/{purpose}/refusal": "saying no again changes nothing",
    "/mini/v1/phone": "the phone code counts once",
    "/mini/v1/orders/{order_id}/payment-check": "it only asks",
    "/mini/v1/orders/{order_id}/cancel": "cancelling again changes nothing",
    "/mini/v1/waiting/{entry_id}/accept": "accepting again changes nothing",
    "/mini/v1/waiting/{entry_id}/give-up": "giving up again changes nothing",
    "/office/v1/no-shows/{mark}/lift": "a no-show is lifted once",
    "/mini/v1/binding-code": "a new code ends the earlier one",
    "/mini/v1/relations/{relation_id}/confirm": "confirming again changes nothing",
    "/mini/v1/notices/{notice_id}/read": "reading again changes nothing",
    "/office/v1/message-problems/{notice_id}/retry": "a problem is tried again once",
    "/office/v1/persons/find": "it only looks",
    "/office/v1/relations/{relation_id}/end": "ending again changes nothing",
    "/mini/v1/facts/refresh": "it only asks the registers",
    "/mini/v1/person/match": "matching again changes nothing",
    "/mini/v1/companions/{companion_id}/guardianship": "becoming guardian again changes nothing",
    "/mini/v1/cases/{case_id}/withdraw": "withdrawing again changes nothing",
    "/enterprise/v1/cases/{case_id}/withdraw": "withdrawing again changes nothing",
    "/office/v1/service-items/{item_id}/try": "it only looks",
    **{
        f"/{root}/v1/cases/{{case_id}}/result/delivery/{verb}": reason
        for root in ("mini", "enterprise")
        for verb, reason in (
            ("code", "the code of before ends, and only the newest opens"),
            ("received", "confirming again changes nothing"),
        )
    },
    "/office/v1/result-deliveries/{paper_id}/ready": "what lies at the counter is refused",
    "/office/v1/result-deliveries/{paper_id}/hand-over": "what was handed over is refused",
    "/office/v1/result-deliveries/{paper_id}/send": "what was sent is refused",
    "/office/v1/result-deliveries/{paper_id}/settle": "what has arrived or come back is refused",
    "/office/v1/cases/{case_id}/claim": "claiming again changes nothing",
    "/office/v1/cases/{case_id}/release": "releasing again changes nothing",
    "/office/v1/cases/{case_id}/assign": "assigning again changes nothing",
    "/office/v1/cases/{case_id}/transfer": "transferring again to the same unit changes nothing",
    "/office/v1/cases/{case_id}/resume": "resuming again changes nothing",
    "/office/v1/cases/{case_id}/decide": "the same verdict again changes nothing",
    "/mini/v1/card/activation": "activating again changes nothing",
    "/mini/v1/card/loss": "reporting a loss again changes nothing",
    "/mini/v1/card/freeze": "freezing again changes nothing",
    "/mini/v1/card/unfreeze": "a card in use stays as it is",
    "/mini/v1/card/death-objection": "objecting again changes nothing",
    "/mini/v1/family-cards/{family_card_id}/acceptance": "accepting again changes nothing",
    "/office/v1/cards/find": "it only looks",
    "/office/v1/persons/{person_id}/consents": "giving again what holds changes nothing",
    "/office/v1/cards/{card_id}/activation": "handing over again changes nothing",
    "/office/v1/cards/{card_id}/loss": "reporting a loss again changes nothing",
    "/office/v1/cards/{card_id}/freeze": "freezing again changes nothing",
    "/office/v1/cards/{card_id}/unfreeze": "a card in use is not unfrozen a second time",
    "/office/v1/cards/{card_id}/cancellation": "cancelling again changes nothing",
    "/office/v1/card-deaths/{report_id}/confirm": "confirming again changes nothing",
    "/office/v1/card-deaths/{report_id}/reject": "rejecting again changes nothing",
    "/office/v1/card-differences/{difference_id}/settle": "settling again changes nothing",
    "/office/v1/login": "the code of the second factor counts once",
    "/office/v1/logout": "ending a session again changes nothing",
    "/office/v1/invitations/{token}/accept": "the link counts once",
    "/office/v1/invitations/{token}/confirm": "the code of the second factor counts once",
    "/office/v1/staff/{member_id}/disable": "disabling again changes nothing",
    "/office/v1/password": "the old password counts once",
    "/office/v1/units/{code}/close": "closing again changes nothing",
    "/office/v1/units/{code}/reopen": "reopening again changes nothing",
    "/office/v1/devices/{device_id}/revoke": "revoking again changes nothing",
    "/office/v1/journal/conflicts/{conflict_id}/settle": "a conflict is settled once",
    "/office/v1/slots/{slot_id}/reopen": "reopening again changes nothing",
    "/office/v1/rule-sets/{rule_set_id}/try": "it only evaluates",
    "/office/v1/rule-sets/{rule_set_id}/compare": "it only evaluates",
    "/office/v1/payments/bills/{day}/match": "matching again gives the same bill",
    "/office/v1/closings/preview": "it only looks",
    "/office/v1/orders/{order_id}/cancel": "cancelling again changes nothing",
    "/office/v1/payments/bill-lines/{line_id}/ask": "it only asks",
    "/office/v1/payments/bill-lines/{line_id}/explanation": "a line is settled once",
    "/office/v1/refund-work/{refund_id}/claim": "claiming again changes nothing",
    "/office/v1/refund-work/{refund_id}/assign": "assigning to the same colleague again changes nothing",
    "/office/v1/refund-work/{refund_id}/release": "releasing again changes nothing",
    "/office/v1/refund-work/{refund_id}/refresh": "it only asks",
    "/office/v1/refund-work/{refund_id}/resume": "what is under way is not resumed again",
    "/mini/v1/wallet/top-ups/{top_up_id}/check": "it only asks",
    "/mini/v1/itineraries/plan": "it only plans",
    "/office/v1/ledger/reconciliations/wechat/{day}": "comparing again gives the same result",
    "/office/v1/content/items/{item_id}/submit": "submitting again changes nothing",
    "/office/v1/content/items/{item_id}/first-review": "the same verdict again changes nothing",
    "/office/v1/content/items/{item_id}/second-review": "the same verdict again changes nothing",
    "/office/v1/content/items/{item_id}/final-review": "the same verdict again changes nothing",
    "/office/v1/content/items/{item_id}/send-back": "sending back again changes nothing",
    "/office/v1/content/items/{item_id}/publish": "publishing again changes nothing",
    "/office/v1/content/items/{item_id}/withdraw": "withdrawing again changes nothing",
    "/mini/v1/files/{file_id}/complete": "completing again changes nothing",
    "/office/v1/files/{file_id}/complete": "completing again changes nothing",
    "/office/v1/sheets/health-duties/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/health-duties/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/health-observations/imports": "checking writes no data; the commit decides",
    "/office/v1/sheets/health-observations/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/health-records/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/health-records/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/units/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/units/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/staff/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/staff/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/places/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/places/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/hours/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/hours/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/prices/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/prices/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/slot-plans/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/slot-plans/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/daily-caps/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/daily-caps/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/refund-rules/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/refund-rules/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/places/{place_id}/preview": "it only looks",
    "/office/v1/places/{place_id}/renewal": "bringing slots to what is set again changes nothing",
    "/office/v1/places/{place_id}/resources/{code}/preview": "it only looks",
    "/office/v1/places/{place_id}/resources/{code}/retire": "retiring again changes nothing",
    "/office/v1/sport/closures/{closure_id}/confirm": "confirming again returns the same closing",
    "/office/v1/sport/closures/{closure_id}/reopen": "reopening again changes nothing",
    "/office/v1/sport/venues/{place_id}/water/{water}/decision": "the same decision again changes nothing",
    "/office/v1/sheets/resources/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/resources/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/resource-plans/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/resource-plans/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/sheets/resource-prices/imports": "checking writes no data; what is written is decided by the commit",
    "/office/v1/sheets/resource-prices/imports/{import_id}/commit": "committing again returns the same job",
    "/office/v1/organisations/{organisation_id}/suspend": "suspending again changes nothing",
    "/office/v1/organisations/{organisation_id}/resume": "resuming again changes nothing",
    "/office/v1/producers/{producer_id}/suspend": "suspending again changes nothing",
    "/office/v1/producers/{producer_id}/resume": "resuming again changes nothing",
    "/office/v1/plots/{plot_id}/confirm": "confirming again changes nothing",
    "/office/v1/plots/{plot_id}/refuse": "refusing again changes nothing",
    "/office/v1/samples/{seal}/hand": "handing to the same colleague again changes nothing",
    "/office/v1/samples/{seal}/receive": "receiving again changes nothing",
    "/office/v1/lab-results/{result_id}/confirm": "confirming again changes nothing",
    "/office/v1/lab-results/{result_id}/return": "returning again changes nothing",
    "/office/v1/certificates/{certificate_no}/suspend": "suspending again changes nothing",
    "/office/v1/certificates/{certificate_no}/lift": "lifting again changes nothing",
    "/office/v1/certificates/{certificate_no}/revoke": "revoking again changes nothing",
    "/mini/v1/selenium/commitments/{commitment_no}/void": "voiding again changes nothing",
    "/enterprise/v1/selenium/commitments/{commitment_no}/void": "voiding again changes nothing",
    "/office/v1/lots/{lot_no}/hold": "holding again changes nothing",
    "/office/v1/lots/{lot_no}/release": "releasing again changes nothing",
    "/office/v1/rolls/{roll_no}/lost": "a lost roll stays lost",
    "/office/v1/rolls/{roll_no}/found": "a found roll stays found",
    "/office/v1/codes/{code_text}/freeze": "freezing again changes nothing",
    "/office/v1/codes/{code_text}/release": "releasing again changes nothing",
    "/office/v1/codes/{code_text}/void": "what is void stays void",
    "/mini/v1/selenium/rolls/{roll_no}/void-labels": "what is void stays void, and the quota gets it back once",
    "/mini/v1/selenium/rolls/{roll_no}/lost": "a lost roll stays lost",
    "/enterprise/v1/selenium/rolls/{roll_no}/void-labels": "what is void stays void, and the quota gets it back once",
    "/enterprise/v1/selenium/rolls/{roll_no}/lost": "a lost roll stays lost",
    "/office/v1/packs/{pack_no}/freeze": "freezing again changes nothing",
    "/office/v1/packs/{pack_no}/release": "releasing again changes nothing",
    "/mini/v1/selenium/packs/{pack_no}/activate": "activating again changes nothing",
    "/mini/v1/selenium/packs/{pack_no}/sell": "selling again changes nothing",
    "/mini/v1/selenium/packs/{pack_no}/void": "what is void stays void",
    "/enterprise/v1/selenium/packs/{pack_no}/activate": "activating again changes nothing",
    "/enterprise/v1/selenium/packs/{pack_no}/sell": "selling again changes nothing",
    "/enterprise/v1/selenium/packs/{pack_no}/void": "what is void stays void",
    "/mini/v1/selenium/records/{record_id}/withdraw": "withdrawing again changes nothing",
    "/mini/v1/selenium/boxes/{box_no}/open": "an open box stays open",
    "/mini/v1/selenium/shipments/{shipment_no}/receive": "what has arrived stays so",
    "/enterprise/v1/selenium/records/{record_id}/withdraw": "withdrawing again changes nothing",
    "/enterprise/v1/selenium/boxes/{box_no}/open": "an open box stays open",
    "/enterprise/v1/selenium/shipments/{shipment_no}/receive": "what has arrived stays so",
    "/enterprise/v1/selenium/deliveries/{shipment_no}/receive": "what has arrived stays so",
    "/mini/v1/selenium/lots/{lot_no}/close": "closing again changes nothing",
    "/office/v1/recalls/{recall_no}/withdraw": "withdrawing again changes nothing",
    "/office/v1/recalls/{recall_no}/close": "closing again changes nothing",
    "/mini/v1/selenium/recalls/{recall_no}/start": "starting again changes nothing",
    "/mini/v1/selenium/recalls/{recall_no}/withdraw": "withdrawing again changes nothing",
    "/mini/v1/selenium/recalls/{recall_no}/close": "closing again changes nothing",
    "/enterprise/v1/selenium/recalls/{recall_no}/start": "starting again changes nothing",
    "/enterprise/v1/selenium/recalls/{recall_no}/withdraw": "withdrawing again changes nothing",
    "/enterprise/v1/selenium/recalls/{recall_no}/close": "closing again changes nothing",
    "/enterprise/v1/selenium/lots/{lot_no}/close": "closing again changes nothing",
}
KEYED = ("/mini/", "/enterprise/", "/office/")


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return method, rule and endpoint of every route."""
    rules = app.url_map.iter_rules()
    return sorted((m, rule.rule, rule.endpoint) for rule in rules for m in rule.methods if m in METHODS)


def path_of(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?\w+>", "x", rule)


def test_every_route_declares_its_access_rule(app):
    assert len(routes(app)) > 30
    assert [rule for _, rule, end in routes(app) if access.declared(app.view_functions[end]) is None] == []


def test_every_kind_of_actor_has_somebody_who_proves_it(app):
    actors = {access.declared(view).actor for view in app.view_functions.values()}
    assert actors - {"anyone", "signed"} == set(wsgi.AUTHENTICATORS)


def test_a_route_without_a_rule_is_never_served():
    bare, served = Flask("bare"), []
    errors.install(bare)
    access.enforce(bare, {})
    bare.add_url_rule("/forgotten", view_func=lambda: served.append(1) or "secret")
    answer = bare.test_client().get("/forgotten")
    assert (answer.status_code, answer.json["code"], served) == (500, "internal_error", [])


def test_without_proof_every_protected_route_answers_401(app, store):
    client, wrong = app.test_client(), []
    for method, rule, end in routes(app):
        kind = access.declared(app.view_functions[end]).actor
        if kind not in {"anyone", "signed"}:
            answer = client.open(path_of(rule), method=method, json={} if method != "GET" else None)
            if (answer.status_code, code_of(answer.json)) != (401, "not_logged_in"):
                wrong.append((method, rule, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("proof", ["Bearer", "Bearer x", "Basic eDp5", "bearer null", "CITY-ED25519 key=x", "签名"])
def test_with_a_false_proof_no_protected_route_answers_anything_but_401(app, store, proof):
    client, wrong = app.test_client(), []
    for method, rule, end in routes(app):
        kind = access.declared(app.view_functions[end]).actor
        if kind not in {"anyone", "signed"}:
            headers = {"Authorization": proof.encode().decode("latin-1")}
            answer = client.open(path_of(rule), method=method, headers=headers)
            if answer.status_code != 401:
                wrong.append((method, rule, answer.status_code))
    assert wrong == []


def test_every_staff_route_names_its_operation_or_is_about_oneself(app):
    staff = [(rule, access.declared(app.view_functions[end])) for _, rule, end in routes(app)]
    without = {rule for rule, told in staff if told.actor == "staff" and not told.operation}
    assert without <= {"/office/v1/logout", "/office/v1/me", "/office/v1/sessions", "/office/v1/sessions/<session_id>"}


def test_each_surface_has_its_own_actor(app):
    kinds = {"/mini/": {"resident", "anyone"}, "/office/": {"staff", "anyone"}, "/gate/": {"device"}}
    kinds |= {"/public/": {"anyone"}, "/open/": {"signed"}, "/enterprise/": {"member", "resident"}}
    for method, rule, end in routes(app):
        actor = access.declared(app.view_functions[end]).actor
        for prefix, allowed in kinds.items():
            assert not rule.startswith(prefix) or actor in allowed, (method, rule, actor)


def posts(spec: dict) -> dict[str, dict]:
    return {
        path: operations["post"]
        for path, operations in spec["paths"].items()
        if "post" in operations and path.startswith(KEYED)
    }


def takes_key(operation: dict) -> bool:
    return any(p.get("name") == "Idempotency-Key" and p["required"] for p in operation.get("parameters", []))


@pytest.fixture
def spec(app):
    return app.test_client().get("/openapi.json").json


def test_every_post_that_creates_or_pays_takes_an_idempotency_key(spec):
    found = posts(spec)
    assert len(found) > 5
    without = {path for path, operation in found.items() if not takes_key(operation)}
    assert without == set(WITHOUT_KEY)


def test_only_posts_are_said_to_take_a_key(spec):
    for path, operations in spec["paths"].items():
        assert not takes_key(operations), f"{path}: at the path it would count for every method"
        assert [m for m in operations if m in {"get", "put", "delete"} and takes_key(operations[m])] == []


def example(schema: dict, spec: dict):
    """Build a body from the examples of its schema."""
    if "$ref" in schema:
        return example(spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], spec)
    if "example" in schema:
        return schema["example"]
    if schema.get("type") == "array":
        return [example(schema["items"], spec)]
    return {name: example(part, spec) for name, part in schema.get("properties", {}).items()}


def test_without_the_key_the_mini_program_is_refused(spec, phone):
    phone.sure("verified")
    for path, operation in posts(spec).items():
        if path.startswith("/mini/") and takes_key(operation):
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            body = example(content["schema"], spec) if content else {}
            answer = phone.client.post(
                re.sub(r"\{\w+\}", "x" * 24, path), json=body, headers={"Authorization": f"Bearer {phone.token}"}
            )
            assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing"), path
