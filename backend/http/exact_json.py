"""Numbers and truth values of JSON bodies taken as they are: 2.6e-42 is no integer, 1 is not true.

marshmallow converts where it can, which is right for queries and forms, where everything is text.
"""

from typing import Any

import marshmallow as ma


def exact(schema: ma.Schema) -> None:
    """Let a schema's integers and truth values, however deep, take values of their own type only."""
    for field in schema.fields.values():
        _exact(field)


def _exact(field: ma.fields.Field[Any]) -> None:
    if isinstance(field, ma.fields.Nested):
        exact(field.schema)
    elif isinstance(field, ma.fields.List):
        _exact(field.inner)
    elif isinstance(field, ma.fields.Dict) and field.value_field:
        _exact(field.value_field)
    elif isinstance(field, ma.fields.Integer):
        _only(field, int)
    elif isinstance(field, ma.fields.Boolean):
        _only(field, bool)


def _only(field: ma.fields.Field[Any], kind: type) -> None:
    convert = field.deserialize

    def taken(value: Any, *args: Any, **kwargs: Any) -> Any:
        if value is not None and value is not ma.missing and type(value) is not kind:
            raise field.make_error("invalid", input=value)
        return convert(value, *args, **kwargs)

    field.deserialize = taken  # type: ignore[method-assign]
