"""The planted mutants fit the program: a changed line must not let one of them fall away unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_each_mutant_has_its_place_and_a_file_of_tests(mutant: Mutant) -> None:
    text = (ROOT / "mqviz" / mutant.file).read_text("utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.file} does not hold just once: {mutant.old}"
    assert (ROOT / "tests" / mutant.tests).is_file()
