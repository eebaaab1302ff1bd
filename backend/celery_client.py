"""Celery as a wake-up line: a message carries a queue's name and nothing else. The truth lies in the outbox."""

from celery import Celery
from kombu.transport import redis as redis_transport

from backend import outbox

# Wake-ups are taken without acknowledgement, because beat repeats what is lost. To give one back or to acknowledge it
# over a Redis that went away meanwhile ends the whole worker with an AttributeError (kombu 5.7).
redis_transport.Channel.do_restore = False


def make(broker_url: str) -> Celery:
    """Return a Celery application that sends and takes wake-ups over the outbox's queues."""
    app = Celery("city", broker=broker_url, set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue="checkout",
        task_routes=None,
        timezone="Asia/Shanghai",
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=2,
        broker_connection_max_retries=None,
        worker_soft_shutdown_timeout=5,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_transport_options={
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "ack_emulation": False,
        },
    )
    return app


def waker(app: Celery) -> outbox.CoalescingWaker:
    """Return the waker of a process that only sends."""

    def send(queue: str) -> None:
        app.send_task("drain", args=[queue], queue=queue, expires=60, retry=False)

    return outbox.CoalescingWaker(send)
