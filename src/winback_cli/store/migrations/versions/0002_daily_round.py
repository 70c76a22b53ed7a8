"""The daily round: what lists and queues are ordered by beside their rows, and words to search.

Text search is SQLite's FTS5 over the rows' own columns; triggers keep it, so that no writer can
forget to. What the new columns of a case hold is made from its events after the migrations.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NO_DUE = "9999-12-30"
SEARCHED = {"customer_text": ("customer", "folded, notes"), "case_text": ("casefile", "said")}


def upgrade() -> None:
    op.create_table(
        "about",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("customer", sa.Column("case_id", sa.Integer(), nullable=True))
    op.add_column(
        "customer", sa.Column("list_on", sa.String(length=10), nullable=False, server_default=NO_DUE)
    )
    op.add_column("casefile", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    op.add_column("casefile", sa.Column("said", sa.Text(), nullable=False, server_default=""))
    _remake_dues()
    _fill_customers()
    op.create_index("ix_customer_list", "customer", ["list_on", "how_rank", sa.text("revenue DESC"), "id"])
    op.create_index(
        "ix_customer_status",
        "customer",
        ["case_status", "list_on"],
        sqlite_where=sa.text("case_status IS NOT NULL"),
    )
    for name, (table, columns) in SEARCHED.items():
        _search(name, table, columns)
    op.execute(
        "CREATE TRIGGER customer_due AFTER UPDATE OF how_rank, revenue ON customer BEGIN"
        " UPDATE due SET how_rank = new.how_rank, revenue = new.revenue WHERE customer_id = new.id; END"
    )


def _remake_dues() -> None:
    op.execute("ALTER TABLE due RENAME TO due_before")
    for index in ("ix_due_case_id", "ix_due_on"):
        op.drop_index(index)
    op.create_table(
        "due",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("how_rank", sa.Integer(), nullable=False),
        sa.Column("revenue", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("ref", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["casefile.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(
        "INSERT INTO due (id, customer_id, how_rank, revenue, case_id, kind, opens_on, due_on, what, ref)"
        " SELECT d.id, u.id, u.how_rank, u.revenue, d.case_id, d.kind, d.opens_on, d.due_on, d.what, d.ref"
        " FROM due_before d JOIN casefile c ON c.id = d.case_id JOIN customer u ON u.id = c.customer_id"
    )
    op.drop_table("due_before")
    op.create_index("ix_due_case_id", "due", ["case_id"])
    op.create_index("ix_due_customer_id", "due", ["customer_id"])
    op.create_index(
        "ix_due_on", "due", ["due_on", "how_rank", sa.text("revenue DESC"), "id", "opens_on", "kind"]
    )
    op.create_index("ix_due_opens", "due", ["opens_on", "due_on", "id"])


def _fill_customers() -> None:
    op.execute(
        "UPDATE customer SET case_id = (SELECT c.id FROM casefile c WHERE c.customer_id = customer.id"
        " ORDER BY c.number DESC LIMIT 1)"
    )
    op.execute(
        "UPDATE customer SET list_on = coalesce((SELECT min(d.due_on) FROM due d"
        " WHERE d.case_id = customer.case_id), list_on) WHERE case_id IS NOT NULL"
    )
    op.execute("UPDATE customer SET list_on = '9999-12-31' WHERE suppression_id IS NOT NULL")


def _search(name: str, table: str, columns: str) -> None:
    """An index of the words in a table's columns, and the triggers that keep it."""
    op.execute(
        f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, content='{table}', content_rowid='id',"
        " detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 2')"
    )
    new = ", ".join(f"new.{column.strip()}" for column in columns.split(","))
    old = new.replace("new.", "old.")
    forget = f"INSERT INTO {name} ({name}, rowid, {columns}) VALUES ('delete', old.id, {old});"
    learn = f"INSERT INTO {name} (rowid, {columns}) VALUES (new.id, {new});"
    for when, does in (
        ("INSERT", learn),
        ("DELETE", forget),
        (f"UPDATE OF {columns}", forget + learn),
    ):
        trigger = f"{name}_{when[:6].lower()}"
        op.execute(f"CREATE TRIGGER {trigger} AFTER {when} ON {table} BEGIN {does} END")
    op.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
