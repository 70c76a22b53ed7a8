"""A survey as it goes out: rows for a mail merge, and a form to print, one page a person.

The page needs no network and no script; its policy takes no style but its own, by its digest.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from winback_cli import text
from winback_cli.customer import label
from winback_cli.exporting import csv_lines
from winback_cli.policy import policy_of
from winback_cli.survey import Question, shown_code
from winback_cli.surveyreplies import MERGED

TITLE = "We would like to hear from you"
ASKED = (
    "You used to buy from us, and we would like to understand why you stopped.",
    "Every answer is read by somebody here.",
)
CALL_BACK = "Please call me back. Best reached at (phone, time of day):"
OPT_OUT = "Please do not contact me again."


class Addressee(NamedTuple):
    """Somebody who is asked: what is written on their form."""

    code: str
    name: str
    company: str
    email: str


class Form(NamedTuple):
    """What every form of a survey says: its title, its questions, who asks, and by which mailbox."""

    title: str
    questions: Sequence[Question]
    firm: str = ""
    mail: str = ""

    @property
    def back(self) -> str:
        """Where it is sent back to; "" where nobody said who asks."""
        to = f"{self.firm} ({self.mail})" if self.firm and self.mail else self.firm or self.mail
        return f" Please send it back to {to}." if to else ""


def merge_rows(form: Form, people: Iterable[Addressee]) -> Iterator[str]:
    """The CSV of a mail merge: whom to write to, the code of each, and the questions' words.

    No cell is run by a spreadsheet as a formula (X2).
    """
    header = [*MERGED, *(f"question {n}" for n, _ in enumerate(form.questions, 1))]
    asked = [one.words for one in form.questions]
    rows = ([shown_code(p.code), p.name, p.company, p.email, *asked] for p in people)
    return csv_lines(header, rows)


_STYLE = """
@page{size:A4;margin:18mm}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1d2327}
body{font:12pt/1.45 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:174mm;margin:0 auto;padding:8mm 4mm;break-after:page;page-break-after:always}
main:last-of-type{break-after:auto;page-break-after:auto}
header{display:flex;justify-content:space-between;align-items:baseline;gap:6mm}
header{border-bottom:.4mm solid #1d2327}
h1{font-size:17pt;line-height:1.25;margin:0 0 2mm}
.code{font:600 12pt/1 ui-monospace,"DejaVu Sans Mono",monospace;white-space:nowrap}
p{margin:3mm 0;overflow-wrap:anywhere}
ol{padding-left:7mm;margin:4mm 0}
li{break-inside:avoid;margin:0 0 5mm}
.line{display:block;border-bottom:.25mm solid #8a949a;height:9mm}
.box{display:flex;gap:4mm;align-items:flex-start;margin:4mm 0;break-inside:avoid}
.box i{flex:none;width:5mm;height:5mm;border:.4mm solid #1d2327;margin-top:.6mm}
.box span{flex:1}
footer{color:#5b6670;font-size:9.5pt;margin-top:5mm}
@media print{main{padding:0}}
"""
LINES = {4: 3, 6: 2}  # lines to write on a question, where there are at most so many; one for more


def printed(form: Form, people: Iterable[Addressee]) -> Iterator[str]:
    """The forms as one page of HTML, to be printed: a sheet for each, with their code."""
    yield (
        '<!doctype html><!-- a survey of winback -->\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy_of(_STYLE))}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_safe(form.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )
    asked = _asked(form)
    for person in people:
        yield _sheet(form, person, asked)
    yield "</body>\n</html>\n"


def _sheet(form: Form, person: Addressee, asked: str) -> str:
    who = label(person.name, person.company)
    greeting = f"<p>Dear {_safe(person.name)},</p>\n" if person.name else ""
    return (
        f'<main>\n<header><h1>{_safe(form.title)}</h1><span class="code">{_safe(shown_code(person.code))}'
        f"</span></header>\n<p>{_safe(who)}</p>\n{greeting}<p>{_safe(' '.join(ASKED))}</p>\n{asked}"
        "<footer>The code above tells us which answers are yours; it means nothing else."
        f"{escape(text.clean(form.back))}</footer>\n</main>\n"
    )


def _asked(form: Form) -> str:
    """The questions with lines to write on, and the two boxes: the same on every sheet."""
    count = next((lines for most, lines in LINES.items() if len(form.questions) <= most), 1)
    lines = '<span class="line"></span>' * count
    items = "".join(f"<li>{_safe(one.words)}{lines}</li>\n" for one in form.questions)
    return f"<ol>\n{items}</ol>\n{_box(CALL_BACK, lines=1)}{_box(OPT_OUT)}"


def _box(words: str, lines: int = 0) -> str:
    line = '<span class="line"></span>' * lines
    return f'<div class="box"><i></i><span>{_safe(words)}{line}</span></div>\n'


def _safe(words: str) -> str:
    return escape(text.line(words))
