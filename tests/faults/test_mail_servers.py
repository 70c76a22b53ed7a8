"""M1: mail servers that refuse, hang, hang up, drip and babble. What became of the message is told
exactly, and no server ever accepts it twice: one connection, one acceptance at most.
"""

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from winback_cli import mailing
from winback_cli.errors import BadInput
from winback_cli.senders import UNKNOWN, NoSuchAddress, Outgoing, Security, Smtp, as_mail

PASSWORD = "canary-Pass-Öl-77"
MAIL = Outgoing(
    "<abc123@example.com>",
    "mara@example.com",
    "Mara",
    "canary-7f3a@example.org",
    "Ana Canary",
    "What we changed",
    "Hello\n.\n..two\n.three\nBye",
    "2026-03-01T10:00:00Z",
)
PHASES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot")
USUAL = {
    "greeting": b"220 ready\r\n",
    "EHLO": b"250-there\r\n250 SIZE 1000000\r\n",
    "MAIL": b"250 ok\r\n",
    "RCPT": b"250 ok\r\n",
    "DATA": b"354 go on\r\n",
    "dot": b"250-taken\r\n250 2.0.0 queued\r\n",
    "QUIT": b"221 bye\r\n",
}


class Over(Exception):
    """The server ends the conversation here."""


class Server(threading.Thread):
    """A mail server on loopback that does one thing at one phase, and all else as it should.

    `accepted` holds the messages it took responsibility for, `heard` every line, `phases` how far it came.
    """

    def __init__(self, phase: str, fault: Callable[["Server"], None], tls: ssl.SSLContext | None = None):
        super().__init__(daemon=True)
        self.phase, self.fault, self.tls = phase, fault, tls
        self.accepted: list[bytes] = []
        self.heard: list[bytes] = []
        self.phases: list[str] = []
        self.connections = 0
        self.refused = False
        self.closing = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.usual = dict(USUAL)

    def run(self) -> None:
        while True:
            try:
                self.wire, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            with contextlib.suppress(Over, OSError), self.wire:
                if self.tls:
                    self.wire = self.tls.wrap_socket(self.wire, server_side=True)
                self.talk()
            self.wire.close()

    def talk(self) -> None:
        self.answer("greeting")
        with self.wire.makefile("rb") as rows:
            for row in rows:
                self.heard.append(row)
                verb = row[:4].decode("latin-1").upper()
                self.answer(verb)
                if verb == "QUIT":
                    return
                if verb == "DATA" and not self.refused:
                    self.accepted.append(self.message(rows))
                    self.answer("dot")

    def message(self, rows: Any) -> bytes:
        self.rows = list[bytes]()
        for row in rows:
            if row == b".\r\n":
                return b"".join(self.rows)
            self.rows.append(row)
        raise Over  # the end never came: not our message

    def answer(self, phase: str) -> None:
        self.phases.append(phase)
        if phase == self.phase:
            self.fault(self)
        else:
            self.say(self.usual.get(phase, b"500 what?\r\n"))

    def say(self, reply: bytes) -> None:
        self.wire.sendall(reply)

    def close(self) -> None:
        self.closing.set()
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.join(20)
        assert not self.is_alive()


def says(reply: bytes) -> Callable[[Server], None]:
    return lambda server: server.say(reply)


def refuses(reply: bytes) -> Callable[[Server], None]:
    """A definite no, after which nothing was taken."""

    def fault(server: Server) -> None:
        server.refused = True
        server.accepted.clear()
        server.say(reply)

    return fault


def hangs_up(server: Server) -> None:
    raise Over


def hangs(server: Server) -> None:
    server.closing.wait()
    raise Over


def without_end(start: bytes, more: bytes) -> Callable[[Server], None]:
    def fault(server: Server) -> None:
        server.say(start)
        while not server.closing.is_set():
            server.say(more)
        raise Over

    return fault


def drips(server: Server) -> None:
    """A byte now and then: no single wait is long, and no line ever ends."""
    server.say(b"250-")
    while not server.closing.wait(0.02):
        server.say(b"x")
    raise Over


