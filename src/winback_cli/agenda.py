"""What is to come, as a week of days and as a calendar that other programs read. Values in, text out.

What is owed has a day and no hour: neither the playbook nor the customer named one. So a call, a check-in
or a first contact is an event of the whole day, and anything else a task due on that day. At the hour an
event would have to take, several of one day would lie upon each other, or stand at times that nobody
agreed to and that change with every export. A day has no zone either: it is the same day on a phone
abroad, and when the clocks change. Only the bell of an event has an hour, the first in which customers
are called; it is an instant, so that no program has to guess at the zone.

An entry keeps its UID for as long as it is owed, so a calendar that is read again moves what it has.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from winback_cli import text
from winback_cli.dates import Clock

if TYPE_CHECKING:
    from icalendar import Alarm, Calendar, Event, Todo

PRODUCT = "-//winback//agenda//EN"
HEAD = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODUCT}\r\n"  # by which our own files are known
NAME = "winback"
EVENTS = ("contact", "call", "check_in")  # somebody is spoken to; all else is a task
WEEK = 7
LONGEST = 80  # characters of what is due, in the line of an entry
OF_THE_PLAYBOOK = (*EVENTS, "touch", "step")  # what is due is told in the playbook's words or ours
# What is said of the rest, whose own words a customer said, or somebody wrote about one.
_PLAIN = {
    "promise": "a promise is due",
    "wake": "see whether the time has come",
    "snoozed": "take it up again",
    "flag": "the old reason is back",
}


class Entry(NamedTuple):
    """Something owed to a customer by a day; `details` are lines for the user alone."""

    customer: int
    case: str
    kind: str  # as in owing.Due
    ref: int
    name: str
    what: str
    opens_on: date
    due_on: date
    details: tuple[str, ...] = ()

    def uid(self, again: int = 0) -> str:
        """What it goes by in calendars: the same in every export of a store. `again` counts those
        before it that have its case, kind and number too.
        """
        return f"{self.case}-{self.kind}-{self.ref}{f'-{again}' if again else ''}@winback"


class Span(NamedTuple):
    """The days that an agenda shows, both ends included."""

    first: date
    last: date

    def days(self) -> list[date]:
        """Each of its days."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


class Agenda(NamedTuple):
    """What is owed: since before today, and on each day of a span, in the order given."""

    overdue: tuple[Entry, ...]
    days: tuple[tuple[date, tuple[Entry, ...]], ...]


def coming(today: date, days: int = WEEK) -> Span:
    """Today and the days after it, so many in all."""
    return Span(today, today + timedelta(days=days - 1))


def week_of(today: date) -> Span:
    """Monday to Sunday of this week."""
    monday = today - timedelta(days=today.weekday())
    return Span(monday, monday + timedelta(days=WEEK - 1))


def agenda(entries: Sequence[Entry], today: date, span: Span) -> Agenda:
    """The entries day by day: whatever was owed before today is overdue, also in a week that began before;
    what is owed after the span is left out.
    """
    of_day: dict[date, list[Entry]] = {day: [] for day in span.days()}
    overdue = []
    for entry in entries:
        if entry.due_on < today:
            overdue.append(entry)
        elif entry.due_on in of_day:
            of_day[entry.due_on].append(entry)
    return Agenda(tuple(overdue), tuple((day, tuple(owed)) for day, owed in of_day.items()))


