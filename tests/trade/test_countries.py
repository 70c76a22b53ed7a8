"""Countries as lists name them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS

import winback_cli
from winback_cli.countries import iso

NAMES = Path(winback_cli.__file__).with_name("countries.txt")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (
            "DE",
            "DE|de| De |DEU|deu|Germany|GERMANY|Deutschland|Allemagne|Alemania|Germania|Duitsland|Alemanha",
        ),
        ("DE", "D.E.|Federal Republic of Germany|BRD|Bundesrepublik Deutschland"),
        ("GB", "GB|GBR|UK|U.K.|uk|Great Britain|United Kingdom|England|Scotland|Wales|Großbritannien"),
        ("GB", "Royaume-Uni|Reino Unido|Regno Unito|Verenigd Koninkrijk|Vereinigtes Koenigreich"),
        ("US", "USA|U.S.|U.S.A.|us|United States|United States of America|Vereinigte Staaten|Etats-Unis"),
        ("US", "États-Unis|EE.UU.|EE. UU.|Stati Uniti|Verenigde Staten|Estados Unidos|America"),
        (
            "NL",
            "Holland|Netherlands|The Netherlands|Nederland|Niederlande|Pays-Bas|Países Bajos|Paesi Bassi",
        ),
        ("AT", "Österreich|Oesterreich|OSTERREICH|Austria|Autriche|Oostenrijk|Áustria"),
        ("CH", "Schweiz|Suisse|Svizzera|Switzerland|Zwitserland"),
        ("CZ", "Czechia|Czech Republic|Tschechien|Česko"),
        ("CI", "Côte d'Ivoire|Cote d\u2019Ivoire|Ivory Coast|Elfenbeinküste"),
        ("BA", "Bosnia & Herzegovina|Bosnia and Herzegovina|Bosnien und Herzegowina|Bosnië en Herzegovina"),
        ("LC", "St. Lucia|Saint Lucia|St Lucia"),
        ("KR", "South Korea|Korea, Republic of|Südkorea"),
        ("RU", "Russia|Russian Federation|Россия"),
        ("TR", "Turkey|Türkiye|Turkei"),
        ("JP", "Japan|日本"),
        ("MM", "Myanmar|Burma|Myanmar (Burma)"),
        ("NA", "NA|Namibia"),
        ("NO", "no|Norge|Norway"),
    ],
)
def test_a_country_is_known_by_its_codes_and_its_names_in_seven_languages(code: str, names: str) -> None:
    assert {name: iso(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), code)


@pytest.mark.parametrize(
    "name",
    ["", " ", "-", "n/a", "n.a.", "none", "XX", "ZZ", "EU", "UN", "Congo", "Narnia", "D", "49", "x" * 9999],
)
def test_what_names_no_country_or_two_is_unknown(name: str) -> None:
    assert iso(name) is None


@given(st.text(max_size=12))
def test_whatever_stands_there_is_a_known_code_or_unknown(name: str) -> None:
    assert iso(name) is None or iso(iso(name) or "") == iso(name)


def test_every_country_that_has_phones_of_its_own_is_known() -> None:
    dependencies = {"AC", "TA"}  # Ascension and Tristan da Cunha have no code of their own in ISO 3166

    assert {code for code in SUPPORTED_REGIONS if iso(code) != code} == dependencies


def test_the_names_are_sorted_folded_each_once_and_few_enough() -> None:
    content = NAMES.read_text("utf-8")
    rows = [line.split(" ") for line in content.splitlines() if not line.startswith("#")]
    names = [name for row in rows for name in row[1:]]

    assert "Unicode License" in content
    assert len(content.encode()) <= 60_000
    assert len(rows) == 250
    assert rows == sorted(rows)
    assert len(names) == len(set(names))
    assert [name for row in rows for name in row[1:] if iso(name) != row[0]] == []


def test_a_code_is_answered_without_loading_the_names() -> None:
    script = "from winback_cli import countries as c; c.iso('DE'); c.iso('de'); print(c._names.cache_info().misses)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "0\n"
