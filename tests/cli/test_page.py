"""Reports as people and scripts get them: the terminal, JSON, CSV, and the page in a real browser."""

import csv
import io
import json
import re
import shutil
import sqlite3
import stat
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran, Runner
from winback_cli import dealings, report
from winback_cli.exporting import told as untold
from winback_cli.main import main
from winback_cli.page import MARK, page
from winback_cli.report import Cases, Promises, Report, Wanted

DAY = "2026-10-01"
NASTY = [
    "<script>document.title='pwned'</script>",
    '"><img src=x onerror="document.title=\'pwned\'">',
    "' onmouseover='document.title=1",
    "javascript:document.title='pwned'",
    "</style></svg><svg onload=document.title='pwned'>",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b]0;pwned\x07 \u202eevil",
]
FORMULAS = [
    "=1+1",
    "\t=cmd|' /C calc'!A0",
    "\u3000\uff1d1+1",
    "+49 170",
    "-2+3",
    "@SUM(A1)",
    "\uff20SUM(A1)",
]


@pytest.fixture
def worked(stocked: Runner) -> Runner:
    """Three cases: one won, one lost, one open; a promise, an offer."""
    for argv in (
        ("touch", 1, "--channel", "phone", "--disposition", "reached"),
        ("promise", "add", 1, "A call a month", "--owner", "Mara", "--due", "2026-10-20"),
        ("offer", "add", 1, "trial", "--terms", "A month free", "--cost", "40 USD"),
        ("close", 1, "--outcome", "won", "--until", "2026-12-01", "--override", "they came back"),
        ("touch", 2, "--channel", "phone", "--disposition", "reached"),
        ("close", 2, "--outcome", "lost", "--override", "they said no"),
        ("touch", 3, "--channel", "phone", "--disposition", "no answer"),
    ):
        ran = stocked("--as-of", DAY, *argv)
        assert ran.code == 0, ran.err
    return stocked


@pytest.fixture
def ask(worked: Runner) -> Callable[..., Any]:
    """A report on a day, with what came out of it."""
    return lambda *argv: worked("--as-of", "2026-11-24", "report", *argv)


# -- the terminal ----------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["", *report.GROUPS])
@pytest.mark.parametrize("name", report.NAMES)
def test_every_report_reads_in_80_columns(ask: Runner, name: str, by: str) -> None:
    if by and by not in report.FITS[name]:
        ran = ask(name, "--by", by)
        assert (ran.code, ran.out) == (2, "")
        return

    ran = ask(name, *(("--by", by) if by else ()))

    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == {"checkins": "Check-ins"}.get(name, name.capitalize())
    assert max(map(len, lines)) <= 80
    assert "%" not in re.sub("95 % interval|0 to 100 %", "", ran.out)  # three cases make no percentage
    assert not any(line != line.rstrip() for line in lines)


def test_outcomes_are_told_as_they_were_looked_at(ask: Runner) -> None:
    assert (
        ask("outcomes").out
        == """\
Outcomes
  Win-back rate: 1 of 2
  From opening to the win: 0 days
  Calibration: not enough cases yet (2 of 30)

How cases ended
  Outcome                   Cases
  Won                           1  ████████████████████████
  Lost                          1  ████████████████████████
  Released (our choice)         0
  Left alone as they asked      0
  Asleep                        0
  Open                          1  ████████████████████████

Closed by month
  Month    Closed  Won  Won of closed
  2026-10       2    1         1 of 2  ████████████░░░░░░░░░░░░
  █ won  ░ lost or released

How they came back
  Return                             Customers
  Strong: reached before the return          1  ████████████████████████
  Weak: tried, nobody reached                0
  Organic: nobody tried                      0

  None of it shows that contact caused a return.
  The rate that chances start from is of settled cases: it leaves out who was
  let go, and who came back unasked; a case whose horizon is over is settled
  too. What you assume counts as 20 more.

  Rates count closed cases: won of won, lost and released. Open and sleeping
  ones are no losses.
  Of fewer than 5 only counts are told. In brackets is the 95 % interval.
  The days are those of won cases only.
  Won says that a customer came back, not that the contact was why.
"""
    )


