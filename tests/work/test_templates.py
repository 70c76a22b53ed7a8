"""Templates of messages: what ships reads well with few facts and with many; a user's own can do no harm."""

import itertools
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from winback_cli import templates
from winback_cli.errors import BadInput, Exit, NotFound
from winback_cli.templates import KINDS, KNOWN, Template, apart, find, names_of, render

pytestmark = pytest.mark.timeout(20)

FULL: dict[str, Any] = {
    "customer": "Ana Sol",
    "first_name": "Ana",
    "company": "Blue Foods",
    "sender": "Mara Voss",
    "firm": "Oakline",
    "said": {
        "why_left": "Late again",
        "requirements": "Deliver on the day you name",
        "complaints": "Nobody answered",
    },
    "reason": "delivery or service",
    "apology": True,
    "changes": [
        {"what": "The stock is checked before each delivery.", "done": True, "assured_by": "Mara Voss"},
        {
            "what": "One person answers all your calls",
            "done": False,
            "owner": "Jonas Ritt",
            "due": "12 January 2027",
            "assured_by": "Ida Berg",
        },
        {"what": "Invoices come once a month", "owner": "Mara Voss", "due": "1 February 2027"},
    ],
    "offer": {
        "kind": "trial",
        "terms": "the first month is free, and you can stop on any day",
        "expires": "31 January 2027",
    },
    "fix": {"what": "The stock is checked before each delivery.", "done_on": "3 November 2026"},
    "check_in": "12 January 2027",
    "today": "24 November 2026",
}
SPARSE: dict[str, Any] = {
    "customer": "Blue Foods",
    "first_name": "",
    "changes": [{"what": "Free delivery", "done": True}],
    "fix": {"what": "Free delivery"},
}
SHIPPED = [(kind, "standard") for kind in KINDS] + [("contact", "lapsed-list")]

