import re

import marshmallow as ma
import pytest
from flask import abort
from pymongo.errors import AutoReconnect
from redis.exceptions import ConnectionError as RedisAway

from backend.errors import CityError, Conflict, NotFound, TooMany
from backend.http.access import ANYONE, resident
from backend.http.field_messages import chinese, flatten
from models.upgrades import documents
from tests.support import probe


class Sold(Conflict):
    code = "sold"
    zh = "{what}已售完。"
    en = "{what} is sold out."


class Inner(ma.Schema):
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 5))


class Body(ma.Schema):
    n = ma.fields.Integer(required=True, strict=True)
    inner = ma.fields.List(ma.fields.Nested(Inner))


RAISED = {
    "rule": Sold(what="票", fields={"n": ["不行。"]}),
    "often": TooMany(retry_after=7),
    "store": AutoReconnect("mongodb://secret@host"),
    "redis": RedisAway("redis://secret@host"),
    "bug": KeyError("张三丰 440524188001010014"),
}


@pytest.fixture
def surface():
    made = probe.surface()

    @made.get("/raise/<what>", access=ANYONE)
    def fail(what):
        raise RAISED[what]

    @made.get("/abort/<int:status>", access=ANYONE)
    def stop(status):
        abort(status)

    @made.post("/body", access=ANYONE)
    @made.arguments(Body)
    def take(body):
        return body

    @made.get("/mine", access=resident())
    def mine():
        return {}

    return made


@pytest.fixture
def desk(module_settings, store, surface):
    return probe.client(module_settings, surface)


ANSWERS = [
    ("rule", 409, "sold", "票已售完。", "票 is sold out."),
    ("often", 429, "too_many_requests", "操作太频繁,请 7 秒后再试。", "Too many requests. Try again in 7 seconds."),
    ("store", 503, "unavailable", "不会重复办理", "will not be done twice"),
    ("redis", 503, "unavailable", "不会重复办理", "will not be done twice"),
    ("bug", 500, "internal_error", "12345", "12345"),
]


