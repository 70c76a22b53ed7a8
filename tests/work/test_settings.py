"""The settings: every key typed, checked and told; a file that cannot be used, told once and at once."""

import json
import os
import subprocess
import sys
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Runner
from winback_cli import settings
from winback_cli.errors import BadInput, UsageError

FULL = """name = "Ana"
firm = "Blue Foods"
currency = "CHF"
country = "CH"
lapsed_months = 12
stale_months = 36
return_rate = 8
margin = 45
horizon_months = 6
contact_cost = 7
acquisition_cost = 450
rates = {EUR = 0.95, JPY = 6e-3}
weekend = ["friday", "saturday"]
contact_hours = "08:30-17:45"
holidays = ["DE-BY", "2026-12-24"]
time_zone = "Europe/Lisbon"
owners = ["Mara", "Jonas Ö."]
playbook = "six-steps"
backup = false
backups_kept = 30
mail_from = "ana@example.com"
mail_name = "Ana of Blue Foods"
mail_folder = "~/drafts"
smtp_host = "smtp.example.com"
smtp_port = 2525
smtp_security = "tls"
smtp_user = "ana"
"""


@pytest.fixture
def place(home: Path) -> Path:
    home.mkdir()
    return home / "settings.toml"


def told(place: Path) -> list[str]:
    """The mistakes of a settings file, each without the file's name, which each has to begin with."""
    with pytest.raises(BadInput) as caught:
        settings.load()
    lines = caught.value.message.splitlines()
    assert all(line.startswith(f"{place}: ") for line in lines)
    return [line.removeprefix(f"{place}: ") for line in lines]


def test_every_key_is_read_as_what_it_is(place: Path) -> None:
    place.write_text(FULL, "utf-8")

    now = settings.load()

    assert (now.name, now.currency, now.country, now.lapsed_months) == ("Ana", "CHF", "CH", 12)
    assert (now.firm, now.stale_months) == ("Blue Foods", 36)
    assert (now.return_rate, now.margin, now.horizon_months) == (8, 45, 6)
    assert (now.contact_cost, now.acquisition_cost) == (7, 450)
    assert now.rates == (("EUR", 0.95), ("JPY", 0.006))
    assert now.weekend == ("friday", "saturday")
    assert now.contact_hours == (time(8, 30), time(17, 45))
    assert (now.holidays, now.time_zone) == (("DE-BY", "2026-12-24"), "Europe/Lisbon")
    assert now.owners == ("Mara", "Jonas Ö.")
    assert (now.playbook, now.backup, now.backups_kept) == ("six-steps", False, 30)
    assert (now.mail_from, now.mail_name) == ("ana@example.com", "Ana of Blue Foods")
    assert now.outbox == Path("~/drafts").expanduser()
    assert (now.smtp_host, now.smtp_port, now.smtp_security) == ("smtp.example.com", 2525, "tls")
    assert now.smtp_user == "ana"
    assert set(tomllib.loads(FULL)) == set(settings.DOCS)
    assert {now.origins[key] for key in settings.DOCS} == {str(place)}


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    now = settings.load()

    assert (now.country, now.owners, now.backup, now.backups_kept) == ("", (), True, 7)
    assert now.contact_hours == (time(9), time(18))
    assert now.origins["backup"] == "default"
    assert (now.name, now.origins["name"]) == ("tester", "your login")
    assert not home.exists()


