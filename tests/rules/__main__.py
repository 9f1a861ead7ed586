"""Write docs/rules.md anew: `python -m tests.rules`."""

from tests.rules.table import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
print(f"wrote {PAGE.name}")
