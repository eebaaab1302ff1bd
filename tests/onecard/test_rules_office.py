"""Rules before the county's editors and approvers."""

import json

import pytest
from bson import ObjectId

from backend import clock
from models.audit.entry import AuditEntry
from models.rules import activation, evaluate, parameters
from models.rules.facts import Known
from models.rules.rule_set import RuleSet
from tests.office import conftest as office_staff
from tests.onecard.rules_kit import AGE, activate, at_least, body, decide, draft, propose
from tests.support import queues
from tests.support.crowd import at_once
from tests.support.rules import FACTS

admin = office_staff.admin
SETS, PARAMETERS = "/office/v1/rule-sets", "/office/v1/rule-parameters"


@pytest.fixture
def editor(client, admin):
    return office_staff.on_duty(client, "rule_editor", lambda: admin.hire("rule_editor"))


@pytest.fixture
def approver(client, admin):
    return office_staff.on_duty(client, "rule_approver", lambda: admin.hire("rule_approver"))


@pytest.fixture
def colleague(client, admin):
    """One who may both edit and approve."""
    return office_staff.on_duty(client, "rule_both", lambda: admin.hire("rule_editor", "rule_approver"))


def read(clerk, rule_set_id: str) -> dict:
    return clerk.get(f"{SETS}/{rule_set_id}").json


def test_the_county_seeds_its_reference_rules_with_their_sources(editor):
    found = read(editor, "scenic_free_senior:1")
    assert (found["state"], found["demo"]) == ("active", False)
    assert found["source"]["title"].startswith("江西省实施")
    assert found["sentence"] == "年龄(周岁)不低于老年人免费优待年龄"
    for age, outcome in ((64, "no"), (65, "yes")):
        answer = editor.post(f"{SETS}/scenic_free_senior:1/try", {"facts": {"person.age": age}})
        assert answer.json["outcome"] == outcome
    assert read(editor, "demo_farmland_subsidy:1")["demo"] is True
    listed, following = [], ""
    while following is not None:
        answer = editor.get(f"{PARAMETERS}?limit=100" + (f"&cursor={following}" if following else "")).json
        listed, following = [*listed, *answer["items"]], answer["next"]
    assert {"senior_free_age", "senior_age"} <= {one["code"] for one in listed}


def test_a_demo_benefit_rule_computes_an_amount_to_the_fen(editor):
    facts = {"household.division": "360731105", "claim.area_mu": {"decimal": "3.5"}}
    tried = editor.post(f"{SETS}/demo_farmland_subsidy:1/try", {"facts": facts}).json
    assert (tried["outcome"], tried["values"]) == ("yes", {"amount_fen": 38057})
    tried = editor.post(f"{SETS}/demo_farmland_subsidy:1/try", {"facts": {"household.division": "110101001"}}).json
    assert (tried["outcome"], tried["values"]) == ("no", {})
    assert "不满足“户籍在本县”" in tried["why_zh"]


def test_a_version_comes_into_force_when_a_second_person_agrees(editor, approver):
    made = draft(editor, "bus_free")
    assert (made["id"], made["state"], made["version"]) == ("bus_free:1", "draft", 1)
    approval_id = propose(editor, "bus_free:1")
    assert decide(editor, approval_id).status_code == 403
    assert read(editor, "bus_free:1")["state"] == "proposed"
    assert decide(approver, approval_id).status_code == 200
    found = read(editor, "bus_free:1")
    assert found["state"] == "active"
    assert found["hash"] == made["hash"]
    lines = [one["action"] for one in AuditEntry._get_collection().find({"object": "rule_set:bus_free:1"})]
    assert sorted(lines) == ["rule.activate", "rule.draft"]


def test_who_edited_a_version_cannot_approve_it_though_somebody_else_proposed(editor, approver, colleague):
    made = draft(colleague, "bus_free")
    approval_id = propose(editor, made["id"])
    assert decide(colleague, approval_id).json["code"] == "own_proposal"
    assert decide(approver, approval_id).status_code == 200
    assert read(editor, made["id"])["state"] == "active"


