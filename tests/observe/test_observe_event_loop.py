"""What asyncio complains of stands in the log like everything else, without what the failure held."""

import asyncio
import gc
import json
import logging
from collections.abc import Iterator

import pytest

from ldap_token_bridge.observe import configure_logging, log_the_event_loop


@pytest.fixture(autouse=True)
def as_serve_does() -> Iterator[None]:
    """For these tests alone."""
    logger = logging.getLogger("asyncio")
    before = list(logger.handlers)
    configure_logging("json", "info")
    log_the_event_loop()
    yield
    logger.handlers = before


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [{name: value for name, value in line.items() if name not in ("timestamp", "event")} for line in lines]


async def test_a_task_that_failed_unseen(capsys: pytest.CaptureFixture[str]) -> None:
    """Its error's class and none of its words."""

    async def fails() -> None:
        raise ValueError("canary: what a frame held")

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    del task
    gc.collect()
    assert _lines(capsys) == [
        {"level": "error", "message": "Task exception was never retrieved", "error": "ValueError"}
    ]


def test_a_callback_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """Its values are not shown: a packet could be among them."""
    loop = asyncio.new_event_loop()
    loop.call_soon(bytes.fromhex, "canary")
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    (line,) = _lines(capsys)
    assert line["error"] == "ValueError"
    assert line["message"].startswith("Exception in callback")
    assert "canary" not in str(line)


def test_what_the_system_lacks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The words of the system's own errors are no secret, and say what to mend."""
    loop = asyncio.new_event_loop()
    error = OSError(24, "Too many open files")
    loop.call_exception_handler({"message": "socket.accept() out of system resource", "exception": error})
    loop.close()
    assert _lines(capsys) == [
        {"level": "error", "message": "socket.accept(...)", "error": "OSError", "why": "Too many open files"}
    ]


@pytest.mark.parametrize(("level", "written"), [("info", 0), ("debug", 1)])
def test_a_mere_warning(capsys: pytest.CaptureFixture[str], level: str, written: int) -> None:
    """It is for who looks for a fault: a client that hangs up brings one, too."""
    configure_logging("json", level)
    logging.getLogger("asyncio").warning("socket.send() raised exception.")
    assert _lines(capsys) == [{"level": "debug", "message": "socket.send(...)"}] * written
