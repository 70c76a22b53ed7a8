"""Who sends a message: a folder of .eml files, or a mail server. Both say exactly what became of it.

A sender raises nothing that a network, a disk or a message can cause; it says *failed* where nothing
was taken, *sent* where it surely was, and *uncertain* where nobody can know.
"""

import errno
import hashlib
import os
import re
import stat
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from winback_cli import text
from winback_cli.errors import BadInput, NotPermitted

if TYPE_CHECKING:
    import ssl
    from datetime import datetime

    from winback_cli.mailing import Line

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
HERE = ("localhost", "127.0.0.1", "::1")
RECIPIENT = "the recipient"
UNKNOWN = "Nobody knows whether it took the message."

_ATOM = r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*"
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,120}>")  # printable, but < > @
_PLAIN = 60  # characters of a header that goes as it is; longer ones are encoded, which folds safely
_PASSWORD = 1_000  # bytes of a password at most
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


class Outgoing(NamedTuple):
    """A message as it goes out, to one address. `at` is an instant, ISO in UTC."""

    message_id: str
    sender: str
    sender_name: str
    to: str
    to_name: str
    subject: str
    body: str
    at: str


class Outcome(NamedTuple):
    """What became of a message; `detail` is a sentence without anything of the customer's."""

    state: Literal["sent", "failed", "uncertain"]
    detail: str


class NoSuchAddress(Outcome):
    """It failed, and the server says for good that there is no such address (C4)."""

    __slots__ = ()


class Sender(Protocol):
    """Whoever can send a message, and say what became of it."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """Send it, once; nothing is tried again."""


# -- the mail --------------------------------------------------------------------------------


def new_message_id(domain: str, token: str) -> str:
    """A Message-ID that tells the sender's domain and the token, and nothing of the machine.

    Raises BadInput for a domain or a token that cannot stand in one.
    """
    try:
        host = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    if not re.fullmatch(_ATOM, host) or not re.fullmatch(_ATOM, token):
        raise BadInput("The domain of the sender's address cannot be used.", "Mend mail_from.")
    return f"<{token}@{host}>"


def as_mail(outgoing: Outgoing) -> bytes:
    """The message as a mail of plain text: lines end with CRLF, and all is ASCII but an address
    whose part before the @ is not.

    Raises BadInput for an address that is none, and for what would break a header (X3).
    """
    from email import policy
    from email.message import EmailMessage
    from email.parser import Parser
    from email.utils import format_datetime

    _check_headers(outgoing)
    head = [
        f"From: {_named(outgoing.sender_name, mailbox(outgoing.sender, 'sender'))}",
        f"To: {_named(outgoing.to_name, mailbox(outgoing.to, 'recipient'))}",
        f"Subject: {_header(outgoing.subject)}",
        f"Date: {format_datetime(_instant(outgoing))}",
        f"Message-ID: {outgoing.message_id}",
    ]
    # Read from source and kept as it is: the folding of email.policy loses spaces in long names.
    kept = policy.SMTP.clone(refold_source="none", cte_type="7bit", utf8=True)
    mail = Parser(EmailMessage, policy=kept).parsestr("\n".join(head) + "\n\n", headersonly=True)
    mail.set_content(text.clean(outgoing.body))
    return mail.as_bytes()


def mailbox(address: str, whose: str) -> str:
    """The address as mail servers know it: its domain in ASCII; where the rest is not, as it is written.

    Raises BadInput for what is not exactly one address.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        read = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise BadInput(f"The address of the {whose} is not one e-mail address.", "Mend it.") from None
    return read.ascii_email or read.normalized


def _check_headers(outgoing: Outgoing) -> None:
    """Raise BadInput for a header with a line break, a control character or the like in it."""
    for field, told in {
        "sender": "The address of the sender",
        "sender_name": "The name of the sender",
        "to": "The address of the recipient",
        "to_name": "The name of the recipient",
        "subject": "The subject",
        "message_id": "The number of the mail",
    }.items():
        value = getattr(outgoing, field)
        if text.clean(value) != value or re.search("[\t\n\u2028\u2029]", value):
            raise BadInput(f"{told} has line breaks or control characters in it.", "Write it anew.")
    if not _MESSAGE_ID.fullmatch(outgoing.message_id):
        raise BadInput("The number of the mail is no Message-ID.", "Draft the message anew.")


