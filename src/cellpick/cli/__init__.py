"""The command line: arguments in; files, tables, JSON and an exit code out."""

from cellpick.cli.app import main

__all__ = ["main"]
