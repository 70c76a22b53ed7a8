"""M2 and M3: senders that are killed, race and are overtaken by a suppression. A mail server of our own
counts what it took by its Message-ID: nothing twice, nothing missing without being shown, and nothing to
whoever was left alone before their message was claimed.
"""

import contextlib
import random
import re
import signal
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Runner
from tests.faults import processes
from tests.faults.lab import Lab
from tests.faults.processes import PROGRAM, assert_whole, copy_store, opened, spread
from tests.faults.syscalls import Fault
from winback_cli.cli.work import opening_of
from winback_cli.customer import Customer, email_point, guises, hashed
from winback_cli.dates import WEEKEND, clock_at
from winback_cli.library import load
from winback_cli.owing import standing
from winback_cli.store import connect
from winback_cli.store.outbox import Draft
from winback_cli.store.suppressions import enter, insert_hashes
from winback_cli.store.writes import Store

TWINS = str(Path(__file__).with_name("sending_twins.py"))
SEND = ("send", "--all-approved")
KILLS = processes.runs(3)
MOST = 100  # messages of the largest run
PHASES = ("connected", "sender", "data", "taken", "told")
BODY = "Hello,\n\nmay I have ten minutes of your time?\n\nMara Voss\n"

pytestmark = pytest.mark.timeout(120 + 20 * processes.runs(0))


# -- a mail server that counts -----------------------------------------------------------------------


