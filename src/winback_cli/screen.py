"""The one console factory: no markup, no emoji codes, no highlighting; foreign text is text."""

from typing import TextIO

from rich.console import Console

from winback_cli import settings


def console(stream: TextIO, color: str = "auto") -> Console:
    """A console on a stream, as plain or as coloured as the user wants it."""
    plain = color == "never" or (color == "auto" and settings.plain_output())
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        no_color=plain or None,
        force_terminal=True if color == "always" else None,
        color_system=None if plain else "auto",
        legacy_windows=False,
    )
