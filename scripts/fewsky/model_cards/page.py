"""A whole model card from its parts."""

from collections.abc import Sequence

from fewsky.model_cards import sections, sections_use
from fewsky.model_cards.sections import Told


def page(
    told: Told,
    draws: Sequence[tuple[str, Told, Told]],
    audit: Told | None,
    metrics,
    simulated: bool,
) -> str:
    """The card of an experiment, markdown.

    `told` is what the configuration says of it, `draws` folder, model.json and provenance.json of
    each, `audit` and `metrics` (a data frame) those of its task, None where it has none.
    """
    folder, card, _ = draws[0]
    lines = [
        *sections.heading(told, simulated),
        *sections.what_it_is(told, card),
        *sections.data(told, card, audit),
        *sections.recipe(card),
        *sections.scores(told, metrics),
        *sections_use.use(told, sections_use.tested(told, metrics), simulated),
        *sections_use.limits(told, audit),
        *sections_use.files(draws),
        *sections_use.apply(told, folder, card),
    ]
    return "\n".join(lines) + "\n"
