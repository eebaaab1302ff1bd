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
    Explained(REJECTED, "OpenAPI 3.0 cannot limit the keys of a map.", "bad_input", "POST .*/decide"),
    Explained(
        REJECTED,
        "Instants far from today, which a format cannot limit.",
        "bad_input",
        "GET /office/v1/audit/(access-lines|entries)",
    ),
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
    return str(body.get("code", "")) if isinstance(body, dict) else ""
