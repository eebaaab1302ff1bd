"""A worker in a process of its own, for a test to kill: tells the card centre what waits."""

from backend import outbox, runtime, settings
from tasks import cards  # noqa: F401 - registers its functions

runtime.compose(settings.load())
while outbox.drain("cards"):
    pass