def test_without_a_name_all_reports_are_told(ask: Runner) -> None:
    titles = [
        line for line in ask().out.splitlines() if line in {name.capitalize() for name in report.NAMES}
    ]

    assert titles == [name.capitalize() for name in report.NAMES if name != "checkins"]
    assert "Nothing to tell yet: no check-in is agreed." in ask("checkins").out


def test_a_store_without_a_case_reads_well(stocked: Runner) -> None:
    ran = stocked("report")

    assert ran.code == 0
    assert ran.out.count("Nothing to tell yet") == len(report.NAMES)
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize(
    "argv",
    [
        ("outcoms",),
        ("--csv",),
        ("funnel", "--json", "--csv"),
        ("funnel", "--raw"),
        ("funnel", "--by", "town"),
        ("funnel", "--since", "soon"),
        ("funnel", "--since", "2027-01-01"),
        ("--html", "nowhere/page.html"),
    ],
    ids=" ".join,
)
def test_what_does_not_fit_is_told_with_what_would(ask: Runner, argv: tuple[str, ...]) -> None:
    ran = ask(*argv)

    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) >= 2


# -- scripts ---------------------------------------------------------------------------------


def test_json_has_stable_keys_and_no_share_of_fewer_than_five(ask: Runner) -> None:
    told = json.loads(ask("outcomes", "--since", "2026-01-01", "--by", "owner", "--json").out)

    keys = ["report", "as_of", "since", "by", "figures", "tables", "notes"]
    assert list(told) == [*keys, "returns", "calibration"]
    assert (told["report"], told["as_of"], told["since"], told["by"]) == (
        *("outcomes", "2026-11-24", "2026-01-01", "owner"),
    )
    assert told["figures"]["rate"] == {"count": 1, "of": 2, "share": None, "low": None, "high": None}
    assert [row["owner"] for row in told["tables"]["outcomes"]] == ["Jonas", "Mara"]
    assert [one["report"] for one in json.loads(ask("--json").out)] == list(report.NAMES)


def test_csv_reads_back_with_one_header(ask: Runner) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("value", "--csv").out)))

    assert rows == [
        {"currency": "EUR", "what": "Revenue of won customers", "count": "1", "amount": "4200.50"},
        {"currency": "USD", "what": "Offers in won cases", "count": "1", "amount": "40"},
    ]
    assert {row["table"] for row in csv.DictReader(io.StringIO(ask("outcomes", "--csv").out))} == {
        *("outcomes", "months", "returns"),
    }
    assert ask("checkins", "--csv").out == "state,count\n"


@pytest.mark.parametrize("owner", FORMULAS)
def test_a_formula_is_kept_from_the_spreadsheet_and_reads_back_equal(
    ask: Runner, store_path: Path, owner: str
) -> None:
    raw = sqlite3.connect(store_path)
    raw.execute("UPDATE customer_row SET owner = ?", (owner,))
    raw.commit()
    raw.close()

    safe = next(csv.DictReader(io.StringIO(ask("funnel", "--by", "owner", "--csv").out)))["owner"]
    bare = next(csv.DictReader(io.StringIO(ask("funnel", "--by", "owner", "--csv", "--raw").out)))["owner"]

    assert safe == f"'{bare}"
    assert untold(safe) == bare == " ".join(owner.split())


# -- the page --------------------------------------------------------------------------------


