"""The outbox: nothing goes out twice, unapproved or to whoever is left alone; what is uncertain stays so."""

import contextlib
import io
import json
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.conftest import Ran, Runner
from winback_cli.customer import Customer, email_point, guises, hashed
from winback_cli.dates import clock_at
from winback_cli.errors import Refused, TryAgain
from winback_cli.store import connect
from winback_cli.store.outbox import Draft
from winback_cli.store.suppressions import enter, insert_hashes
from winback_cli.store.writes import Store

ANSWERS = Path(__file__).parents[1] / "cli" / "files" / "answers.yaml"
BODY = "Dear Ana,\n\nmay I have ten minutes of your time?\n\nMara Voss\n"
LETTER = f"Subject: Ten minutes\n\n{BODY}"
PLEA = "Subject: Hello\n\nDear Ana,\n\nwe want you back.\n\nMara Voss\n"
DONE = """Subject: What has changed

Dear Ana,

because of what you told us, {what} is done.

Thank you for naming the problem.

Mara Voss
"""
MONDAY = ("--as-of", "2026-11-23")
Rows = Callable[..., list[Any]]


@pytest.fixture
def desk(stocked: Runner, home: Path) -> Runner:
    """The runner over the sample list, with an address to write from."""
    write_settings(home)
    return stocked


def write_settings(home: Path, **more: str) -> None:
    told = {"name": "Mara Voss", "firm": "Oakline", "mail_from": "mara@example.com", **more}
    place = home / "settings.toml"
    place.write_text("".join(f'{key} = "{value}"\n' for key, value in told.items() if value), "utf-8")
    place.chmod(0o600)


@pytest.fixture
def letter(tmp_path: Path) -> Callable[[str], Path]:
    """A message in a file."""

    def one(content: str = LETTER) -> Path:
        place = tmp_path / "letter.txt"
        place.write_text(content, "utf-8", newline="")
        return place

    return one


@pytest.fixture
def approved(desk: Runner) -> Runner:
    """The runner with message 1, to customer 1, approved."""
    assert desk("draft", 1, "--approve").code == 0
    return desk


@pytest.fixture
def decided(desk: Runner) -> Runner:
    """The runner with case 1.1 decided on Monday, and its message not yet out."""
    assert desk(*MONDAY, "walk", 1, "--answers", ANSWERS).code == 0
    assert desk(*MONDAY, "undo", 1).code == 0  # the day on which it went out
    return desk


def mails(home: Path) -> list[Path]:
    return sorted((home / "outbox").glob("*"))


def state(rows: Rows, number: int = 1) -> str:
    return str(rows("SELECT state FROM message WHERE id = ?", number)[0][0])


def sent(rows: Rows) -> int:
    return int(rows("SELECT count(*) FROM event WHERE kind = 'sent'")[0][0])


def cut_off(store: Path, minutes: int = 60, number: int = 1) -> None:
    """A sender claimed this message some time ago, and was never heard of again."""
    from datetime import timedelta

    from winback_cli import settings

    clock = settings.clock(None)
    earlier = clock.now - timedelta(minutes=minutes)
    opened = Store.open(store, "mara", clock_at(earlier.isoformat()), "send")
    opened.claim(number, lambda connection, message: None)
    opened.close()


def list_address(store: Path, address: str) -> None:
    """An address is on the suppression list, and no record goes by it."""
    opened = Store.open(store, "mara", clock_at("2026-11-23"), "test")
    with opened._writing() as w:
        key = connect.read_key(store, make=True)
        names = guises(Customer(emails=(email_point(address),)))
        insert_hashes(w, enter(w, "asked"), {hashed(name, key) for name in names})
    opened.close()


def check_kept(ran: Ran, code: int, home: Path, rows: Rows, what: str = "approved") -> None:
    """It stopped, nothing went out, and the message stands where it stood."""
    assert ran.code == code, ran.err
    assert mails(home) == []
    assert (state(rows), sent(rows)) == (what, 0)


# -- from a draft to a mail ------------------------------------------------------------------------


def test_a_message_is_drafted_approved_and_sent_and_its_case_says_so(
    desk: Runner, home: Path, rows: Rows
) -> None:
    drafted, done, out = desk("draft", 1), desk("outbox", "approve", 1), desk("send", 1)

    assert (drafted.code, done.code, out.code) == (0, 0, 0)
    assert drafted.out.startswith(
        "To: ana@blue.example.com\nSubject: Ten minutes of your time, Ana\n\nDear Ana,"
    )
    (mail,) = mails(home)
    assert b'\nTo: "Ana Sol"\r\n <ana@blue.example.com>\r\n' in mail.read_bytes()
    (number,) = rows("SELECT message_id FROM message")[0]
    assert f"Message-ID: {number}" in mail.read_text("utf-8")
    assert json.loads(rows("SELECT body FROM event WHERE kind = 'sent'")[0][0]) == {
        "message": 1,
        "stage": "contact",
        "subject": "Ten minutes of your time, Ana",
    }
    assert desk("store", "doctor").code == 0


def test_nothing_is_sent_that_is_not_approved(desk: Runner, home: Path, rows: Rows) -> None:
    assert desk("draft", 1).code == 0

    check_kept(desk("send", 1), 5, home, rows, "draft")
    check_kept(desk("send", "--all-approved"), 0, home, rows, "draft")


def test_a_message_is_never_sent_twice(approved: Runner, home: Path, rows: Rows) -> None:
    first = approved("send", 1)

    again = [approved("send", 1), approved("send", "--all-approved"), approved("outbox", "approve", 1)]
    by_hand, settled = approved("outbox", "by-hand", 1), approved("outbox", "settle", 1, "--sent")

    assert first.code == 0
    assert [ran.code for ran in again] == [5, 0, 5]
    assert (by_hand.code, settled.code) == (5, 5)
    assert "was sent already" in again[2].err
    assert (len(mails(home)), sent(rows)) == (1, 1)


