"""`finetui`: the app when nothing else is said, else the command line."""

from __future__ import annotations

import sys

from core.training import allocator


def main() -> None:
    """The console script. Without arguments the app opens at once: the command line's imports would delay it."""
    allocator.use_one_arena()
    from tui.shell.streams import has_terminal

    if len(sys.argv) > 1 or not has_terminal():
        from tui.cli import main as command_line

        command_line()
        return
    from tui.launch import end, open_app

    end(open_app())


if __name__ == "__main__":
    main()
