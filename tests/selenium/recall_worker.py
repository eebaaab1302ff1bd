"""A worker in a process of its own, for a test to kill: runs the jobs of recalls until none is due."""

import sys

from backend import outbox, runtime, settings
from tasks import selenium  # noqa: F401 - registers its functions

runtime.compose(settings.load())
sys.stdout.write("ready\n")
sys.stdout.flush()
while outbox.drain("reports"):
    pass
