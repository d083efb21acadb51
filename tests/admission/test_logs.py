import io
import json
import logging

from webhook.admission.logs import configure_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(stream: io.StringIO, text: str, *, error: bool = False) -> str:
    """What a record of somebody's library looks like."""
    undo = configure_logging(stream, logging.INFO)
    try:
        logging.getLogger("somebody").debug("not shown")
        if error:
            failure = ValueError(text)
            logging.getLogger("somebody").error("it broke", exc_info=failure)
        else:
            logging.getLogger("somebody").warning("%s", text)
    finally:
        undo()
    return stream.getvalue()


def test_a_record_is_one_line_of_json() -> None:
    line = json.loads(logged(io.StringIO(), "hello"))

    assert line.pop("time").startswith("20")
    assert line == {
        "event": "log",
        "level": "warning",
        "logger": "somebody",
        "message": "hello",
    }


def test_a_traceback_is_in_its_record() -> None:
    [text] = logged(io.StringIO(), "why", error=True).splitlines()

    assert "ValueError: why" in json.loads(text)["traceback"]


def test_a_newline_forges_no_record() -> None:
    [text] = logged(io.StringIO(), 'a\n{"event":"decision"}').splitlines()

    assert json.loads(text)["message"] == 'a\\n{"event":"decision"}'


def test_a_terminal_gets_text() -> None:
    text = logged(Terminal(), "hello \x1b[2J")

    assert text.endswith("warning hello \\x1b[2J\n")


def test_a_terminal_gets_tracebacks_too() -> None:
    assert "ValueError: why" in logged(Terminal(), "why", error=True)
