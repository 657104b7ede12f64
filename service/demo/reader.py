"""Whoever reads what is printed may go away, as in `make demo | head`: the demonstration ends quietly."""

from __future__ import annotations

import os
import select
import stat
import sys


def hush() -> None:
    """Let what is printed from now on, or is still to be flushed, go nowhere: at exit nothing complains."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def wait_until_gone() -> bool:
    """True once nobody reads the pipe that is printed to; False at once if it is no pipe."""
    try:
        printed_to = sys.stdout.fileno()
        pipe = stat.S_ISFIFO(os.fstat(printed_to).st_mode)
    except (OSError, ValueError):  # no file behind it, or closed
        return False
    if not pipe:
        return False
    watched = select.poll()
    watched.register(printed_to, 0)  # the loss of the reader is told unasked
    watched.poll()
    return True
