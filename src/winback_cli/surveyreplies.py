"""A file of answers to a survey: which column is which, and what a row of it says.

Pure: rows of text in, replies or rejections out. An opt-out is read first and outweighs whatever else is
wrong with its row.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from winback_cli import addresses, columndates, text
from winback_cli.answers import LONGEST
from winback_cli.errors import BadInput, UsageError
from winback_cli.exporting import told
from winback_cli.survey import MOST_QUESTIONS, Question, evened, read_code

MERGED = ("code", "name", "company", "email")  # the columns of the list that went out, before its questions
FIELDS = ("code", "email", "date", "call_back", "opt_out")
_KNOWN_AS = {
    "code": "code|survey code|your code|token|respondent code|personal code|umfragecode|ihr code",
    "email": "email|e mail|mail|email address|e mail address|your email|your e mail|e mail adresse|username"
    "|emailadresse|mailadresse|adresse e mail|adresse mail|courriel|correo|correo electronico|email 1",
    "date": "date|day|timestamp|submitted|submitted at|submitted on|submit date|submission date|end date"
    "|completed|completed at|completion time|answered on|date submitted|datum|zeitstempel|abgeschickt am"
    "|horodateur|fecha|marca temporal|data",
    "call_back": "call back|callback|call me back|please call me back|call me|may we call you|please call"
    "|may we call you back|shall we call you|should we call you back|ruckruf|rueckruf|ruckruf erwunscht"
    "|bitte um ruckruf|bitte zuruckrufen|rufen sie mich zuruck|rappel|rappelez moi|me rappeler",
    "opt_out": "opt out|opted out|optout|unsubscribe|unsubscribed|do not contact|do not contact me"
    "|please do not contact me again|no contact|abmelden|nicht kontaktieren|keine werbung"
    "|bitte nicht mehr kontaktieren|ne plus me contacter|no contactar",
}
_FIELD_OF = {name: field for field, names in _KNOWN_AS.items() for name in names.split("|")}
_YES = {
    *("yes", "y", "ja", "j", "oui", "si", "sim", "s", "o", "x", "1", "1.0", "true", "wahr", "vrai", "on"),
    *("call me", "call me back", "please", "please call", "please call me back", "bitte", "gern", "gerne"),
    *("checked", "ticked", "\u2713", "\u2714", "\u2611", "\u2612", "yes please", "ja bitte", "oui merci"),
}
_NO = {
    *("", "no", "n", "nein", "non", "nee", "nao", "0", "0.0", "false", "falsch", "faux", "off", "none"),
    *("-", "\u2013", "\u2610", "unchecked", "no thanks", "no thank you", "nein danke", "non merci", "na"),
    *("n/a", "subscribed", "opted in", "not unsubscribed"),
}
_ASKS = r"(?:^|[.!?;:,\n]\s*|\b(?:please|pls|and|but|just|so|bitte|und|aber|merci de)\s+)"
_NOT = r"(?:do not|don['\u2019]?t|never|stop)"
_STOP = r"(?:do not|don['\u2019]?t|stop)"
_AGAIN = r"(?:\s+(?:again|any ?more|ever|please))*"
_END = r"\s*(?:[.!?;,\n]|$)"
_LISTS = (
    r"(?:(?:your|the|this|that|any|all)\s+)*(?:(?:mailing|e-?mail|contact|address)\s+)?"
    r"(?:(?:mailing)?lists?|database|records)\b"
)
_POST = r"(?:e-?mails?|mails?|letters?|post|newsletters?|messages|advertising|offers)"
_WANT = r"\b(?:i|we)\s+(?:do not|don['\u2019]?t|no longer)\s+(?:want|wish)\s+"
_ALONE = re.compile(
    _ASKS
    + rf"(?:{_NOT}\s+(?:ever\s+)?(?:contact|write|writing|e-?mail|bother)(?:ing)?\s+(?:to\s+)?(?:me|us)\b"
    rf"|{_STOP}\s+(?:writ(?:e|ing)|e-?mail(?:ing)?|call(?:ing)?)(?:\s+(?:to\s+)?(?:me|us))?{_AGAIN}{_END}"
    rf"|(?:{_NOT}|no)\s+contact(?:ing)?{_AGAIN}{_END}"
    rf"|{_STOP}\s+send(?:ing)?\s+(?:(?:me|us|your|any|these|more)\s+)*{_POST}\b"
    rf"|no more {_POST}{_AGAIN}{_END}"
    rf"|unsubscribe\b|opt (?:me |us )?out{_AGAIN}{_END}|leave (?:me|us) alone\b"
    rf"|(?:remove|delete) (?:me|us)(?:\s+from\b|{_AGAIN}{_END})"
    r"|(?:remove|delete) (?:my|our) (?:data|details|name|address|e-?mail)\b"
    r"|(?:kontaktieren|schreiben) sie (?:mich|uns|mir) nicht|(?:mich |uns )?nicht (?:mehr )?kontaktieren"
    rf"|(?:mich |uns )?abmelden{_END}"
    r"|keine (?:werbung|mails|post) mehr|lassen sie (?:mich|uns) in ruhe|ne (?:me|nous) contactez plus)"
    rf"|\btake (?:me|us) off(?:\s+{_LISTS}|{_AGAIN}{_END})"
    rf"|\b(?:want|wish|like|ask) to be removed from {_LISTS}"
    r"|\b(?:want|wish|like) to unsubscribe\b"
    rf"|{_WANT}to be contacted{_AGAIN}{_END}|{_WANT}to hear from you{_AGAIN}{_END}"
    r"|\b(?:ich|wir) (?:will|wollen|m\u00f6chten?) keine (?:werbung|mails|e-mails|post) mehr",
    re.IGNORECASE,
)


class Columns(NamedTuple):
    """Where in a row each thing stands: the fields by place, the questions' keys by place."""

    fields: Mapping[str, int]
    questions: Mapping[str, int]
    unused: tuple[str, ...] = ()