# What each shipped template makes of FULL, then of SPARSE.
GOLDEN = {
    ("contact", "standard"): (
        """Ten minutes of your time, Ana

Dear Ana,

May I have ten minutes of your time? I would like to hear, in your own words, what made you decide to leave Oakline, and what we would have needed to do differently.

This is not a sales call. I have those two questions; the rest of the time I will listen.

If that is all right with you, reply with a day and an hour that suit you, and I will call. If you would rather not, a short no is enough, and I will respect it.

Mara Voss
Oakline
""",
        """Ten minutes of your time

Hello,

May I have ten minutes of your time? I would like to hear, in your own words, what made you decide to leave, and what we would have needed to do differently.

This is not a sales call. I have those two questions; the rest of the time I will listen.

If that is all right with you, reply with a day and an hour that suit you, and I will call. If you would rather not, a short no is enough, and I will respect it.
""",
    ),
    ("contact", "lapsed-list"): (
        """May we ask why we have not heard from you?

Dear Ana,

You have not bought from Oakline for a while, and we would like to know why. Was it something that we did, or did not do? Did your own needs change? Or do you buy elsewhere now?

A line in reply is enough, and a frank one helps us most. I read the answers myself, and if something got in your way, say what it was: finding a solution is my job.

If you would rather not hear from us, tell me so, and this was my last message.

Mara Voss
Oakline
""",
        """May we ask why we have not heard from you?

Hello,

You have not bought from us for a while, and we would like to know why. Was it something that we did, or did not do? Did your own needs change? Or do you buy elsewhere now?

A line in reply is enough, and a frank one helps us most. If something got in your way, say what it was: finding a solution is my job.

If you would rather not hear from us, tell me so, and this was my last message.
""",
    ),
    ("revisit", "standard"): (
        """What is changing because of what you told us

Dear Ana,

Our conversation has stayed with me, and I did not leave it at thinking. I am sorry that we did not give you what you needed, and because of what you said, we decided on these changes:

- The stock is checked before each delivery (done)
  You have my word on it.
- One person answers all your calls (Jonas Ritt sees to it, by 12 January 2027)
  You have the word of Ida Berg on it.
- Invoices come once a month (I see to it, by 1 February 2027)

The first month is free, and you can stop on any day. That stands until 31 January 2027. One line in reply is all it takes.

Thank you for naming the problem. We would not be doing this without you.

Mara Voss
Oakline
""",
        """What is changing because of what you told us

Hello,

Our conversation has stayed with me, and I did not leave it at thinking. Because of what you said, we decided on this:

- Free delivery (done)

Thank you for naming the problem. We would not be doing this without you.
""",
    ),
    ("fixed", "standard"): (
        """Done: what you told us about

Dear Ana,

You told us what was wrong. This is now done, and has been since 3 November 2026:

- The stock is checked before each delivery

Thank you for saying it openly; it got things moving here. You need not do anything. I only wanted you to hear it from me.

Mara Voss
Oakline
""",
        """Done: what you told us about

Hello,

You told us what was wrong. This is now done:

- Free delivery

Thank you for saying it openly; it got things moving here. You need not do anything. I only wanted you to hear it from me.
""",
    ),
    ("check_in", "standard"): (
        """Our catch-up on 12 January 2027

Dear Ana,

We agreed to talk again on 12 January 2027, and I am looking forward to it.

This is where we stand with what we promised you:

- The stock is checked before each delivery (done)
- One person answers all your calls (Jonas Ritt sees to it, by 12 January 2027)
- Invoices come once a month (I see to it, by 1 February 2027)

Please tell me frankly how it is going: what works, what does not, and what we have not noticed. We would like to work with you for a long time, and whatever it takes for you to be happy with us, I want to learn it.

Mara Voss
Oakline
""",
        """Our catch-up

Hello,

We agreed to talk again, and I am looking forward to it.

This is where we stand with what we promised you:

- Free delivery (done)

Please tell me frankly how it is going: what works, what does not, and what we have not noticed. We would like to work with you for a long time, and whatever it takes for you to be happy with us, I want to learn it.
""",
    ),
    ("last_word", "standard"): (
        """Thank you for your frank answer

Dear Ana,

Thank you for telling me where you stand. I respect your decision, and I will not try to talk you out of it.

What you said was not for nothing. This is done because of it:

- The stock is checked before each delivery

Should you ever need us, you can reach me at this address, and the door is open. I wish you well.

Mara Voss
Oakline
""",
        """Thank you for your frank answer

Hello,

Thank you for telling me where you stand. I respect your decision, and I will not try to talk you out of it.

What you said was not for nothing. This is done because of it:

- Free delivery

Should you ever need us, you can reach me at this address, and the door is open. I wish you well.
""",
    ),
}


def own(body: str, subject: str = "A subject", kind: str = "revisit") -> Template:
    """A user's own template, whose body begins on its third line."""
    return Template(kind, kind, f"Subject: {subject}\n\n{body}", f"/own/{kind}.txt", True)


def made(body: str, **facts: Any) -> str:
    return render(own(body), FULL | facts).body


