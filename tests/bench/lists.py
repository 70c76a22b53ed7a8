"""Lists of invented customers for the benchmarks: the same bytes for the same number of rows."""

import csv
import random
import sys
from datetime import date, timedelta
from pathlib import Path

HEADER = [
    "customer_id",
    "name",
    "company",
    "email",
    "phone",
    "city",
    "country",
    "first_purchase",
    "last_purchase",
    "orders",
    "revenue",
    "currency",
    "owner",
    "how_left",
    "opt_out",
    "notes",
]
FIRST = [
    "Ana",
    "Ben",
    "Cleo",
    "Dara",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jule",
    "Kai",
    "Lea",
    "Mio",
    "Nora",
    "Otto",
    "Pia",
    "Quin",
    "Rosa",
    "Sam",
    "Tea",
]
LAST = [
    "Abel",
    "Berg",
    "Cole",
    "Duval",
    "Engel",
    "Frost",
    "Grau",
    "Holm",
    "Iger",
    "Jansen",
    "Kraus",
    "Lund",
    "Moor",
    "Nagy",
    "Olsen",
    "Pohl",
]
TRADE = [
    "Foods",
    "Dental",
    "Motors",
    "Media",
    "Books",
    "Optics",
    "Garden",
    "Travel",
    "Energy",
    "Coffee",
    "Labs",
    "Textiles",
]
TOWNS = ("Leeds GB", "Bonn DE", "Austin US", "Lyon FR", "Bilbao ES")
LEFT = ["lapsed"] * 16 + ["upset"] * 2 + ["departing", "content"]


def write_list(path: Path, count: int) -> None:
    """A list of `count` customers; one in fifty asked to be left alone."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(HEADER)
        out.writerows(_row(chance, number) for number in range(1, count + 1))


def _row(chance: random.Random, number: int) -> list[object]:
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    company = f"{chance.choice(LAST)} {chance.choice(TRADE)}" if chance.random() < 0.5 else ""
    town, country = chance.choice(TOWNS).split()
    last = date(2026, 6, 30) - timedelta(days=chance.randrange(0, 900))
    orders = chance.randrange(1, 60)
    return [
        f"B-{number:07}",
        name,
        company,
        f"{name.lower().replace(' ', '.')}.{number}@example.com",
        f"+44 20 7946 {number % 10000:04}",
        town,
        country,
        last - timedelta(days=chance.randrange(0, 1500)),
        last,
        orders,
        f"{orders * chance.randrange(2000, 40000) / 100:.2f}",
        "EUR",
        chance.choice(["Mara", "Jonas", "Priya"]),
        chance.choice(LEFT),
        "yes" if number % 50 == 0 else "no",
        "Bought every month, then stopped." if chance.random() < 0.3 else "",
    ]


if __name__ == "__main__":
    write_list(Path(sys.argv[2]), int(sys.argv[1]))
