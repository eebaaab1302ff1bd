"""What the queues do for the health commission's figures: every night they are reckoned anew."""

from bson import ObjectId

from backend import outbox, periodic
from models.eldercare import figure_run


@periodic.daily("eldercare.begin_figures", queue="reports", hour=2, minute=30)
def begin() -> None:
    """Begin the night's run."""
    figure_run.begin()


@outbox.function("eldercare.figures_step")
def step(job: str) -> None:
    """Go on with a run, some elders at a time."""
    figure_run.work(ObjectId(job))
