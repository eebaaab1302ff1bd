"""A blueprint whose routes declare their access rule, read JSON strictly and document their errors."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Request, Response
from webargs import core
from webargs.flaskparser import FlaskParser

from backend.http.access import ORGANISATION_PARAMETER, Access
from backend.http.exact_json import exact

View = Callable[..., Any]


class StrictParser(FlaskParser):
    """Reads JSON by orjson: lone surrogates, NaN and broken UTF-8 are refused before any rule sees them."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}  # noqa: RUF012

    def _raw_load_json(self, req: Request) -> Any:
        body = req.get_data(cache=True)
        if not body or not core.is_json(req.mimetype):
            return core.missing
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return self._handle_invalid_json_error(error, req)


class ErrorBody(ma.Schema):
    """What every error looks like."""

    code = ma.fields.String(metadata={"description": "稳定的错误代码", "example": "slot_sold_out"})
    message = ma.fields.String(metadata={"description": "告诉使用者下一步怎么办", "example": "该时段已约满。"})
    fields = ma.fields.Dict(  # type: ignore[assignment]  # the wire calls it so, marshmallow has a like-named attribute
        metadata={"description": "出错的字段及说明", "example": {"slot_id": ["此项必填。"]}}
    )
    field_codes = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        metadata={"description": "表单各项的稳定错误代码,仅用于按数据定义的表单", "example": {"form.phone": "missing"}},
    )
    request_id = ma.fields.String(metadata={"example": "5f3c1d6a9b"})


class Surface(flask_smorest.Blueprint):
    """One package's routes on one surface, for example the orders of `/mini/v1`."""

    ARGUMENTS_PARSER = StrictParser()
    error_doc: Mapping[str, Any] = {}
    """How errors are described where a standard gives them another form than `ErrorBody`."""

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Callable[[View], View]:
        """Declare the input; a wrong form is a 400 with its fields."""
        if isinstance(schema, type):
            schema = schema()  # once here: webargs would build a class anew for every request
        if location == "json":
            exact(schema)
            kwargs.setdefault("required", any(field.required for field in schema.fields.values()))
        return super().arguments(schema, location=location, error_status_code=400, **kwargs)

    def answer(self, status: int, schema: Any) -> Callable[[View], View]:
        """Declare the output of a view that returns it ready for the wire; it is serialised as it is.

        `response` would load every value through the schema once more. That the view and the schema agree is checked
        by the tests, for every answer of the whole suite.
        """
        documented = self.response(status, schema)

        def decorate(view: View) -> View:
            @wraps(view)
            def ready(*args: Any, **kwargs: Any) -> Response:
                body = orjson.dumps(view(*args, **kwargs))
                return Response(body, status=status, mimetype="application/json")

            ready.answer_schema = schema  # type: ignore[attr-defined]
            return documented(ready)

        return decorate

    def get(self, rule: str, *, access: Access, **options: Any) -> Callable[[View], View]:
        """Register a reading route under its access rule."""
        return self._declare(rule, "GET", access, options)

    def post(self, rule: str, *, access: Access, **options: Any) -> Callable[[View], View]:
        """Register a writing route under its access rule."""
        return self._declare(rule, "POST", access, options)

    def put(self, rule: str, *, access: Access, **options: Any) -> Callable[[View], View]:
        """Register a replacing route under its access rule."""
        return self._declare(rule, "PUT", access, options)

    def delete(self, rule: str, *, access: Access, **options: Any) -> Callable[[View], View]:
        """Register a removing route under its access rule."""
        return self._declare(rule, "DELETE", access, options)

    def _declare(self, rule: str, method: str, access: Access, options: dict[str, Any]) -> Callable[[View], View]:
        # At the path, where flask-smorest would put them, they would count for the path's other methods too.
        headers = options.pop("parameters", [])
        if access.actor == "member":
            headers = [ORGANISATION_PARAMETER, *headers]
        most_body_bytes = options.pop("most_body_bytes", None)

        def register(view: View) -> View:
            view.access = access  # type: ignore[attr-defined]
            view.most_body_bytes = most_body_bytes  # type: ignore[attr-defined]
            documented = self.doc(**_document(access), **self.error_doc)(view)
            if headers:  # beside those of `arguments`, which a `doc` of parameters would replace
                told = documented._apidoc.setdefault("arguments", {"responses": {}})  # noqa: SLF001 - nothing else adds
                told["parameters"] = [*told.get("parameters", []), *headers]
            return self.route(rule, methods=[method], **options)(documented)

        return register


_SECURITY = {
    "resident": "resident_token",
    "member": "resident_token",
    "staff": "staff_token",
    "device": "device_signature",
}
_ANY_OF = {
    "party": ("resident_token", "staff_token", "device_signature"),
    "caller": ("resident_token", "staff_token"),
}


LEVELLED = ("resident", "member", "caller")


def _document(access: Access) -> dict[str, Any]:
    schemes = _ANY_OF.get(access.actor) or filter(None, [_SECURITY.get(access.actor)])
    told = {"actor": access.actor, "level": access.level if access.actor in LEVELLED else ""}
    told |= {"operation": access.operation, "purpose": access.purpose, "scope": access.scope}
    told |= {"roles": " ".join(access.roles), "classes": " ".join(access.classes)}
    rule = {name: value for name, value in told.items() if value}
    return {"security": [{scheme: []} for scheme in schemes], "x-access": rule}


def security_schemes() -> dict[str, Any]:
    """Return the OpenAPI security schemes of all surfaces."""
    bearer = {"type": "http", "scheme": "bearer"}
    return {
        "resident_token": {**bearer, "description": "小程序登录后得到的 access_token"},
        "staff_token": {**bearer, "description": "工作人员登录后得到的 token"},
        "device_signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "CITY-ED25519 设备签名,见 docs/decisions/0004-signed-requests.md",
        },
    }


def register(app: Flask, api: flask_smorest.Api, surfaces: list[Surface]) -> None:
    """Register all surfaces of the application."""
    for surface in surfaces:
        api.register_blueprint(surface)
    app.extensions["surfaces"] = surfaces
