"""`recurrence label`."""

from typing import TYPE_CHECKING

import click

from helpdesk_kpi.cli.app_context import AppContext, account, config_option, log_access
from helpdesk_kpi.errors import UsageError

if TYPE_CHECKING:
    from helpdesk_kpi.measure.recurrence.pair_labelling import CandidatePair
    from helpdesk_kpi.store import Store

VERDICTS = {"y": "yes", "n": "no", "s": "skip"}


@click.group()
def recurrence() -> None:
    """Judge whether tickets are about the same problem."""


@recurrence.command()
@click.option("--sample", default=200, show_default=True, type=click.IntRange(0), help="Pairs to judge; 0: none.")
@click.option("--seed", default=1, show_default=True, help="Which sample; the same seed draws the same pairs.")
@click.option("--pair", nargs=2, metavar="TICKET TICKET", help="Judge this pair: numbers, or source:id.")
@click.option("--yes/--no", "verdict", default=None, help="The verdict on --pair.")
@click.option("--why", help="Why, for --pair; it is kept with who said it and when.")
@click.option("--learn", is_flag=True, help="Use the similarities that serve best from now on.")
@config_option
@click.pass_obj
def label(
    desk: AppContext,
    *,
    sample: int,
    seed: int,
    pair: tuple[str, str] | None,
    verdict: bool | None,
    why: str | None,
    learn: bool,
) -> None:
    """Judge a sample of pairs of tickets of one customer: is the later one about the same problem?

    Shown are subjects, times, links and the evidence, no messages. Every answer is kept at once, so you can stop and go
    on later. In the end it says how many of the repeats found are some, with its interval, and which similarities would
    serve best. A verdict on a pair stands above all evidence, also one that an agent contests:

        recurrence label --pair 1234 1250 --no --why "two different printers"
    """
    from helpdesk_kpi.cli.views.recurrence import format_quality_summary  # noqa: PLC0415

    if (pair is None) != (verdict is None):
        raise UsageError("--pair and one of --yes and --no go together")
    if why and pair is None:
        raise UsageError("--why is said of a --pair")
    with desk.store() as store:
        if pair is not None:
            _print(desk, store, pair, "yes" if verdict else "no", why)
            return
        if sample:
            _prompt(desk, store, sample, seed)
        click.echo(format_quality_summary(store, desk.config.config, desk.now(), learn=learn))


def _print(desk: AppContext, store: "Store", pair: tuple[str, str], verdict: str, why: str | None) -> None:
    from helpdesk_kpi.cli.views.recurrence import the_pair  # noqa: PLC0415
    from helpdesk_kpi.measure.recurrence.pair_labelling import PairLabel, save_label  # noqa: PLC0415

    save_label(store, the_pair(store, desk.config.config, *pair), PairLabel(verdict, account(), desk.now(), why))
    log_access(store, desk.now(), f"recurrence label --pair {pair[0]} {pair[1]} --{verdict}")
    click.echo(f"kept: {pair[0]} and {pair[1]} are {'one problem' if verdict == 'yes' else 'two problems'}")


def _prompt(desk: AppContext, store: "Store", sample: int, seed: int) -> None:
    from helpdesk_kpi.cli.views.recurrence import format_pair  # noqa: PLC0415
    from helpdesk_kpi.measure.recurrence.pair_labelling import PairLabel, sample_pairs, save_label  # noqa: PLC0415

    chosen: list[CandidatePair] = sample_pairs(store, desk.config.config, sample, seed)
    log_access(store, desk.now(), f"recurrence label: {len(chosen)} pairs, seed {seed}")
    click.echo(f"{len(chosen)} pairs, seed {seed}; y: the same problem, n: another one, s: skip, q: stop here")
    for number, about in enumerate(chosen, 1):
        click.echo(f"\n[{number}/{len(chosen)}]\n{format_pair(store, about)}")
        answer = click.prompt("the same problem?", type=click.Choice([*VERDICTS, "q"]), show_choices=True)
        if answer == "q":
            return
        save_label(store, about, PairLabel(VERDICTS[answer], account(), desk.now()))
