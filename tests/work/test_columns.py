"""Which column is which field: by exact names in seven languages; what is near is only suggested."""

import re

import pytest

from winback_cli.sources.columns import ALIASES, FIELDS, MANY, field_of, fields_of, suggestions, synonyms
from winback_cli.sources.exports import recognised

WHERE = {
    "en": "Customer ID, Full Name, First Name, Last Name, Company, E-Mail, Phone, Street, Postcode, City, "
    "State, Country, Account manager, First order, Last order date, Number of orders, Revenue, Currency, "
    "How left, Reason for leaving, Cancelled at, Notes, Do not contact, Marketing consent",
    "de": "Kundennummer, Kunde, Vorname, Nachname, Firma, E-Mail-Adresse, Telefon, Straße, PLZ, Ort, "
    "Bundesland, Land, Betreuer, Erster Kauf, Letzte Bestellung, Anzahl Bestellungen, Umsatz, Währung, "
    "Wie gegangen, Kündigungsgrund, Gekündigt am, Bemerkung, Werbesperre, Einwilligung",
    "fr": "Numéro client, Nom complet, Prénom, Nom de famille, Société, Courriel, Téléphone, Rue, "
    "Code postal, Ville, Département, Pays, Commercial, Première commande, Dernière commande, "
    "Nombre de commandes, Chiffre d'affaires, Devise, Comment parti, Motif de départ, Résilié le, Remarques, "
    "Désinscrit, Consentement",
    "es": "Código de cliente, Nombre completo, Primer nombre, Apellidos, Empresa, Correo electrónico, "
    "Teléfono, Dirección, Código postal, Ciudad, Provincia, País, Comercial, Primera compra, "
    "Última compra, Número de pedidos, Facturación, Moneda, Como se fue, Motivo de baja, Cancelado el, "
    "Observaciones, "
    "No contactar, Consentimiento",
    "it": "Codice cliente, Nome e cognome, Nome di battesimo, Cognome, Ragione sociale, Indirizzo email, "
    "Cellulare, Indirizzo, CAP, Città, Regione, Paese, Agente, Primo acquisto, Ultimo acquisto, "
    "Numero ordini, Fatturato, Valuta, Come se n'è andato, Motivo della disdetta, Data disdetta, "
    "Osservazioni, "
    "Non contattare, Consenso",
    "nl": "Klantnummer, Klantnaam, Voornaam, Achternaam, Bedrijfsnaam, E-mailadres, Telefoonnummer, "
    "Straat en huisnummer, Postcode, Woonplaats, Provincie, Landnaam, Verkoper, Eerste aankoop, "
    "Laatste bestelling, Aantal bestellingen, Omzet, Munteenheid, Hoe vertrokken, Reden van vertrek, Opzegdatum, "
    "Opmerkingen, Niet benaderen, Toestemming",
    "pt": "Código do cliente, Nome do cliente, Primeiro nome, Sobrenome, Razão social, "
    "Endereço de e-mail, Telemóvel, Morada, CEP, Cidade, Região, País, Vendedor, Primeira compra, "
    "Data da última compra, Número de encomendas, Faturamento, Moeda, Como saiu, Motivo do cancelamento, "
    "Data do cancelamento, "
    "Observações, Não contactar, Consentimento",
}


@pytest.mark.parametrize("language", WHERE)
def test_every_field_has_a_name_in_every_language(language: str) -> None:
    header = [one.strip() for one in WHERE[language].split(",")]

    found = fields_of(header)

    assert [field or one for field, one in zip(found, header, strict=True)] == list(FIELDS)