def _instant(outgoing: Outgoing) -> "datetime":
    from datetime import UTC, datetime

    try:
        return datetime.fromisoformat(outgoing.at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput("The time of the mail is none.", "Draft the message anew.") from None


def _header(value: str) -> str:
    """A text as a header has it: as it is where that is safe, else in encoded words, folded."""
    from email.header import Header

    if _is_plain(value):
        return value
    return Header(value, "utf-8", maxlinelen=75, header_name="Subject").encode()


def _named(name: str, address: str) -> str:
    if not name:
        return address
    if not _is_plain(name):
        return f"{_header(name)}\n <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"\n <{address}>'


def _is_plain(value: str) -> bool:
    return value.isascii() and "=?" not in value and len(value) <= _PLAIN and value == value.strip()


# -- a folder of .eml files ------------------------------------------------------------------


class EmlFolder:
    """Writes each message as one .eml file, which mail programs open as a draft to be sent.

    Files are their owner's alone (0600), whole or not there, on the disk before they count as sent, and
    named so that nothing outside the folder can be meant (X6). A message that is there already is sent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"EmlFolder({str(self.folder)!r})"

    def send(self, outgoing: Outgoing) -> Outcome:
        """Write the message; *uncertain* only where the disk did not confirm what was written."""
        place = text.line(str(self.folder))
        written = False
        try:
            mail = b"X-Unsent: 1\r\n" + as_mail(outgoing)
            _make_folder(self.folder)
            token = file_token(outgoing.message_id)
            if _is_there(self.folder, token):
                return Outcome("sent", f"It was in {place} already.")
            _write_whole(self.folder, f"{_titled(outgoing)}-{token}.eml", mail)
            written = True
            _sync(self.folder)
        except BadInput as bad:
            return Outcome("failed", bad.message)
        except OSError as problem:
            if written:
                return Outcome("uncertain", f"The disk did not confirm the file in {place}.")
            why = problem.strerror or "the disk refuses it"
            return Outcome("failed", f"Nothing can be written to {place}: {why}.")
        return Outcome("sent", f"Written to {place}.")


def file_token(message_id: str) -> str:
    """What the name of a message's file ends in."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:16]


def _titled(outgoing: Outgoing) -> str:
    """The day and whom it is for, of letters, digits and hyphens."""
    words = re.sub("[^a-z0-9]+", "-", text.fold(outgoing.to_name or outgoing.subject)).strip("-")
    return f"{_instant(outgoing).date().isoformat()}-{words[:40].strip('-') or 'mail'}"


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, for their owner alone; one that is there stays as it is."""
    for one in reversed([folder, *folder.parents]):
        if not one.is_dir():
            one.mkdir(mode=0o700)


def _is_there(folder: Path, token: str) -> bool:
    with os.scandir(folder) as entries:
        return any(
            entry.name.endswith(f"-{token}.eml") and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
            for entry in entries
        )


def _write_whole(folder: Path, name: str, content: bytes) -> None:
    """A new file under that name, whole and on the disk, or none; never over another or through a link."""
    import secrets

    passing = folder / f".{secrets.token_hex(8)}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(passing, flags, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        _link(passing, folder / name)
    finally:
        with suppress(OSError):
            passing.unlink()


def _link(passing: Path, place: Path) -> None:
    try:
        os.link(passing, place)
    except OSError as problem:
        if problem.errno not in _NO_LINKS or os.path.lexists(place):
            raise
        passing.rename(place)  # a disk without links: sticks, some shares


def _sync(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- a mail server ---------------------------------------------------------------------------


class Smtp:
    """Hands each message to a mail server, over a connection of its own.

    Encrypted, with a certificate that is checked, unless the server is this machine. `port` 0 is the
    usual one; `cafile` names a firm's own certificates; `timeout` bounds a wait, `deadline` all of it but
    the system's look-up of the name. Raises BadInput where this cannot work.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        user: str = "",
        password: str | None = None,
        timeout: float = 20,
        *,
        deadline: float = 60,
        cafile: Path | None = None,
    ) -> None:
        if security not in PORTS:
            raise BadInput("smtp_security is not known.", "Known are starttls, tls, none.")
        if security == "none" and host.lower() not in HERE:
            raise BadInput(
                "Mail goes unencrypted to this machine only.", 'Set smtp_security = "starttls", or "tls".'
            )
        if user and not password:
            raise BadInput(
                "There is no password for the mail server.",
                "Give --password-file FILE, or set WINBACK_SMTP_PASSWORD.",
            )
        if "\0" in f"{user}{password}":
            raise BadInput("The name or the password of the mail server holds a NUL.", "Write it anew.")
        self.host, self.port, self.security, self.user = host, port or PORTS[security], security, user
        self.timeout, self.deadline, self.cafile = timeout, deadline, cafile
        self._password = password or ""

    def __repr__(self) -> str:
        return f"Smtp({self.host!r}, {self.port}, {self.security!r})"

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand the message over; *sent* and *failed* are certain, also where the server went away."""
        from winback_cli import mailing

        with closing(mailing.Line(self.deadline, self.timeout)) as line:
            try:
                self._hand_over(line, outgoing)
            except BadInput as bad:
                return Outcome("failed", bad.message)
            except mailing.Refusal as refusal:
                line.part()
                wrong = refusal.what == RECIPIENT and mailing.is_wrong_address(refusal.code)
                return (NoSuchAddress if wrong else Outcome)("failed", str(refusal))
            except mailing.Failure as failure:
                return Outcome("failed", str(failure))
            return _end(line)

    def _hand_over(self, line: "Line", outgoing: Outgoing) -> None:
        """Everything but the dot that ends the message."""
        mail = as_mail(outgoing)
        context = self._context()
        line.reach(self.host, self.port, context if self.security == "tls" else None)
        if self.security == "starttls":
            line.start_tls(context)
        if self.user:
            line.log_in(self.user, self._password)
        sender, to = mailbox(outgoing.sender, "sender"), mailbox(outgoing.to, "recipient")
        options = _options(line, mail, sender + to)
        line.expect("the sender", line.mail(sender, options), 2)
        line.expect(RECIPIENT, line.rcpt(to), 2)
        line.expect("the message", line.docmd("DATA"), 3)
        line.say_all_but_the_dot(mail)

    def _context(self) -> "ssl.SSLContext":
        import ssl

        try:
            return ssl.create_default_context(cafile=self.cafile)
        except (OSError, ValueError):
            raise BadInput("The file of certificates cannot be used.", "Name another, or none.") from None


class Account(Protocol):
    """What of the settings leads to a password."""

    @property
    def smtp_user(self) -> str:
        """The name at the mail server."""

    def smtp_password(self) -> str | None:
        """The password that a variable holds."""


def password(account: Account, file: Path | None) -> str | None:
    """The password of the mail server: of that file, else of the variable, else of the system's keyring.

    The keyring is asked for the service `winback` and the user's name at the server, where the library is
    installed. Raises BadInput for a file that holds none, NotPermitted for one that anybody can read.
    """
    if file is not None:
        return _first_line(file)
    return account.smtp_password() or _in_keyring(account.smtp_user)


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as stream:  # a pipe is as good
            mode = os.fstat(stream.fileno()).st_mode
            row = stream.readline(_PASSWORD)
    except OSError as problem:
        raise BadInput(f"The password file cannot be read: {problem.strerror}.", "Name another.") from None
    if os.name == "posix" and stat.S_ISREG(mode) and mode & stat.S_IROTH:
        raise NotPermitted("Anybody can read the password file.", "chmod 600 FILE, and try again.")
    with suppress(UnicodeDecodeError):
        if found := row.decode("utf-8-sig").rstrip("\r\n"):
            return found
    raise BadInput("The password file has no password in its first line.", "Name another.")


def _in_keyring(user: str) -> str | None:
    from importlib import import_module

    try:
        keyring: Any = import_module("keyring")
    except ImportError:
        return None
    try:
        return keyring.get_password("winback", user) if user else None
    except keyring.errors.KeyringError:  # locked, or no keyring on this machine
        return None


def _options(line: "Line", mail: bytes, addresses: str) -> list[str]:
    """What MAIL says of the message; raises Refusal for an address that the server does not understand."""
    from winback_cli.mailing import Refusal

    options = [f"SIZE={len(mail)}"] if line.has_extn("size") else []
    if addresses.isascii():
        return options
    if not line.has_extn("smtputf8"):
        raise Refusal("The mail server takes no address with letters beyond a to z (SMTPUTF8).")
    return [*options, "SMTPUTF8", "BODY=8BITMIME"]


def _end(line: "Line") -> Outcome:
    """End the message: from here on, silence is no refusal."""
    from winback_cli import mailing

    try:
        line.expect("the message", line.say_the_dot(), 2)
    except mailing.Refusal as refusal:
        line.part()
        return Outcome("failed", str(refusal))
    except mailing.Failure as failure:
        if line.ended:
            return Outcome("uncertain", f"{failure} {UNKNOWN}")
        return Outcome("failed", str(failure))
    line.part()
    return Outcome("sent", "The mail server took it.")