class Sink(socketserver.ThreadingTCPServer):
    """A mail server on loopback that takes everything, and counts it by Message-ID.

    `at` is called at each step of a conversation, before the server goes on: `taken` is when it has the
    whole message and has not said so yet, `told` when it has.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.port = self.server_address[1]
        self.taken: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.at: Callable[[str], None] = lambda phase: None

    def take(self, mail: bytes) -> None:
        found = re.search(rb"^Message-ID: (<[^>]+>)\r$", mail, re.MULTILINE)
        assert found
        with self.lock:
            self.taken[found[1].decode()] += 1


class Talk(socketserver.StreamRequestHandler):
    """One conversation."""

    server: Sink

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.talk()

    def talk(self) -> None:
        self.step("connected", b"220 ready")
        while row := self.rfile.readline():
            verb = row[:4].upper()
            if verb == b"MAIL":
                self.step("sender", b"250 ok")
            elif verb == b"DATA":
                self.step("data", b"354 go on")
                rows = list(iter(self.rfile.readline, b".\r\n"))
                if b"" in rows[-1:]:
                    return
                self.server.take(b"".join(rows))
                self.step("taken", b"250 taken")
                self.server.at("told")
            else:
                self.step("", b"250 ok" if verb != b"QUIT" else b"221 bye")

    def step(self, phase: str, reply: bytes) -> None:
        if phase:
            self.server.at(phase)
        self.wfile.write(reply + b"\r\n")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(20)


# -- a store with messages ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """A store with so many customers, each with one approved message; made once."""
    made: dict[int, Path] = {}

    def stocked(count: int) -> Path:
        if count not in made:
            made[count] = _stocked(tmp_path_factory.mktemp("stock") / "stock.sqlite", count)
        return made[count]

    return stocked


def _stocked(path: Path, count: int) -> Path:
    edition = load("standard", path.parent / "none")
    opening = opening_of(edition)
    store = Store.open(path, "mara", clock_at("2026-11-23"), "test", create=True)
    for number in range(1, count + 1):
        store.add(Customer(name=f"Customer {number}", emails=(email_point(f"c{number}@example.com"),)))
        store.open_case(number, opening, lambda case: standing(edition.playbook, case, WEEKEND))
        kept = store.keep_message(
            number,
            Draft("contact", f"c{number}@example.com", "", "Ten minutes", BODY, f"<m{number}@example.com>"),
        )
        store.approve(kept)
    store.close()
    return path


class Ready(NamedTuple):
    """A store with approved messages, and the server that they go to."""

    store: Path
    sink: Sink

    def states(self) -> dict[str, str]:
        """The state of each message, by its Message-ID."""
        with opened(self.store) as connection:
            return dict(map(tuple, connection.execute("SELECT message_id, state FROM message ORDER BY id")))

    def start(self, program: tuple[str, ...] = PROGRAM, **how: Any) -> processes.Process:
        return processes.start("--store", self.store, *SEND, program=program, **how)


@pytest.fixture
def ready(stock: Callable[[int], Path], sink: Sink, home: Path, tmp_path: Path) -> Callable[[int], Ready]:
    """A store of its own for a test, as often as it asks; what the server took is forgotten then."""

    def of(count: int) -> Ready:
        _write_settings(home, f'smtp_host = "127.0.0.1"\nsmtp_port = {sink.port}\nsmtp_security = "none"\n')
        sink.taken.clear()
        sink.at = lambda phase: None
        return Ready(copy_store(stock(count), tmp_path / "ready.sqlite"), sink)

    return of


def _write_settings(home: Path, more: str) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    basics = 'name = "Mara Voss"\nmail_from = "mara@example.com"\nbackup = false\n'
    (home / "settings.toml").write_text(basics + more, "utf-8")
    (home / "settings.toml").chmod(0o600)


def twin(name: str) -> tuple[str, ...]:
    return (sys.executable, TWINS, name)


# -- what has to hold, whatever happened -------------------------------------------------------------


def check(ready: Ready, count: int, *, over: bool = False) -> Counter[str]:
    """Nothing went out twice; what counts as sent went out and is in its case; what did not go out is
    approved still; all else is claimed, and shown. With `over`, nothing is left to be sent. Returns how
    many messages stand where.
    """
    states = ready.states()
    taken = +ready.sink.taken
    with opened(ready.store) as connection:
        told = Counter(
            f"<m{row[0]}@example.com>"
            for row in connection.execute(
                "SELECT json_extract(body, '$.message') FROM event WHERE kind = 'sent'"
            )
        )
    assert len(states) == count
    assert {number: times for number, times in taken.items() if times > 1} == {}, "sent twice"
    for number, state in states.items():
        assert state in ("approved", "sending", "sent", "uncertain"), (number, state)
        assert taken[number] == 1 or state != "sent", f"{number} counts as sent, and never went out"
        assert taken[number] == 0 or state != "approved", f"{number} went out, and would go out again"
        assert told[number] == (state == "sent"), f"{number} is {state}, and its case says otherwise"
    counts = Counter(states.values())
    assert not (over and counts["approved"])
    assert_whole(ready.store)
    return counts


def check_shown(ready: Ready) -> None:
    """Whatever nobody knows is shown, as such, once it cannot be under way any more; and the store is
    sound.
    """
    unsure = sum(state in ("sending", "uncertain") for state in ready.states().values())
    code, out, err = processes.run("--store", ready.store, "--as-of", "2030-01-01", "outbox")
    assert code == 0, err
    assert out.count("\tuncertain") == unsure
    code, out, _ = processes.run("--store", ready.store, "store", "doctor")
    assert code == 0, out


# -- M2: killed, and at once -------------------------------------------------------------------------


def killed_at(ready: Ready, phase: str, nth: int, program: tuple[str, ...] = PROGRAM) -> bool:
    """Whether a sender was killed when the server came to that phase for the nth time."""
    came: list[str] = []
    process = ready.start(program)

    def kill(now: str) -> None:
        if now == phase:
            came.append(now)
            if len(came) == nth:
                process.kill()
                process.wait()

    ready.sink.at = kill
    code, _, err = processes.finish(process)
    ready.sink.at = lambda phase: None
    assert code in (0, 4, -9), err
    return code == -9


def killed_after(ready: Ready, seconds: float) -> bool:
    """Whether a sender was killed so long after it began."""
    process = ready.start()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    code, _, err = processes.finish(process)
    assert code in (0, 4, -9), err
    return code == -9


@pytest.mark.parametrize("phase", PHASES)
def test_a_sender_killed_at_any_step_sends_nothing_twice_and_loses_nothing(
    phase: str, ready: Callable[[int], Ready]
) -> None:
    for nth in spread(3, processes.runs(2)):
        there = ready(3)
        assert killed_at(there, phase, nth), "the kill did not hit"
        before = check(there, 3)
        assert before["sending"] == 1 or phase == "told"
        assert sum(before[state] for state in ("sent", "sending")) == nth

        processes.finish(there.start())

        assert check(there, 3, over=True)["sending"] == before["sending"]
        check_shown(there)


def test_a_sender_killed_at_a_random_moment_sends_nothing_twice_and_loses_nothing(
    ready: Callable[[int], Ready],
) -> None:
    chance = random.Random(2026)
    hits = 0
    for _ in range(KILLS):
        there = ready(5)
        hits += killed_after(there, chance.uniform(0.2, 1.2))
        check(there, 5)
        processes.finish(there.start())
        check(there, 5, over=True)
    assert hits
    check_shown(there)


@pytest.mark.parametrize(
    ("broken", "phase"), [("unclaimed", "taken"), ("resending", "taken"), ("hasty", "data")]
)
def test_what_a_kill_would_double_or_lose_is_caught(
    broken: str, phase: str, ready: Callable[[int], Ready]
) -> None:
    there = ready(3)
    with pytest.raises(AssertionError, match=r"went out|sent twice"):
        assert killed_at(there, phase, 2, twin(broken)), "the kill did not hit"
        check(there, 3)
        processes.finish(there.start(twin(broken)))
        check(there, 3)


def wave(ready: Ready, kills: int, chance: random.Random, name: str = "none") -> int:
    """Four senders at once, of which so many are killed, one by one, at random steps of any of them;
    returns how many were.
    """
    senders = [
        processes.start("+", "--store", ready.store, *SEND, program=twin(name), stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    doomed = chance.sample(senders, kills)
    left = [chance.randint(1, 6) for _ in doomed]
    lock = threading.Lock()

    def kill(phase: str) -> None:
        with lock:
            if left:
                left[0] -= 1
                if left[0] == 0:
                    del left[0]
                    doomed.pop().kill()

    ready.sink.at = kill
    for sender in senders:
        assert sender.stdout is not None
        assert sender.stdout.readline() == b"ready\n"
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write(b"go\n")
        sender.stdin.flush()
    ended = [processes.finish(sender) for sender in senders]
    ready.sink.at = lambda phase: None
    assert all(code in (0, 4, 5, -signal.SIGKILL) for code, _, _ in ended), [err for _, _, err in ended]
    return sum(code == -signal.SIGKILL for code, _, _ in ended)


def check_waves(ready: Ready, count: int, kills: int, name: str = "none") -> Counter[str]:
    """Waves of four senders with so many kills in all, then one without; returns what became of all."""
    chance, done, hits = random.Random(7), 0, 0
    while done < kills and "approved" in ready.states().values():
        planned = min(4, kills - done)
        hits += wave(ready, planned, chance, name)
        done += planned
        check(ready, count)
    assert hits or not kills
    wave(ready, 0, chance, name)
    counts = check(ready, count, over=True)
    assert counts["sending"] <= hits
    check_shown(ready)
    print(f"M2: {hits} kills, {count} messages: {dict(counts)}, taken {sum(ready.sink.taken.values())}")
    return counts


def test_four_senders_at_once_send_each_message_once(ready: Callable[[int], Ready]) -> None:
    count = MOST if KILLS >= 40 else 16

    assert check_waves(ready(count), count, 0) == {"sent": count}


def test_four_senders_at_once_that_are_killed_send_nothing_twice_and_lose_nothing(
    ready: Callable[[int], Ready],
) -> None:
    count = MOST if KILLS >= 40 else 20

    check_waves(ready(count), count, KILLS)


def test_senders_that_leave_no_mark_are_caught(ready: Callable[[int], Ready]) -> None:
    with pytest.raises(AssertionError, match="sent twice"):
        check_waves(ready(16), 16, 0, "unclaimed")


# -- at every write of the disk ------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", "sync", "unlink"])
@pytest.mark.parametrize("what", ["KILL", "EIO"])
def test_a_sender_whose_disk_stops_anywhere_sends_nothing_twice_and_loses_nothing(
    call: str, what: str, lab: Lab, ready: Callable[[int], Ready]
) -> None:
    there = ready(2)
    whole = lab.run("--store", there.store, *SEND)
    assert (whole.code, check(there, 2)) == (0, {"sent": 2}), whole.err
    for nth in spread(whole.calls[call], processes.runs(2)):
        there = ready(2)
        run = lab.run("--store", there.store, *SEND, fault=Fault(call, nth, what))
        assert run.hits == 1
        assert run.code in ((-9,) if what == "KILL" else (0, 4, 74)), run.err
        check(there, 2)
        again = lab.run("--store", there.store, *SEND)
        assert again.code == 0, again.err
        check(there, 2, over=True)
    check_shown(there)


def test_a_disk_that_fails_once_the_mail_was_taken_is_told_with_what_to_do(
    lab: Lab, ready: Callable[[int], Ready]
) -> None:
    there = ready(1)
    whole = lab.run("--store", there.store, *SEND)

    there = ready(1)
    run = lab.run(
        "--store", there.store, *SEND, fault=Fault("sync", whole.calls["sync"] // 2 + 1, "EIO", True)
    )

    assert (run.code, there.states()) == (74, {"<m1@example.com>": "sending"})
    assert sum(there.sink.taken.values()) == 1
    assert "winback outbox settle 1 --sent" in run.err


@pytest.mark.parametrize("call", ["write", "sync", "unlink"])
def test_a_folder_of_mails_holds_each_once_wherever_a_sender_was_killed(
    call: str, lab: Lab, ready: Callable[[int], Ready], home: Path, tmp_path: Path
) -> None:
    base = ready(2).store

    def fresh() -> Ready:
        _write_settings(home, f'mail_folder = "{tmp_path}/mails"\n')
        for old in (tmp_path / "mails").glob("*"):
            old.unlink()
        return Ready(copy_store(base, tmp_path / "one.sqlite"), Sink.__new__(Sink))

    def count(there: Ready) -> Ready:
        there.sink.taken = Counter()
        there.sink.lock = threading.Lock()
        for mail in (tmp_path / "mails").glob("*.eml"):
            there.sink.take(mail.read_bytes())
            assert mail.read_bytes().rstrip().endswith(b"Mara Voss")
        return there

    there = fresh()
    whole = lab.run("--store", there.store, *SEND)
    assert (whole.code, check(count(there), 2)) == (0, {"sent": 2}), whole.err
    for nth in spread(whole.calls[call], processes.runs(2)):
        there = fresh()
        run = lab.run("--store", there.store, *SEND, fault=Fault(call, nth, "KILL"))
        assert (run.hits, run.code) == (1, -9)
        check(count(there), 2)
        again = lab.run("--store", there.store, *SEND)
        assert again.code == 0, again.err
        check(count(there), 2, over=True)


# -- M3: left alone between queue and send -------------------------------------------------------------


def _by_name(ready: Ready, winback: Runner, tmp_path: Path, number: int) -> int:
    return winback("--store", ready.store, "suppress", number, "--reason", "asked").code


def _by_opt_out(ready: Ready, winback: Runner, tmp_path: Path, number: int) -> int:
    path = tmp_path / "out.csv"
    path.write_text(f"name,email,opted out\nCustomer {number},c{number}@example.com,yes\n", "utf-8")
    return winback("--store", ready.store, "import", path).code


def _by_list(ready: Ready, winback: Runner, tmp_path: Path, number: int) -> int:
    path = tmp_path / "list.txt"
    path.write_text(f"C{number}+x@EXAMPLE.com\n", "utf-8")
    return winback("--store", ready.store, "suppress", "--import", path).code


def _by_merge(ready: Ready, winback: Runner, tmp_path: Path, number: int) -> int:
    def run(*words: object) -> int:
        return winback("--store", ready.store, *words).code

    assert run("add", f"Alone {number}", "--email", f"alone{number}@example.com") == 0
    with opened(ready.store) as connection:
        (other,) = connection.execute("SELECT max(id) FROM customer").fetchone()
    assert run("suppress", other, "--reason", "asked") == 0
    return run("merge", number, other, "--yes")


def _by_address(ready: Ready, winback: Runner, tmp_path: Path, number: int) -> int:
    store = Store.open(ready.store, "mara", clock_at("2026-11-23"), "test")
    with store._writing() as w:
        key = connect.read_key(ready.store, make=False)
        names = guises(Customer(emails=(email_point(f"c{number}@example.com"),)))
        insert_hashes(w, enter(w, "asked"), {hashed(name, key) for name in names})
    store.close()
    return 0


WAYS = (_by_name, _by_opt_out, _by_list, _by_merge, _by_address)


def check_overtaken(ready: Ready, winback: Runner, tmp_path: Path, count: int, name: str = "none") -> int:
    """Four senders are held at the server while customers are left alone, in every way: whoever's
    message was not claimed before gets nothing. Returns how many those were.
    """
    held, go = threading.Semaphore(0), threading.Event()

    def hold(phase: str) -> None:
        if phase == "data" and not go.is_set():
            held.release()
            go.wait(100)

    assert winback("--store", ready.store, "suppress", 1, "--reason", "asked").code == 0  # the key is made
    ready.sink.at = hold
    senders = [ready.start(twin(name)) for _ in range(4)]
    try:
        for _ in senders:
            assert held.acquire(timeout=100)
        assert all(sender.poll() is None for sender in senders)
        claimed = {number for number, state in ready.states().items() if state != "approved"}
        alone = [
            number for number in range(count // 2, count + 1) if f"<m{number}@example.com>" not in claimed
        ]
        for number in alone:
            assert WAYS[number % len(WAYS)](ready, winback, tmp_path, number) == 0
    finally:
        go.set()
        ended = [processes.finish(sender) for sender in senders]
    assert [code for code, _, _ in ended] == [4] * 4, [err for _, _, err in ended]
    taken = ready.sink.taken
    wrong = [number for number in (1, *alone) if taken[f"<m{number}@example.com>"]]
    assert wrong == [], "sent to somebody who was left alone"
    rest = set(range(2, count + 1)) - set(alone)
    assert {number for number in rest if taken[f"<m{number}@example.com>"] == 1} == rest
    code, out, _ = processes.run("--store", ready.store, "store", "doctor")
    assert code == 0, out
    print(
        f"M3: {len(alone)} left alone while 4 senders ran, {sum(taken.values())} sent, {len(wrong)} wrongly"
    )
    return len(alone)


def test_whoever_is_left_alone_before_the_claim_gets_nothing(
    ready: Callable[[int], Ready], winback: Runner, tmp_path: Path
) -> None:
    count = MOST if KILLS >= 40 else 20

    assert check_overtaken(ready(count), winback, tmp_path, count) >= count // 3


@pytest.mark.parametrize("broken", ["heedless", "trusting"])
def test_senders_that_trust_what_they_read_at_first_are_caught(
    broken: str, ready: Callable[[int], Ready], winback: Runner, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="left alone"):
        check_overtaken(ready(20), winback, tmp_path, 20, broken)


def test_whoever_is_left_alone_while_senders_run_free_is_claimed_before_or_gets_nothing(
    ready: Callable[[int], Ready],
) -> None:
    chance = random.Random(3)
    for _ in range(max(KILLS // 4, 1)):
        there = ready(20)
        senders = [there.start() for _ in range(4)]
        processes.wait_until(lambda: there.sink.taken.total() > 0, senders[0])  # noqa: B023
        dropped = set()
        for number in chance.sample(range(1, 21), 20):
            store = Store.open(there.store, "mara", clock_at("2026-11-23"), "suppress")
            store.suppress(number, "asked")
            store.close()
            if there.states()[f"<m{number}@example.com>"] == "dropped":
                dropped.add(f"<m{number}@example.com>")
        for sender in senders:
            code, _, err = processes.finish(sender)
            assert code in (0, 4, 5), err
        assert dropped & set(+there.sink.taken) == set()
        assert set(+there.sink.taken) | dropped == set(there.states())
        assert max(there.sink.taken.values()) == 1
