"""A worker in a process of its own, for a test to kill: asks the registers as the queue wants."""

from backend import outbox, runtime, settings
from tasks import registers  # noqa: F401 - registers its functions

runtime.compose(settings.load())
while outbox.drain("affairs"):
    pass
