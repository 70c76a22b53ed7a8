"""How alembic reaches the store: on the connection it is handed, inside one transaction."""

from alembic import context
from sqlmodel import SQLModel

from winback_cli.store import learned, tables  # noqa: F401 - they fill the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():  # the caller's: it commits all or nothing
    context.run_migrations()
