"""Images of attention as arrays of colours: (height, width, 3) uint8."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH = 900
PAPER, INK, HEAT = (255, 255, 255), (20, 20, 20), (222, 120, 20)


def blend(share):
    """The colour between white (share 0) and full orange (share 1)."""
    return tuple(round(paper + (heat - paper) * share) for paper, heat in zip(PAPER, HEAT, strict=True))


def heatmap_image(explanation, size=16, margin=12):
    """A text with each word on a background as strong as its weight; the largest weight has the full colour."""
    font = ImageFont.load_default(size=size)
    most = max((word.score for word in explanation.words), default=0.0) or 1.0
    title = f"{explanation.predicted_label} ({explanation.confidence:.0%})"
    placed, x, y, line = [], margin, margin + 2 * size, round(1.6 * size)
    for word in explanation.words:
        shown = explanation.word_text(word)
        width = font.getlength(shown)
        if x + width > WIDTH - margin:
            x, y = margin, y + line
        placed.append((x, y, width, shown, max(word.score, 0.0) / most))
        x += width + size / 3
    image = Image.new("RGB", (WIDTH, y + line + margin), PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((margin, margin), title, fill=INK, font=font)
    for x, y, width, shown, share in placed:
        draw.rectangle((x - 2, y, x + width + 2, y + line - 3), fill=blend(share))
        draw.text((x, y + 1), shown, fill=INK, font=font)
    return np.asarray(image)


def heads_image(heads, cell=24):
    """Entropy of each head (columns) in each layer (rows) in nats; the highest has the full colour."""
    most = max((value for layer in heads for value in layer), default=0.0) or 1.0
    image_HWC = np.full((len(heads) * cell, max(map(len, heads)) * cell, 3), 255, dtype=np.uint8)
    for row, layer in enumerate(heads):
        for column, value in enumerate(layer):
            image_HWC[row * cell : (row + 1) * cell - 1, column * cell : (column + 1) * cell - 1] = blend(value / most)
    return image_HWC
