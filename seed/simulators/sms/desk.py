"""The calls of the customer: send a message of a template, ask for the receipts of a number."""

import re
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from seed.simulators.registers import time_of_day
from seed.simulators.registers.faults import Faults
from seed.simulators.registers.wire import Dropped, Refusal, Request, Response, as_json
from seed.simulators.sms import faults, receipts
from seed.simulators.sms.faults import Fault
from seed.simulators.sms.keys import Keys
from seed.simulators.sms.state import State

NUMBER = re.compile(r"\+86(1\d{10})", re.ASCII)
LONGEST = 35
"""Characters of one parameter."""
ACTIONS = {"SendSms": "send", "PullSmsSendStatusByPhoneNumber": "pull"}


@dataclass
class Box:
    """All that one running simulator holds; `calls` counts by send, pull and push."""

    state: State
    keys: Keys
    faults: Faults = field(default_factory=faults.none_yet)
    calls: Counter[str] = field(default_factory=Counter)


def answer(box: Box, request: Request) -> Response:
    """Return the answer to a call; `Dropped` when there is to be none."""
    call = ACTIONS.get(request.headers.get("X-TC-Action", ""))
    try:
        box.keys.check(request)
        struck = _struck(box, call)
        with box.state.lock:
            told = (_send if call == "send" else _pull)(box, request.json())
    except Refusal as refusal:
        return _error(refusal.code)
    if "lost_answer" in struck:
        raise Dropped
    if "error_500" in struck:
        return as_json({"code": "system_error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
    if "garbage" in struck:
        return Response(HTTPStatus.OK, b"\xff\xfe<html>")
    return as_json({"Response": {**told, "RequestId": secrets.token_hex(16)}})


def _struck(box: Box, call: str | None) -> dict[str, Fault]:
    if call is None:
        raise Refusal(HTTPStatus.OK, "InvalidAction")
    box.calls[call] += 1
    struck = box.faults.struck(call, names=faults.CALLS)
    for name in ("slow", "timeout"):
        if name in struck:
            threading.Event().wait(struck[name].seconds)
    if "timeout" in struck or "lost_request" in struck:
        raise Dropped
    if "busy" in struck:
        raise Refusal(HTTPStatus.OK, "RequestLimitExceeded")
    return struck


def _error(code: str) -> Response:
    told = {"Error": {"Code": code, "Message": code}, "RequestId": secrets.token_hex(16)}
    return as_json({"Response": told})


def _send(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    numbers, held = told.get("PhoneNumberSet"), box.keys.held
    if told.get("SmsSdkAppId") != held["sdk_app_id"]:
        raise Refusal(HTTPStatus.OK, "UnauthorizedOperation.SmsSdkAppIdVerifyFail")
    if told.get("SignName") != held["sign_name"]:
        raise Refusal(HTTPStatus.OK, "FailedOperation.SignatureIncorrectOrUnapproved")
    if not isinstance(numbers, list) or len(numbers) != 1:
        raise Refusal(HTTPStatus.OK, "InvalidParameterValue.IncorrectPhoneNumber")
    _check_template(box, told)
    code = _fault_of(box, str(numbers[0]))
    message = _accepted(box, told) if code == "Ok" else {"serial": ""}
    status = {
        "SerialNo": message["serial"],
        "PhoneNumber": numbers[0],
        "Fee": int(code == "Ok"),
        "SessionContext": told.get("SessionContext", ""),
        "Code": code,
        "Message": "send success" if code == "Ok" else code,
        "IsoCode": "CN",
    }
    return {"SendStatusSet": [status]}


def _check_template(box: Box, told: dict[str, Any]) -> None:
    template, parameters = str(told.get("TemplateId", "")), told.get("TemplateParamSet")
    known = box.state.told["templates"].get(template)
    if not template.isdigit() or (known and known.get("refused")):
        raise Refusal(HTTPStatus.OK, "FailedOperation.TemplateIncorrectOrUnapproved")
    if not isinstance(parameters, list) or not all(isinstance(one, str) and one for one in parameters):
        raise Refusal(HTTPStatus.OK, "InvalidParameterValue.TemplateParameterFormatError")
    if known and known.get("parameters") not in (None, len(parameters)):
        raise Refusal(HTTPStatus.OK, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate")
    if any(len(one) > LONGEST for one in parameters):
        raise Refusal(HTTPStatus.OK, "InvalidParameterValue.TemplateParameterLengthLimit")
    if any("【" in one or "】" in one for one in parameters):
        raise Refusal(HTTPStatus.OK, "FailedOperation.ContainSensitiveWord")


def _fault_of(box: Box, number: str) -> str:
    if NUMBER.fullmatch(number) is None:
        return "InvalidParameterValue.IncorrectPhoneNumber"
    if box.state.told["numbers"].get(number) == "blacklist":
        return "FailedOperation.PhoneNumberInBlacklist"
    mine = [one for one in box.state.messages if one["number"] == number]
    if sum(one["day"] == time_of_day.today() for one in mine) >= box.state.told["day_cap"]:
        return "LimitExceeded.PhoneNumberDailyLimit"
    if mine and time_of_day.now() - mine[-1]["at"] < box.state.told["thirty_seconds"]:
        return "LimitExceeded.PhoneNumberThirtySecondLimit"
    return "Ok"


def _accepted(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    state = box.state
    state.told["serial"] += 1
    message = {
        "serial": f"5000:{state.told['serial']:020d}",
        "number": told["PhoneNumberSet"][0],
        "template": told["TemplateId"],
        "parameters": told["TemplateParamSet"],
        "session_context": told.get("SessionContext", ""),
        "at": time_of_day.now(),
        "day": time_of_day.today(),
        "status": "",
        "reason": "",
    }
    state.messages.append(message)
    if state.told["auto"]:
        receipts.decide(box, message)
        threading.Thread(target=receipts.push, args=(box, message), daemon=True).start()
    state.keep()
    return message


def _pull(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    since, number = told.get("BeginTime"), told.get("PhoneNumber")
    if not isinstance(since, int) or told.get("SmsSdkAppId") != box.keys.held["sdk_app_id"]:
        raise Refusal(HTTPStatus.OK, "InvalidParameterValue.BeginTimeVerifyFail")
    found = [one for one in box.state.messages if one["number"] == number and one["status"] and one["at"] >= since - 1]
    start, limit = int(told.get("Offset", 0)), int(told.get("Limit", 10))
    return {"PullSmsSendStatusSet": [_pulled(one) for one in found[start : start + limit]]}


def _pulled(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "UserReceiveTime": int(message["at"]),
        "CountryCode": "86",
        "SubscriberNumber": message["number"].removeprefix("+86"),
        "PhoneNumber": message["number"],
        "SerialNo": message["serial"],
        "ReportStatus": message["status"],
        "Description": message["reason"],
        "SessionContext": message["session_context"],
    }
