"""The dates of a column: what its cells say of their order, the one order of all, and each as an ISO day.

3/1/2026 is a riddle that only the whole column answers. So three steps: `evidence`, what the cells say
(the findings of the column's parts are united); `order`, which decides or refuses; `date_reader`.
Purchases lie in the past, so a year of two digits is 20xx up to 69 and 19xx from 70 on.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

from winback_cli import text

FIRST_YEAR, LAST_YEAR = 1900, 2100
CENTURY_TURNS = 70  # the two-digit years from here on are of the 20th century
LONGEST = 80  # characters of a date and its time
REMEMBERED = 20_000  # distinct cells that a reader keeps

_LOOKS = "a date looks like 2026-03-01"
_NO_DAY = "there is no such day in the calendar"
_TIME = (
    r"(?:(?:[ ,]+\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d{1,9})?)?(?: ?[ap]\.? ?m\b\.?)?(?: uhr)?"
    r"|[ ,]*T\d{2}(?::?\d{2}){0,2}(?:[.,]\d{1,9})?)"
    r"(?: ?[a-z]{1,5})?(?: ?[+-]\d{1,2}(?::?\d{2})?)?(?: ?\([a-z ]{1,40}\))?|Z|[+-]\d{2}:\d{2})?"
)
_SIGNS = re.ASCII | re.IGNORECASE
_is_time = re.compile(_TIME, _SIGNS).fullmatch
_numbers = re.compile(rf"(\d{{1,4}}) ?([./-]) ?(\d{{1,2}}) ?\2 ?(\d{{1,4}})\.?{_TIME}", _SIGNS).fullmatch
_run = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4}(?:\d{2})?Z?)?", re.ASCII).fullmatch  # 20260301
_epoch = re.compile(r"(\d{10})(?:\d{3}|\.\d+)?", re.ASCII).fullmatch
_zeros = re.compile(r"[0 .:/T-]*0[0 .:/TZ-]*").fullmatch
_in_words = re.compile(rf"([\w\u00b0 .,/'-]+?){_TIME}", re.IGNORECASE).fullmatch
_parts = re.compile(r"\d+|[^\W\d_]+").findall
# Days that stand for none: the first ones of databases, and how a spreadsheet shows nothing as a date.
_FIRST_DAYS = {(1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31)}
_NO_DAYS = {"1/0/1900", "0/1/1900", "1900-01-00", "00.01.1900"}
_NO_PURCHASE = {
    *("never", "no date", "no purchase", "no orders", "nie", "niemals", "noch nie", "jamais", "nunca"),
    *("mai", "nooit", "kein kauf", "ohne datum", "sin fecha", "sans date", "senza data", "sem data"),
}
# English, German, French, Spanish, Italian, Dutch and Portuguese, folded; the short forms too.
_MONTHS = (
    "january jan januar jaenner janner janvier janv enero ene gennaio gen januari janeiro",
    "february feb februar feber fevrier fevr fev febrero febbraio februari febr fevereiro",
    "march mar marz maerz mrz mars marzo maart mrt marco",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag mei maio",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout aou agosto ago augustus",
    "september sep sept septembre septiembre setiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dic dicembre dezembro",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_WEEKDAYS = (
    "monday mon montag mo lundi lun lunes lunedi maandag ma segunda seg",
    "tuesday tue tues dienstag di mardi mar martes martedi dinsdag terca ter",
    "wednesday wed mittwoch mi mercredi mer miercoles mie mercoledi woensdag wo quarta qua",
    "thursday thu thur thurs donnerstag do jeudi jeu jueves jue giovedi gio donderdag quinta qui",
    "friday fri freitag fr vendredi ven viernes vie venerdi vrijdag vr sexta sex",
    "saturday sat samstag sonnabend sa samedi sam sabado sab sabato zaterdag za",
    "sunday sun sonntag so dimanche dim domingo dom domenica zondag zo feira",
)
_WEEKDAY = {name for names in _WEEKDAYS for name in names.split()}
# Between the parts of a date, and behind the day: 1st, 1er, 1\u00ba.
_LITTLE = (
    "de del di of the den der le el il am do da em du d van on at um om las alle as",
    "st nd rd th er re eme e o a",
)
_NO_PART = {word for words in _LITTLE for word in words.split()}


def evidence(values: Iterable[str]) -> frozenset[str]:
    """What cells say of their column: some of `dmy`, `mdy`, `ymd`, `either`, `epoch`, `written`.

    `written` is any date that is not a count of seconds; an ISO date and a dotted one (always day first)
    say no more than that. Equal numbers say nothing of their order, nor does what is no date.
    """
    seen: set[str] = set()
    for value in values:
        if value[4:5] == "-" == value[7:8] and value[:1] != "0":
            seen.add("written")
        elif value:
            seen.update(_says(_tidied(value)))
    return frozenset(seen)


def _says(cell: str) -> tuple[str, ...]:
    if _zeros(cell):
        return ()
    if _epoch(cell):
        return ("epoch",)
    if not (found := _numbers(cell)):
        return ("written",) if any(ch.isdigit() for ch in cell) else ()
    one, sign, two = int(found[1]), found[2], int(found[3])
    if len(found[1]) > 2 or sign == "." or one == two or (12 < one <= 31 and two > 12):
        return ("written",)
    if one > 31 or one == 0:
        return ("written", "ymd")
    if one > 12 or two > 12:
        return ("written", "dmy" if one > 12 else "mdy")
    return ("written", "either")


def order(seen: frozenset[str], said: str = "") -> str:
    """The order of a column by its `evidence`: `dmy`, `mdy`, `ymd` or `epoch`.

    What the user `said` (`dmy`, `mdy`, `ymd`) overrules. Raises ValueError where the cells contradict
    each other or leave it open.
    """
    if "epoch" in seen and "written" not in seen:
        return "epoch"
    if said:
        if said not in ("dmy", "mdy", "ymd"):
            raise ValueError("an order of dates is dmy, mdy or ymd")
        return said
    sure = sorted(seen & {"dmy", "mdy", "ymd"})
    if len(sure) > 1:
        raise ValueError(
            "dates in two orders: some can only be " + ", others only ".join(map(_named, sure))
        )
    if "either" in seen and not sure:
        raise ValueError("dates that could be day first or month first")
    return sure[0] if sure else "dmy"


def _named(order: str) -> str:
    return {"dmy": "day first", "mdy": "month first", "ymd": "year first"}[order]


def date_reader(order: str) -> Callable[[str], str]:
    """What reads the cells of a column as ISO days; "" where a cell says that there is none.

    A time is read over: the written day counts, whatever its zone. Raises ValueError with the reason.
    """
    known: dict[str, str] = {}

    def read(cell: str) -> str:
        if (day := known.get(cell)) is not None:
            return day
        iso = cell[4:5] == "-" == cell[7:8]
        if iso and (day := known.get(cell[:10])) and _is_time(cell[10:]):
            return day
        if len(known) >= REMEMBERED:
            known.clear()
        day = _day(_tidied(cell), order)
        known[day if iso and day == cell[:10] else cell] = day
        return day

    return read


def _tidied(cell: str) -> str:
    cell = text.line(cell).lstrip("'\u2019")
    if cell.isascii():
        return cell
    import unicodedata

    return unicodedata.normalize("NFKC", cell).strip()


def _day(cell: str, order: str) -> str:
    if len(cell) > LONGEST:
        raise ValueError(_LOOKS)
    if text.blank(cell) or _zeros(cell) or cell.partition(" ")[0] in _NO_DAYS:
        return ""
    if order == "epoch" and (seconds := _epoch(cell)):
        return datetime.fromtimestamp(int(seconds[1]), UTC).date().isoformat()
    if found := _numbers(cell):
        one, sign, two, three = found.groups()
        dotted = sign == "." and (order != "ymd" or len(three) == 4)
        year, month, day = _ordered(one, two, three, "dmy" if dotted else order)
    elif found := _run(cell):
        year, month, day = found.groups()
    else:
        folded = text.fold(cell)
        if folded.rstrip(".!") in _NO_PURCHASE:
            return ""
        year, month, day = _worded(folded, order)
    return _iso(year, month, day)


def _ordered(one: str, two: str, three: str, order: str) -> tuple[str, str, str]:
    """Year, month and day of three numbers; a year of four digits shows itself."""
    if len(one) > 2:
        return one, two, three
    if order == "ymd":
        if len(three) == 4 and int(one) <= 12 and int(two) <= 12 and int(one) != int(two):
            raise ValueError("a date that could be day first or month first")
        if len(three) == 4:
            return (three, two, one) if int(two) <= 12 else (three, one, two)
        return one, two, three
    return (three, one, two) if order == "mdy" else (three, two, one)


def _worded(folded: str, order: str) -> tuple[str, str, str]:
    """Year, month and day of `1 mar 2026`, `march 1st, 2026`, `sunday, 1er mars 2026`, `01mar26`."""
    found = _in_words(folded)
    parts = [part for part in _parts(found[1]) if part not in _NO_PART] if found else []
    while len(parts) > 3 and parts[0] in _WEEKDAY:
        parts = parts[1:]
    if len(parts) != 3:
        raise ValueError(_LOOKS)
    if parts[0] in _MONTH:
        month, day, year = parts
    elif len(parts[0]) == 4 or (order == "ymd" and len(parts[2]) == 2):
        year, month, day = parts
    else:
        day, month, year = parts
    if month not in _MONTH or not day.isdecimal():
        raise ValueError(_LOOKS)
    return year, str(_MONTH[month]), day


def _iso(year: str, month: str, day: str) -> str:
    if len(year) not in (2, 4) or not year.isdecimal() or max(len(month), len(day)) > 2:
        raise ValueError(_LOOKS)
    full = int(year)
    if len(year) == 2:
        full += 1900 if full >= CENTURY_TURNS else 2000
    if (full, int(month), int(day)) in _FIRST_DAYS:
        return ""
    try:
        found = date(full, int(month), int(day)).isoformat()
    except ValueError:
        raise ValueError(_NO_DAY) from None
    if not FIRST_YEAR <= full <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return found
