"""What asyncio says by itself, as lines of our log: a task that failed unseen, a connection that was not accepted."""

import logging
import re

from .log import log

# In parentheses stand values, which could be anything; behind the first line stand those of a task's exception.
_VALUES = re.compile(r"\(.*", re.DOTALL)


def log_the_event_loop() -> None:
    """From now on; Python would write plain text to standard error, with the exception's words and a traceback."""
    logging.getLogger("asyncio").handlers = [_Lines()]


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        message = _VALUES.sub("(...)", record.getMessage().partition("\n")[0])
        if record.levelno < logging.ERROR:
            log().debug("the event loop says", message=message)
            return
        error = record.exc_info[1] if record.exc_info else None
        fields = {"error": type(error).__name__} if error else {}
        if isinstance(error, OSError) and error.strerror:
            fields["why"] = error.strerror
        log().error("the event loop met a failure that nobody handles", message=message, **fields)
