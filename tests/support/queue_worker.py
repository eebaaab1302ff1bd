"""A worker in a process of its own, for a test to kill: runs what is due in one queue until nothing is."""

import sys

from backend import outbox, runtime, settings
from tasks import functions  # noqa: F401 - registers all of them

runtime.compose(settings.load())
sys.stdout.write("ready\n")
sys.stdout.flush()
while outbox.drain(sys.argv[1]):
    pass
