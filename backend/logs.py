"""Structured logs: one JSON object a line, with the request id, without personal data."""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import ExcInfo


def configure(*, level: int = logging.INFO) -> None:
    """Configure structlog and the standard library's logging for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(without_texts),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format='{"event":"%(message)s","logger":"%(name)s"}')


def without_texts(exc_info: ExcInfo) -> str:
    """Return a traceback with the types of the exceptions only: their texts may quote what somebody sent."""
    chain = reversed(list(_chain(exc_info[1])))
    return "\n".join(
        f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__qualname__}" for error in chain
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
