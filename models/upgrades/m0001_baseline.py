"""The stores of the main job: what they hold is read as it is; from here on a store knows which changes it has seen."""

from typing import Any

from pymongo.database import Database

from backend.store.migrations import Step

NUMBER, NAME = 1, "baseline"


def run(_db: Database[dict[str, Any]], step: Step) -> None:
    """Change nothing."""
    step(1, 1)