class Seen(HTMLParser):
    """What a page is made of: tags, attributes, words."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def nasty(by: str = "owner") -> list[Report]:
    """Reports in which every name is an attack; twelve cases each, so that bars are drawn."""
    wanted = Wanted("2026-11-24", by=by)
    cases = [
        Cases(name, name, "closed", end, "revisit", name, "2026-10", 6)
        for name in NASTY
        for end in ("won", "lost")
    ]
    promised = [Promises(name, "kept", "", 5) for name in NASTY]
    return [
        report.funnel(cases, wanted),
        report.reasons(cases, wanted),
        report.outcomes(cases, [], wanted),
        report.playbooks(cases, wanted),
        dealings.promises(promised, wanted),
        dealings.value([], wanted),
    ]


def made(reports: list[Report] | None = None) -> str:
    return page(reports or nasty(), date(2026, 11, 24), "2026-01-01", "owner")


def test_no_name_becomes_part_of_the_page() -> None:
    seen = Seen(made())

    assert set(seen.tags) & {"script", "img", "iframe", "object", "link", "form", "base"} == set()
    assert {name for name, _ in seen.attributes if name.startswith("on") or name == "style"} == set()
    assert {value for name, value in seen.attributes if name == "href"} == {
        *("#funnel", "#reasons", "#outcomes", "#playbooks", "#promises", "#value"),
    }
    for name in NASTY[:6]:
        assert name in seen.words
    assert "{{ 7 * 7 }}" in seen.words  # a name is no template


def test_no_control_sign_comes_into_the_page() -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", made())


def test_the_policy_lets_nothing_run_nothing_load_and_only_the_own_style() -> None:
    content = made()
    policy = _policy(content)
    style = re.search(r"<style>(.*?)</style>", content, re.DOTALL)

    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style[1]
    assert "http" not in content.replace("http-equiv", "")


def _policy(content: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', content)
    assert found is not None
    return found[1].replace("&#39;", "'")


def test_the_page_is_private_written_anew_and_never_over_another_file(ask: Runner, tmp_path: Path) -> None:
    place, other, link = tmp_path / "page.html", tmp_path / "other.html", tmp_path / "link.html"
    other.write_text("<html>mine</html>", "utf-8")
    link.symlink_to(place)

    first, again = ask("--html", place), ask("funnel", "--html", place)

    assert (first.code, again.code, first.out) == (0, 0, "")
    assert place.read_text("utf-8").startswith(MARK)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert ask("--html", other).code == ask("--html", link).code == 2
    assert other.read_text("utf-8") == "<html>mine</html>"
    assert sorted(one.name for one in tmp_path.iterdir() if one.suffix == ".html") == [
        *("link.html", "other.html", "page.html"),
    ]


def test_the_page_holds_all_reports_and_no_customers_name(ask: Runner, tmp_path: Path) -> None:
    ask("outcomes", "--by", "playbook", "--html", tmp_path / "page.html")

    content = (tmp_path / "page.html").read_text("utf-8")

    assert re.findall(r'<section id="(\w+)"', content) == [
        "outcomes", *(name for name in report.NAMES if name != "outcomes")
    ]  # fmt: skip
    for name in ("Ana Sol", "Blue Foods", "Ben Ode", "Cleo", "example.com", "+44"):
        assert name not in content


def test_a_page_of_nothing_reads_well(stocked: Runner) -> None:
    seen = Seen(stocked("report", "--html", "-").out)

    assert seen.words.count("Nothing to tell yet") == len(report.NAMES)
    assert "table" not in seen.tags


# -- in a real browser -----------------------------------------------------------------------

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome", "chrome") if (found := shutil.which(name))), None)  # fmt: skip
needs_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine")
PROBE = """
onload = () => {
  const frame = document.querySelector("iframe"), page = frame.contentDocument, view = frame.contentWindow;
  const bars = [...page.querySelectorAll("ul.chart rect.whole")];
  document.title = JSON.stringify({
    wide: view.innerWidth,
    over: page.documentElement.scrollWidth - view.innerWidth,
    paper: view.getComputedStyle(page.body).backgroundColor,
    bars: bars.length > 0 && bars.every(bar => bar.getBoundingClientRect().width > 0),
  });
};"""


def browsed(content: str, folder: Path, *options: str) -> str:
    """The page after a browser has read it and let run whatever runs."""
    assert BROWSER is not None
    place = folder / "browsed.html"
    place.write_text(content, "utf-8")
    argv = [
        *(BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--hide-scrollbars", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000"),
        *options,
    ]
    ran = subprocess.run([*argv, place.as_uri()], capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def title_of(dumped: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dumped, re.DOTALL)
    return found[1].replace("&amp;", "&") if found else ""


def without_policy(content: str) -> str:
    return re.sub(r"<meta http-equiv[^>]*>", "", content)


def unescaped(content: str) -> str:
    """The broken twin: what is foreign stands in the page as it came."""
    for name in NASTY[:5]:
        for quote in ("&#34;", "&quot;"):
            safe = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            content = content.replace(safe.replace("'", "&#39;").replace('"', quote), name)
    return content


@needs_browser
def test_in_a_browser_nothing_runs_and_either_guard_alone_would_do(tmp_path: Path) -> None:
    content = made()
    whole = title_of(browsed(content, tmp_path, "--dump-dom"))
    escaped_only = title_of(browsed(without_policy(content), tmp_path, "--dump-dom"))
    policy_only = title_of(browsed(unescaped(content), tmp_path, "--dump-dom"))
    neither = title_of(browsed(without_policy(unescaped(content)), tmp_path, "--dump-dom"))

    assert whole == escaped_only == policy_only == "Winning customers back, 24 November 2026"
    assert neither == "pwned"  # so that this test can fail


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser_the_page_fits_the_window_and_wears_its_style(tmp_path: Path, width: int) -> None:
    inside = made().replace("&", "&amp;").replace('"', "&quot;")
    frame = f'<iframe width="{width}" height="900" style="border:0" srcdoc="{inside}"></iframe>'
    outside = f"<!doctype html><title></title>{frame}<script>{PROBE}</script>"

    found = json.loads(title_of(browsed(outside, tmp_path, "--dump-dom", "--window-size=1400,1000")))

    assert found["wide"] == width
    assert found["over"] <= 0
    assert found["paper"] == "rgb(251, 250, 247)"
    assert found["bars"] is True


@needs_browser
def test_in_a_browser_light_and_dark_are_two_pictures(tmp_path: Path) -> None:
    pictures = {}
    for name, options in (("light", ()), ("dark", ("--blink-settings=preferredColorScheme=0",))):
        place = tmp_path / f"{name}.png"
        browsed(made(), tmp_path, f"--screenshot={place}", "--window-size=390,900", *options)
        pictures[name] = place.read_bytes()

    assert pictures["light"].startswith(b"\x89PNG")
    assert pictures["light"] != pictures["dark"]


# -- every page there is, of a store in which all that anybody wrote is an attack ------------------

ATTACKS = [
    *NASTY[:5],
    "<scr\u200bipt>document.title=1</scr\u200bipt>\uff1cscript\uff1e",
    "x--><script>document.title='pwned'</script><!--",
    "]]><a href=javascript:document.title=1>here</a>",
]
PAGES: dict[str, tuple[object, ...]] = {
    "report": ("report", "--by", "owner", "--html", "PLACE"),
    "digest": ("report", "learned", "--named", "--html", "PLACE"),
    "plan": ("trust", "plan", "--html", "PLACE"),
    "survey": ("survey", "form", "attacked", "--form", "PLACE"),
    "subject": ("subject", 1, "--html", "PLACE"),
    "subject left alone": ("subject", 3, "--html", "PLACE"),
}
KINDS = (
    ("stage", "--note", "X"),
    ("breaker", "--stage", "problem"),
    ("threat", "--stage", "problem", "--safeguard", "X"),
    ("opportunity", "--stage", "problem", "--how", "X"),
    ("action", "--owner", "X", "--staff"),
    ("member", "--part", "X"),
    ("idea", "--owner", "X"),
    ("idea", "--owner", "X"),
)
WALKED = """answers:
  backstory: {{how_left: upset, left_on: 2026-01-02, told_by: {t}, internal_view: {t},
    landmines: [{{what: {t}, explanation: {t}}}], contact_details: good, worth_it: 'yes', known_already: 'no'}}
  contact: {{on: today, channel: phone, disposition: reached, person: {t}, role: {t},
    decision_maker: 'no', why_not_decision_maker: {t}, slipped: none}}
  listen: {{refused: 'no', why_left: {t}, requirements: {t}, buys_now: {t}, complained: 'yes',
    complaints: {t}, ownership: {t}, thanked: 'yes', apologised: 'yes', reconsidered: 'no', slipped: none}}
  classify: {{reason: support, theory: 'no', scope: systemic, evidence: {t}}}
  decide: {{referrals: {t}, fix: {t}, approach: simple_fix, verdict: pursue, reasons: {t}}}
  revisit: {{changes: [{{what: {t}, done: 'no', owner: {t}, due: today, assured_by: {t}}}],
    offers: [{{kind: trial, terms: {t}}}], apologised: 'yes', credited: 'yes', slipped: none, sent_on: today}}
