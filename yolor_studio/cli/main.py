"""The command line's entry: commands, exit codes, and the window when no command is named."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from yolor_studio.core.errors import Cancelled, StudioError, UsageError

DONE, FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns 0 done, 1 failed, 2 wrong usage, 130 cancelled. No traceback without --debug."""
    _prepare_streams()
    arguments = list(arguments)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        return _dispatch(arguments)
    except UsageError as error:
        return _fail(str(error), WRONG_USAGE)
    except Cancelled as error:
        return _fail(str(error), CANCELLED)
    except KeyboardInterrupt:
        return _fail("Stopped.", CANCELLED)
    except BrokenPipeError:
        return FAILED  # whoever read our output has gone, as in `yolor-studio models list | head -1`
    except StudioError as error:
        if debug:
            raise
        return _fail(str(error), FAILED)
    except OSError as error:
        if debug:
            raise
        return _fail(_about_files(error), FAILED)
    except Exception as error:
        if debug:
            raise
        return _fail(f"Something unforeseen happened ({_describe(error)}). Add --debug to see where.", FAILED)


def settle_output() -> None:
    """Before the process ends: give up what stdout cannot take, of which Python would complain in its own way."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _prepare_streams() -> None:
    """Let no output fail over a character that the terminal or a file's name cannot have, and stand in for streams that
    whoever started us has closed: a project opened later would get the free number, and what a library prints would be
    written into it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115 - lives on
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _dispatch(arguments: list[str]) -> int:
    if _means_window(arguments):
        from yolor_studio.cli.window import open_window

        return open_window(arguments)
    import typer

    from yolor_studio.cli.commands import app

    try:
        outcome = app(arguments, prog_name="yolor-studio", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        # Typer's own errors for wrong usage; their class has no public name that all its versions share.
        show = getattr(error, "show", None)
        if show is None or not hasattr(error, "exit_code"):
            raise
        show()
        return WRONG_USAGE
    return outcome if isinstance(outcome, int) else DONE


def _means_window(arguments: list[str]) -> bool:
    """Nothing, `--demo`, or paths: anything that is no command and no other option."""
    from yolor_studio.cli.names import COMMANDS

    first = next((argument for argument in arguments if argument != "--demo"), None)
    if first is None:
        return True
    if first in COMMANDS:
        return False
    return not first.startswith("-") and (Path(first).exists() or "." in first or "/" in first)


def _fail(sentence: str, code: int) -> int:
    if sentence:
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201
    return code


def _about_files(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"A file cannot be read or written: {error.strerror or error}{where}. What was finished before is kept."


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