def refused(body: str, kind: str = "revisit", **facts: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        render(own(body, kind=kind), FULL | facts)
    assert caught.value.code == Exit.BAD_INPUT == 65
    return caught.value


# -- what ships ------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "book"), SHIPPED)
@pytest.mark.parametrize(("facts", "which"), [(FULL, 0), (SPARSE, 1)], ids=["full", "sparse"])
def test_a_shipped_template_makes_the_expected_message(
    kind: str, book: str, facts: dict[str, Any], which: int, tmp_path: Path
) -> None:
    message = render(find(kind, book, tmp_path), facts)

    assert f"{message.subject}\n\n{message.body}" == GOLDEN[kind, book][which]


@pytest.mark.parametrize(("kind", "book"), SHIPPED)
def test_a_shipped_template_copied_to_ones_own_makes_the_same_in_the_second_process(
    kind: str, book: str, tmp_path: Path
) -> None:
    template = find(kind, book, tmp_path)

    assert render(template._replace(own=True), FULL) == render(template, FULL)


@pytest.mark.parametrize(("kind", "book"), SHIPPED)
def test_no_lack_of_facts_leaves_a_gap_in_a_shipped_message(kind: str, book: str, tmp_path: Path) -> None:
    template = find(kind, book, tmp_path)
    needed = {"revisit": {"changes"}, "fixed": {"fix"}}.get(kind, set())
    lacking = sorted(set(KINDS[kind].names) & FULL.keys() - needed)

    for left_out in itertools.chain(itertools.combinations(lacking, 1), itertools.combinations(lacking, 3)):
        message = render(template, {k: v for k, v in FULL.items() if k not in left_out})

        told = message.body
        assert told[0] > " " and told[-1] == "\n" and told[-2] > " "
        assert not any(
            gap in told for gap in ("\n\n\n", " ,", " .", "  a", " \n", "None", "Dear ,", "{", "}")
        )
        assert message.subject == message.subject.strip() != ""


def test_the_first_contact_neither_apologises_nor_offers_nor_pleads(tmp_path: Path) -> None:
    for book in ("standard", "lapsed-list"):
        told = render(find("contact", book, tmp_path), FULL).body.lower()

        assert not any(word in told for word in ("sorry", "apolog", "offer", "free", "discount", "back"))


@pytest.mark.parametrize(("kind", "book"), SHIPPED)
def test_no_shipped_message_says_that_we_want_them_back(kind: str, book: str, tmp_path: Path) -> None:
    told = render(find(kind, book, tmp_path), FULL).body.lower()

    assert not any(
        plea in told for plea in ("you back", "come back", "return to us", "miss you", "please stay")
    )


def test_the_revisit_apologises_only_where_an_apology_is_wanted(tmp_path: Path) -> None:
    template = find("revisit", "standard", tmp_path)

    with_it, without = (render(template, FULL | {"apology": wanted}).body for wanted in (True, False))

    assert "I am sorry" in with_it and "sorry" not in without


def test_a_revisit_without_a_change_is_no_message(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Not known yet: changes") as caught:
        render(find("revisit", "standard", tmp_path), FULL | {"changes": []})

    assert "winback promise add" in caught.value.hint


@pytest.mark.parametrize("lacking", ["owner", "due"])
def test_a_change_to_come_without_an_owner_or_a_date_is_not_written(lacking: str, tmp_path: Path) -> None:
    change = {"what": "Calls are answered", "owner": "Ida Berg", "due": "1 May 2027", lacking: None}

    with pytest.raises(BadInput, match=f"Not known yet: changes.{lacking}"):
        render(find("revisit", "standard", tmp_path), FULL | {"changes": [change]})


# -- finding ---------------------------------------------------------------------------------


def put(folder: Path, name: str, body: str = "Own words.") -> Path:
    path = folder / "messages" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"Subject: Own\n\n{body}\n", "utf-8")
    return path


def test_without_own_files_the_shipped_one_is_found(tmp_path: Path) -> None:
    found = find("contact", "standard", tmp_path)

    assert (found.name, found.kind, found.own) == ("contact", "contact", False)
    assert found.place.endswith("contact.txt")


def test_ones_own_goes_before_the_shipped_even_before_that_of_the_playbook(tmp_path: Path) -> None:
    path = put(tmp_path, "contact.txt")

    found = find("contact", "lapsed-list", tmp_path)

    assert (found.name, found.own, found.place) == ("contact", True, str(path))
    assert render(found, FULL) == ("Own", "Own words.\n")


def test_the_template_of_the_playbook_goes_before_the_plain_one(tmp_path: Path) -> None:
    for name in ("contact.txt", "trust.contact.txt"):
        put(tmp_path, name)

    assert find("contact", "trust", tmp_path).name == "trust.contact"
    assert find("contact", "standard", tmp_path).name == "contact"
    assert find("contact", "lapsed-list", tmp_path / "nowhere").name == "lapsed-list.contact"


def test_a_file_for_the_language_goes_before_one_for_any(tmp_path: Path) -> None:
    for name in ("contact.txt", "contact.de.txt", "trust.contact.txt"):
        put(tmp_path, name)

    assert find("contact", "trust", tmp_path, "de").name == "contact.de"
    assert find("contact", "trust", tmp_path, "fr").name == "trust.contact"


def test_nobody_gets_english_who_asked_for_another_language(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no contact message in the language de") as caught:
        find("contact", "standard", tmp_path, "de")

    assert str(tmp_path / "messages" / "contact.de.txt") in caught.value.hint


def test_a_misspelt_kind_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'revist'") as caught:
        find("revist", "standard", tmp_path)

    assert caught.value.hint == "Did you mean revisit?"


@pytest.mark.parametrize("book", ["../secret", "a.b", "", "/etc/passwd", "a\x1b[1m"])
def test_a_playbook_that_is_no_name_never_becomes_a_path(book: str, tmp_path: Path) -> None:
    put(tmp_path, "contact.txt")

    with pytest.raises(NotFound, match="There is no playbook called") as caught:
        find("contact", book, tmp_path)

    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("language", ["../x", "english", "DE", ""])
def test_a_language_that_is_no_short_form_is_refused(language: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no language"):
        find("contact", "standard", tmp_path, language)


def test_a_template_of_ten_megabytes_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "contact.txt", "é" * 5_000_000)

    with pytest.raises(BadInput, match="is too large"):
        find("contact", "standard", tmp_path)
    with pytest.raises(BadInput, match="is too large"):
        render(own("x" * 10_000_000), FULL)


def test_a_template_that_is_no_text_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "contact.txt").write_bytes(b"Subject: \xff\xfe")

    with pytest.raises(BadInput, match="is not UTF-8 text"):
        find("contact", "standard", tmp_path)


def test_the_line_ends_and_the_byte_order_mark_of_windows_are_no_part_of_the_message(
    tmp_path: Path,
) -> None:
    put(tmp_path, "contact.txt").write_bytes("\ufeffSubject: Hi\r\n\r\nOne\r\nTwo\r\n".encode())

    assert render(find("contact", "standard", tmp_path), FULL) == ("Hi", "One\nTwo\n")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("Dear Ana\n\nHello", "1: The first line has to be the subject"),
        ("Subject:  \n\nHello", "1: The first line has to be the subject"),
        ("Subject: A\nHello", "2: An empty line has to come after the subject"),
        ("Subject: A\n\n \n", "3: There is no message after the subject"),
        ("", "1: The first line has to be the subject"),
    ],
)
def test_a_template_without_its_three_parts_is_refused(source: str, told: str) -> None:
    with pytest.raises(BadInput, match=f"/own/x.txt:{told}"):
        render(Template("x", "contact", source, "/own/x.txt", True), FULL)