def test_who_proposes_cannot_approve(colleague):
    approval_id = propose(colleague, draft(colleague, "bus_free")["id"])
    assert decide(colleague, approval_id).json["code"] == "own_proposal"
    assert read(colleague, "bus_free:1")["state"] == "proposed"


@pytest.mark.parametrize("how", ["refuse", "withdraw"])
def test_a_version_that_was_not_agreed_on_is_a_draft_again(editor, approver, how):
    approval_id = propose(editor, draft(editor, "bus_free")["id"])
    assert decide(editor if how == "withdraw" else approver, approval_id, how).status_code == 200
    assert read(editor, "bus_free:1")["state"] == "draft"
    assert decide(approver, propose(editor, "bus_free:1")).status_code == 200
    assert read(editor, "bus_free:1")["state"] == "active"


def test_a_proposal_that_nobody_decides_on_ends_as_a_draft(editor, shift_clock):
    propose(editor, draft(editor, "bus_free")["id"])
    shift_clock(4 * 24 * 3600)
    queues.drain("trust")
    found = RuleSet._get_collection().find_one({"_id": "bus_free:1"})
    assert found["state"] == "draft"
    assert "approval" not in found


def test_an_active_version_never_changes(editor, approver):
    before = activate(editor, approver, "bus_free")
    told = {name: value for name, value in body("bus_free", at_least(60)).items() if name != "code"}
    answer = editor.call("PUT", f"{SETS}/bus_free:1", told)
    assert (answer.status_code, answer.json["code"]) == (409, "rule_not_draft")
    answer = editor.post(f"{SETS}/bus_free:1/propose", {"reason": "再来一次"})
    assert (answer.status_code, answer.json["code"]) == (409, "rule_not_draft")
    assert read(editor, "bus_free:1") == before


def test_a_proposed_version_does_not_change_either(editor):
    propose(editor, draft(editor, "bus_free")["id"])
    told = {name: value for name, value in body("bus_free", at_least(60)).items() if name != "code"}
    assert editor.call("PUT", f"{SETS}/bus_free:1", told).json["code"] == "rule_not_draft"


def test_a_draft_is_edited_until_it_is_right(editor):
    made = draft(editor, "bus_free", at_least(60))
    told = {name: value for name, value in body("bus_free", at_least(65)).items() if name != "code"}
    edited = editor.call("PUT", f"{SETS}/bus_free:1", told)
    assert (edited.status_code, edited.json["version"]) == (200, 1)
    assert edited.json["hash"] != made["hash"]
    assert edited.json["sentence"] == "年龄(周岁)不低于 65 "


def test_one_rule_has_one_open_version_at_a_time(editor, approver):
    draft(editor, "bus_free")
    answer = editor.post(SETS, body("bus_free"))
    assert (answer.status_code, answer.json["code"]) == (409, "rule_draft_open")
    assert decide(approver, propose(editor, "bus_free:1")).status_code == 200
    assert draft(editor, "bus_free", at_least(60))["id"] == "bus_free:2"
    versions = editor.get(f"{SETS}?code=bus_free").json["items"]
    assert [(one["version"], one["state"]) for one in versions] == [(2, "draft"), (1, "active")]


def test_two_drafts_at_once_make_one(client, editor):
    twins = [editor.twin(client.application.test_client()) for _ in range(6)]
    answers = at_once([lambda twin=twin: twin.post(SETS, body("bus_free")) for twin in twins])
    assert sorted(one.status_code for one in answers) == [201] + [409] * 5
    assert RuleSet._get_collection().count_documents({"code": "bus_free"}) == 1


