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
    """Label whether tickets are about the same problem."""


@recurrence.command()
@click.option("--sample", default=200, show_default=True, type=click.IntRange(0), help="Pairs to label; 0: none.")
@click.option("--seed", default=1, show_default=True, help="Seed of the sample; the same seed draws the same pairs.")
@click.option("--pair", nargs=2, metavar="TICKET TICKET", help="Label this pair: ticket numbers, or source:id.")
@click.option("--yes/--no", "verdict", default=None, help="The label of --pair.")
@click.option("--why", help="The reason for --pair; it is stored with author and time.")
@click.option("--learn", is_flag=True, help="Use the best thresholds from now on.")
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
    """Label a sample of pairs of tickets of one customer: is the later one about the same problem?

    You see subjects, times, links and the evidence, but no messages. Each answer is stored at once, so you can stop and
    continue later. At the end it prints the precision of the detection with its interval, and the best thresholds. A
    label overrides all evidence, for example after an agent contests a pair:

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