# -- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("One\n{{ custommer }}", "/own/revisit.txt:4: There is no custommer; did you mean customer?"),
        ("{{ zzzz }}", "/own/revisit.txt:3: There is no zzzz; there are customer, first_name,"),
        ("{{ said.why_lef }}", ":3: There is no part why_lef; did you mean why_left?"),
        (
            "{% for c in changes %}\n{{ c.ower }}{% endfor %}",
            ":4: There is no part ower; did you mean owner?",
        ),
        ("{{ customer|uper }}", ":3: There is no filter uper; did you mean upper?"),
        ("{% if customer is defind %}x{% endif %}", ":3: There is no test defind; did you mean defined?"),
        ("{{ loop.index }}", ":3: There is no loop;"),
        ("{% for c in changes %}{% endfor %}\n{{ c.what }}", ":4: There is no c;"),
        ("{{ changes.what }}", ":3: This is a list: go through it with {% for ... %}"),
        ("{{ changes }}", ":3: This is no text:"),
        ("{{ apology }}", ":3: This is no text:"),
        ("{{ said }}", ":3: This is no text:"),
        ("{% for c in customer %}{% endfor %}", ":3: This is no list to go through."),
        ("{% for c in changes %}x{% else %}\n{{ nobody }}{% endfor %}", ":4: There is no nobody"),
        ("{% for c in changes recursive %}x{% endfor %}", ":3: A loop cannot run within itself."),
        ("{% for a, b in changes %}x{% endfor %}", ":3: A loop has one name."),
        ("{{ fix.what }}", ":3: There is no place for fix in this kind of message."),
    ],
)
def test_a_wrong_name_is_told_with_its_line_and_what_it_may_have_meant(body: str, told: str) -> None:
    assert told in refused(body).message


