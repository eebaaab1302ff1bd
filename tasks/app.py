"""The worker's composition root: settings, runtime, all functions, and the one Celery task.

celery -A tasks.app worker -Q checkout,notify,gates     (and a second one for push,bills,reports,affairs,trust,cards)
celery -A tasks.app beat
"""

import sys

import mongoengine
import structlog
from celery.schedules import schedule
from celery.signals import setup_logging, worker_init, worker_process_init, worker_ready

from backend import celery_client, logs, outbox, periodic, runtime, settings
from backend.errors import CityError
from backend.outbox import QUEUES
from models import upgrades
from tasks import functions  # noqa: F401 - registers all of them

log = structlog.get_logger()

_settings = settings.load()
app = celery_client.make(_settings.broker_url)
app.conf.beat_schedule = {
    f"drain-{queue}": {
        "task": "drain",
        "args": [queue],
        "schedule": schedule(30),
        "options": {"queue": queue, "expires": 25},
    }
    for queue in QUEUES
}


@setup_logging.connect
def configure_logs(**_kwargs: object) -> None:
    """Log as the API does."""
    logs.configure()


@worker_init.connect
def check_store(**_kwargs: object) -> None:
    """End the worker with one sentence when the store may not be served; its processes connect on their own later."""
    try:
        upgrades.require_current(_settings.mongodb_uri)
    except CityError as refusal:
        sys.exit(f"cannot start: {refusal}")
    finally:
        mongoengine.disconnect()


@worker_process_init.connect
def compose(**_kwargs: object) -> None:
    """Connect each worker process on its own, after the fork."""
    runtime.compose(_settings)
    outbox.set_waker(celery_client.waker(app))
    periodic.install()
    log.info("worker_ready")


@worker_ready.connect
def catch_up(**_kwargs: object) -> None:
    """Wake every queue as soon as a worker is there: what waited must not wait for the next beat.

    From a thread of its own: a broker that went away meanwhile must not end the worker.
    """
    waker = celery_client.waker(app)
    for queue in QUEUES:
        waker(queue)


@app.task(name="drain")
def drain(queue: str) -> int:
    """Run the due entries of a queue."""
    return outbox.drain(queue)