def test_the_same_request_twice_makes_one_draft(editor):
    first = editor.post(SETS, body("bus_free"), key="k1")
    again = editor.post(SETS, body("bus_free"), key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"condition": {"ge": [{"fact": "person.age"}, 65.5]}}, "condition.ge.1"),
        ({"condition": {"ge": [{"fact": "person.income"}, 65]}}, "condition.ge.0.fact"),
        ({"condition": {"rule": "no_such_rule"}}, "condition.rule"),
        ({"condition": {"ge": [{"fact": "person.age"}, {"param": "no_such"}]}}, "condition.ge.1.param"),
        ({"condition": "x"}, "condition"),
        ({"condition": None}, "condition"),
        ({"facts": [{"name": "x"}]}, "facts.0.zh"),
        ({"source": {}}, "source"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_to": "2025-01-01"}, "valid_to"),
        ({"code": "Bus"}, "code"),
        ({"outputs": [{"name": "x", "zh": "额", "unit": "fen", "value": 1}]}, "outputs.0.round"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_the_place(editor, changes, field):
    answer = editor.post(SETS, {**body("bus_free"), **changes})
    assert answer.status_code == 400
    assert field in answer.json["fields"] or any(one.startswith(field) for one in answer.json["fields"])
    assert RuleSet._get_collection().find_one({"code": "bus_free"}) is None


def test_a_rule_may_refer_to_another_but_not_to_itself(editor, approver):
    activate(editor, approver, "inner")
    activate(editor, approver, "outer", {"not": {"rule": "inner"}}, facts=[])
    answer = editor.post(SETS, body("inner", {"rule": "inner"}))
    assert (answer.status_code, answer.json["code"]) == (422, "rule_circle")
    made = draft(editor, "inner", {"rule": "outer"})
    answer = editor.post(f"{SETS}/{made['id']}/propose", {"reason": "引用"})
    assert (answer.status_code, answer.json["code"]) == (422, "rule_circle")
    assert read(editor, made["id"])["state"] == "draft"


def test_two_versions_that_would_close_a_circle_together_do_not_both_come_into_force(editor, approver):
    activate(editor, approver, "left")
    activate(editor, approver, "right")
    waiting = [
        propose(editor, draft(editor, one, {"rule": other})["id"])
        for one, other in (("left", "right"), ("right", "left"))
    ]
    for approval_id in waiting:
        assert approver.post(f"/office/v1/approvals/{approval_id}/approve").status_code == 200
    at_once([lambda: queues.drain("trust") for _ in range(2)])
    states = {one: read(editor, f"{one}:2")["state"] for one in ("left", "right")}
    assert sorted(states.values()) == ["active", "draft"]
    outcomes = {approver.get(f"/office/v1/approvals/{one}").json["outcome"] for one in waiting}
    assert outcomes == {"done", "superseded"}


def test_without_the_check_both_versions_of_the_circle_would_come_into_force(editor, approver, monkeypatch):
    """The control: it is `require_acyclic` that the test above sees at work."""
    activate(editor, approver, "left")
    activate(editor, approver, "right")
    waiting = [
        propose(editor, draft(editor, one, {"rule": other})["id"])
        for one, other in (("left", "right"), ("right", "left"))
    ]
    monkeypatch.setattr(activation, "require_acyclic", lambda *_: None)
    for approval_id in waiting:
        assert decide(approver, approval_id).status_code == 200
    assert {read(editor, f"{one}:2")["state"] for one in ("left", "right")} == {"active"}


def test_an_activation_that_runs_twice_or_was_cut_off_half_way_comes_to_the_same(editor, approver):
    approval_id = propose(editor, draft(editor, "bus_free")["id"])
    assert approver.post(f"/office/v1/approvals/{approval_id}/approve").status_code == 200
    at_once([lambda: activation.activate(ObjectId(approval_id))] * 3)
    queues.drain("trust")
    assert read(editor, "bus_free:1")["state"] == "active"
    lines = AuditEntry._get_collection().find({"object": "rule_set:bus_free:1", "action": "rule.activate"})
    assert len(list(lines)) == 1


def test_a_version_reopened_for_a_circle_is_settled_by_the_next_run_after_a_kill(editor, approver):
    approval_id = propose(editor, draft(editor, "bus_free")["id"])
    assert approver.post(f"/office/v1/approvals/{approval_id}/approve").status_code == 200
    activation.reopen(ObjectId(approval_id))  # and then the process ends, before the approval's outcome is noted
    queues.drain("trust")
    assert approver.get(f"/office/v1/approvals/{approval_id}").json["outcome"] == "superseded"
    assert read(editor, "bus_free:1")["state"] == "draft"


# Trying and comparing


def test_trying_a_draft_shows_the_trace_and_stores_nothing(editor):
    draft(
        editor,
        "bus_free",
        {"all": [at_least(65), {"prefix": {"fact": "person.area"}, "of": "360731"}]},
        facts=[*FACTS, AGE],
    )
    before = RuleSet._get_collection().find_one({"_id": "bus_free:1"})
    told = {"person.age": 67, "person.area": {"missing": "查询失败", "whose": "县公安局"}}
    answer = editor.post(f"{SETS}/bus_free:1/try", {"facts": told, "day": "2026-12-01"})
    assert answer.status_code == 200, answer.json
    found = answer.json
    assert (found["outcome"], found["missing"], found["day"]) == ("unknown", ["person.area"], "2026-12-01")
    assert "还缺户籍区划(县公安局)" in found["why_zh"]
    age, area = found["trace"]["below"]
    assert (age["outcome"], age["facts"][0]["value"]) == ("yes", 67)
    assert (area["outcome"], area["facts"][0]["missing"], area["facts"][0]["whose"]) == (
        "unknown",
        "查询失败",
        "县公安局",
    )
    assert RuleSet._get_collection().find_one({"_id": "bus_free:1"}) == before


@pytest.mark.parametrize(
    "facts",
    [{"person.age": "old"}, {"person.age": 6.5}, {"income": 5}, {"person.age": {"missing": 5}}, {"person.age": []}],
)
def test_facts_that_do_not_fit_are_refused_by_name(editor, facts):
    draft(editor, "bus_free")
    answer = editor.post(f"{SETS}/bus_free:1/try", {"facts": facts})
    assert (answer.status_code, answer.json["code"]) == (400, "facts_wrong")
    assert list(answer.json["fields"]) == [f"facts.{next(iter(facts))}"]


def test_two_versions_are_compared_over_rows_of_facts(editor, approver):
    paid = [{"name": "amount_fen", "zh": "金额", "unit": "fen", "value": {"fact": "person.age"}, "round": "down"}]
    activate(editor, approver, "allowance", at_least(65), outputs=paid)
    paid = [{**paid[0], "value": {"least": [{"fact": "person.age"}, 80]}}]
    draft(editor, "allowance", {"between": {"fact": "person.age"}, "from": 60, "to": 90}, outputs=paid)
    rows = [{"person.age": age} for age in (59, 60, 70, 85, 91)] + [{}]
    answer = editor.post(f"{SETS}/allowance:1/compare", {"other": "allowance:2", "rows": rows})
    assert answer.status_code == 200, answer.json
    assert answer.json["counts"] == {"same": 3, "gains": 1, "loses": 1, "amount": 1, "unclear": 0}
    changes = {
        one["row"]: (one["change"], one["before"]["values"], one["after"]["values"]) for one in answer.json["changes"]
    }
    assert changes == {
        1: ("gains", {}, {"amount_fen": 60}),
        3: ("amount", {"amount_fen": 85}, {"amount_fen": 80}),
        4: ("loses", {"amount_fen": 91}, {}),
    }


def test_at_most_a_thousand_rows_are_compared_and_a_wrong_one_is_named(editor):
    draft(editor, "bus_free")
    rows = [{"person.age": 60}] * 1000
    assert (
        editor.post(f"{SETS}/bus_free:1/compare", {"other": "bus_free:1", "rows": rows}).json["counts"]["same"] == 1000
    )
    assert editor.post(f"{SETS}/bus_free:1/compare", {"other": "bus_free:1", "rows": [*rows, {}]}).status_code == 400
    answer = editor.post(f"{SETS}/bus_free:1/compare", {"other": "bus_free:1", "rows": [{}, {"person.age": "x"}]})
    assert list(answer.json["fields"]) == ["rows.1.person.age"]


# Parameters


def add_value(editor, code: str, value, valid_from: str, **more):
    told = {"value": value, "valid_from": valid_from, "source": {"title": "新文件"}, "reason": "标准调整"}
    return editor.post(f"{PARAMETERS}/{code}/values", {**told, **more})


@pytest.fixture
def bar(editor):
    answer = editor.post(PARAMETERS, {"code": "bar", "zh": "门槛", "kind": "number"})
    assert answer.status_code == 201
    return "bar"


def test_a_parameters_value_counts_from_its_day_when_a_second_person_agreed(editor, approver, bar):
    for value, day in ((60, "2026-01-01"), ({"decimal": "65.5"}, "2027-01-01")):
        proposed = add_value(editor, bar, value, day)
        assert (proposed.status_code, proposed.json["proposed"]["value"]) == (201, value)
        assert decide(approver, proposed.json["proposed"]["approval"]).status_code == 200
    found = editor.get(f"{PARAMETERS}/{bar}").json
    assert [(one["value"], one["valid_from"]) for one in found["values"]] == [
        (60, "2026-01-01"), ({"decimal": "65.5"}, "2027-01-01"),
    ]  # fmt: skip
    assert "proposed" not in found
    draft(editor, "bus_free", {"ge": [{"fact": "person.age"}, {"param": "bar"}]})
    outcomes = {}
    for day in ("2025-12-31", "2026-12-31", "2027-01-01"):
        told = {"facts": {"person.age": 60}, "day": day}
        outcomes[day] = editor.post(f"{SETS}/bus_free:1/try", told).json["outcome"]
    assert outcomes == {"2025-12-31": "unknown", "2026-12-31": "yes", "2027-01-01": "no"}


def test_a_value_that_was_refused_leaves_nothing_behind(editor, approver, bar):
    approval_id = add_value(editor, bar, 60, "2026-01-01").json["proposed"]["approval"]
    assert add_value(editor, bar, 61, "2026-02-01").json["code"] == "parameter_value_refused"
    assert decide(approver, approval_id, "refuse").status_code == 200
    found = editor.get(f"{PARAMETERS}/{bar}").json
    assert (found["values"], "proposed" in found) == ([], False)
    assert add_value(editor, bar, 61, "2026-02-01").status_code == 201


def test_a_value_never_begins_before_the_last_one(editor, approver, bar):
    decide(approver, add_value(editor, bar, 60, "2026-06-01").json["proposed"]["approval"])
    for day in ("2026-01-01", "2026-06-01"):
        assert add_value(editor, bar, 50, day).json["code"] == "parameter_value_refused"
    assert [one["value"] for one in editor.get(f"{PARAMETERS}/{bar}").json["values"]] == [60]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("number", {"decimal": "0.45"}, "65"),
        ("text", "360731", 360731),
        ("flag", True, 1),
        ("date", {"date": "2026-01-01"}, "2026-01-01"),
        ("texts", ["360731"], []),
    ],
)
def test_a_value_is_of_its_parameters_kind(editor, kind, right, wrong):
    editor.post(PARAMETERS, {"code": "bar", "zh": "门槛", "kind": kind})
    answer = add_value(editor, "bar", wrong, "2026-01-01")
    assert (answer.status_code, answer.json["code"]) == (400, "parameter_value_wrong")
    assert add_value(editor, "bar", right, "2026-01-01").status_code == 201


