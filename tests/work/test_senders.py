"""The mail as it is written, and the folder of .eml files: one recipient, no header broken, nothing outside."""

import errno
import os
import re
import socket
import stat
import sys
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from winback_cli import senders, settings
from winback_cli.errors import BadInput, NotPermitted
from winback_cli.senders import EmlFolder, Outgoing, Smtp, as_mail, new_message_id, password

MAIL = Outgoing(
    "<abc123@example.com>",
    "mara@example.com",
    "Mara Holm",
    "ana@example.org",
    "Ana Sol",
    "What we changed",
    "Hello Ana,\n\nthank you.\n",
    "2026-03-01T10:00:00Z",
)


def read(mail: bytes) -> EmailMessage:
    return message_from_bytes(mail, policy=policy.default)  # type: ignore[arg-type, return-value]


def shown(mail: bytes, header: str) -> str:
    """A header as mail programs show it."""
    raw = message_from_bytes(mail)[header]
    return str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", raw))))


# -- the mail --------------------------------------------------------------------------------


def test_a_mail_says_who_writes_to_whom_when_and_what() -> None:
    mail = as_mail(MAIL)

    assert mail == (
        b'From: "Mara Holm"\r\n <mara@example.com>\r\n'
        b'To: "Ana Sol"\r\n <ana@example.org>\r\n'
        b"Subject: What we changed\r\n"
        b"Date: Sun, 01 Mar 2026 10:00:00 +0000\r\n"
        b"Message-ID: <abc123@example.com>\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"MIME-Version: 1.0\r\n"
        b"\r\n"
        b"Hello Ana,\r\n\r\nthank you.\r\n"
    )


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    assert as_mail(MAIL._replace(at="2026-03-01T12:00:00+02:00")) == as_mail(MAIL)


def test_without_names_there_are_addresses_only() -> None:
    mail = as_mail(MAIL._replace(sender_name="", to_name=""))

    assert b"\r\nTo: ana@example.org\r\n" in mail
    assert mail.startswith(b"From: mara@example.com\r\n")


PRINTED = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300).filter(
    lambda value: senders.text.clean(value) == value
)


@given(PRINTED, PRINTED, PRINTED)
@example("Sol, Ana <eve@example.net>", 'Dr. "A\\B" (x); y:', "=?utf-8?q?a=0D=0ABcc:_eve@example.net?=")
@example("Ána, Eve <eve@example.net>," * 9, "x" * 900, "word " * 90)
@example(" a", "a ", " ")
def test_any_name_and_subject_arrive_as_they_were_in_headers_of_one_recipient(
    sender_name: str, to_name: str, subject: str
) -> None:
    mail = as_mail(MAIL._replace(sender_name=sender_name, to_name=to_name, subject=subject))

    head = mail.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [row.partition(b":")[0] for row in head if row[:1] != b" "] == [
        *(b"From", b"To", b"Subject", b"Date", b"Message-ID"),
        *(b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version"),
    ]
    assert max(map(len, head)) <= 78
    assert mail.isascii()
    for header, name, address in (("From", sender_name, MAIL.sender), ("To", to_name, MAIL.to)):
        ((raw, found),) = getaddresses([re.sub(r"\r?\n(?=[ \t])", "", message_from_bytes(mail)[header])])
        assert (str(make_header(decode_header(raw))), found) == (name, address)
    assert shown(mail, "Subject") == subject


@given(st.text(max_size=2000))
@example("é" * 5000)
@example("x" * 5000)
@example("From here\n.\n..\n.x\rmac\r\nwindows\n \n\t\n")
@example("NUL \0 ESC \x1b[2J \ud800")
def test_any_body_arrives_as_it_was_in_lines_that_every_server_takes(body: str) -> None:
    mail = as_mail(MAIL._replace(body=body))

    got = read(mail)
    assert mail.isascii()
    assert max(map(len, mail.split(b"\r\n"))) <= 78
    assert b"\r" not in mail.replace(b"\r\n", b"") and b"\n" not in mail.replace(b"\r\n", b"")
    assert got.get_content_type() == "text/plain"
    assert got.get_content_charset() == "utf-8"
    assert not got.is_multipart()
    lines = got.get_content().replace("\r\n", "\n")  # within base64 they are CRLF too
    assert "\r" not in lines
    assert lines.rstrip("\n") == senders.text.clean(body).rstrip("\n")


CONTROLS = [
    "\r",
    "\n",
    "\r\n",
    "\u2028",
    "\u2029",
    "\0",
    "\t",
    "\x1b",
    "\x7f",
    "\x85",
    "\x0b",
    "\u202e",
    "\ud800",
]


@pytest.mark.parametrize("field", ["message_id", "sender", "sender_name", "to", "to_name", "subject"])
@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_header_with_a_break_or_a_control_character_is_refused(field: str, control: str) -> None:
    for value in (
        f"canary{control}Bcc: eve@example.net",
        f"{control}{getattr(MAIL, field)}",
        f"{getattr(MAIL, field)}{control}",
    ):
        with pytest.raises(BadInput) as caught:
            as_mail(MAIL._replace(**{field: value}))

        assert "canary" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("field", ["sender", "to"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "canary",
        "canary@",
        "@example.com",
        "ana@example.com, canary@example.net",
        "ana@example.com,canary@example.net",
        "ana@example.com; canary@example.net",
        "ana@example.com canary@example.net",
        "Ana <canary@example.com>",
        "<canary@example.com>",
        "canary:ana@example.com,eve@example.net;",
        "canary@@example.com",
        "canary@localhost",
        "canary@-example.com",
        '"canary eve"@example.com',
        "canary@example.com>",
        "canary@[127.0.0.1]",
        "x" * 400 + "canary@example.com",
    ],
)
def test_what_is_not_exactly_one_address_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadInput) as caught:
        as_mail(MAIL._replace(**{field: value}))

    assert "canary" not in caught.value.message + caught.value.hint


