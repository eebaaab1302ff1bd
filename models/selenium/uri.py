"""The URIs of lots, packages, places and parties: the only place that builds them.

All begin with `CODE_BASE_URL`, so that what a phone reads and what events name is one and the same. A trade item with a
GTIN gives the form of GS1 Digital Link, `/01/{gtin}/10/{lot}` and `/01/{gtin}/21/{serial}`; the others a path of ours.
"""

from typing import Any

from backend import runtime

PREFIX = "yudu"
"""The prefix of the extension namespace in events."""


def base() -> str:
    """Return what all URIs begin with."""
    return runtime.current().settings.code_base_url


def lot(number: str, gtin: str = "") -> str:
    """Return the URI of a lot: class-level identification, many packages carry it."""
    return f"{base()}/01/{gtin}/10/{number}" if gtin else f"{base()}/lot/{number}"


def package(serial: str, gtin: str = "") -> str:
    """Return the URI of one package: by GTIN and serial number, else by its code without the tag."""
    return f"{base()}/01/{gtin}/21/{serial}" if gtin else f"{base()}/t/{serial}"


def pack(number: str, gtin: str = "") -> str:
    """Return the URI of the packages of a pack: class-level, as a lot of a trade item where that has a GTIN."""
    return f"{base()}/01/{gtin}/10/{number}" if gtin else f"{base()}/pack/{number}"


def box(number: str) -> str:
    """Return the URI of a box that holds packages."""
    return f"{base()}/box/{number}"


def shipment(number: str) -> str:
    """Return the URI of a shipment: the dispatch advice that events name."""
    return f"{base()}/shipment/{number}"


def place(place_id: Any) -> str:
    """Return the URI of a place: a plot, a packing house, a shop."""
    return f"{base()}/place/{place_id}"


def party(party_id: Any) -> str:
    """Return the URI of a party: a producer, a buyer, a laboratory."""
    return f"{base()}/party/{party_id}"


def namespace() -> str:
    """Return the namespace of what our events say beyond the standard."""
    return f"{base()}/ns/"
