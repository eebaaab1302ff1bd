"""Acting for somebody without the right to, and repeating what somebody else sent: refused, and nothing changes."""

import pytest

from models.identity import opaque_token
from models.identity.account import Account
from tests.abuse.evidence import refused, unchanged
from tests.support.counter import in_days, resident
from tests.support.phone import person as somebody


class Pair:
    """A resident and another who may act for them by a relation."""

    def __init__(self, counter, client, sandbox):
        self.elder, self.helper = (resident(client, sandbox) for _ in range(2))
        bodies = [somebody("赵奶奶", "19410308"), somebody("李明")]
        for phone, body in zip((self.elder, self.helper), bodies, strict=True):
            counter.verified(phone, body)
        asked = self.elder.post("/mini/v1/relations", {**bodies[1], "scope": ["book"], "last_day": in_days(100)})
        self.relation = asked.json["id"]
        assert self.helper.post(f"/mini/v1/relations/{self.relation}/confirm").status_code == 200

    def acts(self, phone, path="/mini/v1/person", **headers):
        return phone.get(path, **{"Acting-For": self.relation, **headers})


@pytest.fixture
def pair(counter, client, sandbox):
    return Pair(counter, client, sandbox)


def test_a_relation_of_others_is_no_right_to_act(pair, counter, client, sandbox):
    third = resident(client, sandbox)
    counter.verified(third, somebody("陌生人"))
    assert pair.acts(pair.helper).status_code == 200
    for one in (third, pair.elder):
        with unchanged():
            refused(pair.acts(one), 403, "acting_refused")


def test_an_ended_relation_is_no_right_to_act(pair):
    assert pair.elder.call("DELETE", f"/mini/v1/relations/{pair.relation}").status_code == 204
    with unchanged():
        refused(pair.acts(pair.helper), 403, "acting_refused")


def test_a_relation_whose_term_is_over_is_no_right_to_act(pair, shift_clock):
    shift_clock(101 * 24 * 3600)
    pair.helper.log_in()
    with unchanged():
        refused(pair.acts(pair.helper), 403, "acting_refused")


def test_a_scope_that_was_not_given_is_refused(pair):
    with unchanged():
        refused(pair.acts(pair.helper, "/mini/v1/cases"), 403, "scope_missing")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/mini/v1/companions"), ("POST", "/mini/v1/binding-code"), ("POST", "/mini/v1/logout-everywhere"),
     ("GET", "/mini/v1/relations"), ("POST", "/mini/v1/privacy-requests"), ("POST", "/mini/v1/phone")],
)  # fmt: skip
def test_a_route_for_oneself_is_not_opened_by_a_relation(pair, method, path):
    with unchanged():
        refused(pair.helper.call(method, path, {}, **{"Acting-For": pair.relation}), 403, "own_act_only")


@pytest.mark.parametrize("told", ["", "x", "0" * 24, "{}", "é", "0" * 5000])
def test_what_is_no_relation_is_no_right_to_act(pair, told):
    with unchanged():
        header = told.encode().decode("latin-1")
        refused(pair.acts(pair.helper, **{"Acting-For": header}), 403, "acting_refused")


def test_the_id_of_the_person_is_no_right_to_act_for_them(pair):
    person = Account._get_collection().find_one({"_id": opaque_token.owner(pair.elder.token)})["person"]
    with unchanged():
        refused(pair.acts(pair.helper, **{"Acting-For": str(person)}), 403, "acting_refused")


# The key of a repeated request


def test_the_idempotency_key_of_another_replays_nothing_of_theirs(phone, stranger):
    body = somebody("李四")
    mine = phone.post("/mini/v1/companions", body, key="shared-key")
    theirs = stranger.post("/mini/v1/companions", body, key="shared-key")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in theirs.headers
    assert theirs.json["id"] != mine.json["id"]


def test_the_key_of_an_administrator_tells_a_colleague_no_link(admin, unit_admin):
    given = [{"role": "counter_clerk", "unit": "public_security", "area": ""}]
    body = {"login": "wang.hong", "name": "王红", "assignments": given}
    made = admin.post("/office/v1/staff", body, key="shared-key")
    with unchanged():
        answer = unit_admin.post("/office/v1/staff", body, key="shared-key")
        refused(answer, 409, "login_taken")
    assert made.json["link"].rsplit("/", 1)[1] not in answer.text


def test_ones_own_key_on_another_path_replays_nothing(phone):
    body = {"name": "张三丰", "document_kind": "resident_id", "document_number": phone.document}
    made = phone.post("/mini/v1/companions", somebody("李四"), key="shared-key")
    answer = phone.post("/mini/v1/person", body, key="shared-key")
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.json.get("id") != made.json["id"]