@contextlib.contextmanager
def served(
    phase: str, fault: Callable[[Server], None], tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    server = Server(phase, fault, tls)
    server.start()
    try:
        yield server
    finally:
        server.close()


def sender(port: int, security: Security = "none", **more: Any) -> Smtp:
    return Smtp("127.0.0.1", port, security, **{"timeout": 20, "deadline": 60, **more})


def check_quiet(detail: str) -> None:
    assert "canary" not in detail.lower()
    assert detail.endswith(".")
    assert len(detail) < 160


# -- what servers do, at every phase ---------------------------------------------------------

CERTAIN = {
    "421": b"421 4.3.2 canary-7f3a@example.org: going down\r\n",
    "451": b"451 4.7.1 <canary-7f3a@example.org> greylisted\r\n",
    "550": b"550 5.1.1 <canary-7f3a@example.org> is not here\r\n",
    "552 of two lines": b"552-5.3.4 canary-7f3a\r\n552 5.3.4 too big\r\n",
    "no text": b"554\r\n",
}
UNCERTAIN: dict[str, Callable[[Server], None]] = {
    "hangs up": hangs_up,
    "half a line, then gone": lambda server: (server.say(b"250 ta"), hangs_up(server))[1],
    "a line without end": without_end(b"250 ", b"x" * 65_536),
    "lines without end": without_end(b"", b"250-canary-7f3a\r\n" * 4_096),
    "no number": says(b"canary-7f3a hello\r\n"),
    "a number that is none": says(b"2_5 ok\r\n"),
    "other digits": says("٢٥٠ ok\r\n".encode()),
    "two answers in one": says(b"250-taken\r\n550 not taken\r\n"),
    "an empty line": says(b"\r\n"),
    "bytes": says(bytes(range(128, 256)) + b"\n"),
    "an answer to something else": says(b"199 ok\r\n"),
}


@pytest.mark.parametrize("reply", CERTAIN.values(), ids=CERTAIN)
@pytest.mark.parametrize("phase", PHASES)
def test_a_definite_no_is_failed_and_nothing_was_taken(phase: str, reply: bytes) -> None:
    with served(phase, refuses(reply)) as server:
        outcome = sender(server.port).send(MAIL)

    assert outcome.state == "failed"
    assert server.phases == [*PHASES[: PHASES.index(phase) + 1], "QUIT"]
    assert (server.accepted, server.connections) == ([], 1)
    assert outcome.detail.startswith("The mail server refused the ")
    assert reply[:3].decode() in outcome.detail
    assert (" for now " in outcome.detail) == reply.startswith(b"4")
    check_quiet(outcome.detail)


@pytest.mark.parametrize(
    "phase, reply, wrong",
    [
        ("RCPT", b"550 5.1.1 no such user\r\n", True),
        ("RCPT", b"550 no such user\r\n", True),
        ("RCPT", b"554 5.1.2 no such host\r\n", True),
        ("RCPT", b"550 5.2.1 disabled\r\n", True),
        ("RCPT", b"550 5.7.1 relaying denied\r\n", False),
        ("RCPT", b"552 5.2.2 full\r\n", False),
        ("RCPT", b"554 not today\r\n", False),
        ("RCPT", b"450 4.1.1 later\r\n", False),
        ("MAIL", b"550 5.1.8 bad sender\r\n", False),
        ("dot", b"550 5.1.1 no\r\n", False),
    ],
)
def test_an_address_is_wrong_only_where_the_server_says_for_good_that_there_is_none(
    phase: str, reply: bytes, wrong: bool
) -> None:
    with served(phase, refuses(reply)) as server:
        outcome = sender(server.port).send(MAIL)

    assert (outcome.state, isinstance(outcome, NoSuchAddress)) == ("failed", wrong)


@pytest.mark.parametrize("fault", UNCERTAIN.values(), ids=UNCERTAIN)
@pytest.mark.parametrize("phase", PHASES)
def test_a_broken_answer_is_failed_before_the_dot_and_uncertain_after_it(
    phase: str, fault: Callable[[Server], None]
) -> None:
    with served(phase, fault) as server:
        outcome = sender(server.port).send(MAIL)

    after = phase == "dot"
    assert outcome.state == ("uncertain" if after else "failed")
    assert server.phases == list(PHASES[: PHASES.index(phase) + 1])
    assert (len(server.accepted), server.connections) == (int(after), 1)
    assert outcome.detail.endswith(UNKNOWN) == after
    check_quiet(outcome.detail)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("fault", [hangs, drips])
def test_a_server_that_hangs_or_drips_is_left_when_the_time_is_over(
    phase: str, fault: Callable[[Server], None]
) -> None:
    with served(phase, fault) as server:
        outcome = sender(server.port, timeout=1, deadline=2).send(MAIL)

    after = phase == "dot"
    assert server.phases == list(PHASES[: PHASES.index(phase) + 1])
    assert outcome.state == ("uncertain" if after else "failed")
    assert outcome.detail.startswith("The mail server did not answer in time.")
    assert (len(server.accepted), server.connections) == (int(after), 1)


def test_a_wait_is_over_long_before_all_the_time_is() -> None:
    with served("RCPT", hangs) as server:
        outcome = sender(server.port, timeout=0.5, deadline=100_000).send(MAIL)

    assert outcome == ("failed", "The mail server did not answer in time.")


def test_a_server_that_hangs_up_before_the_end_was_said_took_nothing() -> None:
    def fault(server: Server) -> None:  # go on, and the end of the connection, in one packet
        server.wire.send(USUAL["DATA"], socket.MSG_MORE)
        server.wire.shutdown(socket.SHUT_WR)

    with served("DATA", fault) as server:
        outcome = sender(server.port).send(MAIL)

    assert outcome == ("failed", "The mail server hung up.")
    assert server.accepted == []


@pytest.mark.parametrize(
    ("early", "told"),
    [
        (b"552 5.3.4 too big\r\n", "The mail server refused the message (552 5.3.4)."),
        (b"250 queued\r\n", "The mail server answered with something unreadable."),
    ],
)
def test_an_answer_before_the_end_was_said_is_no_acceptance(early: bytes, told: str) -> None:
    with served("DATA", says(USUAL["DATA"] + early)) as server:
        outcome = sender(server.port).send(MAIL)

    assert outcome == ("failed", told)
    assert server.accepted == []
    assert b"QUIT\r\n" not in server.rows


@pytest.mark.parametrize("gone", [True, False])
def test_whether_the_end_was_said_is_known_to_the_last_moment(gone: bool) -> None:
    ours, theirs = socket.socketpair()
    line = mailing.Line(10, 10)
    line.sock = ours
    if gone:
        theirs.close()
    else:
        theirs.shutdown(socket.SHUT_WR)

    with pytest.raises(mailing.Failure) as caught:
        line.say_the_dot()
    line.close()
    theirs.close()

    assert (str(caught.value), line.ended) == ("The mail server hung up.", not gone)


def test_a_server_that_stops_reading_a_long_message_took_nothing() -> None:
    def fault(server: Server) -> None:
        server.say(USUAL["DATA"])
        hangs(server)

    with served("DATA", fault) as server:
        outcome = sender(server.port, timeout=1).send(MAIL._replace(body="x y z\n" * 4_000_000))

    assert outcome == ("failed", "The mail server did not answer in time.")


@pytest.mark.parametrize(
    "fault",
    [hangs_up, hangs, says(b"500 what?\r\n"), says(b"babble\r\n"), without_end(b"221-", b"x" * 65_536)],
    ids=["hangs up", "hangs", "refuses", "babbles", "babbles on"],
)
def test_what_was_taken_is_sent_whatever_becomes_of_the_goodbye(fault: Callable[[Server], None]) -> None:
    with served("QUIT", fault) as server:
        outcome = sender(server.port, timeout=1).send(MAIL)

    assert outcome == ("sent", "The mail server took it.")
    assert (len(server.accepted), server.connections) == (1, 1)


def test_the_message_arrives_as_it_is_with_its_dots_and_tells_nothing_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: "laptop.of-mara.example.com")
    with served("", hangs_up) as server:
        outcome = sender(server.port).send(MAIL)

    mail = as_mail(MAIL)
    assert outcome.state == "sent"
    assert server.accepted == [mail.replace(b"\r\n.", b"\r\n..")]
    assert server.heard == [
        b"ehlo [127.0.0.1]\r\n",
        b"mail FROM:<mara@example.com> SIZE=%d\r\n" % len(mail),
        b"rcpt TO:<canary-7f3a@example.org>\r\n",
        b"DATA\r\n",
        b"QUIT\r\n",
    ]


