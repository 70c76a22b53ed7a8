"""A sentence to somebody: free of control signs, broken between words at a terminal."""

from typing import TextIO

from winback_cli.text import clean


def say(sentence: str, stream: TextIO) -> None:
    """Write a sentence, of one line or several, and show it at once."""
    stream.write(_fitted(clean(sentence), stream) + "\n")
    stream.flush()


def _fitted(sentence: str, stream: TextIO) -> str:
    if not stream.isatty():
        return sentence
    import shutil
    import textwrap

    width = max(shutil.get_terminal_size().columns, 20)
    lines = []
    for line in sentence.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        wrapped = textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False)
        lines += wrapped or [""]
    return "\n".join(lines)
