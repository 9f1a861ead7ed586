"""Look at a scene: `python -m tests.scenes.look NAME COLUMNSxROWS [dark|light|plain|ascii] > x.svg`.

Not a test. The SVG has the resolved colours in the cells of the canvas; `rsvg-convert x.svg -o x.png` makes
a picture of it.
"""

from __future__ import annotations

import sys
from html import escape

from mqviz.scenes.canvas import Canvas
from mqviz.scenes.palette import ROLES, Theme
from mqviz.scenes.style import Look, resolve

WIDTH, HEIGHT = 12.2, 24.4
PLAIN_FG, PLAIN_BG = "#e6e6e6", "#101010"


def svg(canvas: Canvas, theme: Theme = "dark", no_color: bool = False) -> str:
    """The canvas as an SVG document."""
    ground = PLAIN_BG if no_color else ROLES[theme]["base"]
    wide, high = canvas.columns * WIDTH, canvas.rows * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.1f} {high:.1f}" width="{wide:.0f}">',
        "<style>text{font-family:'Fira Code',monospace;font-size:20px;white-space:pre}</style>",
        f'<rect width="{wide:.1f}" height="{high:.1f}" fill="{ground}"/>',
    ]
    for row in range(canvas.rows):
        column = 0
        for text, style in canvas.runs(row):
            parts += _run(column, row, text, resolve(style, theme, no_color), len(text))
            column += len(text)
    return "\n".join([*parts, "</svg>"])


def _run(column: int, row: int, text: str, look: Look, count: int) -> list[str]:
    fg, bg = look.fg or PLAIN_FG, look.bg or PLAIN_BG
    if look.reverse:
        fg, bg = bg, fg
    x, y = column * WIDTH, row * HEIGHT
    found = [
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{count * WIDTH + 0.3:.1f}" height="{HEIGHT + 0.3:.1f}" fill="{bg}"/>'
    ]
    weight = "bold" if look.bold else "normal"
    for number, character in enumerate(text):
        if character.strip():
            found.append(
                f'<text x="{x + number * WIDTH:.1f}" y="{y + 18.5:.1f}" fill="{fg}" font-weight="{weight}">'
                f"{escape(character)}</text>"
            )
    return found


def main() -> None:
    """Draw the moment that is named."""
    from tests.scenes.moments import MOMENTS

    name, size = sys.argv[1], sys.argv[2]
    kind = sys.argv[3] if len(sys.argv) > 3 else "dark"
    columns, rows = (int(part) for part in size.split("x"))
    canvas = MOMENTS[name](columns, rows, ascii=kind == "ascii")
    if kind == "text":
        print(canvas.to_text())
    else:
        print(svg(canvas, "light" if kind == "light" else "dark", kind in ("plain", "ascii")))


if __name__ == "__main__":
    main()