"""


def attack(winback: Runner, folder: Path) -> None:
    """A store whose every text is an attack: customers, answers, fixes, ideas, a survey and its replies."""
    fields = ("customer_id", "name", "company", "city", "country", "owner", "reason", "notes")
    with (folder / "list.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow([*fields, "email", "last_purchase"])
        for n, one in enumerate(ATTACKS[:4]):
            rows.writerow([*[one] * len(fields), f"c{n}@example.com", "2024-01-10"])
    answers, replies = folder / "answers.yaml", folder / "replies.csv"
    with replies.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["email", "q1", "q2"], ["c0@example.com", ATTACKS[6], ATTACKS[7]]])
    told = [
        ("import", folder / "list.csv"),
        ("survey", "new", "attacked", "--lapsed", "--title", ATTACKS[0]),
    ]
    told[1] += tuple(f"--question={n} {one}" for n, one in enumerate(ATTACKS))
    told += [("survey", "import", replies), ("fix", "add", ATTACKS[1], "--owner", ATTACKS[0])]
    for one, more in zip(ATTACKS, KINDS, strict=True):
        told.append(("trust", "add", more[0], one, *(one if word == "X" else word for word in more[1:])))
    for line in (*told, ("trust", "plan", "--approve", "--by", ATTACKS[0])):
        ran = winback("--as-of", DAY, *line)
        assert ran.code == 0, line
    for number, one in enumerate(ATTACKS[:4], 1):
        answers.write_text(WALKED.format(t=json.dumps(one)), "utf-8")
        ran = winback("--as-of", DAY, "walk", number, "--answers", answers)
        assert ran.code == 0, ran.err
    assert winback("--as-of", DAY, "suppress", 3, "--reason", ATTACKS[0]).code == 0


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Every page of such a store, by its name."""
    folder, found = tmp_path_factory.mktemp("attacked"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINBACK_HOME", str(folder / "home"))

        def run(*words: object) -> Ran:
            return Ran(main([str(word) for word in words]), "", "")

        attack(run, folder)
        for name, line in PAGES.items():
            place = folder / f"{name}.html"
            ran = run("--as-of", DAY, *(place if word == "PLACE" else word for word in line))
            assert ran.code == 0, name
            found[name] = place.read_text("utf-8")
    yield found


def bare(content: str) -> str:
    """The broken twin: below its head, what is foreign stands in the page as it came."""
    head, end, body = content.partition("</head>")
    return head + end + unescape(body)


def loaded(pages: Sequence[str], folder: Path) -> list[str]:
    """The titles of pages once a browser has read them all, each in a frame, and let run what runs."""
    frames = "".join(f'<iframe srcdoc="{escape(page)}"></iframe>' for page in pages)
    probe = "[...document.querySelectorAll('iframe')].map(frame => frame.contentDocument.title)"
    script = f"<script>onload = () => {{ document.title = JSON.stringify({probe}); }};</script>"
    told = browsed(f"<!doctype html><title></title>{frames}{script}", folder, "--dump-dom")
    titles: list[str] = json.loads(unescape(title_of(told)))
    return titles


def test_no_page_takes_anything_that_anybody_wrote_for_its_own(attacked: dict[str, str]) -> None:
    for name, content in attacked.items():
        seen, style = Seen(content), re.search(r"<style>(.*?)</style>", content, re.DOTALL)
        assert style is not None
        digest = b64encode(sha256(style[1].encode()).digest()).decode()
        assert unescape(_policy(content)) == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ), name
        strange = {"script", "img", "iframe", "object", "link", "form", "base", "a"}
        strange -= {"a"} if name == "report" else set()
        assert set(seen.tags) & strange == set(), name
        assert {key for key, _ in seen.attributes if key.startswith("on") or key == "style"} == set(), name
        assert {value[:1] for key, value in seen.attributes if key in ("href", "src")} <= {"#"}, name
        assert ATTACKS[0] in unescape(content), name
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", content), name


@needs_browser
def test_in_a_browser_no_page_runs_anything_and_either_guard_alone_would_do(
    attacked: dict[str, str], tmp_path: Path
) -> None:
    pages = list(attacked.values())
    whole = loaded(pages, tmp_path)
    guards = [
        *map(without_policy, pages),
        *map(bare, pages),
        *(without_policy(bare(page)) for page in pages),
    ]
    found = loaded(guards, tmp_path)

    assert "pwned" not in "".join(whole).replace("title='pwned'", "")
    assert found[: len(pages)] == found[len(pages) : 2 * len(pages)] == whole
    assert found[2 * len(pages) :] == ["pwned"] * len(pages)  # so that this test can fail
