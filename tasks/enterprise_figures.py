"""What the queues do for the figures of policies: counted every night, proved every week."""

from backend import periodic
from models.enterprise import figure_night

WEEK = 7 * 24 * 3600.0


@periodic.daily("enterprise.count_figures", queue="reports", hour=3, minute=10)
def count() -> None:
    """Count the days that are over."""
    figure_night.count()


@periodic.every("enterprise.prove_figures", queue="reports", seconds=WEEK)
def prove() -> None:
    """Count anew what was counted, and raise the alarm where it differs."""
    figure_night.prove()
