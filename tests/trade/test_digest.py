"""The digest: what it counts, quotes, folds away and never says; as Markdown, as a page, on a screen."""

import re
from base64 import b64encode
from datetime import date
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.console import Console

from winback_cli import digest, digestpage
from winback_cli.digest import Digest, FirmFix, Told, Wanted

TODAY = date(2026, 11, 24)
NASTY = [
    "<script>document.title='pwned'</script>",
    "\"><img src=x onerror='document.title=1'>",
    "</style></blockquote><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "[a](javascript:alert(1)) ![x](http://pwned.example/x.png) `|` # *b*",
    "\x1b]0;pwned\x07 \u202eevil",
]


def told(number: int, why: str = "", day: str = "2026-11-01", **facts: Any) -> Told:
    """What case `number`.1 tells: Customer C<number> of Firm<number>; `heard__why_left` is a fact."""
    known = {name.replace("__", "."): value for name, value in facts.items()}
    if why:
        known["classified.reason"] = why
    return Told(f"{number}.1", f"Carla{number} Quist", day, known, (f"Carla{number} Quist",))


def learned(*cases: Told, fixes: tuple[FirmFix, ...] = (), alone: int = 0, **wanted: Any) -> Digest:
    return digest.learned(cases, fixes, alone, Wanted(TODAY.isoformat(), **wanted))


def several(count: int, why: str, first: int = 1, **facts: Any) -> list[Told]:
    return [
        told(n, why, heard__why_left=f"Words {chr(96 + n)}.", **facts) for n in range(first, first + count)
    ]


# -- by reason, with few folded away ---------------------------------------------------------


def test_reasons_come_by_how_many_cases_have_them_and_a_leaf_counts_as_its_reason() -> None:
    cases = [*several(3, "price"), *several(3, "support", 4), told(7, "support/phone"), told(8)]

    found = learned(*cases)

    assert [(one.reason, one.cases) for one in found.voices] == [("support", 4), ("price", 3), ("", 1)]
    assert (found.cases, found.heard, found.others) == (8, 6, 0)


def test_a_reason_of_fewer_than_three_is_folded_away_and_its_words_with_it() -> None:
    rare = told(
        9,
        "sales_practices",
        heard__why_left="RARE one",
        heard__requirements="RARE two",
        heard__buys_now="RARE three",
        backstory__internal_view="RARE four",
        classified__theory="no",
    )

    found = learned(*several(3, "price"), rare, *several(2, "support", 4))

    assert [one.reason for one in found.voices] == ["price"]
    assert found.others == 3
    assert (found.judged, found.wrong, found.guesses) == (1, 1, ())
    assert "RARE" not in repr(found)
    assert "sales_practices" not in repr(found)


def test_few_cases_without_a_reason_are_counted_and_not_quoted() -> None:
    found = learned(*several(2, ""))

    assert found.voices == (digest.Voices("", 2),)


def test_with_names_nothing_is_folded_away_and_each_quote_says_whose_it_is() -> None:
    found = learned(told(9, "price", heard__why_left="Carla9 says: too dear"), named=True)

    assert found.voices[0].said == (digest.Quote("Carla9 says: too dear", 1, "Carla9 Quist", "9.1"),)
    assert found.others == 0


def test_without_names_no_name_comes_through_anywhere() -> None:
    words = "Carla{n} Quist wrote to carla{n}@example.com and rang +44 20 7946 0001"
    cases = [
        told(
            n,
            "price",
            heard__why_left=words.format(n=n),
            heard__requirements=f"Tell Carla{n} first",
            heard__buys_now="At Quist's",
            backstory__internal_view=f"Quist {n} moved",
            classified__theory="no",
            followed_up__lesson=f"We never rang Quist, no. {n}",
            followed_up__check_ins=[
                {"agreed_for": "2026-11-02", "kept": True, "feedback": "Quist is glad"}
            ],
        )
        for n in (1, 2, 3)
    ]
    fix = FirmFix("Mend it for Quist", "Mara", "", "", 1, ("Carla1 Quist",))

    shown = repr(learned(*cases, fixes=(fix,)))

    assert not re.search(r"(?i)quist|carla|@|7946", shown)
    assert shown.count("[name]") > 10
    assert "Mara" in shown  # who sees to a fix is told


# -- the quotes ------------------------------------------------------------------------------


def test_five_quotes_are_told_the_newest_first_and_how_many_more_there_are() -> None:
    cases = [told(n, "price", f"2026-10-{n:02}", heard__why_left=f"Words {n}") for n in range(1, 9)]

    (voices,) = learned(*cases).voices

    assert [quote.words for quote in voices.said] == [f"Words {n}" for n in (8, 7, 6, 5, 4)]
    assert voices.more_said == 3


def test_the_first_words_of_every_case_come_before_the_further_ones_of_any() -> None:
    cases = [
        told(
            n,
            "price",
            heard__requirements=f"Want {n}",
            heard__second_chance=f"Chance {n}",
            heard__long_term=f"Long {n}",
        )
        for n in (1, 2, 3)
    ]

    (voices,) = learned(*cases).voices

    assert [quote.words[:4] for quote in voices.asked] == ["Want", "Want", "Want", "Chan", "Chan"]
    assert voices.more_asked == 4


def test_what_they_say_in_catch_ups_is_theirs_too_but_for_one_taken_away() -> None:
    said = [
        {"feedback": "All well since"},
        {"feedback": "GONE", "removed": True},
        {"agreed_for": "2026-12-01"},
    ]

    (voices,) = learned(*(told(n, "price", followed_up__check_ins=said) for n in (1, 2, 3))).voices

    assert voices.said == (digest.Quote("All well since", 3),)


def test_the_same_words_are_told_once_with_how_often() -> None:
    cases = [
        told(n, "price", heard__why_left=words)
        for n, words in enumerate(("Too dear!", "too dear", "Tóo dear."))
    ]

    (voices,) = learned(*cases).voices

    assert [(quote.words, quote.times) for quote in voices.said] == [("Tóo dear.", 3)]


def test_a_long_quote_is_cut_at_a_word_after_its_names_are_blanked() -> None:
    long = "x " * 116 + "Carla1 and more words"

    (voices,) = learned(*(told(n, "price", heard__why_left=long) for n in (1, 2, 3))).voices

    longest = max(len(quote.words) for quote in voices.said)
    assert longest <= digest.LONGEST
    assert all(quote.words.endswith(("[name]…", "x…", "Carla1…")) for quote in voices.said)


# -- where they buy, what was guessed, learned, mended ---------------------------------------


def test_where_they_buy_is_told_where_three_buy_there() -> None:
    places = ("Kruse", "kruse", "Kruse.", "Nordpack", "")

    found = learned(*(told(n, "price", heard__buys_now=place) for n, place in enumerate(places)))

    assert [(place.cases) for place in found.places] == [3]
    assert found.elsewhere == 1


def test_a_guess_is_held_against_their_words_where_it_was_wrong_or_half_right() -> None:
    cases = [
        told(
            n,
            "price",
            heard__why_left=f"Said {n}",
            backstory__internal_view=f"Thought {n}",
            classified__theory=how,
        )
        for n, how in enumerate(("yes", "no", "partly", "no"))
    ]
    cases[3].facts.pop("backstory.internal_view")  # type: ignore[attr-defined]

    found = learned(*cases)

    assert (found.judged, found.wrong) == (4, 3)
    assert {(guess.thought, guess.said, guess.theory) for guess in found.guesses} == {
        ("Thought 1", "Said 1", "no"),
        ("Thought 2", "Said 2", "partly"),
    }


def test_a_lesson_is_told_once_the_most_frequent_first() -> None:
    words = ("Read the mailbox.", "Pack it well", "read the mailbox")

    found = learned(*(told(n, "", followed_up__lesson=word) for n, word in enumerate(words)))

    assert [(one.words.casefold(), one.times) for one in found.lessons] == [
        ("read the mailbox", 2),
        ("pack it well", 1),
    ]


def test_fixes_are_those_done_since_and_all_that_are_open_the_soonest_first() -> None:
    fixes = (
        FirmFix("Old", "Mara", "", "2026-08-01", 1),
        FirmFix("New", "Mara", "", "2026-11-01", 1),
        FirmFix("Undated", "", "", "", 2),
        FirmFix("Later", "", "2027-01-01", "", 2),
        FirmFix("Soon", "", "2026-12-01", "", 2),
    )

    found = learned(fixes=fixes, since="2026-10-01")

    assert [fix.what for fix in found.done] == ["New"]
    assert [fix.what for fix in found.open] == ["Soon", "Later", "Undated"]


def test_it_says_how_many_were_left_out_who_asked_to_be_left_alone() -> None:
    assert "2 cases of people who asked to be left alone" in learned(told(1), alone=2).notes[-1]
    assert not any("left alone" in note for note in learned(told(1)).notes)


# -- how it is read --------------------------------------------------------------------------


@pytest.fixture
def nasty() -> Digest:
    """A digest whose words, names, lessons and fixes are written to break out of where they stand."""
    cases = [
        told(
            n,
            "price",
            heard__why_left=words,
            heard__requirements=words,
            heard__buys_now=words,
            backstory__internal_view=words,
            classified__theory="no",
            followed_up__lesson=words,
        )._replace(who=words)
        for n, words in enumerate(NASTY)
    ]
    fixes = tuple(FirmFix(words, words, "", "", 1) for words in NASTY)
    return learned(*cases, fixes=fixes, named=True)


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_page_runs_nothing_and_loads_nothing_whatever_was_said(nasty: Digest) -> None:
    page = digestpage.page(nasty, TODAY)
    tags = Tags(page).found

    assert {tag for tag, _ in tags} & {"script", "img", "link", "iframe", "form", "object", "a"} == set()
    assert not [
        name
        for _, attrs in tags
        for name in attrs
        if name.startswith("on") or name in ("src", "href", "style")
    ]
    assert page.startswith(digestpage.MARK)
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert NASTY[0] in unescape(page)


def test_the_policy_of_a_page_allows_its_own_style_and_nothing_else(nasty: Digest) -> None:
    page = digestpage.page(nasty, TODAY)
    style = page.partition("<style>")[2].partition("</style>")[0]
    own = b64encode(sha256(style.encode()).digest()).decode()

    (policy,) = [
        attrs["content"]
        for _, attrs in Tags(page).found
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]

    assert policy == f"default-src 'none'; style-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"@import|url\(", style)


def test_markdown_takes_no_words_for_markup_a_link_or_html(nasty: Digest) -> None:
    said = digestpage.markdown(nasty, TODAY).removeprefix(digestpage.MARK_MD)

    assert not re.search(r"(?<!\\)[<`]", said)
    assert not re.search(r"(?<!\\)\]\(", said)
    assert not re.search(r"https?:/", said)
    assert not re.search(r"[\x1b\u202e]", said)
    assert {line.count("|") - line.count("\\|") for line in said.splitlines() if line.startswith("|")} == {
        3
    }


def test_markdown_tells_all_of_it() -> None:
    cases = several(
        3, "price", heard__requirements="A date", heard__buys_now="Kruse", classified__theory="yes"
    )
    fix = FirmFix("Old box", "Mara", "", "2026-11-01", 2)
    cases[0] = cases[0]._replace(facts=cases[0].facts | {"followed_up.lesson": "Read it"})  # type: ignore[operator]

    said = digestpage.markdown(learned(*cases, fixes=(fix,), since="2026-10-01"), TODAY)

    for words in (
        "As of 24 November 2026. 3 cases, opened on 2026-10-01 or later; 3 of them hold words",
        "### Price: 3 of 3 cases",
        '- "A date" (said 3 times)',
        "- Kruse: 3 cases",
        "Of 3 cases in which our own view was held against theirs, it was wrong or only partly right in 0.",
        "- Read it",
        "- Old box (done on 2026-11-01, Mara, 2 customers asked for it)",
    ):
        assert words in said


@pytest.mark.parametrize("width", [40, 80])
def test_a_screen_stays_within_its_width_and_tells_the_words(nasty: Digest, width: int) -> None:
    console = Console(width=width, record=True, file=None, force_terminal=False, markup=False)
    with console.capture() as captured:
        console.print(digestpage.screen(nasty, width))

    shown = captured.get()

    assert max(map(len, shown.splitlines())) <= width
    assert "Why they left, in their words" in shown
    assert "\x1b" not in shown


def test_nothing_to_tell_is_said_kindly_in_every_form() -> None:
    empty = learned(told(1, "price"))

    assert empty.empty
    assert digest.NOTHING in digestpage.markdown(empty, TODAY)
    assert digest.NOTHING in unescape(digestpage.page(empty, TODAY))


# -- others on record, answers beside cases, and the same once --------------------------------


def test_names_of_others_on_record_go_out_of_every_text() -> None:
    words = "Egon Dorn sent me"
    case = dict.fromkeys(
        ("heard__why_left", "heard__requirements", "heard__buys_now", "followed_up__lesson"), words
    )
    cases = [
        told(n, "price", backstory__internal_view=words, classified__theory="no", **case) for n in (1, 2, 3)
    ]
    fix = FirmFix(words, "", "", "", 0)

    found = learned(*cases, fixes=(fix,), others=lambda said: ("Egon Dorn",) if "Egon" in said else ())
    named = learned(*cases, fixes=(fix,), named=True, others=lambda said: ("Egon Dorn",))

    assert "Egon" not in repr(found)
    assert repr(found).count("[name] sent me") == 11
    assert "[name]" not in repr(named)


def test_the_same_words_once_the_names_are_out_are_told_once_and_counted() -> None:
    cases = [told(n, "price", heard__why_left=f"Carla{n} Quist waited.") for n in (1, 2, 3)]
    lessons = [
        told(n, "price", followed_up__lesson=f"Ask Carla{n} Quist first", heard__why_left=f"Words {n}")
        for n in (4, 5)
    ]

    found = learned(*cases, *lessons)
    named = learned(*cases, *lessons, named=True)

    assert [(q.words, q.times) for q in found.voices[0].said if "waited" in q.words] == [
        ("[name] waited.", 3)
    ]
    assert [(one.words, one.times) for one in found.lessons] == [("Ask [name] first", 2)]
    assert {q.times for q in named.voices[0].said} == {1}
    assert "said 3 times" in digestpage.markdown(found, TODAY)


def test_survey_answers_are_counted_beside_the_cases() -> None:
    answers = [
        told(n, "price", heard__why_left=f"Words {n}", heard__buys_now="Kruse")._replace(case="")
        for n in (4, 5, 6)
    ]
    rare = told(7, "support", heard__buys_now="nowhere")._replace(case="")

    said = digestpage.markdown(
        learned(*several(2, "price", heard__buys_now="Elsewhere Ltd"), *answers, rare), TODAY
    )

    for words in (
        "2 cases and 4 survey answers;",
        "### Price: 2 cases and 3 survey answers of 6",
        "each of fewer than three: 1 survey answer.",
        "- Kruse: 3 survey answers",
        "- In other places: 2 cases and 1 survey answer",
    ):
        assert words in said
