"""Offers: on record with their terms, weighed before a price, and the ledger of who got what (B5.4)."""

import gzip
import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import LIST, Ran, Runner
from tests.store.test_promises import recorded
from winback_cli.case import fold
from winback_cli.main import main
from winback_cli.store import reading, reads, repeating

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
FROZEN = Path(__file__).parent / "frozen"
TODAY = "2026-11-23"
HEAD = "customer_id,name,email,last_purchase,reason,opt_out\n"


@pytest.fixture
def now(stocked: Runner) -> Runner:
    """The runner over the sample list on Monday 23 November 2026."""
    return lambda *words: stocked("--as-of", TODAY, *words)


@pytest.fixture
def priced(winback: Runner, tmp_path: Path) -> Runner:
    """A list of eight: six left for the price (one of them left alone), one for support, one for nothing
    known.
    """
    path = tmp_path / "priced.csv"
    reasons = [*["price"] * 6, "support", ""]
    path.write_text(
        HEAD
        + "".join(
            f"P{n},Customer {n},c{n}@example.com,2025-01-01,{reason},{'yes' if n == 6 else 'no'}\n"
            for n, reason in enumerate(reasons, 1)
        ),
        "utf-8",
    )
    run: Runner = lambda *words: winback("--as-of", TODAY, *words)  # noqa: E731
    assert run("import", path).code == 0
    return run


def ledger(run: Runner, *words: object) -> list[dict[str, Any]]:
    ran = run("offer", "list", *words, "--json")
    assert ran.code == 0, ran.err
    told: list[dict[str, Any]] = json.loads(ran.out)
    return told


def suggested(run: Runner, who: object, *words: object) -> dict[str, Any]:
    ran = run("offer", "suggest", who, *words, "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def offer(run: Runner, who: object, kind: str, *words: object) -> Ran:
    ran = run("offer", "add", who, kind, "--terms", "As agreed", *words)
    assert ran.code == 0, ran.err
    return ran


# -- on record -------------------------------------------------------------------------------


def test_an_offer_is_on_record_with_its_terms_cost_and_end(now: Runner) -> None:
    words = ("--terms", "Four weeks free", "--cost", "250 EUR", "--expires", "+10d")
    assert now("offer", "add", 1, "trial", *words).code == 0

    assert ledger(now) == [
        {
            "case": "1.1",
            "customer": 1,
            "name": "Ana Sol",
            "company": "Blue Foods",
            "status": "open",
            "outcome": None,
            "kind": "trial",
            "terms": "Four weeks free",
            "cost": {"amount": 25_000, "currency": "EUR"},
            "expires": "2026-12-03",
            "reason": "",
            "expired": False,
        }
    ]


@pytest.mark.parametrize("kind", ["refund guarantee", "refund_guarantee", "Refund-Guarantee", "refund"])
def test_a_kind_goes_by_its_words_however_they_are_joined(kind: str, now: Runner) -> None:
    offer(now, 1, kind)

    assert [one["kind"] for one in ledger(now)] == ["refund_guarantee"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bribe", "--terms", "x"), "one of these: trial, refund guarantee"),
        (("trial", "--terms", " "), "--terms is empty"),
        (("trial", "--terms", "x" * 301), "longer than 300"),
        (("trial", "--terms", "x", "--expires", "yesterday"), "not before 2026-11-23"),
        (("trial", "--terms", "x", "--cost", "-3 EUR"), "not below nothing"),
        (("trial",), "--terms"),
        (("discount", "--terms", "x", "--override", " "), "--override is empty"),
        (("discount", "--terms", "x", "--others", " "), "--others is empty"),
    ],
)
def test_an_offer_that_says_nothing_sound_is_refused(
    words: tuple[str, ...], said: str, now: Runner, rows: Any
) -> None:
    ran = now("offer", "add", 1, *words)

    assert ran.code in (2, 65)
    assert said in ran.err
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


def test_an_offer_whose_day_has_gone_by_is_marked(stocked: Runner, now: Runner) -> None:
    offer(now, 1, "trial", "--expires", "today")

    def shown(day: str) -> tuple[str, bool]:
        run: Runner = lambda *words: stocked("--as-of", day, *words)  # noqa: E731
        return run("offer", "list").out.splitlines()[1].split("\t")[-1], ledger(run)[0]["expired"]

    assert shown(TODAY) == ("2026-11-23", False)
    assert shown("2026-11-24") == ("2026-11-23, expired", True)


