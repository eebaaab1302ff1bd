"""What follows readings of crowds, and the periodic look at all places."""

from bson import ObjectId

from backend import clock, outbox, periodic
from models.crowd import history, thresholds, warn, watch


@periodic.every("crowd.look", queue="gates", seconds=20)
def look() -> None:
    """Fold, judge, and bring sales and notices to what the states say."""
    watch.look()


@outbox.function("crowd.follow")
def follow(record: str) -> None:
    """Do what follows a change of level or a decision of staff."""
    watch.follow(record)


@outbox.function("crowd.warn_holders")
def warn_holders(job: str) -> None:
    """Tell the holders of today's tickets."""
    warn.work(ObjectId(job))


@periodic.daily("crowd.keep_history", queue="reports", hour=3, minute=40)
def keep_history() -> None:
    """Let the store forget what is older than the county keeps."""
    history.keep(thresholds.on(clock.today()).history_days)