def calendar(
    entries: Sequence[Entry], clock: Clock, hour: time, zone: tzinfo | None = None, *, details: bool = False
) -> str:
    """An iCalendar text (RFC 5545) of the entries: equal bytes for equal values.

    `hour` is when the bell of an event rings on its day, in `zone`, or without one in the machine's.
    Every entry carries the clock's instant as its stamp, so that a later export counts. What is overdue
    and is an event stands on today, since nobody looks back for it; an overdue task keeps its day.
    Unless `details` says so, nothing is told but names, what kind of thing is due, and what to type.
    """
    found = _calendar()
    seen: Counter[str] = Counter()
    for entry in entries:
        made = _event(entry, clock.today) if entry.kind in EVENTS else _task(entry)
        made.add("uid", entry.uid(seen[entry.uid()]))
        seen[entry.uid()] += 1
        _stamp(made, clock.now)
        _say(made, entry, clock.today, details=details)
        if entry.kind in EVENTS:
            made.add_component(_bell(made, at(max(entry.due_on, clock.today), hour, zone)))
        found.add_component(made)
    if not entries:
        found.add_component(_zone())
    content: bytes = found.to_ical()
    return content.decode("utf-8")


def _calendar() -> "Calendar":
    from icalendar import Calendar

    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", PRODUCT)
    made.add("method", "PUBLISH")
    made.add("name", NAME)
    made.add("x-wr-calname", NAME)
    return made


def _zone() -> Any:
    """A component that shows nothing: a calendar without any is none by the RFC."""
    from icalendar import Timezone, TimezoneStandard

    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1970, 1, 1))  # a local time, as the RFC wants it here
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    made = Timezone()
    made.add("tzid", "UTC")
    made.add_component(standard)
    return made


def _event(entry: Entry, today: date) -> "Event":
    from icalendar import Event

    day = max(entry.due_on, today)
    event = Event()
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")  # the day stays free for other things
    return event


def _bell(event: Any, instant: datetime) -> "Alarm":
    from icalendar import Alarm

    bell = Alarm()
    bell.add("action", "DISPLAY")
    bell.add("description", str(event["summary"]))
    bell.add("trigger", instant, parameters={"VALUE": "DATE-TIME"})
    return bell


def _task(entry: Entry) -> "Todo":
    from icalendar import Todo

    task = Todo()
    task.add("due", entry.due_on)
    task.add("status", "NEEDS-ACTION")
    return task


def _stamp(made: Any, now: datetime) -> None:
    """When it was written. SEQUENCE is the minute, so that it grows as the stamp does: some programs
    look at nothing else, and one in which the entry was moved by hand refuses a lower one.
    """
    stamp = now.astimezone(UTC).replace(microsecond=0)
    made.add("dtstamp", stamp)
    made.add("last-modified", stamp)
    made.add("sequence", max(int(stamp.timestamp()) // 60, 0))


def _say(made: Any, entry: Entry, today: date, *, details: bool) -> None:
    """Who, what and what to type, for nobody else's eyes where a calendar is shared."""
    moved = entry.kind in EVENTS and entry.due_on < today
    late = f", owed since {entry.due_on.isoformat()}" if moved else ""
    made.add("class", "PRIVATE")
    made.add("summary", f"{text.line(entry.name)}: {_what(entry, details=details)}{late}")
    made.add("description", "\n".join(_told(entry, details=details)))


def _what(entry: Entry, *, details: bool) -> str:
    if details or entry.kind in OF_THE_PLAYBOOK:
        return text.shorten(entry.what, LONGEST)
    return _PLAIN.get(entry.kind, "something is due")


def _told(entry: Entry, *, details: bool) -> Iterator[str]:
    yield f"winback brief {entry.customer}"
    if entry.opens_on < entry.due_on:
        yield f"From {entry.opens_on.isoformat()}, by {entry.due_on.isoformat()}."
    if details:
        whole = text.line(entry.what)
        yield from [whole] if len(whole) > LONGEST else []
        yield from filter(None, map(text.line, entry.details))


def at(day: date, hour: time, zone: tzinfo | None = None) -> datetime:
    """The instant at which clocks in `zone`, or without one the machine's, show that hour of a day.

    An hour that comes twice is the first of the two; one that the clocks leap over is as long after
    the leap as it would have been after its beginning, as RFC 5545 has it.
    """
    # By the timestamp: without a zone `astimezone` puts an hour that is leapt over before the leap.
    return datetime.fromtimestamp(datetime.combine(day, hour, zone).timestamp(), UTC)