def test_an_undone_offer_leaves_the_ledger(now: Runner) -> None:
    offer(now, 1, "trial")
    offer(now, 1, "voucher", "--others", "the other two")

    assert now("undo", 1).code == 0

    assert [one["kind"] for one in ledger(now)] == ["trial"]


def test_an_offer_that_was_taken_out_leaves_the_ledger_and_the_others_keep_their_places(
    now: Runner, store_path: Path
) -> None:
    offer(now, 1, "trial")
    offer(now, 1, "loyalty card")
    recorded(store_path, "offered", "revisit.offers", "revisited.offers", item=1, value={"removed": True})

    assert [one["kind"] for one in ledger(now)] == ["loyalty_card"]
    assert "Offer 3 of case 1.1" in offer(now, 1, "refund guarantee").err
    assert now("store", "doctor").code == 0


def test_the_list_of_offers_keeps_to_80_columns(now: Runner) -> None:
    assert now("edit", 1, "--company", "B" * 100).code == 0
    words = ("--terms", "Four weeks free " * 10, "--cost", "123456.78 EUR", "--expires", "today")
    assert now("offer", "add", 1, "dedicated representative", *words).code == 0

    lines = now("--color", "always", "offer", "list").out.splitlines()

    assert max(len(_uncoloured(line)) for line in lines) <= 80
    assert "EUR 123,456.78" in lines[1]


