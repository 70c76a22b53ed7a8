"""Lists at any size: what an import is still staging stays out of sight until its end.

`customer` becomes a view over `customer_row` that leaves out the rows of an import under way, so
that no read can forget to. What is ordered or looked up by no rising number lies in tables of its
own, which an import fills in their order: the queue in `ranking`, who is who in `identity` by a
64-bit digest; `former` keeps what somebody was once known by and the record does not say any more.
"""

import sqlite3

import sqlalchemy as sa
from alembic import op

from winback_cli.store.identities import fill_from

revision = "0003"
down_revision = "0002"

_OLD_TRIGGERS = ("customer_text_insert", "customer_text_delete", "customer_text_update", "customer_due")
_OLD_INDEXES = ("ix_customer_queue", "ix_customer_list", "ix_customer_status")
_KEPT = (
    "id, external_id, name, company, folded, city, country, owner, how_left, how_rank, reason, notes,"
    " first_purchase, last_purchase, orders, revenue, currency, edited, batch_id, suppression_id,"
    " case_status, case_id, list_on"
)

_VIEW = """CREATE VIEW customer AS SELECT * FROM customer_row WHERE batch_id IS NULL
    OR batch_id NOT IN (SELECT b.id FROM batch b WHERE b.state = 'staging')"""

_RANK = (
    "INSERT OR IGNORE INTO ranking SELECT new.how_rank, coalesce(-new.revenue, 9223372036854775807), new.id"
)
_UNRANK = (
    "DELETE FROM ranking WHERE how_rank = old.how_rank"
    " AND worth = coalesce(-old.revenue, 9223372036854775807) AND customer_id = old.id;"
)
_LEARN = "INSERT INTO customer_text (rowid, folded, notes) VALUES (new.id, new.folded, new.notes);"
_FORGET = (
    "INSERT INTO customer_text (customer_text, rowid, folded, notes)"
    " VALUES ('delete', old.id, old.folded, old.notes);"
)
# What keeps the queue, the words and the dues in step with the customers, whoever writes. An import
# fills the queue and the words itself, in their order: for its new rows there is no trigger.
_TRIGGERS = (
    f"CREATE TRIGGER customer_added AFTER INSERT ON customer_row WHEN new.batch_id IS NULL BEGIN {_LEARN}"
    f" {_RANK} WHERE new.suppression_id IS NULL AND new.case_status IS NULL; END",
    f"CREATE TRIGGER customer_gone AFTER DELETE ON customer_row BEGIN {_FORGET} {_UNRANK} END",
    "CREATE TRIGGER customer_words AFTER UPDATE OF folded, notes ON customer_row"
    f" BEGIN {_FORGET} {_LEARN} END",
    "CREATE TRIGGER customer_rank AFTER UPDATE OF how_rank, revenue, suppression_id, case_status"
    f" ON customer_row BEGIN {_UNRANK}"
    f" {_RANK} WHERE new.suppression_id IS NULL AND new.case_status IS NULL; END",
    "CREATE TRIGGER customer_due AFTER UPDATE OF how_rank, revenue ON customer_row BEGIN"
    " UPDATE due SET how_rank = new.how_rank, revenue = new.revenue WHERE customer_id = new.id; END",
)


def upgrade() -> None:
    with op.batch_alter_table("batch") as batch:
        batch.add_column(sa.Column("state", sa.String(length=10), nullable=False, server_default="done"))
    with op.batch_alter_table("suppression") as suppression:
        suppression.add_column(sa.Column("lifted", sa.Text(), nullable=False, server_default=""))
        suppression.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
    op.create_table(
        "change",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "customer_id", "field"),
        sqlite_with_rowid=False,
    )
    _remake_customers()
    _remake_points()
    _remake_identities()
    op.execute(_VIEW)
    op.execute(
        "CREATE VIRTUAL TABLE customer_text USING fts5(folded, notes, content='customer_row',"
        " content_rowid='id', detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 2')"
    )
    op.execute("INSERT INTO customer_text (customer_text) VALUES ('rebuild')")
    for trigger in _TRIGGERS:
        op.execute(trigger)


def _remake_customers() -> None:
    """The table under its new name, so that what refers to it follows; without its old indexes."""
    for trigger in _OLD_TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger}")
    op.execute("DROP TABLE customer_text")
    for index in _OLD_INDEXES:
        op.drop_index(index)
    op.execute("ALTER TABLE customer RENAME TO customer_row")
    op.create_table(
        "customer_new",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("external_id", sa.String(), nullable=True),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("name", "company", "folded", "city", "country", "owner", "how_left")
        ),
        sa.Column("how_rank", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("first_purchase", sa.Date(), nullable=True),
        sa.Column("last_purchase", sa.Date(), nullable=True),
        sa.Column("orders", sa.Integer(), nullable=True),
        sa.Column("revenue", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("edited", sa.String(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("suppression_id", sa.Integer(), nullable=True),
        sa.Column("case_status", sa.String(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("list_on", sa.String(length=10), nullable=False, server_default="9999-12-30"),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"]),
        sa.ForeignKeyConstraint(["suppression_id"], ["suppression.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(f"INSERT INTO customer_new ({_KEPT}) SELECT {_KEPT} FROM customer_row")
    op.execute("DROP TABLE customer_row")
    op.execute("ALTER TABLE customer_new RENAME TO customer_row")
    op.create_index(
        "ix_customer_due", "customer_row", ["list_on", "id"], sqlite_where=sa.text("list_on < '9999-12-30'")
    )
    op.create_index(
        "ix_customer_status",
        "customer_row",
        ["case_status", "list_on"],
        sqlite_where=sa.text("case_status IS NOT NULL"),
    )
    op.create_index(
        "ix_customer_alone",
        "customer_row",
        ["suppression_id", "case_status"],
        sqlite_where=sa.text("suppression_id IS NOT NULL"),
    )
    op.create_table(
        "ranking",
        sa.Column("how_rank", sa.Integer(), nullable=False),
        sa.Column("worth", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("how_rank", "worth", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO ranking SELECT how_rank, coalesce(-revenue, 9223372036854775807), id FROM customer_row"
        " WHERE suppression_id IS NULL AND case_status IS NULL ORDER BY 1, 2, 3"
    )


def _remake_points() -> None:
    """In the order of their customers; `place` is the number that events know a point by."""
    op.create_table(
        "point_new",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer_row.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("customer_id", "place"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO point_new SELECT customer_id, id, kind, value, state FROM contact_point"
        " ORDER BY customer_id, id"
    )
    op.execute("DROP TABLE contact_point")
    op.execute("ALTER TABLE point_new RENAME TO contact_point")


def _remake_identities() -> None:
    op.execute("ALTER TABLE identity RENAME TO identity_before")
    for index in ("ix_identity_customer_id", "ux_identity"):
        op.drop_index(index)
    op.create_table(
        "identity",
        sa.Column("mark", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "former",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer_row.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("customer_id", "identity"),
        sqlite_with_rowid=False,
    )
    raw = op.get_bind().connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    fill_from(raw, "identity_before")
    op.execute("DROP TABLE identity_before")
