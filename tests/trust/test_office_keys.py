"""Keys over HTTP: the security administrator sees and rotates them; no key leaves, every step is in the audit."""

import pytest
from mongoengine.connection import get_db

from backend import runtime
from backend.keys import data_key, rotation
from models.identity.staff import StaffMember
from tests.support.crowd import at_once
from tests.support.rotating import finish, keys_kept


@pytest.fixture
def keys(store):
    with keys_kept() as parts:
        yield parts


def rotate(clerk, what="field_key", **more):
    return clerk.post("/office/v1/keys/rotation", {"what": what, **more})


def audited(action):
    found = get_db().audit_entries.find({"object": {"$in": [f"key:{one}" for one in ("all", *rotation.WHAT)]}})
    return [(one["actor"], one["object"]) for one in found if one["action"] == action]


def test_the_keys_are_shown_without_a_byte_of_them(security, keys):
    answer = security.get("/office/v1/keys")
    assert answer.status_code == 200
    assert answer.json["key_encryption_key"] == "env-1"
    assert answer.json["field_algorithm"] == "aes-256-gcm"
    assert [(one["id"], one["state"]) for one in answer.json["data_keys"]] == [(1, "active")]
    assert answer.json["index_keys"] == [{"id": 1, "complete": True}]
    assert "rotation" not in answer.json
    (kept,) = data_key.listed()
    secrets = [one.secret for one in data_key.opened(keys.keys)] + [kept["wrapped"], keys.settings.field_keys[1]]
    text = answer.get_data(as_text=True)
    assert not any(secret.hex() in text or repr(secret)[2:-1] in text for secret in secrets)


def test_a_rotation_is_begun_followed_and_ended(security, keys, shift_clock):
    begun = rotate(security)
    assert (begun.status_code, begun.json["task"], begun.json["state"]) == (202, "keys.rotate", "running")
    seen = security.get("/office/v1/keys").json
    assert [(one["id"], one["state"]) for one in seen["data_keys"]] == [(1, "retiring"), (2, "active")]
    assert (seen["rotation"]["state"], seen["rotation"]["job_id"]) == ("running", begun.json["id"])
    finish(shift_clock)
    job = security.get(f"/office/v1/jobs/{begun.json['id']}")
    assert (job.status_code, job.json["state"], job.json["done"] >= job.json["total"]) == (200, "done", True)
    done = security.get("/office/v1/keys").json
    assert [(one["id"], one["state"]) for one in done["data_keys"]] == [(1, "retired"), (2, "active")]
    assert {"state": "done", "clean": True, "found": 0, "pass": 2}.items() <= done["rotation"].items()
    assert done["rotation"]["moved"] >= 2  # the two members of the staff have names and second factors
    assert security.get("/office/v1/me").json["name"] == "孙安"


def test_after_a_rotation_the_staffs_second_factor_still_works(security, keys, shift_clock):
    rotate(security)
    finish(shift_clock)
    member = StaffMember._get_collection().find_one({"login": security.login})
    assert bytes(member["totp"][:6]) == runtime.current().sealer.head
    assert security.try_login().status_code == 200


def test_a_second_rotation_is_refused_while_one_runs_and_a_repeated_request_is_the_same_one(security, keys):
    first = security.post("/office/v1/keys/rotation", {"what": "field_key"}, key="once-1")
    again = security.post("/office/v1/keys/rotation", {"what": "field_key"}, key="once-1")
    assert (again.status_code, again.json) == (202, first.json)
    for what in rotation.WHAT:
        refused = rotate(security, what)
        assert (refused.status_code, refused.json["code"]) == (409, "key_rotation_running")
    assert audited("key.rotate") == [(f"staff:{security.id}", "key:field_key")]


def test_of_requests_at_once_one_begins_a_rotation(security, keys, app):
    twins = [security.twin(app.test_client()) for _ in range(6)]
    codes = [answer.status_code for answer in at_once([lambda one=one: rotate(one) for one in twins])]
    assert sorted(codes) == [202] + [409] * 5
    assert len(data_key.listed()) == 2
    assert len(audited("key.rotate")) == 1


@pytest.mark.parametrize("what", rotation.WHAT)
def test_each_kind_can_be_rotated_and_is_in_the_audit(security, keys, shift_clock, what):
    assert rotate(security, what).status_code == 202
    finish(shift_clock)
    assert security.get("/office/v1/keys").json["rotation"]["clean"] is True
    actor = f"staff:{security.id}"
    assert (audited("key.rotate"), audited("key.read")) == ([(actor, f"key:{what}")], [(actor, "key:all")])


@pytest.mark.parametrize(
    "body", [{}, {"what": "everything"}, {"what": None}, {"what": ["field_key"]}, {"what": "field_key", "x": 1}]
)
def test_a_rotation_of_something_else_is_refused(security, keys, body):
    answer = security.post("/office/v1/keys/rotation", body)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")
    assert len(data_key.listed()) == 1


def test_nobody_else_sees_or_rotates_keys(admin, auditor, manager, keys):
    for clerk in (admin, auditor, manager):
        assert [clerk.get("/office/v1/keys").status_code, rotate(clerk).status_code] == [403, 403]
    assert len(data_key.listed()) == 1


def test_the_job_of_a_rotation_is_not_found_by_others(security, auditor, keys):
    job = rotate(security).json["id"]
    assert auditor.get(f"/office/v1/jobs/{job}").status_code == 404
