"""What an elder, or a relative who may, measured at home and enters by hand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.eldercare import observation, subject
from models.eldercare.observation import Measured
from models.eldercare.source import Source
from models.identity.actors import Resident


def enter(
    actor: Resident, code: str, values: Mapping[str, tuple[float, str]], *, at: datetime, key: str
) -> dict[str, Any]:
    """Keep a measurement of the person for whom a resident acts, and return it; the same key keeps one.

    Raises:
        QuantityUnknown: the code, a component or a unit is not known.
        MeasuredInFuture: it was measured later than now.
    """
    assert actor.subject_id is not None, "the route asks for a matched person"
    measured = Measured(code, values, at, key=f"self:{key}")
    whose = subject.enrol(actor.subject_id, by=actor.key)
    kept = observation.keep(whose["_id"], measured, Source("self", by=actor.key))
    subject.touched(whose["_id"], kept["at"])
    return kept
