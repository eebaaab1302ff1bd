"""What is known about a home, and what each way of finding its district says about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.plane import Position
from models.school.address_text import Parsed


@dataclass(frozen=True)
class Asked:
    """What is known about a home; `village` is a division code, `point` longitude and latitude in WGS-84."""

    address: str = ""
    village: str = ""
    point: Position | None = None


@dataclass(frozen=True)
class Evidence:
    """What each way of finding says about one home."""

    asked: Asked
    parsed: Parsed | None
    rules: tuple[tuple[str, Mapping[str, Any]], ...]
    position: Position | None
    own_point: bool
    inside: tuple[str, ...]
    near: tuple[str, ...]
    distance_m: float | None
    villages: tuple[str, ...]
