"""Diagnostics: JSON lines on stderr about the service, never about a person.

Only ids, indexes, codes and counts go into an event. (The *ledger* is evidence; this *log* is for operators.)
"""

import logging
import sys

import structlog

# Without local variables, which may be a person's data or a key.
TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))

log: structlog.stdlib.BoundLogger = structlog.get_logger("hifadhi")


def configure(level: str = "INFO") -> None:
    """JSON lines on stderr, from `level` on; to be called once by a process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            TRACEBACKS,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