@pytest.mark.parametrize(("what", "status", "code", "zh", "en"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_error_has_one_form_in_two_languages(desk, what, status, code, zh, en):
    chinese_answer = desk.get(f"/probe/raise/{what}")
    english_answer = desk.get(f"/probe/raise/{what}", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})
    assert (chinese_answer.status_code, chinese_answer.json["code"]) == (status, code)
    assert zh in chinese_answer.json["message"]
    assert en in english_answer.json["message"]
    assert set(chinese_answer.json) <= {"code", "message", "fields", "request_id"}


@pytest.mark.parametrize("what", ["store", "redis", "bug"])
def test_what_went_wrong_inside_is_not_told(desk, what):
    said = desk.get(f"/probe/raise/{what}").get_data(as_text=True)
    assert not re.search("secret|张三丰|4405|Traceback|KeyError|mongo", said)


def test_fields_and_the_time_to_wait_are_told(desk):
    assert desk.get("/probe/raise/rule").json["fields"] == {"n": ["不行。"]}
    assert desk.get("/probe/raise/often").headers["Retry-After"] == "7"


HTTP = [
    (400, "bad_input"),
    (401, "not_logged_in"),
    (403, "not_allowed"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (409, "conflict"),
    (413, "too_large"),
    (415, "not_json"),
    (429, "too_many_requests"),
    (503, "unavailable"),
]


@pytest.mark.parametrize(("status", "code"), HTTP)
def test_errors_of_http_itself_have_the_same_form(desk, status, code):
    answer = desk.get(f"/probe/abort/{status}")
    assert (answer.status_code, answer.json["code"], answer.mimetype) == (status, code, "application/json")
    assert answer.json["message"]


def test_unknown_paths_and_methods_are_answered_in_the_same_form(desk):
    assert desk.get("/nowhere").json["code"] == "not_found"
    answer = desk.delete("/probe/body")
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


WRONG_BODIES = [
    (b"{}", {"n": ["此项必填。"]}),
    (b'{"n":null}', {"n": ["此项不能为空值,没有就不要传。"]}),
    (b'{"n":"7"}', {"n": ["此项应为整数。"]}),
    (b'{"n":1.5}', {"n": ["此项应为整数。"]}),
    (b'{"n":1,"m":2}', {"m": ["不认识这个字段,请去掉。"]}),
    (b'{"n":1,"inner":{}}', {"inner": ["此项格式不对,请按接口说明填写。"]}),
    (b'{"n":1,"inner":[{"name":""}]}', {"inner.0.name": ["数量或长度应在 1 到 5 之间。"]}),
    (b'{"n":1,"inner":[{"name":"a"},{}]}', {"inner.1.name": ["此项必填。"]}),
    (b"[1]", {"body": ["应提交一个 JSON 对象。"]}),
    (b"{", {"body": ["提交的内容不是有效的 JSON。"]}),
    (b'{"n":NaN}', {"body": ["提交的内容不是有效的 JSON。"]}),
    (b'{"n":1,"inner":[{"name":"\\ud800"}]}', {"body": ["提交的内容不是有效的 JSON。"]}),
    (b"\xff", {"body": ["提交的内容不是有效的 JSON。"]}),
    (b"[" * 5000, {"body": ["提交的内容不是有效的 JSON。"]}),
]


@pytest.mark.parametrize(("body", "fields"), WRONG_BODIES)
def test_a_wrong_body_is_a_400_that_names_its_fields_in_chinese(desk, body, fields):
    answer = desk.post("/probe/body", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")
    assert answer.json["fields"] == fields


def test_the_fields_are_english_when_asked_for(desk):
    answer = desk.post("/probe/body", json={}, headers={"Accept-Language": "en"})
    assert answer.json["fields"] == {"n": ["Missing data for required field."]}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_that_is_not_declared_as_json_is_a_400(desk, kind):
    assert desk.post("/probe/body", data=b'{"n":1}', content_type=kind).status_code == 400


def test_a_body_of_more_than_a_megabyte_is_a_413(desk):
    answer = desk.post("/probe/body", data=b'{"n":' + b" " * (1 << 20) + b"1}", content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


# The request's id and the headers of every answer


@pytest.mark.parametrize(
    ("given", "kept"), [("a1b2c3d4e5", True), ("short", False), ("x" * 65, False), ("a b c d e", False)]
)
def test_a_request_id_is_kept_when_it_is_one_and_else_made(desk, given, kept):
    answer = desk.get("/probe/raise/rule", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == answer.json["request_id"]
    assert (answer.json["request_id"] == given) == kept
    assert len(answer.json["request_id"]) >= 8


@pytest.mark.parametrize("path", ["/probe/mine", "/nowhere", "/probe/raise/bug", "/health/live"])
def test_every_answer_is_neither_guessed_at_nor_stored(desk, path):
    answer = desk.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_route_that_declares_no_access_rule_is_never_served(module_settings, store, surface):
    app = probe.app(module_settings, surface)
    app.add_url_rule("/forgotten", view_func=lambda: "open to all", endpoint="forgotten")
    answer = app.test_client().get("/forgotten")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")


# The tree


def tree(root):
    for kind in root.__subclasses__():
        yield kind
        yield from tree(kind)


documents.load()
OURS = [kind for kind in {*tree(CityError)} if not kind.__module__.startswith("tests.")]


def test_every_code_means_one_thing():
    declared = [(kind.__dict__["code"], kind.__qualname__) for kind in OURS if "code" in kind.__dict__]
    codes = [code for code, _ in declared]
    assert sorted(codes) == sorted(set(codes)), sorted(declared)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", code) for code in codes)


def test_every_sentence_is_chinese_for_zh_and_english_for_en():
    assert len(OURS) > 40
    for kind in OURS:
        assert re.search("[\u4e00-\u9fff]", kind.zh), kind
        assert not re.search("[\u4e00-\u9fff]", kind.en), kind
        given = set(re.findall(r"{(\w+)}", kind.zh)) | {"en", "kind"}
        given |= {name.removesuffix("_zh") for name in given} | {f"{name}_en" for name in given}
        assert set(re.findall(r"{(\w+)}", kind.en)) <= given, kind


def test_every_branch_has_the_status_of_the_drawing():
    drawn = {"BadInput": 400, "NotLoggedIn": 401, "NotAllowed": 403, "NotFound": 404, "Conflict": 409}
    drawn |= {"Unprocessable": 422, "TooMany": 429, "OutsideFailure": 502, "Unavailable": 503}
    assert {kind.__name__: kind.status for kind in OURS if kind.__name__ in drawn} == drawn


def test_details_are_filled_into_both_sentences():
    assert [Sold(what="票").message(language) for language in ("zh", "en")] == ["票已售完。", "票 is sold out."]
    assert str(NotFound()) == "not_found"


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("Must be one of: a, b.", "只能是其中之一:a, b。"),
        ("Must be greater than or equal to 1 and less than or equal to 100.", "应在 1 到 100 之间。"),
        ("Not a valid date.", "日期或时间格式不对,例如 2026-10-01。"),
        ("Something new.", "此项填写有误。"),
        ("经度和纬度要一起提供。", "经度和纬度要一起提供。"),
    ],
)
def test_messages_of_the_forms_library_have_chinese_sentences(message, sentence):
    assert chinese(message) == sentence


def test_nested_messages_are_flattened_to_paths():
    nested = {"json": {"visitors": {0: {"name": ["Unknown field."]}}, "_schema": ["Invalid input type."]}}
    assert flatten(nested, "en") == {"visitors.0.name": ["Unknown field."], "body": ["Invalid input type."]}
