"""A small application of its own on the product's foundation: one surface, whose actor a header names."""

from dataclasses import dataclass

from flask import request

from backend.app import create_app
from backend.http.surface import Surface


@dataclass(frozen=True)
class Actor:
    key: str


def surface() -> Surface:
    return Surface("probe", __name__, url_prefix="/probe", description="test")


def client(settings, probe: Surface):
    """Serve the surface."""
    return app(settings, probe).test_client()


def app(settings, probe: Surface):
    """Build the application of the surface."""
    return create_app(settings, [probe], {"resident": lambda _access: Actor(request.headers.get("X-Actor", "a"))})
