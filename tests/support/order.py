"""The files that take longest start first, so that no worker is left alone with one of them at the end.

Only the order hangs on the table, so it may be old; what is not in it is short. `make order` measures anew.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

TABLE = Path(__file__).with_name("order.json")
LEAST_SECONDS = 10
"""Files that take less need no place of their own."""
MEASURE = "UPDATE_ORDER"
_seconds: dict[str, float] = defaultdict(float)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    known = _known()
    items.sort(key=lambda item: -known.get(_file(item.nodeid), 0))


def pytest_runtest_logreport(report):
    """Add up set-up, call and teardown; where there are workers, the process that started them hears of all."""
    _seconds[_file(report.nodeid)] += report.duration


def pytest_sessionfinish(session):
    if os.environ.get(MEASURE) == "1" and not hasattr(session.config, "workerinput"):
        kept = {file: seconds for file, seconds in _known().items() if (session.config.rootpath / file).is_file()}
        told = kept | {file: round(seconds) for file, seconds in _seconds.items()}
        long = sorted((-seconds, file) for file, seconds in told.items() if seconds >= LEAST_SECONDS)
        TABLE.write_text(json.dumps({file: -seconds for seconds, file in long}, indent=1) + "\n")


def _known() -> dict[str, int]:
    return json.loads(TABLE.read_text()) if TABLE.is_file() else {}


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