def test_a_parameter_code_is_taken_once(editor, bar):
    answer = editor.post(PARAMETERS, {"code": "bar", "zh": "另一个", "kind": "text"})
    assert (answer.status_code, answer.json["code"]) == (409, "parameter_taken")
    assert editor.get(f"{PARAMETERS}/bar").json["zh"] == "门槛"


# Who may


def test_only_who_holds_the_operation_gets_in(admin, editor, approver):
    for clerk, wanted in ((admin, 403), (approver, 403)):
        assert clerk.post(SETS, body("bus_free")).status_code == wanted
    assert admin.get(SETS).status_code == 403
    assert approver.get(SETS).status_code == 200
    assert approver.post(f"{SETS}/scenic_free_senior:1/try", {"facts": {}}).status_code == 200


@pytest.mark.parametrize("path", [f"{SETS}/nothing:1", f"{SETS}/nothing", f"{PARAMETERS}/nothing"])
def test_what_is_not_there_is_404(editor, path):
    assert editor.get(path).status_code == 404


def test_the_list_goes_on_page_by_page(editor):
    seen, cursor = [], None
    while True:
        answer = editor.get(f"{SETS}?state=active&limit=3" + (f"&cursor={cursor}" if cursor else "")).json
        seen += [one["id"] for one in answer["items"]]
        if not (cursor := answer["next"]):
            break
    assert len(seen) == len(set(seen)) == RuleSet._get_collection().count_documents({"state": "active"})
    assert "city_bus_free_senior:1" in seen


