"""faultdesk classifier report, train, rollback."""

from typing import TYPE_CHECKING, Annotated

import typer

from faultdesk.errors import PermanentError
from faultdesk.handlers import CommandLine
from faultdesk_classify.learning import MODEL
from faultdesk_classify.learning.report import COLUMNS, report
from faultdesk_classify.learning.school import study

if TYPE_CHECKING:
    from faultdesk_classify import ClassifyHandler


def classifier_commands(handler: "ClassifyHandler") -> typer.Typer:
    """Make the commands of a configured handler."""
    app = typer.Typer(help="What the classifier learned from corrections.", no_args_is_help=True)

    @app.command("report")
    def tell(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help="Print an array of objects.")] = False,
    ) -> None:
        """Show the model in force with its figures, the corrections, and what was taken for what."""
        line: CommandLine = context.obj
        with line.desk() as desk:
            rows = report(desk.corrections(), desk.versions(MODEL), learns=handler.learns)
        line.listing(rows, COLUMNS, as_json=as_json)

    @app.command()
    def train(context: typer.Context) -> None:
        """Learn from all corrections now, and say whether the new model is kept."""
        _require_learning(handler)
        line: CommandLine = context.obj
        with line.desk() as desk:
            outcome = study(desk, handler.terms, handler.ask_below, again=True)
        typer.echo("kept; the daemon reads by it within seconds" if outcome.kept else "not kept:")
        for reason in outcome.reasons:
            typer.echo(f"  {reason}")

    @app.command()
    def rollback(
        context: typer.Context,
        bundled: Annotated[
            bool, typer.Option("--bundled", help="Back to the one that came with faultdesk.")
        ] = False,
    ) -> None:
        """Go back to the model before; what the last one had learned is set aside until it is said again."""
        line: CommandLine = context.obj
        with line.desk() as desk:
            if desk.kept(MODEL) is None:
                raise PermanentError("the bundled model reads: there is nothing to go back from")
            desk.withdraw(MODEL, everything=bundled)
        with line.desk() as desk:
            now = desk.kept(MODEL)
        typer.echo(f"{f'version {now.version}' if now else 'the bundled model'} reads now")

    return app


def _require_learning(handler: "ClassifyHandler") -> None:
    if not handler.learns:
        raise PermanentError("handlers.classify: names models of its own, or has learn = false")