class Given(NamedTuple):
    """What a row says. `alone`: they ask to be left alone; then nothing else of it is kept."""

    line: int
    code: str
    emails: tuple[str, ...]
    on: str
    answers: Mapping[str, str]
    call_back: bool
    alone: bool


class Bad(NamedTuple):
    """A row that cannot come in: where and why."""

    line: int
    field: str
    value: str
    reason: str


def columns_of(
    header: Sequence[str], name: str, questions: Sequence[Question], mapping: Iterable[tuple[str, str]] = ()
) -> Columns:
    """Which column is which: as the user maps, by known names, and questions by their words or q1, q2 ...

    Raises UsageError for a mapping that does not fit, BadInput where nobody or nothing could be read.
    """
    fields, keys = _mapped(header, name, questions, mapping)
    taken = {*fields.values(), *keys.values()}
    for place, one in enumerate(header):
        if place in taken or not one.strip():
            continue
        field, key = _FIELD_OF.get(evened(one), ""), _key_of(one, questions)
        if key and key not in keys:
            keys[key] = place
        elif field and field not in fields:
            fields[field] = place
    _refuse_useless(header, name, questions, fields, keys)
    used = {*fields.values(), *keys.values()}
    return Columns(fields, keys, tuple(h for p, h in enumerate(header) if p not in used and h.strip()))


def refuse_merge(header: Sequence[str], name: str, rows: Iterable[Given | Bad]) -> None:
    """Raise BadInput for a list for the mail merge as it went out: no answer is in it."""
    ours = [one for one in header if not re.fullmatch(r"question \d+", one)] == list(MERGED)
    if ours and not any(isinstance(one, Given) and (one.answers or one.alone) for one in rows):
        raise BadInput(
            f"{name} is the list for the mail merge that winback wrote: it holds questions and no answers.",
            "Bring in the file that came back: winback survey import ANSWERS.csv",
        )


def code_place(header: Sequence[str], mapping: Iterable[tuple[str, str]]) -> int | None:
    """Which column holds the codes, whatever the questions are; None for none."""
    wanted = {text.line(column).casefold() for field, column in mapping if field.lower() == "code"}
    for place, one in enumerate(header):
        if text.line(one).casefold() in wanted or (not wanted and _FIELD_OF.get(evened(one)) == "code"):
            return place
    return None


def _mapped(
    header: Sequence[str], name: str, questions: Sequence[Question], mapping: Iterable[tuple[str, str]]
) -> tuple[dict[str, int], dict[str, int]]:
    known = {one.key for one in questions}
    there = [text.line(one).casefold() for one in header]
    fields: dict[str, int] = {}
    keys: dict[str, int] = {}
    for wanted, column in mapping:
        field = wanted.lower().replace("-", "_")
        if field not in FIELDS and field not in known:
            raise UsageError(
                f"{text.shorten(wanted, 40)!r} is nothing that a reply has.",
                "--map takes " + ", ".join([*FIELDS, *sorted(known, key=lambda key: (len(key), key))]),
            )
        if text.line(column).casefold() not in there:
            raise UsageError(f"{name} has no column {text.shorten(column, 40)!r}.", _columns(header))
        (fields if field in FIELDS else keys)[field] = there.index(text.line(column).casefold())
    return fields, keys


def _columns(header: Sequence[str]) -> str:
    return "Its columns: " + ", ".join(text.shorten(one, 30) or "(no name)" for one in header[:30])


_NUMBERED = re.compile(r"(?:q|question|frage|f)? ?([0-9]{1,2})(?: (.*))?")
LIKE = 20  # so many letters of a question's beginning tell which it is: forms cut long titles off


def _key_of(header: str, questions: Sequence[Question]) -> str:
    """The question that a column answers; "" for none."""
    name = evened(header)
    numbered = _NUMBERED.fullmatch(name)
    for one in questions:
        words = evened(one.words)
        for title in (name, (numbered[2] or "") if numbered else ""):
            if title and (title == words or (len(title) >= LIKE and words.startswith(title))):
                return one.key
        if len(words) >= LIKE and name.startswith(words):
            return one.key
    if numbered and not numbered[2] and 1 <= int(numbered[1]) <= min(len(questions), MOST_QUESTIONS):
        return f"q{int(numbered[1])}" if any(one.key == f"q{int(numbered[1])}" for one in questions) else ""
    return ""