def test_a_wrong_name_is_found_where_the_message_does_not_pass() -> None:
    assert ":4: There is no nobody" in refused("{% if not customer %}\n{{ nobody }}{% endif %}").message


def test_every_mistake_is_told_at_once_that_of_the_subject_too() -> None:
    with pytest.raises(BadInput) as caught:
        render(own("{{ b }}\n{{ c }}", subject="{{ a }}"), FULL)

    assert [line.partition(":")[2][:1] for line in caught.value.message.splitlines()] == ["1", "3", "4"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("One\n\n{% if customer %}", "/own/revisit.txt:5: Unexpected end of template."),
        ("{% if customer %}\n{% endfor %}", ":4: "),
        ("{{ customer", ":3: Unexpected end of template"),
        ("{% sing %}", ":3: Encountered unknown tag 'sing'."),
        ("{% if customer %}\n{% endif %}\n{{ ? }}", ":5: "),
    ],
)
def test_a_mistake_in_the_writing_is_told_with_file_and_line(body: str, told: str) -> None:
    assert told in refused(body).message


def test_an_unknown_fact_that_is_printed_is_told_with_the_command_that_fills_it() -> None:
    problem = refused("One\n{{ offer.terms }}", offer=None)

    assert problem.message == "/own/revisit.txt:4: Not known yet: offer.terms."
    assert problem.hint.startswith("To fill it: winback offer add WHO.")


@pytest.mark.parametrize("unknown", [None, "", "  ", "\x1b"])
def test_an_unknown_fact_may_be_asked_for(unknown: str | None) -> None:
    body = "{% if company %}A{% else %}B{% endif %}{{ company|default('C') }}{{ company is defined and 'D' or 'E' }}"

    assert made(body, company=unknown) == "BCE\n"


def test_a_record_of_which_nothing_is_known_is_as_unknown_as_a_text() -> None:
    assert (
        made("{% if offer %}A{% else %}B{% endif %}{% if offer.terms %}C{% endif %}", offer={"kind": ""})
        == "B\n"
    )


def test_a_message_that_comes_out_empty_is_refused() -> None:
    assert ":3: The message comes out empty." in refused("{% if not customer %}x{% endif %}").message


# -- facts -----------------------------------------------------------------------------------


def test_jinja_within_a_fact_is_printed_and_never_evaluated() -> None:
    said = "{{ 7*7 }}{% if 1 %}{# no #}"

    message = render(
        own("{{ customer }} {{ said.why_left }}", subject="{{ customer }}"),
        FULL | {"customer": said, "said": {"why_left": said}},
    )

    assert message == (said, f"{said} {said}\n")


def test_a_fact_cannot_end_the_subject() -> None:
    message = render(
        own("Body", subject="For {{ customer }}"), FULL | {"customer": "Ana\r\nBcc: all@example.com\u2028x"}
    )

    assert message == ("For Ana Bcc: all@example.com x", "Body\n")


def test_control_characters_of_facts_and_of_the_template_are_dropped() -> None:
    body = r"{{ customer }}{{ said.why_left }}{{ '\x1b]0;x\x07\u202e\ud800' }}"

    told = made(body, customer="A\x1b[31m\x9bna\u202e", said={"why_left": "so\x00\r\nit\tis"})

    assert told == "A[31mnaso\nit\tis]0;x\n"


def test_only_their_own_words_keep_their_lines() -> None:
    changes = [{"what": "One\nTwo", "done": True}]

    told = made(
        "{{ said.why_left }}|{{ done_changes|length }}{% for c in changes %}{{ c.what }}{% endfor %}",
        said={"why_left": "a\n\n\n\nb"},
        changes=changes,
    )

    assert told == "a\n\nb|1One Two\n"


def test_done_and_open_changes_are_read_off_the_changes() -> None:
    body = "{% for c in done_changes %}+{{ c.what|bare }}{% endfor %}{% for c in open_changes %}-{{ c.due }}{% endfor %}"

    told = made(body, done_changes=[{"what": "A lie", "done": True}])

    assert told == "+The stock is checked before each delivery-12 January 2027-1 February 2027\n"


