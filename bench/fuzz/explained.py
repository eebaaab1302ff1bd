"""What schemathesis finds and the project keeps, each with its reason: one literal list, read by the run."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Explained:
    """`failure` is schemathesis's class of it, `code` the error's code, `where` a pattern of `METHOD /path`."""

    failure: str
    reason: str
    code: str = ""
    where: str = ""

    @property
    def name(self) -> str:
        """What the report calls it."""
        return " ".join(part for part in (self.failure, self.code, self.where) if part)

    def covers(self, failure: str, label: str, code: str) -> bool:
        """Tell whether it is this one."""
        named = (not self.code or self.code == code) and (not self.where or re.fullmatch(self.where, label))
        return failure == self.failure and bool(named)


REJECTED = "RejectedPositiveData"
_STATE = "A well-formed request that the present state refuses; JSON Schema describes form, not state."
_TOGETHER = "Which values go together depends on another field; OpenAPI 3.0 describes each field by itself."
_OUTSIDE = "WeChat or a register gives the value and decides; the form says nothing."
_LANGUAGE = "A small language of its own, checked whole against its grammar with the path of each error."
_MOMENT = "RFC 3339 allows a leap second, which no datetime has."
_FILE = "The bytes of a file decide, which no schema describes."
_KEYS = "OpenAPI 3.0 cannot limit the keys of a map."
_NEAR = "Only a time near the present is taken; a format cannot say when that is."
_FAR = "Instants far from today, which a format cannot limit."
_PLAIN = "Plain text only: what looks like markup or cannot be seen is refused, which a pattern would hardly say."
_VALUE = (
    "The value itself decides, beyond a pattern or a bound: "
    "a check digit, rounding, a day of every year, a place in the country."
)
_STANDARD = "FHIR's own models check a resource and what is asked for, which OpenAPI can only name by an example."
_PLAN = r"(plan|prices|preview)"
_ELDER = r"/office/v1/health/elders/\{elder_id\}"
_PLACE, _RESOURCE = r"/office/v1/places/\{place_id\}", r"(/resources/\{code\})?"


def _refused(reason: str, *codes: str) -> tuple[Explained, ...]:
    return tuple(Explained(REJECTED, reason, code) for code in codes)


EXPLAINED: tuple[Explained, ...] = (
    *_refused("A cursor is opaque: only one that this list gave is taken.", "bad_cursor"),
    *_refused("The fuzzer repeats a key with another body, as it must be refused.", "idempotency_key_reused"),
    *_refused(_TOGETHER, "wrong_document_length", "wrong_document_form"),
    *_refused(_TOGETHER, "days_wrong", "span_too_long", "filter_needed", "relation_terms_wrong", "assignments_wrong"),
    *_refused(_TOGETHER, "ticket_type_age", "file_too_big", "file_type_wrong", "sheet_missing"),
    *_refused(_FILE, "sheet_headers_wrong", "sheet_mapping_wrong"),
    *_refused(_STATE, "file_incomplete", "file_part_wrong", "unit_unknown", "role_not_open", "bill_day_out_of_reach"),
    *_refused(_STATE, "case_outcome_unknown", "case_stop_unknown", "tree_sizes_wrong", "password_wrong"),
    *_refused(_OUTSIDE, "wechat_code_invalid", "wechat_phone_code_invalid", "identity_not_matched"),
    *_refused(_OUTSIDE, "guardian_not_in_register", "binding_code_wrong"),
    *_refused(
        _STATE,
        "case_not_a_desk",
        "consent_bundled",
        "ticket_type_unknown",
        "minor_until_wrong",
        "case_same_person",
        "unit_circle",
        "case_needed",
    ),
    *_refused(_TOGETHER, "family_terms_wrong", "benefit_item_wrong", "device_unit_missing"),
    *_refused(_STATE, "offline_limit_in_force"),
    *_refused(_FILE, "return_file_missing"),
    *_refused(_LANGUAGE, "rule_wrong", "facts_wrong", "ledger_account_name_wrong"),
    Explained(REJECTED, _LANGUAGE, "bad_input", r"POST /office/v1/rule-parameters/\{code\}/values"),
    Explained(REJECTED, _MOMENT, "bad_input", "POST /gate/v1/journal"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /office/v1/ledger/merchants"),
    Explained(REJECTED, _TOGETHER, "bad_input", r"GET /mini/v1/places(/\{place_id\})?"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /office/v1/(break-glass|cases)"),
    Explained(REJECTED, _KEYS, "bad_input", "POST .*/decide"),
    Explained(REJECTED, _FAR, "bad_input", "GET /office/v1/audit/(access-lines|entries)"),
    *_refused(_TOGETHER, "dated_span_wrong", "closing_span_wrong", "closure_span_wrong", "message_span_wrong"),
    *_refused(_TOGETHER, "limits_wrong", "zones_wrong", "slot_plan_wrong", "slot_shares_wrong", "content_wrong"),
    *_refused(_TOGETHER, "content_span_wrong", "crowd_span_wrong"),
    *_refused(_STATE, "sport_type_per_player", "price_differs"),
    *_refused(_TOGETHER, "sport_hours_not_in_a_row", "sport_player_twice", "message_template_wrong"),
    *_refused(_STATE, "visitor_number_wrong", "sport_players_wrong", "message_template_unknown", "zone_unknown"),
    *_refused(_STATE, "content_media_wrong", "route_point_not_shown", "slot_plan_tickets_unknown"),
    *_refused("The code of a resource stands in the path, where every text is one segment.", "resource_code_wrong"),
    *_refused(_NEAR, "water_reading_time", "crowd_counted_at_wrong", "crowd_until_wrong", "change_day_past"),
    *_refused(_NEAR, "bus_fare_begun"),
    Explained(REJECTED, _TOGETHER, "bad_input", r"GET /(mini|public)/v1/(culture-map(\.geojson)?|search)"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /gate/v1/scans"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /mini/v1/itineraries(/plan)?"),
    Explained(REJECTED, _TOGETHER, "bad_input", f"(PUT|POST) {_PLACE}{_RESOURCE}/{_PLAN}"),
    Explained(REJECTED, _TOGETHER, "bad_input", rf"PUT {_PLACE}/(refund-rule|resources/\{{code\}})"),
    Explained(REJECTED, _TOGETHER, "bad_input", r"GET /office/v1/crowd/reports(\.csv|\.xlsx)?"),
    Explained(REJECTED, _KEYS, "bad_input", f"PUT ({_PLACE}/hours|/office/v1/slots/\\{{slot_id\\}}/quota)"),
    Explained(REJECTED, _KEYS, "bad_input", "POST (/gate/v1/documents|.*/water-readings)"),
    Explained(REJECTED, _NEAR, "bad_input", "POST /gate/v1/crowd-readings"),
    Explained(
        REJECTED, _FAR, "bad_input", rf"(GET /public/v1/crowd/\{{place_id\}}|POST {_PLACE}/crowd/(limits|headcounts))"
    ),
    Explained(REJECTED, _FAR, "bad_input", r"GET /mini/v1/curated-itineraries/\{curated_id\}"),
    Explained(REJECTED, _FAR, "bad_input", r"GET /office/v1/content/items/\{item_id\}/counts"),
    Explained(REJECTED, _PLAIN, "bad_input", "POST /office/v1/(guide|content)/.*"),
    *_refused(_VALUE, "credit_code_wrong", "selenium_wrong", "plot_area_wrong", "season_starts_wrong", "school_wrong"),
    *_refused(_OUTSIDE, "not_legal_representative"),
    *_refused(
        _STATE, "member_invitation_wrong", "layout_unknown", "buyer_unknown", "season_cut", "standard_table_past"
    ),
    *_refused(_STATE, "benefit_period_wrong", "gate_direction_wrong", "school_unknown", "school_not_chosen"),
    *_refused(_STATE, "school_not_ready", "school_transfer_impossible", "school_form_wrong", "school_point_unknown"),
    *_refused(_STATE, "school_appeal_school", "school_round_not_ready"),
    *_refused(_FILE, "school_districts_wrong"),
    *_refused(_TOGETHER, "standard_bounds_wrong", "school_round_wrong", "school_birth_span_wrong", "seat_plan_wrong"),
    *_refused(_TOGETHER, "school_seed_source_wrong"),
    Explained(REJECTED, _TOGETHER, "bad_input", r"POST /(mini|office)/v1/(selenium/)?recalls/\{recall_no\}/returns"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /mini/v1/school/applications"),
    Explained(REJECTED, _TOGETHER, "bad_input", r"POST /(office|public)/v1/school/rounds/\{round_id\}/where"),
    Explained(REJECTED, _KEYS, "bad_input", r"PUT /office/v1/school/rounds/\{round_id\}/plans/\{school_id\}"),
    *_refused(_TOGETHER, "health_answers_wrong", "health_check_items_wrong", "health_load_span", "health_span_wrong"),
    *_refused(
        _TOGETHER, "health_alert_confirm", "health_duty_wrong", "health_ends_before", "health_hidden_from_nobody"
    ),
    *_refused(_TOGETHER, "health_quantity_unknown", "health_range_wrong", "health_visit_incomplete"),
    *_refused(_STATE, "health_alert_answer", "health_alert_visit_first", "health_already_managed", "health_kind_fixed"),
    *_refused(_STATE, "health_check_too_young", "health_no_elder", "health_not_an_assessment"),
    *_refused(_STATE, "health_source_not_yours", "health_tool_unknown"),
    *_refused(_NEAR, "health_check_year_wrong", "health_measured_in_future", "health_visit_too_old"),
    *_refused(_LANGUAGE, "enterprise_conditions_wrong", "service_item_wrong"),
    *_refused(
        _TOGETHER,
        "enterprise_policy_wrong",
        "enterprise_account_needed",
        "materials_missing",
        "form_answers_wrong",
        "appointment_slot_wrong",
    ),
    *_refused(_STATE, "service_item_changed", "service_item_slot_needed", "enterprise_payment_unknown"),
    *_refused(_STATE, "material_unknown", "enterprise_offer_state_wrong", "enterprise_policy_version_unknown"),
    *_refused("A member belongs to one organisation here; the header takes any id of one.", "organisation_missing"),
    *_refused(_OUTSIDE, "enterprise_firm_unknown"),
    Explained(REJECTED, _LANGUAGE, "bad_input", r"(POST|PUT) /office/v1/enterprise/policies.*"),
    Explained(REJECTED, _LANGUAGE, "bad_input", r"(POST|PUT) /office/v1/service-items.*"),
    *_refused("The code is printed in the box of a band; the form says nothing.", "health_wearable_claim_wrong"),
    *_refused(_LANGUAGE, "health_tool_wrong", "fhir_condition_wrong", "fhir_parameter_wrong"),
    *_refused(_STANDARD, "fhir_body_unreadable", "fhir_resource_invalid", "fhir_not_acceptable", "fhir_not_offered"),
    *_refused(_STATE, "fhir_version_needed", "fhir_version_passed"),
    Explained(REJECTED, _FAR, "bad_input", r"POST /office/v1/health/devices(/\{health_device_id\}/calibrations)?"),
    Explained(REJECTED, _FAR, "bad_input", "(POST /gate/v1/health/.*|PUT /office/v1/health/roster)"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /mini/v1/health/hidden"),
    Explained(REJECTED, _TOGETHER, "bad_input", rf"(POST|PUT) {_ELDER}/records(/\{{record_id\}})?"),
    Explained(REJECTED, _KEYS, "bad_input", rf"(POST|PUT) {_ELDER}/observations(/\{{observation_id\}})?"),
    Explained(REJECTED, _KEYS, "bad_input", rf"POST {_ELDER}/(assessments|programmes/\{{disease\}}/visits)"),
    Explained(REJECTED, _KEYS, "bad_input", r"POST /office/v1/health/tools/\{code\}/versions"),
    *_refused(_FILE, "enterprise_return_missing"),
    *_refused(_VALUE, "gtin_wrong"),
    *_refused(_OUTSIDE, "agent_name_wrong"),
    *_refused(_STATE, "box_contents_wrong", "lot_parents_wrong", "lot_plots_wrong", "product_unknown"),
    *_refused(_STATE, "harvest_day_wrong", "safety_interval_needed", "closure_nothing", "school_preview_rule"),
    *_refused(_STATE, "rule_not_in_force", "fhir_gone"),
    Explained(REJECTED, _TOGETHER, "bad_input", rf"POST {_ELDER}/wishes"),
    Explained(REJECTED, _TOGETHER, "bad_input", r"POST /enterprise/v1/selenium/recalls/\{recall_no\}/returns"),
    Explained(REJECTED, _TOGETHER, "bad_input", "POST /mini/v1/health/measurements"),
    Explained(REJECTED, _KEYS, "bad_input", r"PUT /(mini|enterprise)/v1/service-items/\{item_code\}/draft"),
    Explained(
        "UseAfterFree",
        "A collection under a record is emptied by DELETE, and then read as an empty list.",
        where=r"GET /office/v1/staff/\{member_id\}/sessions",
    ),
    Explained(
        "EnsureResourceAvailability",
        "A file has no content before all its parts came.",
        "not_found",
        r"GET /(mini|office)/v1/files/\{file_id\}/content",
    ),
    Explained(
        "EnsureResourceAvailability",
        "The result of an import is there when its job is done, and handed out once.",
        "import_result_gone",
    ),
    Explained(
        "EnsureResourceAvailability",
        "The policy is there; the firm on which it is tried is not.",
        "not_found",
        r"POST /office/v1/enterprise/policies/\{policy_code\}/try",
    ),
    Explained(
        "MissingHeaderNotRejected",
        "For which organisation one may act is asked first: another one's is a 404, whatever else is missing.",
        "not_found",
        r"\w+ /enterprise/v1/.*",
    ),
    Explained(
        "MissingHeaderNotRejected",
        "No `Counter-Session` is the state that nobody stands at the counter: 409, as with one that is over.",
        "counter_session_over",
    ),
)


def why(failure: str, label: str, response: Any) -> Explained | None:
    """Return the explanation of a failure, None when there is none."""
    code = code_of(response)
    return next((one for one in EXPLAINED if one.covers(failure, label, code)), None)


def code_of(response: Any) -> str:
    """Return the code of an answer that is an error of ours, "" of any other."""
    try:
        body = response.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    if body.get("resourceType") == "OperationOutcome":
        return str(body["issue"][0]["details"]["coding"][0]["code"])
    return str(body.get("code", ""))