WRONG: dict[str, tuple[str, ...]] = {
    "name": ("1", '""', '" "', "[]", "true", '"\\u0007"', f'"{"a" * 101}"'),
    "firm": ("1", '" "', "[]", '"\\u0007"'),
    "currency": ('"eur"', '"EURO"', "978", '["EUR"]'),
    "country": ('"UK"', '"de"', '"DEU"', '"D "', "49", "[]", "{}"),
    "lapsed_months": ("0", "121", "6.0", '"6"', "true"),
    "stale_months": ("0", "241", "24.0", '"24"', "true"),
    "return_rate": ("0", "61", "5.0", '"5"', "true"),
    "margin": ("0", "101", "30.0", '"30"', "true"),
    "horizon_months": ("0", "61", "12.0", '"12"', "true"),
    "contact_cost": ("-1", "100001", "5.0", '"5"', "true"),
    "acquisition_cost": ("-1", "100000001", "400.5", '"400 EUR"', "false"),
    "rates": (
        "0.9",
        "[]",
        '"USD"',
        "{usd = 0.9}",
        "{USD = 0}",
        "{USD = -1}",
        "{USD = nan}",
        "{USD = 1e12}",
        '{USD = "0.9"}',
        "{USD = true}",
        "{USD = [1]}",
    ),
    "weekend": (
        '"sunday"',
        '["Sunday"]',
        "[1]",
        "[[1]]",
        "[{}]",
        json.dumps(list(settings.dates.WEEKDAYS)),
    ),
    "contact_hours": (
        '"9-18"',
        '"18:00-9:00"',
        '"9:00-9:00"',
        '"9:00-25:00"',
        '"9:60-18:00"',
        '"9:00-18:00x"',
        '"٩:00-18:00"',
        "9",
        "09:00:00",
        '["9:00", "18:00"]',
    ),
    "holidays": (
        '"DE-BY"',
        "2026-12-24",
        "[1]",
        '["24.12.2026"]',
        '["de-by"]',
        '["DE-BY", "GB-ENG"]',
        '[["2026-12-24"]]',
        "[2026-12-24T10:00:00]",
    ),
    "time_zone": (
        "1",
        "[]",
        '" "',
        '"Berlin"',
        '"Europe"',
        '"../UTC"',
        '"zone.tab"',
        f'"{"x" * 300}"',
        '"UTC\\u0000"',
    ),
    "owners": ('"Mara"', "[1]", '[""]', '["Mara", "mara"]', '[["Mara"]]', "{}"),
    "playbook": ("1", '""'),
    "backup": ("1", '"yes"', "[]"),
    "backups_kept": ("0", "366", "true", "7.0", '"7"'),
    "mail_from": ('"ana"', '"Ana <ana@example.com>"', '"a@example.com, b@example.com"', "1", "[]", "{}"),
    "mail_name": ('""', "1", '"\\u0007"'),
    "mail_folder": ('""', '"~nobody-here/x"', "1", "[]", '"a\\nb"', '"a\\u0000b"'),
    "smtp_host": (
        '"smtp.example.com:587"',
        '"https://smtp.example.com"',
        '"two words"',
        '"a..b"',
        '"127.0.0.1:25"',
        '"smtp.example.com\\n"',
        f'"{"a" * 254}"',
        "1",
        "[]",
    ),
    "smtp_port": ("-1", "65536", "true", "25.0", '"25"'),
    "smtp_security": ('"ssl"', '"TLS"', '""', "true", "[]", "{}"),
    "smtp_user": ("1", "[]", '"\\u0000"', '" "'),
}


@pytest.mark.parametrize(
    ("key", "value"), [(k, v) for k, values in WRONG.items() for v in values], ids=lambda v: str(v)[:20]
)
def test_a_wrong_value_is_told_with_its_key_and_what_it_should_be(
    place: Path, key: str, value: str
) -> None:
    place.write_text(f"{key} = {value}\n", "utf-8")

    assert told(place) == [f"{key} should be {settings.DOCS[key]}."]


def test_every_key_has_wrong_values_here_and_a_table_is_none_of_its_values(place: Path) -> None:
    assert set(WRONG) == set(settings.DOCS)
    for key in settings.DOCS:
        place.write_text(f'[{key}]\nname = "Ana"\n', "utf-8")

        assert told(place) == [f"{key} should be {settings.DOCS[key]}."]


def test_all_mistakes_of_a_file_are_told_at_once(place: Path, winback: Runner) -> None:
    place.write_text('lapsed_month = 6\nname = ""\nbackup = 1\nzzz = 1\ncurrency = "EUR"\n', "utf-8")
    before = place.read_bytes()

    assert told(place) == [
        "'lapsed_month' is not known; did you mean lapsed_months?",
        f"name should be {settings.DOCS['name']}.",
        f"backup should be {settings.DOCS['backup']}.",
        f"'zzz' is not known; known are {', '.join(settings.DOCS)}.",
    ]
    ran = winback("config", "show")
    assert (ran.code, ran.out) == (65, "")
    assert len(ran.err.splitlines()) == 5
    assert place.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'name = "Ana"\nname = "Ben"\n', "line 2"),
        (b"name = Ana\n", "line 1"),
        (b"\x00\x01\x02SQLite format 3\x00" * 50, "line 1"),
        (b"\xff\xfe\x00\x80" * 50, "is not UTF-8 text"),
        ('name = "Ana"\n'.encode("utf-16"), "is not UTF-8 text"),
        (b"name = " + b"[" * 50_000, "nested too deeply"),
        (b"lapsed_months = " + b"9" * 5_000, "digits"),
        (b"# \n" * 17_000_000, "larger than 100 kB"),
    ],
    ids=["twice", "no quotes", "binary", "no text", "utf-16", "nested", "digits", "50 MB"],
)
def test_what_is_no_settings_file_is_told_in_one_sentence(
    place: Path, winback: Runner, content: bytes, says: str
) -> None:
    place.write_bytes(content)

    ran = winback("config", "show")

    assert (ran.code, ran.out) == (65, "")
    assert says in ran.err
    assert ran.err.startswith("winback: ")
    assert len(ran.err.splitlines()) == 2
    assert str(place) in ran.err