def test_facts_that_no_template_knows_and_values_that_are_not_plain_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no template knows nickname"):
        render(own("x"), FULL | {"nickname": "Secret"})
    with pytest.raises(TypeError, match="a template is not filled with a date"):
        render(own("x"), FULL | {"today": date(2026, 11, 24)})


def test_parts_of_a_change_that_no_template_knows_stay_out() -> None:
    changes = [{"n": 1, "state": "open", "what": "A", "cost": {"amount": 1}}]

    assert (
        ":3: There is no part cost"
        in refused("{% for c in changes %}{{ c.cost }}{% endfor %}", changes=changes).message
    )
    assert made("{% for c in changes %}{{ c.what }}{% endfor %}", changes=changes) == "A\n"


def test_the_filters_word_what_they_say() -> None:
    body = "{{ 'a.'|bare }} {{ 'it is'|sentence }} {{ 'Why?'|sentence }} {{ 'aB'|upper }} {{ 'aB'|lower }} {{ (changes|first).owner or 'x' }}"

    assert made(body) == "a It is. Why? AB ab x\n"


def test_a_line_of_tags_alone_leaves_no_line_and_other_lines_stay_apart() -> None:
    body = "A\n  {% if firm %} {# x #}  \nB {% if firm %}C{% endif %}\nD\n{% endif %}\n{% for c in changes -%}\n  {{ loop.index }}\n{%- if not loop.last %},{% endif %}\n{% endfor %}\nE"

    assert made(body) == "A\nB C\nD\n1,\n2,\n3\nE\n"


# -- the closed table ------------------------------------------------------------------------


def test_every_kind_uses_known_names_and_every_name_has_a_use_and_a_line() -> None:
    used = {name for kind in KINDS for name in names_of(kind)}

    assert used == KNOWN.keys()
    assert all(name.what and all(name.fields.values()) for name in KNOWN.values())
    assert not any(kind.what.endswith(".") for kind in KINDS.values())


def test_a_contact_knows_no_offer_no_apology_and_no_change() -> None:
    assert names_of("contact").keys().isdisjoint({"offer", "apology", "changes", "said", "fix"})
    assert "There is no place for offer" in refused("{{ offer.terms }}", kind="contact").message


@pytest.mark.parametrize("said", sorted({name.filled_by for name in KNOWN.values()} - {""}))
def test_the_command_that_fills_a_fact_is_one_and_has_the_options_named(said: str, winback: Runner) -> None:
    command = said if said.startswith("winback ") else said.partition("(")[2].rstrip(")")
    words = [word for word in command.split()[1:] if word.islower() and word[0] != "-"]

    ran = winback(*words, "--help")

    assert ran.code == 0
    assert all(option in ran.out + ran.err for option in command.split() if option[0] == "-")


# -- what a template of others must not do (J1) ----------------------------------------------

