"""`python -m winback_cli` is the `winback` command."""

from winback_cli.main import run

run()
