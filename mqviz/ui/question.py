"""The line that a person types on: `:` commands with completion, `/` filter, a moment's name, an address.

What does not parse is said right under the line, with the place marked; nothing typed is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from mqviz.commands import GrammarError
from mqviz.scenes.signs import to_ascii

Answer = str | Callable[[], object] | None
"""A sentence why it cannot be, or what to do once the line is closed, or nothing more to do."""
Accept = Callable[[str], Answer]
"""Takes what was typed."""
Complete = Callable[[str], Sequence[str]]


class _Suggest(Suggester):
    """The first completion as ghost text."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """The rest of the word, while there is a word."""
        return next(iter(self._complete(value)), None) if value else None


class Question(ModalScreen[Callable[[], object] | None]):
    """Asks for one line until `accept` takes it; its result is what to do then."""

    BINDINGS = [
        Binding("escape", "dismiss", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("ctrl+c", "app.interrupt", show=False, priority=True),
    ]

    def __init__(
        self,
        prompt: str,
        accept: Accept,
        complete: Complete = lambda _: (),
        value: str = "",
        help: str = "",
        ascii: bool = False,
    ) -> None:
        super().__init__()
        self._prompt = prompt
        self._accept = accept
        self._complete = complete
        self._value = value
        self._help = help or "enter does it · esc goes back"
        self._ascii = ascii

    def compose(self) -> ComposeResult:
        """Completions, the line with its prompt, what is wrong or what the keys do."""
        with Vertical(id="question"):
            yield Static(id="question-words")
            with Vertical(id="question-line"):
                yield Static(self._prompt, id="question-prompt")
                yield Input(
                    self._value,
                    id="question-input",
                    suggester=_Suggest(self._complete),
                    select_on_focus=False,
                    compact=True,
                )
            yield Static(id="question-said")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()
        self._say("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the word may become."""
        self._say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do it, or say why not."""
        answer = self._accept(event.value)
        if isinstance(answer, str):
            self._say(answer)
        else:
            self.dismiss(answer)

    def action_complete(self) -> None:
        """Fill in what all completions share, or the first."""
        line = self.query_one(Input)
        found = self._complete(line.value)
        if found:
            common = _common(found)
            whole = common if len(common) > len(line.value) else found[0]
            line.value = whole if len(found) > 1 or whole.endswith("=") else f"{whole} "
            line.cursor_position = len(line.value)

    def _say(self, error: str) -> None:
        value = self.query_one(Input).value
        words = [text.split(" ")[-1] for text in self._complete(value)]
        self.query_one("#question-words", Static).update(self._text("  ".join(words)))
        said = self.query_one("#question-said", Static)
        said.set_class(bool(error), "-wrong")
        said.update(self._text(error or self._help, wrap=bool(error)))

    def _text(self, text: str, wrap: bool = False) -> Text:
        shown = to_ascii(text) if self._ascii else text
        return Text(shown, no_wrap=not wrap, overflow="fold" if wrap else "ellipsis")


def command_error(error: Exception) -> str:
    """A refused command as one sentence; a GrammarError already names its column."""
    return f"✗ {error}" if isinstance(error, GrammarError) else f"✗ {str(error)[:1].upper()}{str(error)[1:]}"


def _common(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same]
