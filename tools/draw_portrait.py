#!/usr/bin/env python3
"""Draw the portrait of everybody's specimen card: a face nobody has, with SIMULATED across it.

Needs Pillow, which nothing else here does; so what it draws is committed. Run it again only to draw another face:
``python tools/draw_portrait.py kit/warifu_kit/card/portrait.jp2``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 240, 320


def main() -> None:
    """Write the portrait, JPEG 2000 in grey."""
    image = Image.new("L", (WIDTH, HEIGHT), 230)
    pen = ImageDraw.Draw(image)
    pen.ellipse((40, 250, 200, 420), fill=120)
    pen.ellipse((60, 50, 180, 220), fill=205, outline=60, width=3)
    pen.pieslice((55, 30, 185, 170), 180, 360, fill=60)
    for left in (85, 135):
        pen.ellipse((left, 120, left + 20, 136), fill=255, outline=40, width=2)
        pen.ellipse((left + 6, 123, left + 14, 133), fill=20)
    pen.line((120, 138, 114, 165, 124, 165), fill=90, width=2)
    pen.arc((95, 160, 145, 195), 20, 160, fill=60, width=3)
    pen.rectangle((0, 232, WIDTH, 262), fill=255)
    pen.text((72, 237), "SIMULATED", fill=0, font_size=20)
    image.save(Path(sys.argv[1]), quality_mode="rates", quality_layers=[25])


if __name__ == "__main__":
    main()