REFUSED = {
    "attribute": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "attribute by name": "{{ customer['__class__'] }}",
    "attribute by filter": "{{ customer|attr('__class__') }}",
    "attribute of a loop": "{% for c in changes %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "loop's environment": "{% for c in changes %}{{ loop._iterable }}{% endfor %}",
    "method": "{{ customer.format }}",
    "method of a list": "{{ (changes or [1]).append }}",
    "method of a literal": "{{ [1].append }}",
    "format": "{{ '{0.__class__}'.format(customer) }}",
    "format filter": "{{ '%1000000000d'|format(1) }}",
    "self": "{{ self.__init__ }}",
    "globals": "{{ cycler.__init__.__globals__.os }}",
    "huge width": "{{ '%1000000000d' % 1 }}",
    "huge text": "{{ 'x' * 10**9 }}",
    "huge power": "{{ 10**10**8 }}",
    "huge power of a power": "{{ 10**(10**8) }}",
    "huge power folded": "{% if 10**(10**8) %}x{% endif %}",
    "range": "{% for i in range(10**9) %}x{% endfor %}",
    "center": "{{ customer|center(10**9) }}",
    "indent": "{{ customer|indent(10**9) }}",
    "join": "{{ ([customer]|join(customer))|join(customer) }}",
    "doubling": "{% set a = customer ~ customer %}{{ a }}",
    "doubling block": "{% set a %}{{ customer }}{{ customer }}{% endset %}{{ a }}",
    "concatenation": "{{ customer ~ customer }}",
    "macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "loop that calls itself": "{% for c in changes recursive %}{{ loop(changes) }}{% endfor %}",
    "cycle": "{% for c in changes %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "cycler": "{% set c = cycler(1, 2) %}{% for x in c %}{% endfor %}",
    "namespace": "{% set n = namespace(x=1) %}{{ n.x }}",
    "lipsum": "{{ lipsum(n=100000) }}",
    "include": "{% include '/etc/passwd' %}",
    "include of itself": "{% include 'revisit.txt' %}",
    "import": "{% import 'os' as os %}",
    "from": "{% from 'os' import path %}",
    "extends": "{% extends 'base.txt' %}",
    "block": "{% block a %}{{ self.a() }}{% endblock %}",
    "call": "{% call customer() %}{% endcall %}",
    "filter block": "{% filter upper %}x{% endfilter %}",
    "statement": "{% do changes.append(1) %}",
    "autoescape": "{% autoescape true %}x{% endautoescape %}",
    "deep brackets": "{{ " + "(" * 9_000 + "1" + ")" * 9_000 + " }}",
    "deep conditions": "{% if 1 %}" * 500 + "{% endif %}" * 500,
    "deep not": "{{ " + "not " * 4_000 + "1 }}",
    "deep filters": "{{ customer" + "|upper" * 3_000 + " }}",
    "deep loops": "{% for c in changes %}" * 300 + "{% endfor %}" * 300,
    "huge number": "{{ " + "9" * 9_000 + " }}",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_an_attack_is_refused_with_its_line(body: str) -> None:
    problem = refused(body)

    assert problem.message.startswith("/own/revisit.txt:")
    assert "stopped" not in problem.message
    assert "object at" not in problem.message and "<built-in" not in problem.message


MANY = [{"what": "A"}] * 400
DEEP = "{% for a in changes %}" * 8 + "{% if a.due %}x{% endif %}" + "{% endfor %}" * 8


def test_loops_within_loops_that_print_nothing_are_stopped_by_the_clock() -> None:
    assert refused(DEEP, changes=MANY).message == "/own/revisit.txt was stopped: it takes too long."


def test_a_process_that_nobody_ends_is_ended_by_the_system() -> None:
    pytest.importorskip("resource")
    plain = templates._plain(FULL | {"changes": MANY})

    process, pipe = apart._started(("revisit", "s", DEEP, plain))
    process.join(15)

    assert process.exitcode is not None and process.exitcode < 0
    pipe.close()


def test_loops_within_loops_that_print_are_stopped_by_the_length() -> None:
    body = "{% for a in changes %}" * 8 + "{{ customer }}" + "{% endfor %}" * 8

    assert "It makes more than 20,000 characters." in refused(body, changes=MANY).message


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bound on memory is Linux's")
def test_memory_beyond_the_bound_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    body, huge = "{% if customer|upper|lower|upper %}A{% endif %}", {"customer": "x" * 40_000_000}
    assert made(body, **huge) == "A\n"

    monkeypatch.setattr(apart, "MEMORY", 1_000_000)

    assert "too large" in refused(body, **huge).message


def test_the_next_template_is_filled_after_one_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "SECONDS", 0.2)
    assert "stopped" in refused(DEEP, changes=MANY).message
    monkeypatch.undo()

    assert made("{{ customer }}") == "Ana Sol\n"


def test_where_processes_are_not_forked_the_same_message_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    forked = made("{{ customer }} {{ said.why_left|upper }}")
    monkeypatch.setattr(apart, "_METHOD", "spawn")

    assert made("{{ customer }} {{ said.why_left|upper }}") == forked == "Ana Sol LATE AGAIN\n"
    assert ":3: There is no nobody" in refused("{{ nobody }}").message


def test_the_module_loads_neither_jinja_nor_a_second_process_before_they_are_needed() -> None:
    script = "import sys, winback_cli.templates; print(sorted({'jinja2', 'multiprocessing', 'pydantic'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=15)

    assert done.stdout.strip() == "[]", done.stderr