@pytest.mark.parametrize(
    "kind", ["folder", "dangling link", "endless link", "pipe", "folder above is a file"]
)
def test_what_is_no_file_is_told_and_never_taken_for_no_settings(
    place: Path, winback: Runner, kind: str
) -> None:
    if kind == "folder":
        place.mkdir()
    elif kind == "dangling link":
        place.symlink_to("nowhere.toml")
    elif kind == "endless link":
        place.symlink_to(place.name)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.parent.rmdir()
        place.parent.write_text("a file")

    ran = winback("config", "show")

    assert (ran.code, ran.out) == (65, "")
    assert len(ran.err.splitlines()) == 2
    assert str(place if kind != "folder above is a file" else place.parent) in ran.err


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""], ids=["BOM", "no BOM"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
def test_a_file_as_any_editor_writes_it_is_read(place: Path, mark: bytes, end: bytes) -> None:
    place.write_bytes(mark + b'name = "Ana"' + end + b"backups_kept = 3" + end)

    assert (settings.load().name, settings.load().backups_kept) == ("Ana", 3)


def test_a_misspelt_variable_is_told_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINBACK_STOER", "x")

    with pytest.raises(UsageError) as caught:
        settings.load()

    assert (caught.value.message, caught.value.hint) == (
        "The variable WINBACK_STOER is not known.",
        "Did you mean WINBACK_STORE?",
    )


# -- days off --------------------------------------------------------------------------------


def test_the_days_off_are_the_weekend_and_the_holidays(place: Path) -> None:
    assert settings.load().weekend_days == settings.dates.WEEKEND

    place.write_text(FULL, "utf-8")

    off = settings.load().weekend_days
    christmas = [date(2026, 12, day) for day in range(21, 28)]
    assert [settings.dates.is_off(day, off) for day in christmas] == [0, 0, 0, 1, 1, 1, 0]
    assert settings.dates.is_off(date(2027, 1, 6), off)


def test_a_day_may_be_written_without_quotes(place: Path) -> None:
    place.write_text('holidays = [2026-12-24, "2026-12-23"]\n', "utf-8")

    assert settings.load().holidays == ("2026-12-23", "2026-12-24")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ('["2026-12-24", "2026-02-30"]', "there is no day 2026-02-30 in the calendar"),
        ('["0000-01-01"]', "there is no day 0000-01-01 in the calendar"),
        ('["DE-ZZ"]', "the region DE-ZZ is not known"),
        ('["XX"]', "the region XX is not known"),
    ],
)
def test_a_holiday_that_does_not_exist_is_named(place: Path, value: str, says: str) -> None:
    place.write_text(f'holidays = {value}\nname = ""\n', "utf-8")

    holiday, name = told(place)

    assert holiday.startswith(f"holidays: {says}")
    assert name == f"name should be {settings.DOCS['name']}."


def test_a_region_without_the_library_says_how_to_install_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.dates.holidays_in.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", None)
    place.write_text('holidays = ["DE-BY"]\n', "utf-8")

    (line,) = told(place)

    assert line.startswith("holidays: DE-BY needs a library that is not here;")
    assert "pip install 'winback-cli[dates]'" in line
    place.write_text('holidays = ["2026-12-24"]\n', "utf-8")
    assert settings.dates.is_off(date(2026, 12, 24), settings.load().weekend_days)


def test_the_library_of_holidays_is_loaded_only_for_a_region(place: Path) -> None:
    script = "import sys; from winback_cli import dates, settings; from datetime import date\n"
    script += "dates.is_off(date(2026, 12, 25), settings.load().weekend_days)\n"
    script += "print('holidays' in sys.modules)"

    for region, loaded in (("", "False"), ('"DE-BY", ', "True")):
        place.write_text(f'holidays = [{region}"2026-12-24"]\n', "utf-8")
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == loaded


# -- mail ------------------------------------------------------------------------------------


