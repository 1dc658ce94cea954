"""Scalars that an object does not have: the mean, a flag, or a draw like the known ones."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from fewsky.models.inputs import describe, scalars
from fewsky.models.missing import distribution, filled

RECIPE = {"stretch": "raw", "psf": "none"}


def galaxies_and_stars(n=2000, seed=1):
    """Redshifts that grow with magnitude, of galaxies only; stars are brighter on average."""
    rng = np.random.default_rng(seed)
    star = np.arange(n) % 2 == 1
    mag = np.where(star, rng.uniform(16, 21, n), rng.uniform(17, 22, n))
    redshift = 0.1 * (mag - 16) + rng.normal(0, 0.02, n)
    names = [f"o{seed}-{k}" for k in range(n)]
    table = pd.DataFrame({"object_id": names, "mag": mag, "star": star, "full": redshift})
    return table.assign(redshift=np.where(star, np.nan, redshift))


def described(table, extra=("redshift",), **model):
    return describe(np.empty(0), table, ["r"], RECIPE, list(extra), None, model)


def test_without_a_word_the_mean_stands_for_what_is_missing():
    table = galaxies_and_stars()
    card = described(table)
    assert list(card["extra"][0]) == ["name", "mean", "spread"]  # as the cards of old have it
    found = scalars(table, card)
    assert (found[table["star"], 0] == 0).all() and (found[~table["star"], 0] != 0).all()


def test_a_flag_tells_who_has_one():
    table = galaxies_and_stars()
    card = described(table, missing="flag")
    assert [item["name"] for item in card["extra"]] == ["redshift", "known(redshift)"]
    flag = scalars(table, card)[:, 1]
    assert set(np.round(flag, 5)) == {-1, 1} and ((flag > 0) == ~table["star"]).all()
    alone = described(table, ["known(redshift)"])
    np.testing.assert_array_equal(scalars(table, alone)[:, 0], flag)
    logarithm = described(table, ["known(log10(redshift))"])
    known = np.isfinite(np.log10(table["redshift"].where(table["redshift"] > 0)))
    np.testing.assert_array_equal(scalars(table, logarithm)[:, 0] > 0, known)


def test_drawn_values_look_like_the_known_ones_of_the_same_magnitude():
    table = galaxies_and_stars()
    card = described(table, missing="drawn", drawn_by="mag")
    found = scalars(table, card)[:, 0] * card["extra"][0]["spread"] + card["extra"][0]["mean"]
    star = table["star"].to_numpy()
    np.testing.assert_allclose(found[~star], table["redshift"][~star], rtol=1e-5)
    same = table["mag"].between(18, 20).to_numpy()
    # What a star would have had at its magnitude, scatter and all.
    assert ks_2samp(found[star & same], table["full"][star & same]).pvalue > 0.01
    assert np.corrcoef(found[star & same], table["mag"][star & same])[0, 1] > 0.9


def test_unmatched_draws_have_the_distribution_of_all_known_ones():
    table = galaxies_and_stars()
    found = scalars(table, described(table, missing="drawn"))[:, 0]
    star = table["star"].to_numpy()
    assert ks_2samp(found[star], found[~star]).pvalue > 0.01


def test_draws_follow_the_object_and_the_training_statistics_alone():
    train, test = galaxies_and_stars(), galaxies_and_stars(seed=2)
    card = described(train, missing="drawn", drawn_by="mag")
    whole = scalars(test, card)
    order = np.random.default_rng(0).permutation(len(test))
    np.testing.assert_array_equal(scalars(test.iloc[order], card), whole[order])
    # What other test objects have changes no draw.
    other = test.assign(redshift=test["redshift"] + 5)
    star = test["star"].to_numpy()
    np.testing.assert_array_equal(scalars(other, card)[star], whole[star])


@pytest.mark.parametrize("by", [None, "mag"])
def test_where_nothing_is_known_nothing_is_drawn(by):
    table = galaxies_and_stars(40).assign(redshift=np.nan)
    assert (scalars(table, described(table, missing="drawn", drawn_by=by)) == 0).all()


def test_few_known_values_and_unknown_magnitudes_do_no_harm():
    table = galaxies_and_stars(8)
    table.loc[1, "mag"] = np.nan
    told = distribution(table["redshift"].to_numpy(), table["mag"].to_numpy())
    assert len(told["at"]) == 1
    found = filled(table["redshift"].to_numpy(), table, "redshift", {"by": "mag", **told})
    assert np.isfinite(found).all()
    known = table["redshift"].dropna()
    assert found.min() >= known.min() and found.max() <= known.max()
