"""What is said as a walk begins: what changed since, who is back, whether this is an hour to call."""

from winback_cli.cli.work import Work
from winback_cli.store import reads


def tell(work: Work, *, asks: bool) -> None:
    """Say it all; what is for whoever talks to them only where somebody is asked."""
    _tell_changed(work)
    _tell_back(work)
    if asks:
        _tell_hour(work)
        _tell_survey(work)


def _tell_changed(work: Work) -> None:
    """Say where a case goes on under a playbook whose file has changed, or is gone."""
    from winback_cli import library

    book, own = work.playbook, work.here.settings.playbooks
    became = library.became(book.name, work.case.digest, own)
    if became:
        work.here.say(f"Case {work.ref.id} keeps version {book.version} of {book.name}: {became}.")
    if became == library.CHANGED:
        work.here.say(f"To see what is new, and to move it: winback playbook move {work.ref.customer}")


def _tell_back(work: Work) -> None:
    """Say where they bought again while this case runs: whoever is back is not asked to come back."""
    from winback_cli.rows import back_words, won_command
    from winback_cli.store import lists

    with work.store.reads() as connection:
        back = lists.is_back(connection, work.ref.customer, work.here.clock.today.isoformat())
    if back and back.case == work.ref.id:
        work.here.say(f"{back_words(back)} If they are won: {won_command(back)}")


def _tell_survey(work: Work) -> None:
    """Say where somebody who answered a survey is owed a conversation (D7)."""
    from winback_cli.cli.surveycases import tell_owed

    tell_owed(work)


def _tell_hour(work: Work) -> None:
    """Say where this is no hour to call them, and a call is what comes next."""
    from winback_cli import route
    from winback_cli.cli.brief import local_time

    here = work.here
    days = route.Days(here.clock.today, here.settings.weekend_days)
    there = route.place(work.playbook, work.case, days)
    question = there.question if isinstance(there, route.Ask) else None
    calls = question is not None and question.fact == "revisited.called_on"
    if isinstance(there, route.Through) or not (calls or there.step.stage == "contact"):
        return
    with here.reading() as connection:
        points = reads.points(connection, work.ref.customer)
    time = local_time(here, work.customer, points)
    if time.state in ("closed", "unclear"):
        here.say(time.words)