def test_a_rule_that_ends_is_not_in_force_after_its_last_day(editor, approver):
    activate(editor, approver, "pilot", valid_from="2026-01-01", valid_to="2026-06-30")
    found = RuleSet._get_collection().find_one({"_id": "pilot:1"})
    assert found["valid_to"] == "2026-06-30"
    assert found["active_at"] <= clock.now()


# At the same time, and sent in odd forms


def test_what_is_approved_is_what_was_proposed_however_edit_and_proposal_meet(client, editor, approver):
    draft(editor, "bus_free", at_least(60))
    told = {name: value for name, value in body("bus_free", at_least(70)).items() if name != "code"}
    one, other = (editor.twin(client.application.test_client()) for _ in range(2))
    edited, proposed = at_once(
        [
            lambda: one.call("PUT", f"{SETS}/bus_free:1", told),
            lambda: other.post(f"{SETS}/bus_free:1/propose", {"reason": "调整"}),
        ]
    )
    assert edited.status_code in {200, 409}
    assert proposed.status_code in {200, 409}
    found = read(editor, "bus_free:1")
    if proposed.status_code == 200:
        waiting = approver.get(f"/office/v1/approvals/{proposed.json['approval_id']}").json
        assert waiting["details"]["hash"] == found["hash"]
        assert found["state"] == "proposed"
    else:
        assert found["state"] == "draft"


