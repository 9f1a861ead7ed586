"""Every example of the docs is run, and prints what stands below it."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

DOCS = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
EXAMPLE = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)


@pytest.mark.parametrize(
    "page", [page for page in DOCS if "```python" in page.read_text("utf-8")], ids=lambda p: p.stem
)
def test_examples_print_what_the_page_says(page: Path) -> None:
    names: dict[str, Any] = {}
    for code, printed in EXAMPLE.findall(page.read_text("utf-8")):
        out = StringIO()
        with redirect_stdout(out):
            exec(compile(code, str(page), "exec"), names)
        assert out.getvalue() == printed