def test_nobody_at_the_port_and_no_such_name_are_failed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert sender(port).send(MAIL) == ("failed", "The mail server cannot be reached.")
    nowhere = Smtp("no-such-host.invalid", 0, "tls", timeout=5)
    assert nowhere.send(MAIL) == ("failed", "The mail server's name is not known.")


def test_a_message_that_is_no_mail_reaches_no_server() -> None:
    with served("", hangs_up) as server:
        outcome = sender(server.port).send(MAIL._replace(subject="a\r\nBcc: eve@example.net"))

    assert outcome.state == "failed"
    assert server.connections == 0


# -- addresses of other letters --------------------------------------------------------------

ABROAD = MAIL._replace(to="björn@bücher.example")


def test_an_address_of_other_letters_needs_a_server_that_understands_it() -> None:
    with served("", hangs_up) as server:
        outcome = sender(server.port).send(ABROAD)

    assert outcome.state == "failed"
    assert "SMTPUTF8" in outcome.detail
    assert "MAIL" not in server.phases


def test_an_address_of_other_letters_goes_to_a_server_that_understands_it() -> None:
    server = Server("", hangs_up)
    server.usual["EHLO"] = b"250-there\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
    server.start()
    outcome = sender(server.port).send(ABROAD)
    server.close()

    assert outcome.state == "sent"
    assert server.heard[1:3] == [
        b"mail FROM:<mara@example.com> SMTPUTF8 BODY=8BITMIME\r\n",
        "rcpt TO:<björn@bücher.example>\r\n".encode(),
    ]


