"""The same read without its access line: the product, with the one call that stores the line taken out."""

from typing import Any

import wsgi
from models.audit import access_line


def _nothing(*_arguments: Any, **_named: Any) -> None:
    """Store nothing."""


access_line.record = _nothing
app = wsgi.serve()
