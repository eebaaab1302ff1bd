"""Every document of the service, so that an upgrade builds the indexes of all, whoever runs it."""

import pkgutil
from importlib import import_module

import models

_FOUNDATION = ("backend.http.idempotency", "backend.jobs", "backend.periodic")


def load() -> None:
    """Import every module that declares documents."""
    for name in (*_FOUNDATION, *(found.name for found in pkgutil.walk_packages(models.__path__, "models."))):
        import_module(name)
