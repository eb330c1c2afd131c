"""Log lines on standard error: JSON for machines, plain text for people."""

import sys
from typing import Literal

import structlog
from structlog.typing import FilteringBoundLogger

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logging(form: Literal["json", "text"], level: str) -> None:
    """Set the form and the lowest level of all lines from now on."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()  # ASCII: no name from a directory moves a terminal's cursor
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,  # the trace that a request belongs to
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        # Looked up for each line: a process that is tested or reloaded may change where standard error goes.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log() -> FilteringBoundLogger:
    """The logger. Exceptions are logged by their class and text: a traceback could show what a frame holds."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger
