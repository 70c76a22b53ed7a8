"""Which column of a list is which field: exact names only, lower-cased, spaces and signs evened out.

A table, not code. What is not in it is kept out and said; `--map FIELD=COLUMN` overrules.
"""

import re
from collections.abc import Collection, Sequence

# Field -> the headers it goes by. `email` and `phone` may come in several columns.
SYNONYMS: dict[str, str] = {
    "external_id": "external id|id|customer id|customerid|customer no|customer number|client id|"
    "account id|account number|contact id|record id|reference|reference id|kundennummer",
    "name": "name|full name|customer name|customer|client|client name|contact|contact name|"
    "display name|kunde|nom|nombre|nome|naam",
    "first_name": "first name|firstname|given name|forename|vorname|prenom",
    "last_name": "last name|lastname|surname|family name|nachname|apellido|apellidos",
    "company": "company|company name|organisation|organization|organization name|firm|account|"
    "account name|business|business name|firma|unternehmen|entreprise|empresa|azienda|bedrijf",
    "email": "email|e mail|email address|e mail address|mail|primary email|main email|work email|"
    "contact email|courriel|correo|correo electronico",
    "phone": "phone|phone number|telephone|tel|mobile|mobile phone|cell|main phone|work phone|"
    "business phone|home phone|contact phone|telefon|telefono|telefone|telefoon|handy",
    "city": "city|town|mailing city|billing city|ort|stadt|ville|ciudad|citta|cidade|plaats",
    "country": "country|country code|country region|mailing country|billing country|land|pays|pais|paese",
    "owner": "owner|account owner|contact owner|company owner|account manager|sales rep|rep|"
    "adviser|advisor|salesperson|betreuer",
    "first_purchase": "first purchase|first order|first order date|first purchase date|first visit|"
    "customer since|erster kauf",
    "last_purchase": "last purchase|last order|last order date|last purchase date|last bought|"
    "last visit|last sale|letzter kauf|letzte bestellung|derniere commande|ultima compra",
    "orders": "orders|order count|total orders|number of orders|purchases|transaction count|"
    "orders count|bestellungen",
    "revenue": "revenue|total revenue|total spent|total spend|lifetime spend|lifetime value|"
    "lifetime revenue|amount spent|turnover|sales|umsatz|chiffre d affaires",
    "currency": "currency|currency code|wahrung|devise|moneda",
    "how_left": "how left|how they left",
    "reason": "reason|reason for leaving|lost reason|churn reason|cancellation reason|grund",
    "notes": "notes|note|comment|comments|remarks|history|description|memo|bemerkung|notizen",
    "opted_out": "opt out|opted out|optout|email opt out|do not contact|do not call|do not email|"
    "unsubscribed|unsubscribed from all email|has opted out of email|no contact|dnc|"
    "suppressed|blocked|unsub time|unsubscribed time|abgemeldet|werbesperre|keine werbung|"
    "nicht kontaktieren|kontaktsperre|sperrvermerk|widerspruch|desinscrit|ne pas contacter|"
    "no contactar|non contattare|niet contacteren|nao contactar",
}
# The names that `--map` takes besides: as `list --customers --json` shows them.
ALIASES = {"emails": "email", "phones": "phone", "suppressed": "opted_out", "opt_out": "opted_out"}
FIELDS = tuple(SYNONYMS)
_BY_HEADER = {name: field for field, names in SYNONYMS.items() for name in names.split("|")}


def evened(header: str) -> str:
    """A header as the table has it: lower case, no accents, anything but letters a single space."""
    from winback_cli.text import fold

    return re.sub(r"[^a-z0-9]+", " ", fold(header)).strip()


def field_of(header: str) -> str | None:
    """The field that a column is by its exact name, or None."""
    return _BY_HEADER.get(evened(header))


def suggestions(header: Sequence[str], taken: Collection[str]) -> list[tuple[str, str, int]]:
    """Columns that are near a field not `taken`: (header, field, likeness of 85 to 100)."""
    return []
