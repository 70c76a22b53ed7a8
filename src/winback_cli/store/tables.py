"""The tables, private to the store. Rows are never validated here: frozen values are, before.

Instants are kept as ISO text in UTC, days as dates, bodies as canonical JSON text.
"""

from datetime import date

from sqlalchemy import Date, Index, String, Text, text
from sqlmodel import Field, SQLModel

NO_DUE = "9999-12-30"  # sorts behind everybody who is due, before those left alone
LEFT_ALONE = "9999-12-31"


class AboutRow(SQLModel, table=True):
    """What the store knows about itself: `key`, the mark of the suppressions' key that belongs to it."""

    __tablename__ = "about"
    name: str = Field(sa_type=String(20), primary_key=True)
    value: str


class CommandRow(SQLModel, table=True):
    """One writing run of the program: what an undo or an audit goes by."""

    __tablename__ = "command"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(40))
    by: str
    at: str = Field(sa_type=String(20))
    as_of: bool = False


class BatchRow(SQLModel, table=True):
    """One import. `key` digests the file and how its columns were read: was it brought in before?"""

    __tablename__ = "batch"
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    file: str
    sha256: str = Field(sa_type=String(64))
    key: str = Field(sa_type=String(64), index=True)
    counts: str = Field(sa_type=Text)


class CustomerRow(SQLModel, table=True):
    """A customer. `edited` names the fields a user set by hand, which no import changes.

    `case_id` and `case_status` mirror the latest case, `list_on` what it owes first, so that lists
    and queues need no join. `folded` and `notes` are searched by `customer_text`.
    """

    __tablename__ = "customer"
    __table_args__ = (
        Index(
            "ix_customer_queue",
            "how_rank",
            text("revenue DESC"),
            "id",
            sqlite_where=text("suppression_id IS NULL AND case_status IS NULL"),
        ),
        Index("ix_customer_list", "list_on", "how_rank", text("revenue DESC"), "id"),
        Index(
            "ix_customer_status",
            "case_status",
            "list_on",
            sqlite_where=text("case_status IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    external_id: str | None = Field(default=None, unique=True)
    name: str = ""
    company: str = ""
    folded: str = ""
    city: str = ""
    country: str = ""
    owner: str = ""
    how_left: str = ""
    how_rank: int = 3
    reason: str = ""
    notes: str = Field(default="", sa_type=Text)
    first_purchase: date | None = None
    last_purchase: date | None = None
    orders: int | None = None
    revenue: int | None = None
    currency: str = ""
    edited: str = ""
    batch_id: int | None = Field(default=None, foreign_key="batch.id")
    suppression_id: int | None = Field(default=None, foreign_key="suppression.id")
    case_status: str | None = None
    case_id: int | None = None
    list_on: str = Field(default=NO_DUE, sa_type=String(10))


class ContactPointRow(SQLModel, table=True):
    """An e-mail or a phone of a customer, with the form it is looked up by."""

    __tablename__ = "contact_point"
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", index=True, ondelete="CASCADE")
    kind: str = Field(sa_type=String(10))
    value: str
    canonical: str = Field(index=True)
    state: str = Field(sa_type=String(10))


class IdentityRow(SQLModel, table=True):
    """One thing a customer is or was known by: what an edit changes, a list still brings."""

    __tablename__ = "identity"
    __table_args__ = (Index("ux_identity", "identity", "customer_id", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", index=True, ondelete="CASCADE")
    identity: str


class SuppressionRow(SQLModel, table=True):
    """Do not contact: by whom, why, since when. Outlives the customer's record."""

    __tablename__ = "suppression"
    id: int | None = Field(default=None, primary_key=True)
    command_id: int = Field(foreign_key="command.id")
    reason: str
    by: str
    on: date = Field(sa_type=Date)


class SuppressionKeyRow(SQLModel, table=True):
    """A keyed hash of an identity that is not to be contacted."""

    __tablename__ = "suppression_key"
    id: int | None = Field(default=None, primary_key=True)
    suppression_id: int = Field(foreign_key="suppression.id", ondelete="CASCADE")
    hash: str = Field(sa_type=String(64), index=True)


class PlaybookRow(SQLModel, table=True):
    """The exact text of a playbook that a case runs under, by its sha256; `tree` is it as JSON."""

    __tablename__ = "playbook"
    digest: str = Field(sa_type=String(64), primary_key=True)
    name: str
    version: int
    text: str = Field(sa_type=Text)
    tree: str = Field(sa_type=Text)


class CaseRow(SQLModel, table=True):
    """A case as its events make it: written in the same transaction as they are, never apart.

    `said` holds every word of it, which `case_text` searches.
    """

    __tablename__ = "casefile"
    __table_args__ = (
        Index("ux_case_number", "customer_id", "number", unique=True),
        Index(
            "ux_case_unclosed",
            "customer_id",
            unique=True,
            sqlite_where=text("status != 'closed'"),
        ),
        Index("ix_case_status", "status", "stage"),
    )
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customer.id")
    number: int
    playbook: str = Field(foreign_key="playbook.digest", sa_type=String(64))
    status: str = Field(sa_type=String(10))
    outcome: str | None = Field(default=None, sa_type=String(12))
    stage: str = Field(sa_type=String(10))
    step: str
    opened_at: str = Field(sa_type=String(20))
    closed_at: str | None = Field(default=None, sa_type=String(20))
    seq: int
    head: str = Field(sa_type=String(64))
    breaches: str = Field(default="[]", sa_type=Text)
    reason: str = ""
    said: str = Field(default="", sa_type=Text)


class EventRow(SQLModel, table=True):
    """What happened in a case; append-only, each holding the hash of the one before."""

    __tablename__ = "event"
    __table_args__ = (Index("ux_event_seq", "case_id", "seq", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="casefile.id")
    seq: int
    kind: str = Field(sa_type=String(12))
    by: str
    happened: date = Field(sa_type=Date)
    recorded: str = Field(sa_type=String(20))
    command_id: int = Field(foreign_key="command.id")
    as_of: bool
    body: str = Field(sa_type=Text)
    hash: str = Field(sa_type=String(64))


class DueRow(SQLModel, table=True):
    """What a case owes and when; made anew with every event of the case.

    `how_rank` and `revenue` mirror the customer's (a trigger sees to it), for the order.
    """

    __tablename__ = "due"
    __table_args__ = (
        Index("ix_due_on", "due_on", "how_rank", text("revenue DESC"), "id", "opens_on", "kind"),
        Index("ix_due_opens", "opens_on", "due_on", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    how_rank: int = 3
    revenue: int | None = None
    case_id: int = Field(foreign_key="casefile.id", index=True, ondelete="CASCADE")
    kind: str = Field(sa_type=String(10))
    opens_on: date = Field(sa_type=Date)
    due_on: date = Field(sa_type=Date)
    what: str
    ref: int
