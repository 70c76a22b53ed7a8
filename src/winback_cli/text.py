"""Foreign text made safe to keep, to show and to compare.

Every text that comes from a person, a file or another system passes `clean` before it is stored
and again before it is shown: a name must never move the cursor or turn the line around.
"""

import re
import unicodedata
from functools import cache

# What playbooks and their parts may be called: safe in a path, in a shell and in YAML.
NAME = r"[a-z][a-z0-9_-]{0,39}"

# Control characters but newline and tab, directional overrides and isolates, lone surrogates. The other
# format characters stay: emoji and Persian need them.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Drop control characters (all but newline and tab), directional overrides, lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    if not _UNSAFE.search(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")  # pairs joined
    return _UNSAFE.sub("", text)


def line(text: str) -> str:
    """`clean`, on one line, with single spaces and none at the ends."""
    if text.isascii() and text.isprintable():
        if "  " not in text and text[:1] != " " and text[-1:] != " ":
            return text
        return " ".join(text.split())
    return " ".join(clean(text).split())


def fold(text: str) -> str:
    """The form in which names are searched and compared: no accents, no case, single spaces."""
    text = line(text)
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_ACCENTS).casefold()


class _Accents(dict[int, int | None]):
    """A table for `str.translate` that drops combining characters, filled as they are met."""

    def __missing__(self, point: int) -> int | None:
        if len(self) > 5000:  # more than the letters of any list, fewer than would be felt in memory
            self.clear()
        self[point] = None if unicodedata.combining(chr(point)) else point
        return self[point]


_ACCENTS = _Accents()


# What systems and people write where there is nothing, folded.
_NOTHING = {
    *(
        "",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "?",
        ".",
        "/",
        "n/a",
        "#n/a",
        "n.a.",
        "na",
        "null",
        "(null)",
    ),
    *("<null>", "\\n", "none", "(none)", "nil", "nan", "nat", "(blank)", "(empty)", "empty", "unknown"),
    *("not available", "tbd", "k.a.", "k. a.", "keine angabe", "keine", "keiner", "unbekannt", "leer"),
    *("neant", "aucun", "aucune", "inconnu", "inconnue", "s/o", "ninguno", "ninguna", "desconocido"),
    *("desconocida", "nessuno", "nessuna", "sconosciuto", "sconosciuta", "n.d.", "n/d", "nd", "geen"),
    *("onbekend", "n.v.t.", "nvt", "nenhum", "nenhuma", "desconhecido", "desconhecida", "sin datos"),
}


def blank(cell: str) -> bool:
    """Whether a cell of a date or an amount says that there is nothing: empty, `-`, `n/a`, `null`, `keine`.

    Not for names: there are people called Null.
    """
    return fold(cell) in _NOTHING


def shorten(text: str, width: int) -> str:
    """`line(text)` cut to at most `width` characters, the cut marked by an ellipsis."""
    text = line(text)
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"


@cache
def _close(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches

    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def nearest(word: str, known: list[str]) -> str | None:
    """The known name closest to a misspelt one, or None where nothing is close."""
    return _close(word, tuple(known)) if len(word) < 80 else None


def joined(between: str, *parts: object) -> str:
    """Those of the parts that are text and say something; a cell that could not be read is none."""
    return between.join(part for part in parts if part and isinstance(part, str))
