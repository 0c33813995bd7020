"""Recipes: reading, overriding, and refusing what isn't known."""

import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from photochrom.errors import UsageError
from photochrom.train.recipe import RECIPES, Recipe, load_recipe, recipe_names
from photochrom.train.recipe.checks import KINDS, METHODS, NETWORKS
from photochrom.train.recipe.keys import all_sections
from photochrom.train.recipe.load import recipe_to_train
from photochrom.train.recipe.sections import MethodName
from photochrom.train.recipe.show import head_of, keys_page, listing, shown


def saved(tmp_path: Path, text: str = "") -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_what_is_left_out_takes_the_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(saved(tmp_path, 'method = "cgan"\n[train]\nbatch = 7\n'))
    assert (recipe.name, recipe.method, recipe.train.batch) == ("mine", "cgan", 7)
    assert recipe.optimiser == Recipe().optimiser


def test_toml_and_plain_values_give_the_same_recipe_back(tmp_path: Path) -> None:
    recipe = load_recipe(saved(tmp_path, 'title = "quote \\" and ü"\n[optimiser]\nbetas = [0.9, 0.99]\n'))
    assert load_recipe(saved(tmp_path, recipe.to_toml())) == recipe
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert Recipe.from_dict(recipe.to_dict()).sha256 == recipe.sha256


