"""The ``samunet`` command: picks the subcommand, turns errors into exit statuses.

Every subcommand is one module of this package with two functions: ``add_arguments(parser)`` and
``run(args)``, which returns an exit status or None for 0. Only the chosen one is imported, and it
imports what is heavy inside ``run``, so that ``--help`` never waits for torch.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from napari_samunet import __version__
from napari_samunet.cli.output import plain_warnings, say
from napari_samunet.errors import BadUsage, SamUNetError
from napari_samunet.io.paths import exists

COMMANDS = {
    "open": "open napari with the plugin docked (this is what `samunet FILE…` does)",
    "segment": "segment one object of an image from points and a box, without a window",
    "info": "tell what is known of an image: geometry, modality, intensities, oddities",
    "resume": "continue a session that was saved or cut off; list those that can be",
    "embed": "encode images ahead, so that their first click is answered at once; empty that cache",
    "evaluate": "Dice per prompt and click over a folder of slice cases",
    "models": "list the models, fetch one, tell what a checkpoint is",
    "train": "train a model from a configuration",
    "benchmark": "measure how long encoding, decoding and a click take on this machine",
}

_WINDOWS = {"open", "resume"}
"""Commands whose warnings napari shows in its own list."""

STATUS_BAD_INPUT = 2

_NEGATIVE_LIST = re.compile(r"^-[\d.][^\s]*[,:]")
_EMPTY = re.compile(r"(--[\w-]+=)?")


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(STATUS_BAD_INPUT, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``samunet`` with the given arguments.

    Parameters
    ----------
    argv
        Arguments without the program's name; None takes those of the process.

    Returns
    -------
    int
        0 on success, 2 on bad usage or input, or where standard output takes nothing (told in one
        line on stderr). Any other exception is a defect of ours and passes through: Python prints
        its traceback and exits with 1.
    """
    status = 0
    for stream in (sys.stdout, sys.stderr):  # a name may hold letters that a locale lacks
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _status(list(sys.argv[1:] if argv is None else argv))
        print(end="", flush=True)  # a full disk is told here, not at the interpreter's end
    except OSError:
        refusal = _refusal_of_output()
        if refusal is None:  # it was another file
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # takes what is left over
        if not _is_closed_pipe(refusal):  # which is `head` that has seen enough
            print(
                f"samunet: What is printed could not be written ({refusal.strerror}): make room "
                "there, or print elsewhere.",
                file=sys.stderr,
            )
            status = STATUS_BAD_INPUT
    return status


def _status(arguments: list[str]) -> int:
    """Run a command and tell its errors; return its exit status."""
    try:
        _refuse_empty(arguments)
        return _run(*_choose(arguments))
    except SystemExit as stop:  # argparse: --help, --version, bad usage
        return stop.code if isinstance(stop.code, int) else STATUS_BAD_INPUT
    except SamUNetError as error:
        say(f"samunet: {' '.join(str(error).split())}", error=True)
        return STATUS_BAD_INPUT
    except KeyboardInterrupt:
        print("samunet: interrupted", file=sys.stderr)
        return 130


def _refusal_of_output() -> OSError | None:
    """Why standard output takes not even an empty line; None where it does."""
    try:
        print(flush=True)
    except OSError as error:
        return error
    return None


def _is_closed_pipe(refusal: OSError) -> bool:
    """Whether nobody reads on; Windows calls that an invalid argument."""
    on_windows = sys.platform == "win32"
    return isinstance(refusal, BrokenPipeError) or (on_windows and refusal.errno == errno.EINVAL)


def _refuse_empty(arguments: list[str]) -> None:
    """Refuse what an unset "$FILE" leaves: as a path it would be the current folder."""
    for before, argument in zip(["samunet", *arguments], arguments, strict=False):
        if _EMPTY.fullmatch(argument):
            raise BadUsage(
                f"A file or a value was wanted after '{argument or before}', but nothing came: is "
                "a variable of your shell unset?"
            )


def _choose(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Split into command and rest; without a command's name the arguments are files to open."""
    if not arguments:
        return "open", []
    first = arguments[0]
    if first in COMMANDS:
        return first, arguments[1:]
    if first in {"-h", "--help", "--version"}:
        return None, arguments
    if not first.startswith("-") and not exists(Path(first)):
        raise BadUsage(
            f"Expected a file or a command, but '{first}' is neither; "
            f"the commands are {', '.join(COMMANDS)}."
        )
    return "open", arguments


def _run(command: str | None, arguments: list[str]) -> int:
    if command is None:
        _top_parser().parse_args(arguments)
        return 0
    module = import_module(f"napari_samunet.cli.{command}")
    parser = _Parser(prog=f"samunet {command}", description=module.__doc__)
    module.add_arguments(parser)
    parsed = parser.parse_args(_bind_negative_lists(arguments))
    with nullcontext() if command in _WINDOWS else plain_warnings():
        return module.run(parsed) or 0


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    parser = _Parser(
        prog="samunet",
        usage="samunet [FILE…]\n       samunet COMMAND [--help] …",
        description="Interactive segmentation of medical images. Not a medical device.",
        epilog=f"commands:\n{commands}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"samunet {__version__}")
    return parser


def _bind_negative_lists(arguments: list[str]) -> list[str]:
    """Write ``--window -160,240`` as ``--window=-160,240``, lest argparse sees an option."""
    bound: list[str] = []
    for argument in arguments:
        follows_option = bool(bound) and bound[-1].startswith("--") and "=" not in bound[-1]
        if follows_option and _NEGATIVE_LIST.match(argument):
            bound[-1] += f"={argument}"
        else:
            bound.append(argument)
    return bound


if __name__ == "__main__":
    sys.exit(main())
