"""An alert is the elder's own data: copied for them, kept by law, and not erased while it is live."""

import pytest
from mongoengine.connection import get_db

from backend import personal_data, runtime
from models.eldercare import alert
from models.identity import account, erasure, own_data
from models.identity.erasure import StillBusy
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import UNIT


@pytest.fixture
def granny(client, sandbox, seeded):
    return alert_kit.at_phone(client, sandbox, "赵奶奶", level="verified")


@pytest.fixture
def scope(granny):
    return own_data.scope_of(account.authenticate(granny.token))


def held(scope) -> list[dict]:
    """Return what the scope finds of alerts, opened."""
    holding = personal_data.holding(alert.COLLECTION)
    query = scope.query(holding)
    found = list(get_db()[alert.COLLECTION].find(query)) if query else []
    assert all(scope.owns(holding, one) for one in found)
    return [personal_data.open_all(runtime.current().sealer, holding, one) for one in found]


def test_the_elder_finds_alerts_with_their_sentence_and_notes_and_nobody_else_does(client, sandbox, granny, scope):
    elder = alert_kit.enrolled(UNIT, person_id=alert_kit.own_person(granny))
    daughter = alert_kit.relative(client, sandbox, alert_kit.own_person(granny))
    made = alert_kit.raised(elder)
    daughter.post(f"/alerts/{made['_id']}/answer", {"answer": "here"})
    alert_kit.do(alert_kit.doctor(client), made["_id"], "notes", {"note": "女儿已到"})
    (opened,) = held(scope)
    assert opened["sentence"].startswith("收缩压 186")
    assert "女儿已到" in opened.values()
    assert held(own_data.scope_of(account.authenticate(daughter.phone.token))) == []


def test_while_an_alert_is_live_nothing_is_erased(client, granny, scope):
    elder = alert_kit.enrolled(UNIT, person_id=alert_kit.own_person(granny))
    made = alert_kit.raised(elder)
    with pytest.raises(StillBusy):
        erasure.require_free(scope)
    doctor = alert_kit.doctor(client)
    alert_kit.acted(doctor, made["_id"])
    alert_kit.closed(doctor, made["_id"])
    erasure.require_free(scope)