def test_two_values_proposed_at_once_leave_one_waiting(client, editor, approver, bar):
    twins = [editor.twin(client.application.test_client()) for _ in range(5)]
    answers = at_once([lambda n=n, twin=twin: add_value(twin, bar, n, "2026-01-01") for n, twin in enumerate(twins)])
    assert sorted(one.status_code for one in answers) == [201] + [409] * 4
    waiting = approver.get("/office/v1/approvals").json["items"]
    assert len(waiting) == 1
    assert decide(approver, waiting[0]["id"]).status_code == 200
    (value,) = editor.get(f"{PARAMETERS}/{bar}").json["values"]
    assert value["value"] in range(5)


def test_the_proposer_of_a_value_cannot_agree_to_it(colleague):
    colleague.post(PARAMETERS, {"code": "bar", "zh": "门槛", "kind": "number"})
    waiting = add_value(colleague, "bar", 60, "2026-01-01").json["proposed"]["approval"]
    assert decide(colleague, waiting).json["code"] == "own_proposal"
    assert colleague.get(f"{PARAMETERS}/bar").json["values"] == []


def test_an_approved_value_is_added_once_however_often_its_task_runs(editor, approver, bar):
    waiting = add_value(editor, bar, 60, "2026-01-01").json["proposed"]["approval"]
    assert approver.post(f"/office/v1/approvals/{waiting}/approve").status_code == 200
    at_once([lambda: parameters.apply(ObjectId(waiting))] * 3)
    queues.drain("trust")
    assert [one["value"] for one in editor.get(f"{PARAMETERS}/{bar}").json["values"]] == [60]
    lines = AuditEntry._get_collection().find({"object": f"rule_parameter:{bar}", "action": "rule.value"})
    assert len(list(lines)) == 1


def nested(levels: int, leaf: str = '{"all": []}') -> str:
    return '{"not": ' * levels + leaf + "}" * levels


