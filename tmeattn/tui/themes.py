"""tmeattn's themes. Each also names the colours of its heatmaps: against, none, for."""

from __future__ import annotations

from textual.theme import Theme

from tmeattn.render.palette import BLUE, GREY, ORANGE, Rgb

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
)
# Okabe and Ito's colours (2008), which people with any common colour vision tell apart.
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
for theme in (DARK, LIGHT, CONTRAST, COLOUR_BLIND):  # scrollbars stay in the background
    theme.variables.update(
        {
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

HeatColours = tuple[Rgb, Rgb, Rgb]
HEAT: dict[str, HeatColours] = {
    DARK.name: (BLUE, GREY, ORANGE),
    LIGHT.name: (BLUE, (226, 222, 214), ORANGE),
    CONTRAST.name: (BLUE, (60, 60, 60), (255, 208, 0)),
    COLOUR_BLIND.name: ((86, 180, 233), (110, 110, 110), (230, 159, 0)),
}
"""By theme; others take the first."""


def heat_colours(theme: str) -> HeatColours:
    """Colours at -1, 0 and 1 of a heatmap under a theme, also one that is not tmeattn's own."""
    return HEAT.get(theme, HEAT[DEFAULT])
