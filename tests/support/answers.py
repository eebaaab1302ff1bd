"""Every answer that a view gives ready for the wire must be what its schema says: no key more, no other type."""

from typing import Any

from flask import request


class AnswerDisagrees(AssertionError):
    pass


def code_of(body: Any) -> str:
    """Return the code of an error, in our form or as an OperationOutcome tells it; "" of any other answer."""
    if not isinstance(body, dict):
        return ""
    if body.get("resourceType") == "OperationOutcome":
        return body["issue"][0]["details"]["coding"][0]["code"]
    told = body.get("code", "")
    return told if isinstance(told, str) else ""


def watch(app):
    @app.after_request
    def agree(response):
        schema = getattr(app.view_functions.get(request.endpoint), "answer_schema", None)
        ready = schema is not None and response.status_code < 300 and response.is_json
        if ready and (errors := schema().validate(response.get_json())):
            raise AnswerDisagrees(f"{request.endpoint}: {errors}")
        return response

    return app