def _refuse_useless(
    header: Sequence[str],
    name: str,
    questions: Sequence[Question],
    fields: Mapping[str, int],
    keys: Mapping[str, int],
) -> None:
    if not fields and any("@" in one for one in header):
        raise BadInput(
            f"The first line of {name} is somebody's answers, not a header.",
            "Put the names of the columns above it, such as code,email,q1.",
        )
    if not {"code", "email"} & set(fields):
        raise BadInput(
            f"No column of {name} holds the code or the e-mail of who answered.\n  {_columns(header)}",
            "Say which: --map code=COLUMN or --map email=COLUMN",
        )
    if not keys and not {"call_back", "opt_out"} & set(fields):
        raise BadInput(
            f"No column of {name} is one of the survey's questions.\n  {_columns(header)}",
            "winback survey show tells the questions; say which column is one: --map q1=COLUMN",
        )


def date_order(cells: Iterable[str], name: str, said: str) -> str:
    """The one order of all dates of a file; raises BadInput where it could be two."""
    try:
        return columndates.order(columndates.evidence(cells), said)
    except ValueError as why:
        raise BadInput(f"{name}, date: {why}.", "Say which: --date-order dmy or --date-order mdy") from None


class Reader:
    """Reads the rows of one file of answers; `today` is the day of those that tell none."""

    def __init__(
        self, columns: Columns, order: str, today: str, questions: Sequence[Question] = ()
    ) -> None:
        self._columns = columns
        self._asked = {one.key: evened(one.words) for one in questions}
        self._day = columndates.date_reader(order)
        self._today = today

    def read(self, line: int, cells: Sequence[str]) -> Given | Bad:
        """What a row says, or why it cannot come in."""
        fields = {name: _cell(cells, place) for name, place in self._columns.fields.items()}
        answers = {key: _cell(cells, place) for key, place in self._columns.questions.items()}
        answers = {key: words for key, words in answers.items() if self._is_answer(key, words)}
        code, emails, wrong = read_code(fields.get("code", "")), _emails(fields.get("email", "")), None
        alone = asks_to_be_left(fields.get("opt_out", ""), answers.values())
        on, called = self._today, False
        if not alone:
            try:
                on = self._when(fields.get("date", ""))
            except ValueError as why:
                wrong = Bad(line, "date", fields["date"], str(why))
            try:
                called = says_yes(fields.get("call_back", ""))
            except ValueError as why:
                wrong = wrong or Bad(line, "call_back", fields["call_back"], str(why))
            wrong = wrong or _too_long(line, answers) or _nothing(line, answers, called)
        if not (code or emails):
            wrong = Bad(line, "email", fields.get("email", ""), "neither a code nor an e-mail")
        return wrong or Given(line, code, emails, on, answers, called, alone)

    def _is_answer(self, key: str, words: str) -> bool:
        """Whether a cell holds more than blanks, and not the question that was asked."""
        return bool(words) and not text.blank(words) and evened(words) != self._asked.get(key)

    def _when(self, cell: str) -> str:
        day = self._day(cell) if cell else ""
        if day > self._today:
            raise ValueError("a day that is still to come")
        return day or self._today


def _cell(cells: Sequence[str], place: int) -> str:
    return told(text.clean(cells[place]).strip()) if place < len(cells) else ""


def _emails(cell: str) -> tuple[str, ...]:
    """The addresses of a cell; those of them that can be one, as an objection counts for each."""
    read = [addresses.read(part) for part in re.split(r"[;,|\n]", cell)]
    return tuple(address for address, fits in read if fits)


def _too_long(line: int, answers: Mapping[str, str]) -> Bad | None:
    for key, words in answers.items():
        if len(words) > LONGEST:
            return Bad(line, key, text.shorten(words, 60), f"longer than {LONGEST:,} characters")
    return None


def _nothing(line: int, answers: Mapping[str, str], called: bool) -> Bad | None:
    return None if answers or called else Bad(line, "", "", "nothing was answered")


def says_yes(cell: str) -> bool:
    """Whether a box is ticked, or a yes written; a number to call is a yes. Raises ValueError."""
    word = text.fold(cell).rstrip(" .!")
    if word in _NO:
        return False
    if word in _YES or sum(sign.isdigit() for sign in word) >= 5:
        return True
    first = re.split(r"[\s,;.]", word)[0]
    if first in ("yes", "ja", "oui", "si"):
        return True
    if first in ("no", "nein", "non"):
        return False
    raise ValueError("yes or no")


def asks_to_be_left(box: str, answers: Iterable[str]) -> bool:
    """Whether a reply asks for no more contact (C10): in words, or by its box, where only a no is one."""
    if text.fold(box).rstrip(" .!") not in _NO:
        return True
    # Runs of blanks and empty lines are looked at over and over by the pattern: there are none left.
    lines = (filter(None, (" ".join(line.split()) for line in words.splitlines())) for words in answers)
    return any(_ALONE.search("\n".join(told)) for told in lines)