def test_an_address_of_other_letters_is_in_the_mail_as_servers_know_it() -> None:
    assert b"To: ana@xn--bcher-kva.example\r\n" in as_mail(
        MAIL._replace(to="ana@bücher.example", to_name="")
    )
    assert "\r\n <björn@bücher.example>\r\n".encode() in as_mail(MAIL._replace(to="björn@bücher.example"))


def test_a_long_name_beside_a_long_address_keeps_its_spaces() -> None:
    name, address = "Бюро   синих \\ (красных) " * 6 + "x", f"{'a' * 60}@{'b' * 60}.example"

    mail = as_mail(MAIL._replace(to=address, to_name=name))

    assert shown(mail, "To") == f"{name} <{address}>"


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"])
def test_a_time_that_is_none_is_refused(at: str) -> None:
    with pytest.raises(BadInput):
        as_mail(MAIL._replace(at=at))


@pytest.mark.parametrize("message_id", ["", "abc@example.com", "<abc>", "<a b@c>", "<a@b><c@d>", "<ä@b>"])
def test_a_message_id_that_is_none_is_refused(message_id: str) -> None:
    with pytest.raises(BadInput):
        as_mail(MAIL._replace(message_id=message_id))


def test_a_message_id_is_kept_as_given_however_long() -> None:
    long = f"<{'a' * 120}@{'b' * 100}.example>"

    assert f"\r\nMessage-ID: {long}\r\n".encode() in as_mail(MAIL._replace(message_id=long))


def test_a_new_message_id_is_of_the_domain_and_the_token_alone() -> None:
    assert new_message_id("Example.com", "7f3a9c") == "<7f3a9c@example.com>"
    assert new_message_id("bücher.example", "7f") == "<7f@xn--bcher-kva.example>"
    assert socket.gethostname() not in new_message_id("example.com", "7f3a9c")
    assert as_mail(MAIL._replace(message_id=new_message_id("example.com", "7f3a-9c.1")))


@pytest.mark.parametrize(
    ("domain", "token"),
    [
        ("", "a"),
        ("example.com", ""),
        ("a b", "c"),
        ("a", "b>c"),
        ("a\n", "b"),
        ("a", "b\n"),
        ("a..b", "c"),
        ("x" * 70, "a"),
    ],
)
def test_a_message_id_that_cannot_be_made_is_refused(domain: str, token: str) -> None:
    with pytest.raises(BadInput):
        new_message_id(domain, token)