def _uncoloured(line: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", line)


# -- a lower price ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["discount", "voucher"])
def test_a_lower_price_shows_its_ripple_and_opens_no_case_before_it_was_weighed(
    kind: str, priced: Runner, rows: Any
) -> None:
    ran = priced("offer", "add", 1, kind, "--terms", "10 percent off", "--cost", "100 EUR")

    assert ran.code == 5
    assert f"4 customers are comparable. 4 could ask for a {kind}." in ran.err
    assert "If all of them ask: 4 and this one, at EUR 100 each, come to EUR 500." in ran.err
    assert "--others" in ran.err
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


def test_who_else_would_ask_is_kept_as_the_answer_of_the_walk(now: Runner) -> None:
    offer(now, 1, "discount", "--others", "the other two dentists")

    shown = json.loads(now("show", 1, "--json").out)

    assert "the other two dentists" in json.dumps(shown)
    assert [one["kind"] for one in ledger(now)] == ["discount"]
    offer(now, 1, "voucher")  # it was said, and need not be said again


def test_a_playbook_that_does_not_ask_it_takes_the_answer_too(now: Runner) -> None:
    assert now("note", 2, "a remark").code == 0
    assert now("playbook", "move", 2, "--to", "lapsed-list", "--yes").code == 0

    offer(now, 2, "discount", "--others", "nobody, it is the last of the stock")

    assert [one["case"] for one in ledger(now)] == ["2.1"]
    assert now("store", "doctor").code == 0


def test_a_price_offered_unasked_leaves_its_reason_in_the_case(now: Runner) -> None:
    offer(now, 1, "discount", "--override", "the director said so")

    shown = now("show", 1).out

    assert "ripple set aside: the director said so" in shown
    offer(now, 1, "voucher")  # the rule stays set aside


def test_an_override_where_no_price_is_lowered_sets_nothing_aside(now: Runner) -> None:
    offer(now, 1, "trial", "--override", "just in case")

    assert "set aside" not in now("show", 1).out


def test_the_answer_of_a_case_that_is_closed_does_not_hold_for_the_next(now: Runner) -> None:
    offer(now, 1, "discount", "--others", "the other two")
    assert now("close", 1, "--outcome", "lost").code == 0

    ran = now("offer", "add", 1, "discount", "--terms", "10 percent off")

    assert ran.code == 5
    assert [one["case"] for one in ledger(now)] == ["1.1"]


# -- the ripple, by hand ---------------------------------------------------------------------


def test_the_ripple_counts_whoever_left_for_the_same_reason_and_never_adds_currencies(
    priced: Runner,
) -> None:
    for who, cost in ((2, "100 EUR"), (2, "50 EUR"), (3, "70 USD"), (7, "9 EUR")):
        offer(priced, who, "discount", "--others", "everybody", "--cost", cost)
    offer(priced, 4, "discount", "--others", "everybody")
    offer(priced, 5, "trial", "--cost", "30 EUR")
    assert priced("note", 1, "a remark").code == 0
    _say(priced, 1)

    ripple = suggested(priced, 1, "--cost", "40 EUR")["ripple"]["discount"]

    # Left for the price: 2, 3, 4 and 5 (6 is left alone, 1 is asked about); of these only 5 has none.
    # Of them 2, 3 and 4 have one; 7 has too, but left for the support. Cost: 100 + 50 EUR, 70 USD.
    assert ripple == {
        "given": 3,
        "could_ask": 1,
        "same_reason": True,
        "spent": [{"amount": 15_000, "currency": "EUR"}, {"amount": 7_000, "currency": "USD"}],
        "cost": {"amount": 4_000, "currency": "EUR"},
        "for_all": {"amount": 8_000, "currency": "EUR"},
    }


def _say(run: Runner, who: int) -> None:
    """Let the case say who else would ask, by an offer that is taken back at once."""
    offer(run, who, "voucher", "--others", "everybody")
    assert run("undo", who).code == 0


def test_a_leaf_of_a_reason_is_alike_to_its_reason(priced: Runner, store_path: Path) -> None:
    connection = sqlite3.connect(store_path)
    connection.execute("UPDATE customer_row SET reason = 'price/shipping_cost' WHERE id IN (2, 3)")
    connection.execute("UPDATE customer_row SET reason = 'priceless' WHERE id = 4")
    connection.commit()
    connection.close()
    _say(priced, 1)
    _say(priced, 2)

    assert suggested(priced, 1)["ripple"]["discount"]["could_ask"] == 3  # 2, 3 and 5
    assert suggested(priced, 2)["ripple"]["discount"]["could_ask"] == 3  # 1, 3 and 5


@pytest.mark.parametrize("said", ["Price", "price ", "PRICE"])
def test_a_list_that_writes_the_reason_otherwise_means_the_same(
    said: str, priced: Runner, store_path: Path
) -> None:
    with closing(sqlite3.connect(store_path)) as connection:
        connection.execute("UPDATE customer_row SET reason = ? WHERE id IN (2, 3)", (said,))
        connection.execute("UPDATE customer_row SET reason = 'Zu teuer, Ärger' WHERE id IN (4, 7)")
        connection.commit()
    _say(priced, 1)

    assert suggested(priced, 1)["ripple"]["discount"]["could_ask"] == 3  # 2, 3 and 5
    told = suggested(priced, 4)["ripple"]
    assert {one["could_ask"] for one in told.values()} == {1}  # in the list's own words: 7


def test_who_else_could_ask_is_the_same_wherever_it_is_asked(winback: Runner, tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    lines = [
        f"C{n},Customer {n},c{n}@example.com,2025-01-01,price,{country},{revenue},EUR"
        for n, (country, revenue) in enumerate(
            [("DE", 1000), ("DE", 1500), ("DE", 9000), ("FR", 1000), ("DE", 600)], 1
        )
    ]
    head = "customer_id,name,email,last_purchase,reason,country,revenue,currency"
    path.write_text("\n".join([head, *lines, ""]), "utf-8")
    run: Runner = lambda *words: winback("--as-of", TODAY, *words)  # noqa: E731
    assert run("import", path).code == 0

    added = run("offer", "add", 1, "discount", "--terms", "10 percent off", "--cost", "10 EUR").err
    _say(run, 1)
    told = suggested(run, 1, "--cost", "10 EUR")["ripple"]["discount"]
    ripple = json.loads(run("offer", "ripple", 1, "--cost", "10 EUR", "--json").out)

    assert ripple["could_ask"] == 2  # of the same country and half to double the revenue: 2 and 5
    assert told["could_ask"] == 2
    assert "2 could ask for a discount" in added
    assert told["for_all"] == ripple["for_all"] == {"amount": 3000, "currency": "EUR"}


def test_where_no_reason_is_known_everybody_could_ask(priced: Runner) -> None:
    told = suggested(priced, 8)

    assert (told["reason"], told["said_by"]) == (None, None)
    assert told["ripple"]["trial"]["could_ask"] == 6  # all but 8, and 6 who is left alone
    assert told["ripple"]["trial"]["same_reason"] is False


def test_what_somebody_left_alone_was_given_counts_no_more(priced: Runner) -> None:
    offer(priced, 2, "discount", "--others", "everybody", "--cost", "100 EUR")
    _say(priced, 1)
    assert suggested(priced, 1)["ripple"]["discount"]["given"] == 1
    assert priced("suppress", 2, "--reason", "asked").code == 0

    ripple = suggested(priced, 1)["ripple"]["discount"]

    assert (ripple["given"], ripple["spent"], ripple["could_ask"]) == (0, [], 3)
    assert ledger(priced) == []


# -- suggested -------------------------------------------------------------------------------


def test_the_reason_is_the_cases_and_before_it_is_known_the_lists(priced: Runner) -> None:
    assert (suggested(priced, 7)["reason"], suggested(priced, 7)["said_by"]) == ("support", "list")
    assert "by the list they came in" in priced("offer", "suggest", 7).out
    assert priced("walk", 7, "--answers", ANSWERS).code == 0

    told = suggested(priced, 7)

    assert (told["reason"], told["said_by"]) == ("complaint_handled_badly", "case")


def test_nothing_is_suggested_for_our_failure_until_every_promise_is_kept(now: Runner) -> None:
    assert now("walk", 1, "--answers", ANSWERS).code == 0
    assert suggested(now, 1)["kinds"] == []
    assert "Mend what went wrong first" in now("offer", "suggest", 1).out

    assert now("promise", "keep", 1, 2).code == 0

    assert suggested(now, 1)["kinds"] == ["dedicated_representative", "refund_guarantee"]


def test_nothing_is_suggested_for_our_failure_until_the_fix_is_done(priced: Runner) -> None:
    assert priced("fix", "add", "One person who answers", "--for", 7).code == 0
    assert suggested(priced, 7)["kinds"] == []

    assert priced("fix", "done", 1).code == 0

    assert suggested(priced, 7)["kinds"] == ["dedicated_representative", "trial"]
    assert priced("promise", "add", 7, "a call", "--owner", "Mara", "--due", "+1d").code == 0
    assert suggested(priced, 7)["kinds"] == []


def test_a_lower_price_is_suggested_once_it_was_said_who_else_would_ask(priced: Runner) -> None:
    before = suggested(priced, 1)
    _say(priced, 1)

    assert (before["kinds"], before["source"]) == ([], ["B5.4"])
    assert suggested(priced, 1)["kinds"] == ["discount", "voucher"]


# -- left alone ------------------------------------------------------------------------------


def test_nothing_is_offered_or_suggested_to_somebody_left_alone(now: Runner) -> None:
    offer(now, 1, "trial")
    offer(now, 2, "trial")
    assert now("suppress", 1, "--reason", "asked").code == 0

    for words in (
        ("add", 1, "trial", "--terms", "x"),
        ("add", 4, "discount", "--terms", "x"),
        ("suggest", 1),
        ("suggest", 4),
        ("list", 1),
    ):
        ran = now("offer", *words)
        assert (ran.code, "left alone" in ran.err, ran.out) == (5, True, ""), words
    assert [one["case"] for one in ledger(now)] == ["2.1"]


# -- the ledger and the cases ----------------------------------------------------------------


@pytest.mark.parametrize("version", sorted(path.name[:4] for path in FROZEN.glob("*.gz")))
def test_the_offers_of_an_old_store_are_in_the_ledger_after_its_upgrade(
    version: str, winback: Runner, store_path: Path
) -> None:
    store_path.parent.mkdir(mode=0o700, parents=True)
    store_path.write_bytes(gzip.decompress((FROZEN / f"{version}.sqlite.gz").read_bytes()))
    shutil.copy(FROZEN / f"{version}.key", store_path.with_name(store_path.name + ".key"))
    for place in (store_path, store_path.with_name(store_path.name + ".key")):
        place.chmod(0o600)

    run: Runner = lambda *words: winback("--as-of", TODAY, *words)  # noqa: E731
    (one,) = ledger(run)

    assert (one["case"], one["kind"], one["cost"], one["reason"]) == (
        *("1.1", "trial", None, "complaint_handled_badly"),
    )
    assert one["terms"] == "The next delivery comes free of charge if it is a day late."
    assert [p["n"] for p in json.loads(run("promise", "list", "--json").out)] == [2]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE concession SET cost = 1",
        "UPDATE concession SET kind = 'discount'",
        "UPDATE concession SET reason = 'price'",
        "DELETE FROM concession",
        "INSERT INTO concession SELECT case_id, 9, kind, terms, cost, currency, expires, reason"
        " FROM concession",
    ],
)
def test_the_doctor_finds_and_mends_a_ledger_that_says_other_than_the_case(
    damage: str, now: Runner, store_path: Path
) -> None:
    offer(now, 1, "trial", "--cost", "250 EUR")
    before = ledger(now)
    connection = sqlite3.connect(store_path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    assert ledger(now) != before or damage.endswith("'price'")

    looked = now("store", "doctor")
    assert now("store", "doctor", "--mend").code == 0

    assert looked.code != 0
    assert "offers" in looked.out
    assert ledger(now) == before
    assert now("store", "doctor").code == 0


def test_an_offer_keeps_with_its_case_when_two_customers_are_merged(now: Runner) -> None:
    offer(now, 1, "trial")
    offer(now, 2, "loyalty card", "--cost", "20 EUR")
    assert now("close", 2, "--outcome", "lost").code == 0

    assert now("merge", 1, 2, "--yes").code == 0

    assert sorted((one["case"], one["kind"]) for one in ledger(now)) == [
        ("1.1", "trial"),
        ("1.2", "loyalty_card"),
    ]
    assert now("store", "doctor").code == 0


# -- any sequence ----------------------------------------------------------------------------


WHO = st.sampled_from(("1", "2", "3"))
NUMBER = st.sampled_from(("1", "2"))


def line(words: str, *drawn: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """A command line; each % in it is one of those drawn."""
    return st.tuples(*drawn).map(lambda given: _filled(words, list(given)))


def _filled(words: str, given: list[str]) -> list[str]:
    return [given.pop(0) if word == "%" else word for word in words.split()]


ACT = st.one_of(
    line("promise add % x --done", WHO),
    line("promise add % y --owner Mara --due +2d", WHO),
    line("promise % % %", st.sampled_from(("keep", "break")), WHO, NUMBER),
    line("fix add z --for %", WHO),
    line("fix for % %", NUMBER, WHO),
    line("fix % %", st.sampled_from(("done", "drop", "reopen", "tell")), NUMBER),
    line(
        "offer add % % --terms t --cost % % w",
        *(WHO, st.sampled_from(("trial", "discount", "voucher"))),
        *(st.sampled_from(("5 EUR", "7 USD")), st.sampled_from(("--others", "--override"))),
    ),
    line("checkin % % --next +1w", WHO, st.sampled_from(("--kept", "--missed"))),
    line("checkin % --kept --on -1d --same-reason", WHO),
    line("undo %", WHO),
    line(
        "close % --outcome % --until +1m --override so",
        *(WHO, st.sampled_from(("won", "lost", "dormant"))),
    ),
    line("reopen %", WHO),
    line("suppress 3 --reason asked"),
)


@settings(max_examples=20)
@given(acts=st.lists(ACT, min_size=3, max_size=14))
def test_any_sequence_leaves_a_sound_store_whose_ledger_is_what_its_cases_say(
    acts: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "home" / "store.sqlite"
        (Path(folder) / "list.csv").write_text(LIST, "utf-8")
        every = ["--store", str(store), "--as-of", TODAY]
        assert main([*every, "import", f"{folder}/list.csv"]) == 0

        codes = {main([*every, *act]) for act in acts}

        assert codes <= {0, 2, 3, 4, 5, 65}, capfd.readouterr().err
        capfd.readouterr()
        assert main([*every, "store", "doctor"]) == 0, capfd.readouterr().out
        capfd.readouterr()
        assert main([*every, "offer", "list", "--json"]) == 0
        listed = json.loads(capfd.readouterr().out)
        assert sorted((one["case"], one["kind"], one["terms"]) for one in listed) == _folded(store)


def _folded(store: Path) -> list[tuple[str, str, str]]:
    """What the cases themselves say was offered to whoever is not left alone."""
    found = []
    with reading(store) as connection:
        rows = connection.execute(
            "SELECT c.id FROM casefile c JOIN customer u ON u.id = c.customer_id"
            " WHERE u.suppression_id IS NULL"
        )
        for (key,) in rows.fetchall():
            ref = reads.case_by_key(connection, key)
            case = fold(ref.id, reads.events(connection, key))
            found += [(ref.id, kind, terms) for _, kind, terms, *_ in repeating.concessions(case)]
    return sorted(found)
