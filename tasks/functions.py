"""All modules that register functions for the queues, listed once: importing this module registers them."""

from tasks import (  # noqa: F401 - each registers its own
    affairs,
    audit,
    benefit_payments,
    benefits,
    booking,
    cards,
    devices,
    identity,
    keys,
    media,
    messaging,
    payments,
    places,
    privacy,
    registers,
    rules,
    staff,
    transit,
)
