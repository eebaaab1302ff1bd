"""Every answer that a view gives ready for the wire must be what its schema says: no key more, no other type."""

from flask import request


class AnswerDisagrees(AssertionError):
    pass


def watch(app):
    @app.after_request
    def agree(response):
        schema = getattr(app.view_functions.get(request.endpoint), "answer_schema", None)
        ready = schema is not None and response.status_code < 300 and response.is_json
        if ready and (errors := schema().validate(response.get_json())):
            raise AnswerDisagrees(f"{request.endpoint}: {errors}")
        return response

    return app
