"""What a cell costs: microseconds a value for everything that cleans a list, on values as lists hold them.

    python tests/bench/cells.py [VALUES] [ROUNDS]

The quickest of the rounds counts. The goal is 1 to 2 us on the ordinary case, 4 us for the keys of a row.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from winback_cli import columndates, money, text
from winback_cli.addresses import looks_like
from winback_cli.countries import iso
from winback_cli.customer import (
    Customer,
    canonical,
    canonical_email,
    email_point,
    guises,
    identities,
    join,
    known_by,
    phone_point,
)
from winback_cli.phones import Phones

DICE = random.Random(7)
NAMES = ("Ana Sol", "Ben Ode", "Cleo Vann", "Dara Quill", "Emil Roth", "Fay Lund")
ACCENTED = ("Zoë Müller", "René Faßbinder", "José Núñez", "Søren Ærø", "Łucja Żak", "Ângela Conceição")


def many(make: Callable[[int], Any], count: int) -> list[Any]:
    return [make(number) for number in range(count)]


def day(_: int) -> date:
    return date(2019, 1, 1) + timedelta(days=DICE.randrange(2500))


def german(number: int) -> str:
    return DICE.choice(["0221 ", "+49 221 ", "0221/", "+49 (0)221 "]) + f"{5550000 + number % 10000}"


def mixed(number: int) -> tuple[str, str]:
    """A phone and its country, as many countries as a list of several markets has."""
    last = f"{DICE.randrange(10_000):04}"
    return DICE.choice(
        [
            (f"(202) 555-{last}", "US"),
            (f"+1 202 555 {last}", "US"),
            (f"020 7946 {last}", "GB"),
            (f"+44 20 7946 {last}", "GB"),
            (f"01 99 00 {last[:2]} {last[2:]}", "FR"),
            (f"+33 1 99 00 {last[:2]} {last[2:]}", "FR"),
            (f"0221 555{last}", "DE"),
            (f"+49 221 555{last}", "DE"),
            (f"06 555 {last}0", "IT"),
            (f"020 555 {last}", "NL"),
            (f"912 345 {last[:3]}", "PT"),
            (f"91 555 {last[:2]} {last[2:]}", "ES"),
        ]
    )


def customer(number: int) -> Customer:
    return Customer(
        name=DICE.choice(NAMES),
        company="Blue Foods",
        emails=(email_point(f"ana.{number}@example.com"),),
        phones=(phone_point(german(number), "DE"),),
        external_id=f"A-{number}",
        last_purchase=day(number).isoformat(),
    )


def cost(make: Callable[[], Callable[..., Any]], values: Sequence[Any], rounds: int) -> float:
    """Microseconds a value, each round with a reader that remembers nothing; a tuple is several arguments."""
    best = float("inf")
    spread = type(values[0]) is tuple
    for _ in range(rounds):
        work = make()
        began = time.perf_counter()
        if spread:
            for value in values:
                work(*value)
        else:
            for value in values:
                work(value)
        best = min(best, time.perf_counter() - began)
    return best / len(values) * 1e6


Measure = tuple[str, Callable[..., Any], list[Any]]


def readers(count: int) -> list[Measure]:
    """What remembers: its name, what makes it, the values."""
    days = many(day, count)
    american = [f"{one.month}/{one.day}/{one.year}" for one in days]
    clock = [f"{n % 9 + 1}:{n % 60:02}:{n * 7 % 60:02}" for n in range(count)]
    month_first, day_first = (
        (lambda: columndates.date_reader("mdy")),
        (lambda: columndates.date_reader("dmy")),
    )
    points, commas = (lambda: money.amount_reader(".")), (lambda: money.amount_reader(","))
    return [
        ("phone, one country", lambda: Phones("DE"), many(german, count)),
        ("phone, eight countries", Phones, many(mixed, count)),
        ("phone, no country known", Phones, many(lambda n: f"0221 {5550000 + n}", count)),
        ("date, 2026-03-01", day_first, [one.isoformat() for one in days]),
        ("date, 2026-03-01 09:14:05", day_first, [f"{d} 0{t}" for d, t in zip(days, clock, strict=True)]),
        ("date, 3/1/2026", month_first, american),
        (
            "date, 3/1/2026 9:14:05 AM",
            month_first,
            [f"{d} {t} AM" for d, t in zip(american, clock, strict=True)],
        ),
        ("amount, 1234.50", points, many(lambda n: (f"{n % 10_000}.{n % 100:02}", "EUR"), count)),
        ("amount, 1,234.50", points, many(lambda n: (f"{n % 10_000 + 1000:,}.{n % 100:02}", "EUR"), count)),
        ("amount, 1.234,50 €", commas, many(lambda n: (f"1.{n % 900 + 100},50 €", "EUR"), count)),
        ("amount, CHF 1.234,50", commas, many(lambda n: (f"CHF 1.{n % 900 + 100},50", "EUR"), count)),
    ]


def functions(count: int) -> list[Measure]:
    """What remembers nothing: its name, itself, the values."""
    emails = many(lambda n: f"Ana.Sol{n}@mail{n % 90}.example.com", count)
    plain = many(lambda n: f"{DICE.choice(NAMES)} {n}", count)
    accented = many(lambda n: f"{DICE.choice(ACCENTED)} {n}", count)
    customers = many(customer, count)
    return [
        ("phone_point", lambda given: phone_point(given, "DE"), many(german, count)),
        ("email_point, ana@example.com", email_point, emails),
        ("email_point, Ana <ana@example.com>", email_point, [f"Ana Sol <{one}>" for one in emails]),
        ("canonical_email, ordinary", canonical_email, emails),
        ("canonical_email, IDNA", canonical_email, many(lambda n: f"ana{n}@bücher.example", count)),
        ("canonical, a phone in E.164", canonical, [one.phones[0] for one in customers]),
        ("looks_like, ordinary", looks_like, emails),
        ("country, a code", iso, many(lambda n: DICE.choice(["DE", "GB", "US"]), count)),
        ("country, a name", iso, many(lambda n: DICE.choice(["Deutschland", "U.K.", "USA"]), count)),
        ("text.clean, ASCII", text.clean, plain),
        ("text.line, ASCII", text.line, plain),
        ("text.fold, ASCII", text.fold, plain),
        ("text.line, accents", text.line, accented),
        ("text.fold, accents", text.fold, accented),
        ("identities", identities, customers),
        ("guises", guises, customers),
        ("known_by (both at once)", known_by, customers),
        ("join", lambda one: join(one, one), customers),
    ]


def columns(count: int) -> list[Measure]:
    """What takes a whole column at once."""
    slashes = many(lambda n: f"3/{n % 28 + 1}/2026", count)
    return [
        ("evidence of 2026-03-01", columndates.evidence, many(lambda n: day(n).isoformat(), count)),
        ("evidence of 3/1/2026", columndates.evidence, slashes),
        ("signs of 1234.50", money.signs, many(lambda n: f"{n}.{n % 100:02}", count)),
        ("signs of 1,234.50", money.signs, many(lambda n: f"1,{n % 900 + 100}.50", count)),
    ]


def main(count: int, rounds: int) -> None:
    for name, make, values in readers(count):
        print(f"{name:36} {cost(make, values, rounds):6.2f} us")
    for name, work, values in functions(count):
        print(f"{name:36} {cost(lambda work=work: work, values, rounds):6.2f} us")
    for name, work, values in columns(count):
        print(f"{name:36} {cost(lambda work=work: work, [values], rounds) / count:6.2f} us")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