def test_a_folder_that_is_full_of_something_else_leaves_the_message_failed(
    approved: Runner, home: Path, rows: Rows
) -> None:
    (home / "outbox").write_text("in the way", "utf-8")

    ran = approved("send", 1)

    assert ran.code == 4
    assert (state(rows), sent(rows)) == ("failed", 0)
    assert "0 of 1 sent" in ran.err
    (home / "outbox").unlink()
    assert approved("outbox", "approve", 1).code == 0
    assert approved("send", 1).code == 0
    assert (len(mails(home)), sent(rows)) == (1, 1)


def test_some_that_fail_leave_the_others_sent_and_the_exit_code_says_so(
    approved: Runner, home: Path, rows: Rows
) -> None:
    assert approved("draft", 3, "--approve").code == 0
    assert approved("edit", 1, "--email", "new@blue.example.com").code == 0

    ran = approved("send", "--all-approved")

    assert ran.code == 4
    assert "1 of 2 sent." in ran.err
    assert (state(rows, 1), state(rows, 2)) == ("approved", "sent")


def test_what_is_made_is_its_owners_alone(approved: Runner, home: Path) -> None:
    assert approved("send", 1).code == 0

    (mail,) = mails(home)
    assert stat.S_IMODE(mail.stat().st_mode) == 0o600
    assert stat.S_IMODE(mail.parent.stat().st_mode) == 0o700


def test_a_dry_run_sends_nothing_and_says_what_would_not_be_sent(
    approved: Runner, home: Path, rows: Rows
) -> None:
    assert approved("draft", 3, "--approve").code == 0
    assert approved("edit", 1, "--email", "new@blue.example.com").code == 0

    ran = approved("send", "--all-approved", "--dry-run")

    assert ran.out == "2\tCleo Vann, Cleo & Co\tcleo@example.org\tTen minutes of your time, Cleo\n"
    assert ran.err.startswith("1 to Ana Sol, Blue Foods: would not be sent.")
    check_kept(ran, 0, home, rows)


def test_whose_messages_are_sent_has_to_be_said(approved: Runner) -> None:
    assert approved("send").code == 2
    assert approved("send", 1, "--all-approved").code == 2


def test_without_an_address_to_write_from_nothing_is_sent(approved: Runner, home: Path, rows: Rows) -> None:
    write_settings(home, mail_from="")

    check_kept(approved("send", 1), 65, home, rows)


def test_a_mail_server_without_its_password_sends_nothing(
    approved: Runner, home: Path, rows: Rows, tmp_path: Path
) -> None:
    write_settings(home, smtp_host="localhost", smtp_user="mara")
    empty = tmp_path / "password"
    empty.touch(mode=0o600)

    check_kept(approved("send", 1, "--password-file", empty), 65, home, rows)


def test_an_address_that_the_server_does_not_know_is_stale_and_its_customer_is_not_left_alone(
    approved: Runner, home: Path, rows: Rows
) -> None:
    from tests.faults.test_mail_servers import refuses, served

    address = rows('SELECT "to" FROM message')[0][0]
    query = "SELECT state FROM contact_point WHERE customer_id = 1 AND value = ?"
    with served("RCPT", refuses(b"550 5.1.1 no such user\r\n")) as server:
        write_settings(home, smtp_host="127.0.0.1", smtp_security="none")
        with (home / "settings.toml").open("a", encoding="utf-8") as more:
            more.write(f"smtp_port = {server.port}\n")
        ran = approved("send", 1)

    assert (ran.code, state(rows), sent(rows)) == (4, "failed", 0), ran.err
    assert "stale" in ran.err
    assert rows(query, address) == [("stale",)]
    assert rows("SELECT suppression_id FROM customer_row WHERE id = 1") == [(None,)]
    assert approved("store", "doctor").code == 0


# -- never to whoever is left alone ----------------------------------------------------------------


def test_nothing_is_drafted_for_whoever_is_left_alone(desk: Runner, rows: Rows) -> None:
    assert desk("draft", 4).code == 5
    assert rows("SELECT count(*) FROM message") == [(0,)]
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


@pytest.mark.parametrize("ready", ["draft", "approved", "failed"])
def test_a_suppression_drops_what_was_on_its_way(
    ready: str, approved: Runner, home: Path, rows: Rows
) -> None:
    if ready == "draft":
        assert approved("draft", 1, "--text", _other(home)).code == 0
    elif ready == "failed":
        (home / "outbox").write_text("in the way", "utf-8")
        assert approved("send", 1).code == 4
        (home / "outbox").unlink()
    assert state(rows) == ready

    assert approved("suppress", 1, "--reason", "asked").code == 0

    assert (state(rows), rows("SELECT detail FROM message")) == ("dropped", [("left alone",)])
    for line in (("send", 1), ("outbox", "approve", 1), ("outbox", "mailto", 1), ("outbox", "by-hand", 1)):
        check_kept(approved(*line), 5, home, rows, "dropped")
    assert approved("store", "doctor").code == 0


def _other(home: Path) -> Path:
    place = home / "other.txt"
    place.write_text(LETTER, "utf-8")
    return place


def test_an_opt_out_list_and_a_merge_drop_what_was_on_its_way(
    approved: Runner, home: Path, tmp_path: Path, rows: Rows
) -> None:
    assert approved("draft", 3, "--approve").code == 0
    path = tmp_path / "out.csv"
    path.write_text("customer_id,name,opted out\nA-3,Cleo Vann,yes\n", "utf-8")

    assert approved("import", path).code == 0
    assert approved("merge", 1, 4, "--yes").code == 0

    assert rows("SELECT state FROM message ORDER BY id") == [("dropped",), ("dropped",)]
    assert approved("send", "--all-approved").code == 0
    assert mails(home) == []


