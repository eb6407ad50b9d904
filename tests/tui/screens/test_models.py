"""The screen Models: pages of what is registered, and of what is broken."""

from __future__ import annotations

import types

import pytest
from support.scripted_reader import Driver, opened
from textual.widgets import OptionList

from tmeattn.errors import BadInput
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.specs import ModelSpec
from tmeattn.tui.screens.models import ModelsScreen


def page(driver: Driver) -> str:
    return driver.said("#page")


async def go_to(driver: Driver, entry: str) -> None:
    driver.screen.query_one(OptionList).highlighted = driver.screen.query_one(OptionList).get_option_index(entry)
    await driver.settle()


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_the_first_model_is_shown_and_arrows_go_on(size) -> None:
    async with opened(ModelsScreen, size) as driver:
        assert "Mean of the word vectors, then a linear classifier." in page(driver)
        assert "12,345 trainable parameters without the word vectors" in page(driver)
        await driver.press("down")
        assert page(driver).startswith("simple-attn")


async def test_pictures_of_models_are_not_torn() -> None:
    async with opened(ModelsScreen) as driver:
        await go_to(driver, "Models/transformer")
        assert "[ self-attention + norm  ]    all words attend to all words\n" in page(driver)


async def test_methods_datasets_vectors_and_tokenizers_have_pages() -> None:
    async with opened(ModelsScreen) as driver:
        await go_to(driver, "Methods/leave-one-out")
        assert "signed" in page(driver)
        assert "Li, Monroe and Jurafsky" in page(driver)
        await go_to(driver, "Datasets/imdb-25k")
        assert "25,000 IMDb reviews" in page(driver)
        await go_to(driver, "Vectors/glove-50d")
        assert "50" in page(driver)
        await go_to(driver, "Tokenizers/unicode")
        assert "tokenizer" in page(driver)


async def test_a_broken_plugin_comes_first_with_its_traceback(install) -> None:
    install("tmeattn-broken", "raise RuntimeError('no [bold]luck[/] \\x1b[2J')\n")
    async with opened(ModelsScreen) as driver:
        await go_to(driver, "Plugins/0")
        assert "tmeattn-broken 1.0" in page(driver)
        assert "✗ cannot be loaded: RuntimeError: no [bold]luck[/] ␛[2J" in page(driver)
        assert "Traceback (most recent call last)" in page(driver)


async def test_a_model_whose_configuration_is_broken_says_so(fresh_registry) -> None:
    @hookimpl
    def tmeattn_models() -> list[ModelSpec]:
        return [ModelSpec("halved", "Half a model", "nowhere:Config", "nowhere:build", "none")]

    fresh_registry.register(
        Plugin("half", "tmeattn-half", "1", "half"), types.SimpleNamespace(tmeattn_models=tmeattn_models)
    )
    async with opened(ModelsScreen) as driver:
        await go_to(driver, "Models/halved")
        assert "nowhere:Config cannot be loaded" in page(driver)
        await go_to(driver, "Models/mean")
        assert page(driver).startswith("mean")


async def test_a_model_that_cannot_be_built_says_so(monkeypatch) -> None:
    async with opened(ModelsScreen) as driver:

        async def count_parameters(spec: ModelSpec) -> int:
            raise BadInput("The model lstm cannot be built: it is broken.")

        monkeypatch.setattr(driver.reader, "count_parameters", count_parameters)
        await go_to(driver, "Models/lstm")
        assert "cannot be built" in page(driver)


async def test_keys_train_scroll_and_leave() -> None:
    async with opened(ModelsScreen) as driver:
        await driver.press("down", "n")
        assert driver.app.models == ["simple-attn"]
        await driver.press("enter", "pagedown")
        assert driver.screen.query_one("#pane").scroll_offset.y > 0
        await driver.press("escape")
        assert driver.app.focused is driver.screen.query_one(OptionList)
        await go_to(driver, "Datasets/imdb-25k")
        await driver.press("n", "escape")
        assert driver.app.models == ["simple-attn"]
        assert driver.app.modes == ["runs"]


async def test_a_page_follows_the_width() -> None:
    async with opened(ModelsScreen, (140, 45)) as driver:
        await go_to(driver, "Models/transformer")
        wide = max(map(len, page(driver).splitlines()))
        await driver.pilot.resize_terminal(70, 24)
        await driver.pilot.pause(0.1)
        await driver.settle()
        assert max(map(len, page(driver).splitlines())) < wide
