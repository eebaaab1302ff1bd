"""The description of the API: valid, whole, equal to the committed snapshot, and shown without any foreign address."""

import json
import os
import re
from collections import Counter

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.architecture.house import ROOT

SNAPSHOT = ROOT / "docs" / "openapi.json"
METHODS = {"get", "post", "put", "delete", "patch"}
FOREIGN = re.compile(r"""(?:https?:)?//[^\s"'<>)]+""")


@pytest.fixture
def spec(app):
    answer = app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    return answer.json


def operations(spec: dict) -> list[tuple[str, str, dict]]:
    return [(m, path, told) for path, all_ in spec["paths"].items() for m, told in all_.items() if m in METHODS]


def test_it_equals_the_committed_snapshot(spec):
    spec["info"]["title"] = ""
    text = json.dumps(spec, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(text, encoding="utf-8")
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    changed = [
        path for path in {**kept["paths"], **spec["paths"]} if kept["paths"].get(path) != spec["paths"].get(path)
    ]
    assert changed == [], "run `make openapi` and look at the difference"
    assert SNAPSHOT.read_text(encoding="utf-8") == text, "run `make openapi` and look at the difference"


def test_it_is_valid(spec):
    assert list(OpenAPIV30SpecValidator(spec).iter_errors()) == []


def test_every_operation_has_a_summary_and_one_tag(spec):
    assert [(m, path) for m, path, told in operations(spec) if not told.get("summary") or len(told["tags"]) != 1] == []


def test_no_two_operations_share_a_summary_on_one_path_prefix(spec):
    counted = Counter((told["tags"][0], told["summary"]) for _, _, told in operations(spec))
    assert [what for what, times in counted.items() if times > 1] == []


def test_every_tag_that_is_used_is_described(spec):
    described = {tag["name"] for tag in spec["tags"] if tag.get("description")}
    assert {told["tags"][0] for _, _, told in operations(spec)} - described == set()


def without_example(schema: dict, spec: dict, where: str = "") -> list[str]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return without_example(spec["components"]["schemas"][name], spec, name)
    if "example" in schema:
        return []
    if schema.get("type") == "array":
        return without_example(schema["items"], spec, where)
    if "properties" in schema:
        return [
            lack
            for name, part in schema["properties"].items()
            for lack in without_example(part, spec, f"{where}.{name}")
        ]
    return [where]


def test_every_field_of_a_request_body_has_an_example(spec):
    bodies = [told["requestBody"]["content"] for _, _, told in operations(spec) if "requestBody" in told]
    assert len(bodies) > 5
    assert (
        sorted({lack for body in bodies for one in body.values() for lack in without_example(one["schema"], spec)})
        == []
    )


def test_a_header_stands_beside_the_arguments_of_a_query(spec):
    told = spec["paths"]["/office/v1/persons/{person_id}/facts"]["get"]["parameters"]
    assert {(one["in"], one["name"]) for one in told} == {
        ("query", "kind"),
        ("query", "case"),
        ("header", "Counter-Session"),
    }


def test_every_answer_that_is_an_error_has_the_one_form_or_that_of_its_standard(spec):
    for method, path, told in operations(spec):
        form = told["responses"]["default"]
        while "$ref" in form:
            form = spec["components"]["responses"][form["$ref"].rsplit("/", 1)[1]]
        if path.startswith(tuple(STANDARDS)):
            assert set(form["content"]) == {STANDARDS[f"/{path.split('/')[1]}/"]}, (method, path)
        else:
            assert form["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody"), (method, path)


STANDARDS = {"/epcis/": "application/problem+json", "/fhir/": "application/fhir+json"}


def test_protected_operations_say_how_to_prove_oneself(spec):
    schemes = set(spec["components"]["securitySchemes"])
    for _, path, told in operations(spec):
        assert {name for need in told["security"] for name in need} <= schemes
        assert (
            bool(told["security"]) == path.startswith(("/mini/", "/enterprise/", "/office/", "/gate/", *STANDARDS))
            or path in OPEN
        )


OPEN = {
    "/epcis/context.jsonld",
    "/fhir/metadata",
    "/mini/v1/server-time",
    "/mini/v1/privacy-text",
    "/mini/v1/login",
    "/mini/v1/session/refresh",
    "/mini/v1/places",
    "/mini/v1/places/{place_id}",
    "/mini/v1/places/{place_id}/slots",
    "/mini/v1/slots/{slot_id}",
    "/mini/v1/areas/{code}/children",
    "/mini/v1/sport/venues",
    "/mini/v1/sport/venues/{place_id}/board",
    "/mini/v1/sport/public-hours",
    "/mini/v1/sport/quote",
    "/mini/v1/places/{place_id}/resources",
    "/mini/v1/crowd",
    "/mini/v1/crowd/{place_id}",
    "/mini/v1/content/media/{media_id}",
    "/mini/v1/guide/points",
    "/mini/v1/guide/points/{point_id}",
    "/mini/v1/guide/nearby",
    "/mini/v1/guide/routes",
    "/mini/v1/guide/routes/{route_id}",
    "/mini/v1/guide/exhibits",
    "/mini/v1/guide/exhibits/{exhibit_id}",
    "/mini/v1/guide/scenes/{scene}",
    "/mini/v1/search",
    "/mini/v1/culture-map",
    "/mini/v1/curated-itineraries",
    "/mini/v1/curated-itineraries/{curated_id}",
    "/mini/v1/itineraries/plan",
    "/mini/v1/shared-itineraries/{code}",
    "/office/v1/login",
    "/office/v1/invitations/{token}",
    "/office/v1/invitations/{token}/accept",
    "/office/v1/invitations/{token}/confirm",
}


class TestThePage:
    def page(self, app, path="/docs"):
        answer = app.test_client().get(path)
        assert answer.status_code == 200, path
        return answer

    def test_it_names_no_address_outside_this_host(self, app):
        assert FOREIGN.findall(self.page(app).text) == []
        assert FOREIGN.findall(self.page(app, "/docs/start.js").text) == []

    def test_all_its_parts_come_from_this_host(self, app):
        parts = re.findall(r"""(?:src|href)="([^"]+)\"""", self.page(app).text)
        assert {"/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"} <= set(parts)
        for part in parts:
            assert self.page(app, part).data

    def test_the_browser_is_told_to_load_nothing_from_elsewhere(self, app):
        policy = self.page(app).headers["Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'self'"
        words = {word for rule in rules.values() for word in rule.split()}
        assert words <= {"'self'", "data:", "'unsafe-inline'"}
        assert "'unsafe-inline'" not in rules.get("script-src", rules["default-src"])

    def test_its_style_sheet_loads_nothing_from_elsewhere(self, app):
        style = self.page(app, "/docs/swagger-ui.css").text
        assert [
            url for url in re.findall(r"url\(([^)]+)\)|@import", style) if not url.strip("\"'").startswith("data:")
        ] == []

    @pytest.mark.parametrize("name", ["../app.py", "%2e%2e/app.py", "..%2f..%2fapp.py", "no-such-file.js"])
    def test_it_serves_nothing_else(self, app, name):
        assert app.test_client().get(f"/docs/{name}").status_code == 404