def test_a_domain_of_other_letters_goes_to_any_server() -> None:
    with served("", hangs_up) as server:
        outcome = sender(server.port).send(MAIL._replace(to="ana@bücher.example"))

    assert outcome.state == "sent"
    assert server.heard[2] == b"rcpt TO:<ana@xn--bcher-kva.example>\r\n"


# -- encrypted, and logged in ----------------------------------------------------------------


class Taken:
    """What an aiosmtpd server took."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 ok"

    def log_in(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login, given.password))
        return AuthResult(success=given.password == PASSWORD.encode(), handled=False)


class Authority:
    """Certificates of the test's own, one of them trusted."""

    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.cafile = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.cafile))

    def of(self, *names: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.ca.issue_cert(*names).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@contextlib.contextmanager
def running(taken: Taken, security: Security, context: ssl.SSLContext, **more: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tls = (
        {"ssl_context": context}
        if security == "tls"
        else {"tls_context": context, "require_starttls": True}
    )
    controller = Controller(taken, hostname="127.0.0.1", port=port, **tls, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_with_a_trusted_certificate_gets_the_message_encrypted(
    authority: Authority, security: Security
) -> None:
    taken = Taken()

    with running(taken, security, authority.of("127.0.0.1")) as port:
        outcome = sender(port, security, cafile=authority.cafile).send(MAIL)

    (envelope,) = taken.envelopes
    assert outcome == ("sent", "The mail server took it.")
    assert taken.encrypted == [True]
    assert (envelope.mail_from, envelope.rcpt_tos) == (MAIL.sender, [MAIL.to])
    assert envelope.content == as_mail(MAIL)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("wrong", ["unknown authority", "another's name"])
def test_a_server_whose_certificate_is_not_trusted_gets_nothing(
    authority: Authority, security: Security, wrong: str
) -> None:
    taken = Taken()
    name = "127.0.0.1" if wrong == "unknown authority" else "mail.example.com"
    cafile = None if wrong == "unknown authority" else authority.cafile

    with running(taken, security, authority.of(name)) as port:
        outcome = sender(port, security, cafile=cafile, user="mara", password=PASSWORD).send(MAIL)

    assert outcome.state == "failed"
    assert outcome.detail.startswith("The mail server's certificate is not trusted: ")
    assert taken.envelopes == []
    check_quiet(outcome.detail)


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("login", [{}, {"user": "mara", "password": PASSWORD}], ids=["no login", "login"])
def test_nothing_is_sent_where_the_server_does_not_encrypt(
    security: Security, login: dict[str, str]
) -> None:
    server = Server("", hangs_up)
    server.usual["EHLO"] = b"250-there\r\n250 AUTH PLAIN\r\n"
    server.start()
    outcome = sender(server.port, security, timeout=1, **login).send(MAIL)
    server.close()

    assert outcome.state == "failed"
    assert server.accepted == []
    assert not {*server.phases} & {"AUTH", "MAIL", "RCPT", "DATA"}


def test_what_is_said_in_the_clear_after_starttls_is_not_taken_for_encrypted(authority: Authority) -> None:
    server = Server("STAR", says(b"220 go\r\n250-there\r\n250 AUTH PLAIN\r\n"))
    server.usual["EHLO"] = b"250-there\r\n250 STARTTLS\r\n"
    server.start()
    outcome = sender(server.port, "starttls", cafile=authority.cafile).send(MAIL)
    server.close()

    assert outcome == ("failed", "The mail server answered with something unreadable.")
    assert server.phases == ["greeting", "EHLO", "STAR"]


@pytest.mark.parametrize("phase", ["DATA", "dot"])
def test_an_encrypted_connection_that_breaks_off_is_told_apart_as_well(
    authority: Authority, phase: str
) -> None:
    with served(phase, hangs_up, authority.of("127.0.0.1")) as server:
        outcome = sender(server.port, "tls", cafile=authority.cafile).send(MAIL)

    assert outcome.state == ("uncertain" if phase == "dot" else "failed")
    assert len(server.accepted) == int(phase == "dot")


@pytest.mark.parametrize("ways", [(), ("PLAIN",)], ids=["PLAIN", "LOGIN"])
def test_a_login_of_any_language_is_taken(authority: Authority, ways: tuple[str, ...]) -> None:
    taken = Taken()
    more = {"authenticator": taken.log_in, "auth_required": True, "auth_exclude_mechanism": ways}

    with running(taken, "starttls", authority.of("127.0.0.1"), **more) as port:
        secured = sender(port, "starttls", cafile=authority.cafile, user="mära", password=PASSWORD)
        outcome = secured.send(MAIL)

    assert outcome.state == "sent"
    assert taken.logins == [("mära".encode(), PASSWORD.encode())]


def test_a_login_that_is_refused_is_failed_and_never_tells_the_password(authority: Authority) -> None:
    taken = Taken()
    more = {"authenticator": taken.log_in, "auth_required": True}

    with running(taken, "starttls", authority.of("127.0.0.1"), **more) as port:
        secured = sender(port, "starttls", cafile=authority.cafile, user="mara", password=PASSWORD + "x")
        outcome = secured.send(MAIL)

    assert outcome == ("failed", "The mail server refused the name or the password.")
    assert len(taken.logins) == 1
    assert "canary" not in repr(secured) + str(secured)


@pytest.mark.parametrize(
    ("offered", "reply", "told"),
    [
        (b"AUTH PLAIN", b"454 4.7.0 ECHO later\r\n", "refused the login for now (454 4.7.0)."),
        (b"AUTH PLAIN LOGIN", b"535 5.7.8 ECHO\r\n", "refused the name or the password."),
        (b"AUTH LOGIN", b"535 5.7.8 ECHO\r\n", "refused the name or the password."),
        (b"AUTH LOGIN", b"334 ECHO\r\n", "answered with something unreadable."),
        (b"AUTH PLAIN", b"ECHO\r\n", "answered with something unreadable."),
        (b"AUTH CRAM-MD5", b"334 ECHO\r\n", "offers no way to log in that winback knows."),
        (b"SIZE 100", b"235 ECHO\r\n", "offers no way to log in that winback knows."),
    ],
)
def test_a_server_that_echoes_the_password_does_not_make_us_tell_it(
    offered: bytes, reply: bytes, told: str
) -> None:
    echo = reply.replace(b"ECHO", PASSWORD.encode() + base64.b64encode(PASSWORD.encode()))
    server = Server("AUTH", says(echo))
    server.usual["EHLO"] = b"250-there\r\n250 " + offered + b"\r\n"
    server.usual |= dict.fromkeys(
        (base64.b64encode(w.encode())[:4].decode().upper() for w in ("mara", PASSWORD)), echo
    )
    server.start()
    outcome = sender(server.port, user="mara", password=PASSWORD).send(MAIL)
    server.close()

    assert outcome == ("failed", f"The mail server {told}")
    assert server.accepted == []


def test_a_file_of_certificates_that_is_none_is_failed(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")

    for place in (tmp_path / "ca.pem", tmp_path / "none.pem", tmp_path):
        with served("", hangs_up) as server:
            outcome = sender(server.port, "tls", cafile=place).send(MAIL)
        assert outcome == ("failed", "The file of certificates cannot be used.")


# -- what cannot work is refused at once -----------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("mail.example.com", 25, "none"),
        ("127.0.0.1.example.com", 25, "none"),
        ("", 25, "none"),
        ("mail.example.com", 25, "ssl"),
        ("mail.example.com", 0, "tls", "mara"),
        ("mail.example.com", 0, "tls", "mara", ""),
        ("mail.example.com", 0, "tls", "mara", "a\0b"),
    ],
)
def test_a_sender_that_cannot_work_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(BadInput):
        Smtp(*arguments)


def test_the_usual_ports_and_the_names_of_this_machine() -> None:
    assert [Smtp("mail.example.com", 0, way).port for way in ("starttls", "tls")] == [587, 465]
    assert [Smtp(here, 0, "none").port for here in ("localhost", "127.0.0.1", "::1")] == [25, 25, 25]
    assert Smtp("mail.example.com", 2525, "tls").port == 2525