# -- a folder of .eml files ------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail" / "outbox"


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
def test_a_message_is_one_file_of_its_owner_alone(folder: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        outcome = EmlFolder(folder).send(MAIL)
    finally:
        os.umask(before)

    (file,) = files(folder)
    assert outcome == ("sent", f"Written to {folder}.")
    assert file.read_bytes() == b"X-Unsent: 1\r\n" + as_mail(MAIL)
    assert re.fullmatch(r"2026-03-01-ana-sol-[0-9a-f]{16}\.eml", file.name)
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (file, folder, folder.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_the_same_message_is_written_once_whatever_was_changed_in_it(folder: Path) -> None:
    EmlFolder(folder).send(MAIL)
    (file,) = files(folder)
    before = file.read_bytes()

    again = EmlFolder(folder).send(MAIL._replace(to_name="Eve", subject="x", at="2026-04-01T10:00:00Z"))

    assert again == ("sent", f"It was in {folder} already.")
    assert files(folder) == [file]
    assert file.read_bytes() == before


def test_other_messages_of_the_same_day_and_name_are_files_of_their_own(folder: Path) -> None:
    for message_id in ("<a@example.com>", "<A@example.com>", "<x-a@example.com>", "<a@example.net>"):
        assert EmlFolder(folder).send(MAIL._replace(message_id=message_id)).state == "sent"

    assert len(files(folder)) == 4


NAMES = [
    "../../eve",
    "/etc/passwd",
    "..",
    ".",
    "CON",
    "a/b\\c",
    "nul.txt",
    "ÄÖÜ & Söhne",
    "日本",
    "-rf",
    "~",
    "x" * 500,
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_outside_the_folder(folder: Path, tmp_path: Path, name: str) -> None:
    outcome = EmlFolder(folder).send(MAIL._replace(to_name=name, message_id="<../../x@../y>"))

    (file,) = files(folder)
    assert outcome.state == "sent"
    assert re.fullmatch(r"2026-03-01-[a-z0-9-]{1,60}\.eml", file.name)
    assert sorted(place for place in tmp_path.rglob("*") if place.is_file()) == [file]


def test_an_existing_folder_keeps_its_rights(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o755)

    EmlFolder(folder).send(MAIL)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


@pytest.mark.parametrize("kind", ["link to a file", "dangling link", "folder"])
def test_what_lies_under_the_name_is_neither_followed_nor_replaced(
    folder: Path, tmp_path: Path, kind: str
) -> None:
    EmlFolder(folder).send(MAIL)
    (file,) = files(folder)
    file.unlink()
    (tmp_path / "theirs").write_text("theirs")
    if kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(tmp_path / ("theirs" if kind == "link to a file" else "nothing"))

    outcome = EmlFolder(folder).send(MAIL)

    assert outcome.state == "failed"
    assert files(folder) == [file]
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("kind", ["file", "below a file", "dangling link"])
def test_a_folder_that_is_none_is_failed(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "dangling link":
        place.symlink_to(tmp_path / "nothing")
    else:
        place.write_text("theirs")

    outcome = EmlFolder(place / "below" if kind == "below a file" else place).send(MAIL)

    assert outcome.state == "failed"
    assert outcome.detail.startswith(f"Nothing can be written to {place}")
    assert [one.name for one in tmp_path.iterdir()] == ["place"]


def test_a_message_that_is_no_mail_is_failed_and_leaves_nothing(folder: Path) -> None:
    outcome = EmlFolder(folder).send(MAIL._replace(subject="a\nBcc: eve@example.net"))

    assert outcome == ("failed", "The subject has line breaks or control characters in it.")
    assert not folder.exists()


def fails(code: int, at: int = 1) -> Any:
    """A call of the system that fails the nth time."""
    calls = iter(range(1, 100))
    real = os.fsync

    def call(handle: int) -> None:
        if next(calls) == at:
            raise OSError(code, os.strerror(code))
        real(handle)

    return call


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_leaves_no_file_and_the_next_time_it_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails(code))
        outcome = EmlFolder(folder).send(MAIL)

    assert outcome == ("failed", f"Nothing can be written to {folder}: {os.strerror(code)}.")
    assert files(folder) == []
    assert EmlFolder(folder).send(MAIL) == ("sent", f"Written to {folder}.")


def test_a_file_that_the_disk_does_not_confirm_is_uncertain(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", fails(errno.EIO, at=2))

    outcome = EmlFolder(folder).send(MAIL)

    assert outcome == ("uncertain", f"The disk did not confirm the file in {folder}.")
    assert len(files(folder)) == 1


def test_a_disk_without_links_gets_the_file_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*places: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)

    outcome = EmlFolder(folder).send(MAIL)

    (file,) = files(folder)
    assert outcome.state == "sent"
    assert file.read_bytes() == b"X-Unsent: 1\r\n" + as_mail(MAIL)


# -- the password ----------------------------------------------------------------------------


@pytest.fixture
def account(home: Path, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.delenv("WINBACK_SMTP_PASSWORD", raising=False)
    home.mkdir()
    (home / "settings.toml").write_text('smtp_user = "mara"\n')
    return settings.load()


def secret(place: Path, content: bytes, mode: int = 0o600) -> Path:
    place.write_bytes(content)
    place.chmod(mode)
    return place


@pytest.mark.parametrize(
    "content",
    ["pä ss", "pä ss\n", "pä ss\r\nsecond", "\ufeffpä ss\n"],
    ids=["bare", "line", "windows", "BOM"],
)
def test_the_password_is_the_first_line_of_the_file_before_all_else(
    account: settings.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "of the variable")

    assert password(account, secret(tmp_path / "secret", content.encode())) == "pä ss"


def test_the_password_may_come_out_of_a_pipe(account: settings.Settings) -> None:
    out, into = os.pipe()
    os.write(into, b"piped\n")
    os.close(into)

    try:
        assert password(account, Path(f"/dev/fd/{out}")) == "piped"
    finally:
        os.close(out)


@pytest.mark.parametrize("mode", [0o644, 0o604])
def test_a_password_file_that_anybody_can_read_is_refused(
    account: settings.Settings, tmp_path: Path, mode: int
) -> None:
    with pytest.raises(NotPermitted) as caught:
        password(account, secret(tmp_path / "secret", b"canary\n", mode))

    assert "canary" not in caught.value.message + caught.value.hint
    assert password(account, secret(tmp_path / "other", b"ours\n", 0o640)) == "ours"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\nx", b"\xff\xfecanary"])
def test_a_file_without_a_password_is_refused_and_nothing_else_taken(
    account: settings.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "of the variable")

    for place in (secret(tmp_path / "secret", content), tmp_path / "none", tmp_path):
        with pytest.raises(BadInput):
            password(account, place)


def test_the_variable_comes_before_the_keyring_and_an_empty_one_is_none(
    account: settings.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert password(account, None) is None
    monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "of the variable")
    assert password(account, None) == "of the variable"
    monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "")
    assert (password(account, None), account.smtp_password()) == (None, None)


KEYRING = """
class errors:
    class KeyringError(Exception): ...

def get_password(service, user):
    if user == "locked":
        raise errors.KeyringError("canary")
    return {("winback", "mara"): "of the keyring"}.get((service, user))
"""


def test_the_keyring_is_asked_last_for_the_name_at_the_server(
    account: settings.Settings, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keyring.py").write_text(KEYRING)
    monkeypatch.delitem(sys.modules, "keyring")
    monkeypatch.syspath_prepend(tmp_path)

    found = [password(account, None)]
    for user in ("jonas", "locked"):
        (home / "settings.toml").write_text(f'smtp_user = "{user}"\n')
        found.append(password(settings.load(), None))
    (home / "settings.toml").write_text("")
    found.append(password(settings.load(), None))
    monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "of the variable")
    found.append(password(account, None))

    assert found == ["of the keyring", None, None, None, "of the variable"]


def test_no_form_of_a_sender_shows_its_password() -> None:
    smtp = Smtp("mail.example.com", 0, "tls", "mara", "canary")

    shown = [repr(smtp), str(smtp), f"{smtp}", repr([smtp]), ascii(smtp)]

    assert set(shown) == {"Smtp('mail.example.com', 465, 'tls')", "[Smtp('mail.example.com', 465, 'tls')]"}
