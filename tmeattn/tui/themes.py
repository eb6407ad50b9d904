"""The colour themes of the application, and the heatmap colours of each theme."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.theme import Theme

from tmeattn.render.palette import BLUE, ORANGE, HeatColours, shows_heat

DEFAULT = "tmeattn-dark"

DARK = Theme(
    name=DEFAULT,
    primary="#2b8cf5",
    secondary="#f58b00",
    accent="#f58b00",
    success="#3fb68b",
    warning="#e5b567",
    error="#e5534b",
    foreground="#d8dee6",
    background="#0f1419",
    surface="#141b22",
    panel="#22303c",
    dark=True,
)
LIGHT = Theme(
    name="tmeattn-light",
    primary="#1766c0",
    secondary="#a85a00",
    accent="#a85a00",
    success="#0b7a55",
    warning="#8a6100",
    error="#b3261e",
    foreground="#1b2530",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e4e1d9",
    dark=False,
)
CONTRAST = Theme(
    name="tmeattn-contrast",
    primary="#5cb8ff",
    secondary="#ffd000",
    accent="#ffd000",
    success="#00ff9c",
    warning="#ffd000",
    error="#ff6b6b",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    dark=True,
    text_alpha=1.0,
    variables={"text-muted": "auto 80%"},
)
# The colours of Okabe and Ito (2008), which are distinct in all common kinds of colour vision.
COLOUR_BLIND = Theme(
    name="tmeattn-colour-blind",
    primary="#56b4e9",
    secondary="#e69f00",
    accent="#e69f00",
    success="#56b4e9",
    warning="#f0e442",
    error="#e69f00",
    foreground="#e6e6e6",
    background="#101418",
    surface="#161c22",
    panel="#212a33",
    dark=True,
)
# Defaults and hints in fields are more legible than with Textual's 38 %. A scrollbar is drawn on the background of the
# screen.
for theme in (DARK, LIGHT, CONTRAST, COLOUR_BLIND):
    theme.variables.update(
        {
            "text-disabled": "auto 65%" if theme is CONTRAST else "auto 50%",
            "scrollbar": theme.panel or "",
            "scrollbar-hover": theme.primary,
            "scrollbar-active": theme.primary,
            "scrollbar-background": theme.background or "",
            "scrollbar-background-hover": theme.background or "",
            "scrollbar-background-active": theme.background or "",
            "scrollbar-corner-color": theme.background or "",
        }
    )
THEMES = (DARK, LIGHT, CONTRAST, COLOUR_BLIND)

HEATMAP_COLOURS: dict[str, HeatColours] = {
    DARK.name: (BLUE, (44, 50, 58), ORANGE),
    LIGHT.name: (BLUE, (226, 222, 214), ORANGE),
    CONTRAST.name: (BLUE, (60, 60, 60), (255, 208, 0)),
    COLOUR_BLIND.name: ((86, 180, 233), (52, 56, 60), (230, 159, 0)),
}
"""The colours of a heatmap at -1 (against the class), 0 and 1 (for the class), by theme.

At 0 it is near the background, so that faint words have nearly the colours of plain text, and are as legible.
"""


def heat_colours(theme: str) -> HeatColours:
    """The colours of a heatmap at -1, 0 and 1 under a theme. A theme of another package gets those of the default."""
    return HEATMAP_COLOURS.get(theme, HEATMAP_COLOURS[DEFAULT])


def shows_heat_on(app: App[Any]) -> bool:
    """Whether a heatmap has its colours: the terminal has enough of them, and the user wants colours."""
    return shows_heat(app.console) and not app.no_color
