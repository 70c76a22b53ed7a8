"""A conversation with a mail server that always ends: every wait has its end, every reply its size.

It knows no message and no customer; `senders` leads it and says what became of the message. Whatever
the server writes stays here: replies quote addresses, so a failure tells their numbers only.
"""

import base64
import contextlib
import math
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator

LATE = "The mail server did not answer in time."
LOST = "The mail server hung up."
GARBLED = "The mail server answered with something unreadable."
LONGEST = 32_000  # bytes of one reply; those of real servers have some hundred
_PIECE = 16_384  # bytes sent at a time, each with a wait of its own; also what TLS takes at once
_PARTING = 3.0  # seconds that a goodbye may take

_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])([^\r\n]*))?\r?\n")
_REASON = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?![\d.])")  # RFC 3463

Answer = tuple[int, bytes]


class Failure(Exception):
    """Why the conversation ended; its text is a sentence for the user, without anything of a customer."""


class Refusal(Failure):
    """The server said no, and can still be parted from politely; `what` it refused, by which number."""

    def __init__(self, said: str, what: str = "", code: str = "") -> None:
        super().__init__(said)
        self.what, self.code = what, code


class Line(smtplib.SMTP):
    """A connection that lives for so many seconds, and waits for so many at a time.

    Every method raises Failure, and no other error of the network.
    """

    def __init__(self, lifetime: float, timeout: float) -> None:
        # A name is given, lest the machine's own is looked up and told to the server.
        super().__init__(local_hostname="[127.0.0.1]", timeout=timeout)
        self._until = time.monotonic() + lifetime
        self._patience = timeout
        self._heard = b""
        self.ended = False  # whether the dot that ends a message went out

    def reach(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Connect - encrypted from the start where there is a context - and hear who answers."""
        self._host = host
        self._dial(host, port)
        if context is not None:
            self._encrypt(context)
        self.expect("the connection", self.getreply(), 2)
        self.expect("the greeting", self.ehlo(), 2)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on encrypted; a server that does not offer it is a failure."""
        if not self.has_extn("starttls"):
            raise Refusal("The mail server offers no STARTTLS.")
        self.expect("STARTTLS", self.docmd("STARTTLS"), 2)
        if self._speaks():  # said in the clear by whoever is in between, to be taken for encrypted
            raise Failure(GARBLED)
        self._encrypt(context)
        self.expect("the greeting", self.ehlo(), 2)

    def log_in(self, user: str, password: str) -> None:
        """Log in by PLAIN or LOGIN; both take names and passwords of any language."""
        ways = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in ways:
            answer = self.docmd("AUTH", "PLAIN " + _encoded(f"\0{user}\0{password}"))
        elif "LOGIN" in ways:
            answer = self.docmd("AUTH", "LOGIN")
            for word in (user, password):
                if answer[0] == 334:
                    answer = self.docmd(_encoded(word))
        else:
            raise Refusal("The mail server offers no way to log in that winback knows.")
        if answer[0] // 100 == 5:
            raise Refusal("The mail server refused the name or the password.")
        self.expect("the login", answer, 2)

    def say_all_but_the_dot(self, content: bytes) -> None:
        """Send a message after DATA, but not the end of it: until then the server has taken nothing.

        A server that speaks or hangs up meanwhile is a failure, and the end must not be sent.
        """
        self.send(smtplib.quotedata(content.decode("utf-8")).encode("utf-8"))
        if self._speaks():
            try:
                self.expect("the message", self.getreply(), 0)
            except Refusal as refusal:  # no goodbye: the server would take it for more of the message
                raise Failure(str(refusal)) from None

    def say_the_dot(self) -> Answer:
        """End the message, and wait as long as there is time for what the server makes of it.

        `ended` says after a Failure whether the server may have heard the end.
        """
        self._patience = math.inf
        wire = self._wire()
        self.ended = True
        with _told():
            try:
                wire.sendall(b".\r\n")
            except ConnectionError:  # so few bytes are taken by the system whole, or not at all
                self.ended = False
                raise
        return self.getreply()

    def part(self) -> None:
        """Say goodbye, whatever the server makes of that."""
        self._patience = min(self._patience, _PARTING)
        with contextlib.suppress(Failure, smtplib.SMTPException):
            self.docmd("QUIT")

    def expect(self, what: str, answer: Answer, hundred: int) -> None:
        """Raise Refusal, naming what was refused, for an answer that is not of that hundred."""
        code = answer[0]
        if code // 100 == hundred:
            return
        if code < 400:
            raise Failure(GARBLED)
        told = number(answer)
        raise Refusal(
            f"The mail server refused {what}{' for now' if code < 500 else ''} ({told}).", what, told
        )

    # -- what smtplib calls ------------------------------------------------------------------

    def send(self, s: object) -> None:
        """Send text or bytes, no longer than there is time."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else bytes(s)  # type: ignore[call-overload]
        for start in range(0, len(data), _PIECE):
            with _told():
                self._wire().sendall(data[start : start + _PIECE])

    def getreply(self) -> Answer:
        """The next reply: its number, and its lines without it."""
        lines, numbers, size = list[bytes](), set[bytes](), 0
        while True:
            row = self._row()
            found = _REPLY.fullmatch(row)
            size += len(row)
            if found is None or size > LONGEST:
                raise Failure(GARBLED)
            numbers.add(found[1])
            lines.append(found[3] or b"")
            if len(numbers) > 1:
                raise Failure(GARBLED)
            if found[2] != b"-":
                return int(found[1]), b"\n".join(lines)

    # -- the wire ----------------------------------------------------------------------------

    def _wire(self) -> socket.socket:
        """The socket, which from now on waits no longer than there is time."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise Failure(LATE)
        if self.sock is None:
            raise Failure(LOST)
        self.sock.settimeout(min(self._patience, left))
        return self.sock

    def _dial(self, host: str, port: int) -> None:
        try:
            places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            raise Failure("The mail server's name is not known.") from None
        for family, kind, protocol, _, address in places:
            self.close()
            self.sock = socket.socket(family, kind, protocol)
            with contextlib.suppress(OSError):
                return self._wire().connect(address)
        raise Failure("The mail server cannot be reached.")

    def _encrypt(self, context: ssl.SSLContext) -> None:
        try:
            self.sock = context.wrap_socket(self._wire(), server_hostname=self._host)
        except ssl.SSLCertVerificationError as problem:
            raise Failure(
                f"The mail server's certificate is not trusted: {problem.verify_message.rstrip('.')}."
            ) from None
        except TimeoutError:
            raise Failure(LATE) from None
        except (OSError, ValueError):
            raise Failure("No secure connection to the mail server came about.") from None

    def _row(self) -> bytes:
        while b"\n" not in self._heard:
            if len(self._heard) > LONGEST:
                raise Failure(GARBLED)
            with _told():
                more = self._wire().recv(4096)
            if not more:
                raise Failure(LOST)
            self._heard += more
        row, _, self._heard = self._heard.partition(b"\n")
        return row + b"\n"

    def _speaks(self) -> bool:
        """Whether the server says something unasked; raises Failure where it hung up."""
        if self._heard:
            return True
        wire = self._wire()
        wire.settimeout(0)
        try:
            self._heard = wire.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            raise Failure(LOST) from None
        if not self._heard:
            raise Failure(LOST)
        return True


def number(answer: Answer) -> str:
    """What of a reply may be told: its number, and the standard's own for the reason."""
    code, said = answer
    reason = _REASON.match(said)
    return f"{code} {reason[0].decode()}" if reason else str(code)


def is_wrong_address(code: str) -> bool:
    """Whether a server that refused a recipient says that there is no such mailbox (RFC 3463): not where
    the box is full, nor where it refuses whoever sends.
    """
    found, _, reason = code.partition(" ")
    if reason:
        return reason.startswith("5.1.") or reason == "5.2.1"
    return found in ("550", "551", "553")


def _encoded(word: str) -> str:
    return base64.b64encode(word.encode("utf-8")).decode("ascii")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """An error of the network as a failure, without its traceback."""
    try:
        yield
    except TimeoutError:
        raise Failure(LATE) from None
    except OSError:
        raise Failure(LOST) from None