def test_an_address_on_the_list_stops_a_message_though_no_record_says_so(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    list_address(store_path, "A.N.A+news@BLUE.example.com")
    list_address(store_path, "Ana+news@BLUE.example.com")

    ran = approved("send", 1)

    check_kept(ran, 4, home, rows)
    assert "asked to be left alone" in ran.err
    assert approved("outbox", "mailto", 1).code == 5
    assert approved("send", 1, "--dry-run").out == ""


def test_the_claim_asks_again_whoever_was_suppressed_behind_its_back(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    assert approved("suppress", 3, "--reason", "asked").code == 0
    with connect_to(store_path) as connection:
        connection.execute("UPDATE customer_row SET suppression_id = 1 WHERE id = 1")

    check_kept(approved("send", 1), 4, home, rows)


def connect_to(store: Path) -> Any:
    import sqlite3

    return sqlite3.connect(store)


def test_a_lost_key_refuses_and_sends_nothing(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    assert approved("draft", 3, "--approve").code == 0
    store_path.with_name(store_path.name + ".key").unlink()

    check_kept(approved("send", "--all-approved"), 65, home, rows)
    assert state(rows, 2) == "approved"
    assert approved("outbox", "mailto", 1).code == 65


def test_the_key_of_another_store_refuses_and_sends_nothing(
    approved: Runner, home: Path, store_path: Path, tmp_path: Path, rows: Rows
) -> None:
    other = tmp_path / "other.sqlite"
    assert approved("--store", other, "add", "Ana Sol").code == 0
    assert approved("--store", other, "suppress", 1, "--reason", "asked").code == 0
    key = store_path.with_name(store_path.name + ".key")
    key.write_bytes(other.with_name(other.name + ".key").read_bytes())

    check_kept(approved("send", 1), 65, home, rows)


def test_the_claim_itself_asks_whether_sending_waits(
    approved: Runner, store_path: Path, rows: Rows
) -> None:
    with connect_to(store_path) as connection:
        connection.execute("INSERT INTO about VALUES ('restored', '2026-11-23T10:00:00Z')")
    opened = Store.open(store_path, "mara", clock_at("2026-11-23"), "send")

    with pytest.raises(Refused, match="Sending waits"):
        opened.claim(1, lambda connection, message: None)

    opened.close()
    assert state(rows) == "approved"


@pytest.mark.parametrize(("there", "error"), [("draft", TryAgain), ("uncertain", Refused), ("sent", None)])
def test_somebody_elses_draft_of_the_same_kind_is_not_doubled(
    there: str, error: Any, approved: Runner, store_path: Path, rows: Rows
) -> None:
    with connect_to(store_path) as connection:
        connection.execute("UPDATE message SET state = ?", (there,))
    opened = Store.open(store_path, "mara", clock_at("2026-11-23"), "draft")
    another = Draft("contact", "ana@blue.example.com", "", "Hello", BODY, "<another@example.com>")

    with pytest.raises(error) if error else contextlib.nullcontext():
        opened.keep_message(1, another)

    opened.close()
    assert rows("SELECT count(*) FROM message") == [(1 if error else 2,)]


def test_a_merge_takes_messages_along_with_their_case(approved: Runner, home: Path, rows: Rows) -> None:
    assert approved("add", "Ana Sol", "--email", "sol@example.com").code == 0
    assert approved("merge", 5, 1, "--yes").code == 0

    (one,) = json.loads(approved("outbox", "--json").out)
    assert (one["customer"], one["case"], one["to"]) == (5, "5.1", "ana@blue.example.com")
    assert approved("send", 5).code == 0
    assert (len(mails(home)), sent(rows)) == (1, 1)
    assert approved("store", "doctor").code == 0


# -- the restored, the cut off, the settled --------------------------------------------------------


def test_sending_waits_after_a_restore_until_somebody_says_go_on(
    approved: Runner, home: Path, tmp_path: Path, rows: Rows
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert approved("outbox", "resume").code == 0  # before: it says nothing about a later restore
    assert approved("store", "backup", copy).code == 0
    assert approved("store", "restore", copy, "--yes").code == 0

    check_kept(approved("send", 1), 5, home, rows)
    check_kept(approved("send", "--all-approved", "--dry-run"), 5, home, rows)
    assert approved("outbox", "mailto", 1).code == 5
    assert "Sending waits" in approved("outbox").err

    assert approved("outbox", "resume").code == 0
    assert "Sending waits" not in approved("outbox").err
    assert approved("send", 1).code == 0
    assert len(mails(home)) == 1


def test_sending_waits_whatever_the_clock_said_when_it_was_resumed(
    approved: Runner, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite"
    assert approved("store", "backup", copy).code == 0
    assert approved("store", "restore", copy, "--yes").code == 0
    assert approved("--as-of", "2030-01-01", "outbox", "resume").code == 0

    assert approved("store", "restore", copy, "--yes").code == 0

    assert approved("send", 1).code == 5


def test_a_message_under_way_is_left_alone_for_five_minutes(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    cut_off(store_path, minutes=4)

    settled = [approved("outbox", "settle", 1, word) for word in ("--sent", "--not-sent")]

    assert [ran.code for ran in settled] == [5, 5]
    assert "Ask, or look" not in approved("outbox").err
    check_kept(approved("send", "--all-approved"), 0, home, rows, "sending")


def test_what_was_cut_off_is_shown_as_uncertain_and_never_sent_by_itself(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    cut_off(store_path, minutes=6)

    shown = approved("outbox")

    assert "uncertain: cut off while it was sent" in shown.out
    assert "winback outbox settle ID" in shown.err
    for line in (("send", 1), ("outbox", "approve", 1), ("outbox", "drop", 1), ("outbox", "by-hand", 1)):
        check_kept(approved(*line), 5, home, rows, "sending")
    check_kept(approved("draft", 1), 5, home, rows, "sending")


def test_no_second_message_of_its_kind_is_drafted_beside_one_that_is_uncertain(
    approved: Runner, store_path: Path, letter: Any, rows: Rows
) -> None:
    cut_off(store_path)

    ran = approved("draft", 1, "--text", letter())

    assert ran.code == 5
    assert "winback outbox settle 1" in ran.err
    assert rows("SELECT count(*) FROM message") == [(1,)]


def test_a_clock_that_was_set_back_does_not_hold_a_message_for_ever(
    approved: Runner, store_path: Path, rows: Rows
) -> None:
    cut_off(store_path, minutes=-60 * 24 * 400)

    assert "uncertain" in approved("outbox").out
    assert approved("outbox", "settle", 1, "--not-sent").code == 0
    assert state(rows) == "failed"


def test_settled_as_sent_it_is_in_the_case_and_never_sent_again(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    cut_off(store_path)

    assert approved("outbox", "settle", 1, "--sent", "--on", "yesterday").code == 0

    check = approved("send", 1)
    assert check.code == 5
    assert (state(rows), sent(rows), mails(home)) == ("sent", 1, [])
    assert approved("store", "doctor").code == 0


def test_settled_as_not_sent_it_may_be_approved_and_sent(
    approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    cut_off(store_path)

    assert approved("outbox", "settle", 1, "--not-sent").code == 0
    assert approved("send", 1).code == 5
    assert approved("outbox", "approve", 1).code == 0
    assert approved("send", 1).code == 0

    assert (state(rows), sent(rows), len(mails(home))) == ("sent", 1, 1)


def test_what_is_settled_without_a_day_went_out_on_the_day_of_the_user(
    approved: Runner, store_path: Path, rows: Rows
) -> None:
    opened = Store.open(store_path, "mara", clock_at("2026-11-20T23:30:00Z"), "send")  # Saturday in Berlin
    opened.claim(1, lambda connection, message: None)
    opened.close()

    assert approved("--as-of", "2026-11-24", "outbox", "settle", 1, "--sent").code == 0

    assert rows("SELECT happened FROM event WHERE kind = 'sent'") == [("2026-11-21",)]


def test_a_text_that_was_changed_goes_out_under_a_number_of_its_own(
    approved: Runner, home: Path, store_path: Path, letter: Any, rows: Rows
) -> None:
    assert approved("send", 1).code == 0  # it is in the folder ...
    with connect_to(store_path) as connection:  # ... and was cut off before that was kept
        connection.execute("DELETE FROM event WHERE kind = 'sent'")
        connection.execute("UPDATE casefile SET seq = 1, head = (SELECT hash FROM event WHERE seq = 1)")
        connection.execute("UPDATE message SET state = 'failed'")

    assert approved("draft", 1, "--text", letter(), "--approve").code == 0
    assert approved("send", 1).code == 0

    assert [b"may I have ten minutes" in mail.read_bytes() for mail in mails(home)].count(True) == 1
    assert len(mails(home)) == 2


def test_settle_asks_which_and_takes_only_what_is_uncertain(
    approved: Runner, home: Path, rows: Rows
) -> None:
    assert approved("outbox", "settle", 1).code == 2
    check_kept(approved("outbox", "settle", 1, "--sent"), 5, home, rows)
    assert approved("outbox", "settle", 1, "--sent", "--on", "+2d").code in (2, 5)


@pytest.mark.parametrize("word", ["show", "approve", "drop", "by-hand", "mailto"])
@pytest.mark.parametrize("number", ["2", "0", "99999999999999999999999"])
def test_a_number_that_no_message_has_is_not_found(word: str, number: str, approved: Runner) -> None:
    assert approved("outbox", word, number).code == 3


# -- by hand ---------------------------------------------------------------------------------------


def test_an_approved_message_may_be_sent_by_hand_from_a_link(
    approved: Runner, home: Path, rows: Rows
) -> None:
    link = urlsplit(approved("outbox", "mailto", 1).out.strip())

    told = parse_qs(link.query, strict_parsing=True)
    ((subject, body),) = rows("SELECT subject, body FROM message")
    assert (link.scheme, unquote(link.path)) == ("mailto", "ana@blue.example.com")
    assert told == {"subject": [subject], "body": [body.replace("\n", "\r\n")]}

    assert approved("send", 1).code == 5  # nobody but the user knows whether it went out
    assert approved("outbox", "by-hand", 1).code == 5
    assert approved("outbox", "settle", 1, "--sent").code == 0
    assert (state(rows), sent(rows), mails(home)) == ("sent", 1, [])
    assert approved("store", "doctor").code == 0


def test_a_draft_is_no_link_and_not_sent_by_hand(desk: Runner, home: Path, rows: Rows) -> None:
    assert desk("draft", 1).code == 0

    for word in ("mailto", "by-hand"):
        ran = desk("outbox", word, 1)
        check_kept(ran, 5, home, rows, "draft")
        assert "winback outbox approve 1" in ran.err
    assert desk("outbox", "drop", 1).code == 0
    assert "was dropped already" in desk("outbox", "mailto", 1).err


def test_what_you_sent_yourself_is_sent_once(approved: Runner, home: Path, rows: Rows) -> None:
    assert approved("outbox", "by-hand", 1).code == 0
    assert approved("outbox", "by-hand", 1).code == 5
    assert (state(rows), sent(rows), mails(home)) == ("sent", 1, [])


@pytest.mark.parametrize("day", ["+1d", "-2d"])
def test_a_day_to_come_or_before_it_was_written_is_none_on_which_it_was_sent(
    day: str, approved: Runner, home: Path, rows: Rows
) -> None:
    check_kept(approved("outbox", "by-hand", 1, "--on", day), 2, home, rows)


# -- approved or not -------------------------------------------------------------------------------


def test_a_plea_is_kept_as_a_draft_and_not_approved(desk: Runner, letter: Any, rows: Rows) -> None:
    ran = desk("draft", 1, "--text", letter(PLEA), "--approve")

    assert ran.code == 5
    assert "plea" in ran.err
    assert (state(rows), rows("SELECT body FROM message")) == ("draft", [(PLEA.partition("\n\n")[2],)])
    assert desk("outbox", "approve", 1).code == 5


def test_a_false_alarm_is_set_aside_with_a_reason_that_is_kept(
    desk: Runner, home: Path, letter: Any, rows: Rows
) -> None:
    assert desk("draft", 1, "--text", letter(PLEA)).code == 0

    assert desk("outbox", "approve", 1, "--override", "plea").code == 2
    assert desk("outbox", "approve", 1, "--override", "reproach=why").code == 2
    assert desk("outbox", "approve", 1, "--override", "plea=it quotes her").code == 0

    assert json.loads(rows("SELECT waived FROM message")[0][0]) == [
        {"check": "plea", "sentence": "we want you back.", "because": "it quotes her"}
    ]
    assert "set aside: It says that you want them back." in desk("outbox", "show", 1).err
    assert desk("send", 1).code == 0
    assert len(mails(home)) == 1


def test_an_approved_message_that_is_changed_is_to_be_approved_again(
    desk: Runner, home: Path, letter: Any, rows: Rows
) -> None:
    assert desk("draft", 1, "--text", letter(PLEA), "--approve", "--override", "plea=a quote").code == 0

    assert desk("draft", 1, "--text", letter(PLEA.replace("Hello", "Hello Ana"))).code == 0

    assert rows("SELECT id, waived, approved_by FROM message") == [(1, "[]", "")]
    check_kept(desk("send", 1), 5, home, rows, "draft")
    assert desk("outbox", "approve", 1).code == 5


def test_a_message_that_is_only_looked_at_stays_approved(approved: Runner, rows: Rows) -> None:
    before = rows("SELECT * FROM message")

    assert approved("draft", 1).code == 0

    assert rows("SELECT * FROM message") == before


def test_begun_again_it_is_what_the_template_says(desk: Runner, letter: Any, rows: Rows) -> None:
    assert desk("draft", 1, "--text", letter()).code == 0

    kept, anew = desk("draft", 1), desk("draft", 1, "--anew")

    assert (BODY in kept.out, BODY in anew.out) == (True, False)
    assert rows("SELECT count(*) FROM message") == [(1,)]


def test_an_override_goes_with_an_approval(desk: Runner, letter: Any, rows: Rows) -> None:
    assert desk("draft", 1, "--text", letter(PLEA), "--override", "plea=a quote").code == 2
    assert rows("SELECT count(*) FROM message") == [(0,)]


def test_what_is_not_done_is_not_called_done(decided: Runner, home: Path, letter: Any, rows: Rows) -> None:
    text = DONE.format(what="a message the day before any late delivery")

    ran = decided(*MONDAY, "draft", 1, "--text", letter(text), "--approve")

    check_kept(ran, 5, home, rows, "draft")
    assert "[not_done; B6.6]" in ran.err
    assert decided(*MONDAY, "promise", "keep", 1, 2).code == 0
    assert decided(*MONDAY, "outbox", "approve", 1).code == 0


def test_a_promise_broken_after_the_approval_stops_the_message(
    decided: Runner, home: Path, letter: Any, rows: Rows
) -> None:
    text = DONE.format(what="a message the day before any late delivery")
    assert decided(*MONDAY, "promise", "keep", 1, 2).code == 0
    assert decided(*MONDAY, "draft", 1, "--text", letter(text), "--approve").code == 0
    assert decided(*MONDAY, "promise", "break", 1, 2).code == 0

    check_kept(decided(*MONDAY, "send", 1), 4, home, rows)
    check_kept(decided(*MONDAY, "outbox", "mailto", 1), 5, home, rows)


def test_a_check_that_was_set_aside_for_one_sentence_still_finds_another(
    decided: Runner, home: Path, letter: Any, rows: Rows
) -> None:
    text = DONE.format(what="a message the day before any late delivery")
    text = text.replace(
        "Thank you", "Mara Quist answers you within one working day; that is done.\n\nThank you"
    )
    override = ("--override", "not_done=it is in the next release")
    assert decided(*MONDAY, "draft", 1, "--text", letter(text), "--approve", *override).code == 0
    assert decided(*MONDAY, "promise", "break", 1, 1).code == 0

    check_kept(decided(*MONDAY, "send", 1), 4, home, rows)


def test_a_promise_dated_in_the_past_is_refused(decided: Runner, rows: Rows) -> None:
    before = rows("SELECT count(*) FROM event")

    ran = decided(*MONDAY, "promise", "add", 1, "A new price list", "--owner", "Jonas", "--due", "-1d")

    assert ran.code == 2
    assert rows("SELECT count(*) FROM event") == before


def test_an_offer_that_is_over_is_left_out_and_said(decided: Runner) -> None:
    terms = "The next delivery is free"
    assert decided(*MONDAY, "offer", "add", 1, "trial", "--terms", terms, "--expires", "+3d").code == 0
    stands = decided(*MONDAY, "draft", 1)
    over = decided("--as-of", "2026-12-08", "draft", 1, "--anew")

    assert terms in stands.out
    assert terms not in over.out
    assert "The offer is over" in over.err


def test_an_offer_that_ran_out_after_the_approval_stops_the_message(
    decided: Runner, home: Path, rows: Rows
) -> None:
    terms = "The next delivery is free"
    assert decided(*MONDAY, "offer", "add", 1, "trial", "--terms", terms, "--expires", "+3d").code == 0
    assert decided(*MONDAY, "draft", 1, "--approve").code == 0

    check_kept(decided("--as-of", "2026-11-27", "send", 1), 4, home, rows)
    assert decided("--as-of", "2026-11-26", "send", 1).code == 0


# -- what cannot be written ------------------------------------------------------------------------


def test_a_customer_without_an_address_is_called_and_no_case_is_opened(desk: Runner, rows: Rows) -> None:
    assert desk("add", "Edda Noll", "--phone", "+44 20 7946 0009").code == 0

    ran = desk("draft", 5)

    assert ran.code == 3
    assert "winback edit 5 --email ADDRESS" in ran.err
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


@pytest.mark.parametrize(("mark", "code"), [("invalid", 3), ("stale", 0), ("good", 0)])
def test_an_invalid_address_is_not_written_to_and_a_stale_one_is_said(
    mark: str, code: int, desk: Runner, store_path: Path
) -> None:
    with connect_to(store_path) as connection:
        connection.execute(
            "UPDATE contact_point SET state = ? WHERE customer_id = 1 AND kind = 'email'", (mark,)
        )

    ran = desk("draft", 1)

    assert ran.code == code
    assert ("stale" in ran.err) == (mark == "stale")


@pytest.mark.parametrize("how", ["edited", "invalid"])
def test_an_address_that_is_not_theirs_any_more_gets_nothing(
    how: str, approved: Runner, home: Path, store_path: Path, rows: Rows
) -> None:
    if how == "edited":
        assert approved("edit", 1, "--email", "new@blue.example.com").code == 0
    else:
        with connect_to(store_path) as connection:
            connection.execute("UPDATE contact_point SET state = 'invalid' WHERE kind = 'email'")

    check_kept(approved("send", 1), 4, home, rows)

    if how == "edited":
        assert approved("draft", 1, "--approve").code == 0
        assert approved("send", 1).code == 0
        assert b"new@blue.example.com" in mails(home)[0].read_bytes()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Subject: big\n\n" + "ä" * 5_000_000, "at most 100,000 characters"),
        ("x" * 100_001, "at most 100,000 characters"),
        ("Dear Ana,\n\nno subject\n", "begins with its subject"),
        ("", "begins with its subject"),
        ("Subject: nothing else\n", "begins with its subject"),
    ],
)
def test_a_text_that_is_no_message_is_refused_and_opens_no_case(
    content: str, told: str, desk: Runner, letter: Any, rows: Rows
) -> None:
    ran = desk("draft", 1, "--text", letter(content))

    assert ran.code == 65
    assert told in ran.err
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


def test_a_text_that_is_not_utf8_or_not_there_is_refused(desk: Runner, tmp_path: Path) -> None:
    place = tmp_path / "latin.txt"
    place.write_bytes("Subject: Grüße\n\nDear Ana\n".encode("latin-1"))

    assert desk("draft", 1, "--text", place).code == 65
    assert desk("draft", 1, "--text", tmp_path).code == 65
    assert desk("draft", 1, "--text", tmp_path / "none").code == 65


def test_a_text_comes_through_a_pipe_too(desk: Runner, monkeypatch: pytest.MonkeyPatch, rows: Rows) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LETTER.encode("utf-8-sig"))))

    assert desk("draft", 1, "--text", "-").code == 0

    assert rows("SELECT subject, body FROM message") == [("Ten minutes", BODY)]


def test_a_template_of_ones_own_with_an_unknown_name_drafts_nothing(
    desk: Runner, home: Path, rows: Rows
) -> None:
    place = home / "playbooks" / "messages" / "contact.txt"
    place.parent.mkdir(parents=True)
    place.write_text("Subject: Hello\n\nDear {{ first_nam }}\n", "utf-8")

    ran = desk("draft", 1)

    assert ran.code == 65
    assert "contact.txt:3" in ran.err
    assert rows("SELECT count(*) FROM message") == [(0,)]


def test_a_kind_that_there_is_not_opens_no_case(desk: Runner, rows: Rows) -> None:
    assert desk("draft", 1, "--kind", "sonnet").code == 2
    assert desk("draft", 1, "--kind", "fixed").code == 5
    assert rows("SELECT count(*) FROM casefile") == [(0,)]


# -- what was written in an editor -----------------------------------------------------------------


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An editor that leaves this text, at what counts as a terminal."""

    def leaves(content: str) -> None:
        (tmp_path / "written.txt").write_text(content, "utf-8")
        program = tmp_path / "editor"
        program.write_text(f'#!/bin/sh\ncp "{tmp_path}/written.txt" "$1"\n', "utf-8")
        program.chmod(0o700)
        monkeypatch.setenv("EDITOR", str(program))
        monkeypatch.setattr("winback_cli.cli.drafting.at_terminal", lambda: True)

    return leaves


def test_what_was_edited_is_kept(desk: Runner, editor: Any, rows: Rows) -> None:
    editor(LETTER)

    assert desk("draft", 1).code == 0

    assert rows("SELECT subject, body FROM message") == [("Ten minutes", BODY)]


@pytest.mark.parametrize(
    "content", ["Dear Ana,\n\nthe subject is gone\n", "Subject: big\n\n" + "word " * 30_000]
)
def test_what_was_written_and_is_no_message_is_never_lost(
    content: str, desk: Runner, home: Path, editor: Any
) -> None:
    editor(content)

    ran = desk("draft", 1)

    (place,) = home.glob("unkept-1-*.txt")
    assert ran.code == 65
    assert str(place) in re.sub(r"\s+", " ", ran.err)
    assert place.read_text("utf-8").strip() == content.strip()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_customer_without_an_address_is_told_before_anything_is_written(
    desk: Runner, home: Path, editor: Any, tmp_path: Path
) -> None:
    assert desk("add", "Edda Noll", "--phone", "+44 20 7946 0009").code == 0
    editor("never read")
    (tmp_path / "editor").write_text(f"#!/bin/sh\ntouch {tmp_path}/opened\n", "utf-8")

    assert desk("draft", 5).code == 3
    assert not (tmp_path / "opened").exists()


def test_an_editor_that_leaves_nothing_or_is_not_there_keeps_nothing(
    desk: Runner, editor: Any, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    editor("  \n")
    assert desk("draft", 1).code == 65
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert desk("draft", 1).code == 3
    assert rows("SELECT count(*) FROM message") == [(0,)]


# -- the wait and the call -------------------------------------------------------------------------


def test_after_the_message_the_walk_waits_a_business_day_and_the_call_falls_due(
    decided: Runner, rows: Rows
) -> None:
    friday = ("--as-of", "2026-11-27")
    assert decided(*friday, "draft", 1, "--approve").code == 0
    assert decided(*friday, "send", 1).code == 0

    shown = decided(*friday, "show", 1).out

    assert rows("SELECT kind, opens_on, due_on FROM due WHERE kind = 'call'") == [
        ("call", "2026-11-30", "2026-12-01")
    ]
    assert "2026-11-27  What is changing because of what you told us (message 1)" in shown
    assert "sent on     2026-11-27" in shown
    assert decided(*friday, "draft", 1).code == 5  # now you call
    walked = decided("--as-of", "2026-11-28", "walk", 1, "--answers", ANSWERS)
    assert "Waiting until Mon 30 Nov" in walked.err + walked.out
    due = decided("--as-of", "2026-11-30", "due")
    assert "The thank-you call" in due.out
    assert decided("store", "doctor").code == 0


def test_an_undo_never_takes_back_what_was_sent(decided: Runner, rows: Rows) -> None:
    assert decided(*MONDAY, "draft", 1, "--approve").code == 0
    assert decided(*MONDAY, "send", 1).code == 0

    ran = decided(*MONDAY, "undo", 1)

    assert ran.code == 5
    assert "What was sent is not taken back." in ran.err
    assert (state(rows), sent(rows)) == ("sent", 1)


# -- fixes told ------------------------------------------------------------------------------------


@pytest.fixture
def mended(desk: Runner) -> Runner:
    """The runner with fix 1 done: Ana sleeps, Ben's case is lost, Cleo's runs; all asked for it."""
    fix = ("fix", "add", "The stock is checked before each delivery", "--owner", "Jonas Ritt")
    assert desk(*fix, "--for", 1, "--for", 2, "--for", 3).code == 0
    assert desk("close", 1, "--outcome", "dormant", "--until", "+3m").code == 0
    assert desk("close", 2, "--outcome", "lost", "--override", "they moved away").code == 0
    assert desk("fix", "done", 1, "--on", "-3d").code == 0
    return desk


def test_whoever_asked_is_told_that_it_is_done_one_approval_each(
    mended: Runner, home: Path, rows: Rows
) -> None:
    told, again = mended("fix", "tell", 1), mended("fix", "tell", 1)

    assert (told.code, again.code) == (0, 0)
    assert ("2 drafts were made" in told.err, "No draft was made." in again.err) == (True, True)
    # Ben's case is over: nothing more is written to him (C10).
    assert [one["case"] for one in json.loads(mended("outbox", "--json").out)] == ["1.1", "3.1"]
    assert mended("send", "--all-approved").code == 0
    assert mails(home) == []
    for number in (1, 2):
        assert mended("outbox", "approve", number).code == 0, mended("outbox", "show", number).err
    assert mended("send", "--all-approved").code == 0
    assert len(mails(home)) == 2
    assert all(b"The stock is checked" in mail.read_bytes() for mail in mails(home))
    bodies = [json.loads(body) for (body,) in rows("SELECT body FROM event WHERE kind = 'sent'")]
    assert [body["fix"] for body in bodies] == [1, 1]
    assert mended("store", "doctor").code == 0


def test_a_message_about_a_fix_is_edited_as_what_it_is(mended: Runner, letter: Any, rows: Rows) -> None:
    assert mended("fix", "tell", 1).code == 0
    text = "Subject: Done\n\nDear Ana,\n\nthe stock is checked before each delivery now.\n\nMara Voss\n"

    shown = mended("draft", 1, "--kind", "fixed")
    assert mended("draft", 1, "--kind", "fixed", "--text", letter(text)).code == 0
    anew = mended("draft", 1, "--kind", "fixed", "--anew")

    assert "The stock is checked before each delivery" in shown.out
    assert "The stock is checked before each delivery" in anew.out
    assert rows("SELECT id, stage, fix_id FROM message WHERE id = 1 OR stage != 'fixed'") == [
        (1, "fixed", 1)
    ]


def test_whoever_cannot_be_written_to_is_said_and_the_others_are_told(desk: Runner, rows: Rows) -> None:
    assert desk("add", "Edda Noll", "--phone", "+44 20 7946 0009").code == 0
    assert desk("fix", "add", "The stock is checked", "--for", 1, "--for", 5, "--for", 3).code == 0
    assert desk("fix", "done", 1).code == 0
    assert desk("suppress", 3, "--reason", "asked").code == 0

    ran = desk("fix", "tell", 1)

    assert ran.code == 4
    assert "Edda Noll has no e-mail address" in ran.err
    assert "1 draft was made." in ran.err
    assert rows("SELECT case_id FROM message") == [(1,)]


def test_a_fix_that_is_open_has_nothing_to_tell(desk: Runner, rows: Rows) -> None:
    assert desk("fix", "add", "The stock is checked", "--for", 1).code == 0

    assert desk("fix", "tell", 1).code == 5
    assert rows("SELECT count(*) FROM message") == [(0,)]


# -- for scripts and for screens -------------------------------------------------------------------

KEYS = [
    "number", "case", "customer", "customer_name", "kind", "fix", "to", "to_name", "subject", "body",
    "state", "message_id", "by", "at", "approved_by", "claimed_at", "settled_at", "detail", "waived",
]  # fmt: skip


def test_the_keys_that_scripts_may_rely_on(desk: Runner, letter: Any) -> None:
    drafted = json.loads(desk("draft", 1, "--text", letter(PLEA), "--json").out)
    (listed,) = json.loads(desk("outbox", "--json").out)
    shown = json.loads(desk("outbox", "show", 1, "--json").out)

    assert list(listed) == KEYS
    assert list(drafted) == list(shown) == [*KEYS, "findings"]
    assert list(drafted["findings"][0]) == ["check", "level", "sentence", "say", "remedy", "source"]
    assert drafted == shown
    assert (listed["number"], listed["case"], listed["kind"], listed["state"]) == (
        1,
        "1.1",
        "contact",
        "draft",
    )


def test_the_outbox_shows_what_waits_and_with_all_the_rest(approved: Runner) -> None:
    assert approved("draft", 3).code == 0
    assert approved("outbox", "drop", 2).code == 0

    waiting, every = (json.loads(approved("outbox", *more, "--json").out) for more in ((), ("--all",)))

    assert [one["state"] for one in waiting] == ["approved"]
    assert [one["state"] for one in every] == ["approved", "dropped"]


def test_no_control_character_of_a_message_reaches_the_screen(desk: Runner, letter: Any) -> None:
    text = "Subject: Te\x1b[31mn\u202e\u2028x\r\n\r\nDear Ana,\x9b\x07\n\u2066ten \x1b]0;hi\x07 minutes\n\nMara\n"
    ran = [desk("draft", 1, "--text", letter(text)), desk("outbox"), desk("outbox", "show", 1)]

    shown = "".join(one.out + one.err for one in ran)
    assert [one.code for one in ran] == [0, 0, 0]
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", shown) == []


def test_no_error_tells_what_a_message_says_or_where_it_goes(
    desk: Runner, home: Path, letter: Any, store_path: Path
) -> None:
    canaries = ("canary-7f3a", "ana@blue.example.com")
    text = LETTER.replace("Ten minutes", "canary-7f3a").replace("may I", "canary-7f3a, may I")
    assert desk("draft", 1, "--text", letter(text), "--approve").code == 0
    ran = [desk("draft", 1, "--text", letter("canary-7f3a\n\ncanary-7f3a"))]
    (home / "outbox").write_text("in the way", "utf-8")
    ran += [
        desk("send", 1),
        desk("send", 1),
        desk("outbox", "mailto", 1),
        desk("outbox", "settle", 1, "--sent"),
    ]
    assert desk("outbox", "approve", 1).code == 0
    with connect_to(store_path) as connection:
        connection.execute("UPDATE message SET \"to\" = 'canary-7f3a' WHERE id = 1")
    ran += [desk("send", 1)]
    assert desk("suppress", 1, "--reason", "asked").code == 0
    ran += [desk("send", 1), desk("outbox", "approve", 1)]

    assert all(one.code > 0 for one in ran)
    assert [canary for one in ran for canary in canaries if canary in one.err] == []
    assert "Traceback" not in "".join(one.err for one in ran)


# -- the doctor ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE message SET state = 'sent' WHERE id = 2", "its case knows nothing"),
        ("UPDATE message SET state = 'approved' WHERE id = 1", "does not count as sent"),
        ("DELETE FROM message WHERE id = 1", "does not count as sent"),
        ("UPDATE message SET case_id = 2 WHERE id = 1", "does not count as sent"),
    ],
)
def test_the_doctor_sees_a_message_that_its_case_tells_otherwise(
    change: str, what: str, approved: Runner, store_path: Path
) -> None:
    assert approved("draft", 3, "--approve").code == 0
    assert approved("send", 1).code == 0
    assert approved("store", "doctor").code == 0
    with connect_to(store_path) as connection:
        connection.execute(change)

    ran = approved("store", "doctor")

    assert ran.code == 65
    assert what in re.sub(r"\s+", " ", ran.out)


def test_a_message_that_names_another_customer_is_stopped(desk: Runner, letter: Any, home: Path) -> None:
    told = "Subject: A word\n\nDear Ana,\n\nthank you for the talk. Cleo Vann came back too.\n\nMara Voss\n"

    ran = desk("draft", 1, "--kind", "contact", "--text", letter(told), "--approve")

    assert ran.code == 5
    assert "wrong_name" in ran.err
    assert "Cleo Vann came back too" in ran.err


@pytest.mark.parametrize(
    "line",
    [
        ("suppress", 1, "--reason", "asked by phone"),
        ("touch", 1, "--channel", "phone", "--disposition", "refused", "--suppress", "no more calls"),
    ],
)
def test_the_files_of_messages_are_named_where_somebody_is_left_alone_after_them(
    approved: Runner, home: Path, line: tuple[object, ...]
) -> None:
    assert approved("send", 1).code == 0
    (mail,) = mails(home)

    ran = approved(*line)

    assert f"Do not send what lies there: {mail}" in " ".join(ran.err.split())


def test_an_hourly_run_does_not_forget_what_failed(approved: Runner, home: Path, rows: Rows) -> None:
    (home / "outbox").write_text("a file in the way", "utf-8")
    assert approved("send", "--all-approved").code == 4

    again = approved("send", "--all-approved")

    assert again.code == 4
    assert "1 failed before" in again.err