def test_without_a_mail_server_messages_lie_in_a_folder_beside_the_store_and_carry_your_name(
    place: Path, tmp_path: Path
) -> None:
    place.write_text('name = "Ana"\n', "utf-8")

    now, other = settings.load(), settings.load(str(tmp_path / "other" / "store.sqlite"))

    assert (now.smtp_host, now.smtp_port, now.smtp_security) == ("", 0, "starttls")
    assert (now.mail_from, now.mail_name, now.smtp_user) == ("", "Ana", "")
    assert (now.outbox, other.outbox) == (place.parent / "outbox", tmp_path / "other" / "outbox")


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1", "::1", "fe80::1:2", "mail-1.example.com"])
def test_a_mail_server_is_a_name_or_an_address(place: Path, host: str) -> None:
    place.write_text(f'smtp_host = "{host}"\n', "utf-8")

    assert settings.load().smtp_host == host


def test_the_password_is_read_of_its_variable_and_shown_by_nothing(
    place: Path, winback: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINBACK_SMTP_PASSWORD", "canary-77")
    now = settings.load()

    shown = [winback("config", "show"), winback("config", "show", "--json"), winback("config", "path")]

    assert now.smtp_password() == "canary-77"
    assert [ran.code for ran in shown] == [0, 0, 0]
    assert "canary-77" not in f"{shown}{now!r}"
    assert "PASSWORD" not in f"{shown}"


def test_a_password_in_the_settings_file_is_refused_and_not_repeated(place: Path, winback: Runner) -> None:
    place.write_text('smtp_password = "canary-77"\n', "utf-8")

    ran = winback("config", "show")

    assert ran.code == 65
    assert "'smtp_password' is not known" in ran.err
    assert "canary-77" not in ran.err + ran.out


# -- shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", FULL, 'name = "A\\"na \\\\ é # x"\n'], ids=["none", "full", "quotes"]
)
def test_what_config_show_prints_is_a_settings_file_that_sets_the_same(
    place: Path, winback: Runner, content: str
) -> None:
    place.write_text(content, "utf-8")
    before = settings.load()

    shown = winback("config", "show").out
    place.write_text(shown, "utf-8")

    after = settings.load()
    assert [getattr(after, key) for key in settings.DOCS] == [getattr(before, key) for key in settings.DOCS]
    assert list(tomllib.loads(shown)) == list(settings.DOCS)
    assert all(doc in shown for doc in settings.DOCS.values())


def test_config_show_says_where_each_value_comes_from(place: Path, winback: Runner) -> None:
    place.write_text('owners = ["Mara"]\ncontact_hours = "8:00-12:00"\n', "utf-8")

    shown: dict[str, Any] = json.loads(winback("config", "show", "--json", "--store", "x.sqlite").out)

    assert list(shown) == [*settings.DOCS, "store"]
    assert shown["owners"] == {"value": ["Mara"], "from": str(place), "doc": settings.DOCS["owners"]}
    assert shown["contact_hours"]["value"] == "8:00-12:00"
    assert shown["name"]["from"] == "your login"
    assert shown["currency"]["from"] == "default"
    assert shown["store"] == {"value": "x.sqlite", "from": "--store"}


# -- owners ----------------------------------------------------------------------------------


def owner_of(stocked: Runner, who: str) -> str:
    return str(json.loads(stocked("show", who, "--json").out)["customer"]["owner"])


def test_an_owner_whom_the_settings_do_not_list_is_refused(home: Path, stocked: Runner) -> None:
    (home / "settings.toml").write_text('owners = ["Mara", "Jonas"]\n')

    near, far = stocked("edit", "1", "--owner", "Joans"), stocked("add", "Eve", "--owner", "Zoe")

    assert (near.code, far.code) == (2, 2)
    assert "no owner 'Joans'" in near.err
    assert "Did you mean Jonas?" in near.err
    assert "Known are Mara, Jonas." in far.err
    assert owner_of(stocked, "1") == "Mara"
    assert stocked("show", "Eve").code == 3


def test_an_owner_is_written_as_the_settings_write_it_and_can_be_cleared(
    home: Path, stocked: Runner
) -> None:
    (home / "settings.toml").write_text('owners = ["Mara", "Jonas"]\n')

    assert stocked("edit", "1", "--owner", "JONAS").code == 0
    assert owner_of(stocked, "1") == "Jonas"
    assert stocked("edit", "1", "--owner", "").code == 0
    assert owner_of(stocked, "1") == ""


def test_without_a_list_anybody_may_be_the_owner(stocked: Runner) -> None:
    assert stocked("edit", "1", "--owner", "Zoe").code == 0
    assert owner_of(stocked, "1") == "Zoe"


def test_the_country_of_the_settings_is_no_customers_country(home: Path, stocked: Runner) -> None:
    (home / "settings.toml").write_text('country = "DE"\n')

    assert stocked("add", "Eve").code == 0
    assert json.loads(stocked("show", "Eve", "--json").out)["customer"]["country"] == ""