@pytest.mark.parametrize("levels", [11, 12, 100, 900, 5000])
def test_a_tree_of_any_depth_is_answered_without_a_server_error(editor, levels):
    text = json.dumps(body("deep_rule", {"all": []}, facts=[])).replace('{"all": []}', nested(levels), 1)
    headers = {"Idempotency-Key": f"deep-{levels}", "Authorization": f"Bearer {editor.token}"}
    answer = editor.client.post(SETS, data=text, headers=headers, content_type="application/json")
    assert answer.status_code == (201 if levels < 12 else 400), answer.json
    assert (RuleSet._get_collection().find_one({"code": "deep_rule"}) is None) == (levels >= 12)


@pytest.mark.parametrize("text", ["\x00", "a" * 61, "   ", "\ud800"])
@pytest.mark.parametrize("field", ["zh"])
def test_odd_texts_are_refused(editor, field, text):
    told = {**body("bus_free"), field: text}
    headers = {"Idempotency-Key": "odd", "Authorization": f"Bearer {editor.token}"}
    raw = json.dumps(told)
    answer = editor.client.post(SETS, data=raw, headers=headers, content_type="application/json")
    assert answer.status_code == 400
    assert RuleSet._get_collection().find_one({"code": "bus_free"}) is None


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ({"in": {"fact": "person.age"}, "of": [{"date": "x"}]}, "condition.of.0"),
        ({"eq": [{"fact": "person.age"}, 2**63]}, "condition.eq.1"),
        ({"eq": [{"fact": "person.age"}, {"decimal": "9" * 400}]}, "condition.eq.1.decimal"),
        ({"rule": {"$ne": None}}, "condition.rule"),
        ({"ge": [{"fact": {"$gt": ""}}, 1]}, "condition.ge.0.fact"),
        ({"ge": [{"param": "a" * 100_000}, 1]}, "condition.ge.0.param"),
        ({"$where": "1"}, "condition"),
    ],
)
def test_trees_that_try_the_store_are_only_trees(editor, condition, path):
    answer = editor.post(SETS, body("bus_free", condition))
    assert answer.status_code == 400, answer.json
    assert any(one.startswith(path) for one in answer.json["fields"])


@pytest.mark.parametrize("path", ["x", "bus_free:1:2", "bus_free:0", "%00", "a" * 300, "bus_free:99999999999999999999"])
def test_odd_ids_are_only_not_there(editor, path):
    assert editor.get(f"{SETS}/{path}").status_code == 404
    assert editor.post(f"{SETS}/{path}/try", {"facts": {}}).status_code == 404


def test_a_day_of_the_far_past_or_future_is_answered(editor):
    for day in ("0001-01-01", "9999-12-31"):
        told = {"facts": {"person.age": 70}, "day": day}
        answer = editor.post(f"{SETS}/scenic_free_senior:1/try", told)
        assert answer.status_code == 200
        assert answer.json["outcome"] == ("unknown" if day < "2018" else "yes")


def test_a_list_fact_is_tried_with_its_elements(editor):
    poor = {"exists": "household.members", "where": {"lt": [{"item": "income"}, 500]}}
    draft(editor, "poor", poor, facts=FACTS)
    told = {"household.members": [{"income": 900}, {"income": {"decimal": "499.5"}, "born": {"date": "2015-01-01"}}]}
    answer = editor.post(f"{SETS}/poor:1/try", {"facts": told}).json
    assert answer["outcome"] == "yes"
    assert answer["trace"]["facts"][0]["value"] == {"items": 2}
    for wrong in ([{"income": [1]}], [5], {"income": 1}, [{}] * 1001):
        answer = editor.post(f"{SETS}/poor:1/try", {"facts": {"household.members": wrong}})
        assert answer.status_code == 400


def test_drafts_are_compared_with_the_rules_that_they_refer_to(editor, approver):
    activate(editor, approver, "inner", at_least(65))
    activate(editor, approver, "outer", {"rule": "inner"}, facts=[])
    draft(editor, "outer", {"all": [{"rule": "inner"}, {"le": [{"fact": "person.age"}, 80]}]})
    rows = [{"person.age": age} for age in (60, 70, 90)]
    found = editor.post(f"{SETS}/outer:1/compare", {"other": "outer:2", "rows": rows}).json
    assert found["counts"] == {"same": 2, "gains": 0, "loses": 1, "amount": 0, "unclear": 0}
    assert [one["row"] for one in found["changes"]] == [2]