def test_a_recipe_keeps_its_hash() -> None:
    """It is in every exported file: keys that move, or come and go, are to do so on purpose."""
    assert Recipe().sha256 == "d3f846db34d6877c45b037605dba42d480ccfb6fabd99bba7fc60ae31a489b06"


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("train.batch=8", "train", "batch", 8),
        ("optimiser.rate=3e-4", "optimiser", "rate", 3e-4),
        ("optimiser.rate=1", "optimiser", "rate", 1.0),
        ("optimiser.betas=[0, 0.9]", "optimiser", "betas", (0.0, 0.9)),
        ("augment.flip=false", "augment", "flip", False),
        ("augment.aged=1", "augment", "aged", 1.0),
        ("loss.adversarial=lsgan", "loss", "adversarial", "lsgan"),
        ("train.precision=32", "train", "precision", "32"),
        ("data.other=some/folder", "data", "other", "some/folder"),
        ("data.validation=exact", "data", "validation", "exact"),
        ("data.validation=8000/2000", "data", "validation", "8000/2000"),
    ],
)
def test_overrides(tmp_path: Path, override: str, section: str, key: str, value: object) -> None:
    recipe = load_recipe(saved(tmp_path), [override])
    assert getattr(getattr(recipe, section), key) == value


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.bach=8", "'batch'"),
        ("trian.batch=8", "'train'"),
        ("batch=8", "train.batch"),
        ("train.rate=8", "optimiser.rate"),
        ("loss.adversarial=lsgn", "'lsgan'"),
        ("method=gan", "'cgan'"),
        ("train.batch=0", "at least 1"),
        ("train.batch=1.5", "whole number"),
        ("train.batch=many", "whole number"),
        ("augment.flip=1", "true or false"),
        ("optimiser.betas=0.9", "2 numbers"),
        ("train=8", "section"),
        ("data.validation=1", "at least 0 and under 1"),
        ("augment.aged=1.2", "at least 0 and at most 1"),
        ("network.kind=unte", "'unet'"),
        ("train.batch", "section.key=value"),
        ("optimiser.rate=nan", "optimiser.rate"),
        ("optimiser.discriminator_rate=-1e-4", "at least 0"),
        ("optimiser.betas=[0.9, 1]", "under 1"),
        ("augment.rotate=-5", "at least 0 and at most 180"),
        ("augment.brightness=5", "at most 1"),
        ("stabilise.label_smoothing=2", "under 0.5"),
        ("stabilise.r1=-3", "at least 0"),
        ("network.decoder_widths=[0, 8, 8, 8]", "at least 1"),
        ("data.validation=true", "a number or text"),
    ],
)
def test_what_is_not_known_names_the_nearest(tmp_path: Path, override: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        load_recipe(saved(tmp_path), [override])


@pytest.mark.parametrize(
    ("recipe", "override", "told"),
    [
        ("cifar10-cnn", "stabilise.r1=1", r"stabilise\.r1 = 1\.0 has no effect with method = regression: .* cgan"),
        ("photo", "stabilise.minibatch=stddev", r"no effect with method = photo: leave it out"),
        ("unet-cgan", "network.kind=eccv16", r"method = cgan can't train network\.kind = eccv16: .* distribution"),
        ("photo", "method=regression", r"method = regression can't train network\.kind = photo"),
        ("cifar10-cnn", "network.levels=3", r"no effect on network\.kind = cifar-cnn: leave it out, or train unet"),
        ("photo-cached", "augment.rotate=3", r"no effect without network\.cache = false"),
        ("unet-cgan", "stabilise.r1_every=4", r"no effect without stabilise\.r1 over 0"),
        ("photo", "loss.adversarial=lsgan", r"critic has a hinge loss"),
        ("photo", "optimiser.schedule=cosine", r"rate follows train\.stages"),
        ("cifar10-cnn", "train.pretrain_epochs=3", r"train with cgan"),
    ],
)
def test_settings_that_would_do_nothing_are_refused_before_a_run(recipe: str, override: str, told: str) -> None:
    assert load_recipe(recipe, [override]), "what a past run says can still be read"
    with pytest.raises(UsageError, match=told):
        recipe_to_train(recipe, [override])


@pytest.mark.parametrize("override", ["network.kind=cifar-cnn", "stabilise.r1=0", "augment.rotate=3", "train.epochs=3"])
def test_settings_that_do_something_are_not(override: str, tmp_path: Path) -> None:
    """What a recipe says for its own network may do nothing once another is chosen."""
    assert recipe_to_train("resnet50-frozen", [override])
    mine = saved(tmp_path, f'base = "resnet50-frozen"\n[{override.split(".")[0]}]\n')
    assert recipe_to_train(mine, [override])


def test_what_a_recipe_of_ones_own_says_is_judged_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no effect with method = regression"):
        recipe_to_train(saved(tmp_path, 'base = "cifar10-cnn"\n[stabilise]\nspectral_norm = true\n'))


def test_every_key_belongs_to_the_recipe() -> None:
    assert {*METHODS, *NETWORKS} <= set(Recipe().flat())
    assert set(KINDS) <= set(get_args(MethodName))


def test_a_recipe_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recipe file"):
        load_recipe(tmp_path / "other.toml")
    with pytest.raises(UsageError, match="not TOML"):
        load_recipe(saved(tmp_path, "= 3"))
    with pytest.raises(UsageError, match="no recipe 'nothing-like-it'"):
        load_recipe("nothing-like-it")


def test_a_recipe_builds_on_its_base_and_on_that_ones(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text('base = "unet-cgan"\n[train]\nbatch = 3\nepochs = 7\n')
    recipe = load_recipe(saved(tmp_path, 'base = "house.toml"\ntitle = "mine"\n[train]\nbatch = 5\n'), ["train.seed=9"])
    base = load_recipe("unet-cgan")
    assert (recipe.name, recipe.title) == ("mine", "mine")
    assert (recipe.train.batch, recipe.train.epochs, recipe.train.seed) == (5, 7, 9)
    assert (recipe.method, recipe.network, recipe.loss) == (base.method, base.network, base.loss)
    assert load_recipe(saved(tmp_path, recipe.to_toml())) == recipe, "what a run keeps is whole"


def test_a_base_that_cannot_be_built_on(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('base = "mine.toml"')
    for base, told in (("other.toml", "its own base"), ("gone.toml", "no recipe file"), ("unet-cgam", "unet-cgan")):
        with pytest.raises(UsageError, match=told):
            load_recipe(saved(tmp_path, f'base = "{base}"'))
    with pytest.raises(UsageError, match="name a recipe"):
        load_recipe(saved(tmp_path, "base = 3"))


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_that_ship(name: str) -> None:
    assert load_recipe(name).name == name
    assert recipe_to_train(RECIPES / f"{name}.toml").name == name  # nothing in it is without effect
    near = name[:-1] + "x"
    with pytest.raises(UsageError, match="did you mean"):
        load_recipe(near)


def test_every_key_is_shown_with_what_it_may_be_and_a_sentence() -> None:
    keys = [key for section in all_sections() for key in section.keys]
    assert [key.whole for key in keys] == [name for name in Recipe().flat() if "." in name]
    assert all(key.help and key.kind for key in keys), [key.whole for key in keys if not key.help]
    by_name = {key.whole: key for key in keys}
    assert by_name["data.size"].kind == "whole number of at least 8"
    assert by_name["data.resident"].kind == '"auto", "yes", "no"'
    assert by_name["optimiser.betas"].kind.startswith("2 times a number")
    assert by_name["network.weights"].help == "a local file of those weights, instead of the hub"


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_that_is_shown_is_a_recipe(name: str, tmp_path: Path) -> None:
    shown_again = load_recipe(saved(tmp_path, shown(name)))
    assert dataclasses.replace(shown_again, name=name) == load_recipe(name)


def test_a_recipe_is_shown_as_it_was_changed() -> None:
    text = shown("unet-cgan", ["train.batch=7"])
    assert "\nbatch = 7  # whole number of at least 1; pictures a step" in text
    assert "\n# cycle_weight = 10.0  # no effect with method = cgan\n" in text


def test_the_list_names_every_recipe_with_its_costs() -> None:
    text = listing()
    for name in recipe_names():
        assert f"\n{name}: {load_recipe(name).title}\n" in f"\n{text}"
    for name in ("cifar10-cnn", "cifar10-cnn-augmented", "cyclegan", "eccv16", "resnet50-frozen", "unet-cgan"):
        assert head_of(name)["published"] in text
    assert all(head_of(name)["published"] for name in ("unet-cgan-coco", "unet-cgan-plain"))


def test_the_page_of_keys_is_the_one_that_the_command_makes() -> None:
    page = Path(__file__).parents[2] / "docs" / "recipe-keys.md"
    assert page.read_text(encoding="utf-8") == keys_page(), "photochrom train --keys > docs/recipe-keys.md"