def test_no_header_stands_for_two_fields_and_each_is_written_as_it_is_compared() -> None:
    names = [name for listed in synonyms().values() for name in listed]

    assert sorted(names) == sorted(set(names))
    assert all(re.fullmatch(r"[a-z0-9]+( ([a-z0-9]+|#))*", name) for name in names)
    assert tuple(synonyms()) == FIELDS
    assert {*MANY, *ALIASES.values()} <= set(FIELDS)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Email 2", "email"),
        ("E-mail 1 - Value", "email"),
        ("E-mail 17 - Value", "email"),
        ("E-mail 3 Address", "email"),
        ("Email (2)", "email"),
        ("Phone 4 - Value", "phone"),
        ("Business Phone 2", "phone"),
        ("Address Line 2", "address"),
        ("Street 1", "address"),
        ("E-mail 1 - Label", None),
        ("Phone 1 - Type", None),
        ("Organization 1 - Name", "company"),
        ("Organization 2 - Name", None),
        ("Address 2 - Street", None),
        ("Name (2)", None),
        ("Customer 2", None),
        ("Account Name.id", None),
        ("Contact Owner.id", None),
        ("Created Date", None),
        ("Date", None),
        ("Status", None),
        ("IP Address", None),
        ("Website", None),
        ("Фамилия", None),
    ],
)
def test_numbers_within_a_name_are_known_where_they_may_be_any(header: str, field: str | None) -> None:
    assert field_of(header) == field


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (("Name", "Vorname"), ("last_name", "first_name")),
        (("Nom", "Prénom"), ("last_name", "first_name")),
        (("Voornaam", "Naam"), ("first_name", "last_name")),
        (("Nombre", "Apellidos"), ("first_name", "last_name")),
        (("Nome", "Cognome"), ("first_name", "last_name")),
        (("Name", "Vorname", "Nachname"), ("name", "first_name", "last_name")),
        (("Name", "First name"), ("name", "first_name")),
        (("Nombre", "Empresa"), ("name", "company")),
        (("Nom",), ("name",)),
    ],
)
def test_what_is_called_a_name_beside_half_of_it_is_the_other_half(
    header: tuple[str, ...], fields: tuple[str, ...]
) -> None:
    assert tuple(fields_of(header)) == fields


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Emailes", "email"),
        ("E-Mail Adress", "email"),
        ("Frist name", "first_name"),
        ("Telephon", "phone"),
        ("Last orders", "last_purchase"),
        ("Unsubscribd", "opted_out"),
        ("Opted-out", None),
    ],
)
def test_a_header_near_a_known_name_is_suggested(header: str, field: str | None) -> None:
    found = suggestions([header], ())

    assert [(one, near) for one, near, _ in found] == ([(header, field)] if field else [])
    assert all(85 <= score < 100 for _, _, score in found)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Email Opt-Outs",
            "Email optout status",
            "Email Status",
            "Email Subscription",
            "E-mail unsubscribed",
        ),
        *("Email subscribed", "Email type", "Emails sent", "Email verified", "Email bounced"),
        *("Email consents", "Email not wanted", "Phone type", "Fax number", "Email ID2 status"),
    ],
)
def test_nothing_about_a_mail_is_suggested_as_the_address(header: str) -> None:
    assert [near for _, near, _ in suggestions([header], ()) if near in ("email", "phone")] == []


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Date",
            "Create Date",
            "Created",
            "Sign-up date",
            "Last active",
            "Last activity date",
            "Order date",
        ),
        *("Last login date", "Last contacted", "First created date", "Last modified date", "Birth date"),
    ],
)
def test_no_date_but_that_of_an_order_is_suggested_as_a_purchase(header: str) -> None:
    assert [near for _, near, _ in suggestions([header], ()) if "purchase" in near] == []


@pytest.mark.parametrize(
    "header",
    ["Account Name.id", "Contract name", "Order number", "Product name", "Department", "Vendor", "Count"],
)
def test_what_only_sounds_alike_is_not_suggested(header: str) -> None:
    assert suggestions([header], ()) == []


def test_a_column_that_a_known_export_keeps_out_is_not_suggested() -> None:
    header = ["E-mail 1 - Value", "Labels", "Address 2 - Street", "Telephon"]

    export = recognised(header)
    assert export is not None
    assert [one for one, _, _ in suggestions(header, (), export.knows)] == ["Telephon"]


def test_only_fields_that_are_free_and_columns_that_are_unknown_are_suggested() -> None:
    header = ["Email", "Emailes", "Telephon", ""]

    assert [(one, near) for one, near, _ in suggestions(header, ())] == [
        ("Emailes", "email"),
        ("Telephon", "phone"),
    ]
    assert [one for one, _, _ in suggestions(header, {"email"})] == ["Telephon"]
    assert suggestions(header, {"email", "phone"}) == []