def test_a_version_that_needs_more_facts_shows_who_cannot_be_judged_any_more(editor, approver):
    activate(editor, approver, "bus_free", at_least(65))
    both = {"all": [at_least(65), {"eq": [{"fact": "a"}, True]}]}
    draft(editor, "bus_free", both, facts=[AGE, *FACTS])
    found = editor.post(f"{SETS}/bus_free:1/compare", {"other": "bus_free:2", "rows": [{"person.age": 70}]}).json
    assert found["counts"]["unclear"] == 1
    assert found["changes"][0]["after"]["outcome"] == "unknown"


# What would run for ever


def test_a_draft_that_would_close_a_circle_is_neither_tried_nor_compared_nor_proposed(editor, approver):
    activate(editor, approver, "round_x", at_least(60))
    activate(editor, approver, "round_a", {"rule": "round_x"}, facts=[])
    made = draft(editor, "round_x", {"rule": "round_a"}, facts=[])
    tried = editor.post(f"{SETS}/{made['id']}/try", {"facts": {}})
    compared = editor.post(f"{SETS}/{made['id']}/compare", {"other": "round_x:1", "rows": [{}]})
    proposed = editor.post(f"{SETS}/{made['id']}/propose", {"reason": "按文件调整"})
    for answer in (tried, compared, proposed):
        assert (answer.status_code, answer.json["code"]) == (422, "rule_circle")
    assert read(editor, made["id"])["state"] == "draft"


def test_rules_that_refer_to_each_other_in_a_long_row_are_refused_before_they_count(editor, approver):
    activate(editor, approver, "row_0", at_least(60))
    for number in range(1, evaluate.MOST_CHAINED):
        activate(editor, approver, f"row_{number}", {"rule": f"row_{number - 1}"}, facts=[])
    last = draft(editor, "row_last", {"rule": f"row_{evaluate.MOST_CHAINED - 1}"}, facts=[])
    for what, told in (("try", {"facts": {"person.age": 70}}), ("propose", {"reason": "按文件调整"})):
        answer = editor.post(f"{SETS}/{last['id']}/{what}", told)
        assert (answer.status_code, answer.json["code"]) == (422, "rule_chain_too_long")
    longest = editor.post(f"{SETS}/row_{evaluate.MOST_CHAINED - 1}:1/try", {"facts": {"person.age": 70}})
    assert longest.json["outcome"] == "yes"


def test_a_field_of_a_list_says_no_more_than_name_kind_and_words(editor):
    field = {"name": "income", "kind": "number", "zh": "收入"}
    told = {"name": "household.members", "kind": "list", "zh": "家庭成员", "items": [{**field, "more": [[[1]]]}]}
    answer = editor.post(SETS, body("list_more", {"is_known": "household.members"}, facts=[told]))
    assert (answer.status_code, "facts.0.items" in answer.json["fields"]) == (400, True)


def test_the_words_tell_the_number_that_holds_and_follow_it(editor, approver):
    told = {"value": 60, "valid_from": "2026-01-01", "source": {"title": "试验文件"}, "reason": "按文件调整"}
    made = editor.post("/office/v1/rule-parameters/senior_free_age/values", told)
    assert decide(approver, made.json["proposed"]["approval"]).status_code == 200
    decision = evaluate.decide("scenic_free_senior", {"person.age": Known(62)}, day=clock.today())
    assert decision.outcome == "yes"
    assert "满足“年龄(周岁)不低于老年人免费优待年龄(60)”" in decision.why_zh
    assert evaluate.replay(decision.record()).why_zh == decision.why_zh


def test_a_version_of_the_countys_data_is_no_draft_to_propose(client, seeded, admin):
    editor = admin.hire("rule_editor")
    active = editor.get("/office/v1/rule-sets").json["items"][0]
    answer = editor.post(f"/office/v1/rule-sets/{active['id']}/propose", {"reason": "再次启用"})
    assert (active["state"], answer.status_code, answer.json["code"]) == ("active", 409, "rule_not_draft")
