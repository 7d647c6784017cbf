"""Conversations in the shapes in which they are published, converted into one: a list of role and content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError

Message = dict[str, str]
"""`role` (system, user, assistant or tool) and `content`."""

WHO = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "tool": "tool",
    "observation": "tool",
}
"""What the shapes call who speaks -> what chat templates call it."""

KEYS = {"messages": ("role", "content"), "sharegpt": ("from", "value")}
"""Shape -> where a message keeps who speaks, and what."""

MESSAGES = Role(
    "messages",
    "the whole conversation: a list of {role, content} or {from, value}",
    False,
    ("messages", "conversations", "conversation", "dialog", "dialogue", "chat"),
)
PROMPT = Role("prompt", "what the user says, or the messages before the answer", False,
              ("instruction", "prompt", "question", "query"))  # fmt: skip
INPUT = Role("input", "added to the prompt on a line of its own", False, ("input",))
COMPLETION = Role("completion", "what the assistant shall answer", False,
                  ("output", "completion", "response", "answer"))  # fmt: skip
SYSTEM = Role("system", "the system message", False, ("system", "system_prompt"))
HISTORY = Role("history", "the turns before: a list of pairs of prompt and answer", False, ("history",))

LOOK_ROWS = 100
"""Rows in which roles are looked for, to say how they map."""


class Shape:
    """How the rows of a dataset hold conversations.

    Attributes:
        columns: role -> column.
        name: messages, sharegpt, alpaca or prompt/completion.
    """

    def __init__(self, roles: Sequence[Role], available: Sequence[str], given: Mapping[str, str]) -> None:
        """Find the columns.

        Raises:
            FinetuiError: a column does not exist, or none holds a conversation.
        """
        found = columns.resolve(roles, available, given)
        whole = "messages" in found and not {"prompt", "completion"} & {role for role in given if given[role]}
        if whole:
            found = {role: column for role, column in found.items() if role in ("messages", "system")}
        elif "prompt" in found and "completion" in found:
            found.pop("messages", None)
        else:
            raise FinetuiError(
                "no column holds a conversation",
                f"the columns are {', '.join(available)}",
                "name one as `data.columns.messages`, or two as `data.columns.prompt` and `data.columns.completion`",
                key="data.columns.messages",
            )
        self.columns = found
        self.name = "messages" if whole else "alpaca" if found["prompt"] == "instruction" else "prompt/completion"

    def read(self, row: Mapping[str, Any]) -> list[Message]:
        """The messages of a row, in order.

        Raises:
            FinetuiError: something in it is no message, or nobody knows who speaks.
        """
        cell = {role: row.get(column) for role, column in self.columns.items()}
        system = text(cell.get("system"), "system")
        before = [{"role": "system", "content": system}] if system else []
        if "messages" in cell:
            found = messages(cell["messages"], self.columns["messages"])
            return found if found and found[0]["role"] == "system" else [*before, *found]
        for pair in cell.get("history") or []:
            asked, answered = pair
            before += [user(text(asked, "history")), assistant(text(answered, "history"))]
        return [*before, *prompt(cell["prompt"], cell.get("input")), *answer(cell.get("completion"), "completion")]

    def readable(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Message]]:
        """The conversations of the rows that can be read.

        Raises:
            FinetuiError: as of `read`, where none can.
        """
        first: FinetuiError | None = None
        some = False
        for row in rows:
            try:
                conversation = self.read(row)
            except FinetuiError as error:
                first = first or error
                continue
            some = True
            yield conversation
        if not some and first is not None:
            raise first

    def note(self, rows: Iterable[Mapping[str, Any]]) -> str:
        """Which shape it is and how its roles map, as a line for people.

        A row that cannot be read is passed over here: all of them are found when the rows are tokenized.

        Raises:
            FinetuiError: as of `read`, where no row can be read.
        """
        if "messages" not in self.columns:
            asked = " and ".join(self.columns[role] for role in ("prompt", "input") if role in self.columns)
            return f"{self.name} conversations: {asked} → user, {self.columns['completion']} → assistant"
        column, shapes, who = self.columns["messages"], set[str](), dict[str, str]()
        readable, unread = False, None
        for row in rows:
            try:
                said = [parts(message, column) for message in listed(row.get(column), column)]
                self.read(row)
            except FinetuiError as error:
                unread = unread or error
                continue
            readable = True
            for shape, speaker, _ in said:
                shapes.add(shape)
                who[speaker] = WHO[speaker.lower()]
        if unread is not None and not readable:
            raise unread
        self.name = "sharegpt" if shapes == {"sharegpt"} else "messages"
        mapped = ", ".join(f"{name} → {role}" if name != role else name for name, role in who.items())
        return f"{self.name} conversations: {mapped or 'none found'}"


def user(content: str) -> Message:
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}


def prompt(value: Any, more: Any = None) -> list[Message]:
    """What comes before the answer: a text is what the user says; messages stay messages."""
    if isinstance(value, (list, dict)):
        return messages(value, "prompt")
    asked, more = text(value, "prompt"), text(more, "input")
    return [user("\n".join(part for part in (asked, more) if part))]


def answer(value: Any, column: str) -> list[Message]:
    """The answer: a text is what the assistant says; one message or several stay that."""
    if isinstance(value, (list, dict)):
        return messages(value, column)
    return [assistant(text(value, column))]


def messages(value: Any, column: str) -> list[Message]:
    """The messages of a cell, whatever their shape.

    Raises:
        FinetuiError: something in it is no message.
    """
    found = []
    for message in listed(value, column):
        _, speaker, content = parts(message, column)
        found.append({"role": WHO[speaker.lower()], "content": text(content, column)})
    return found


def listed(value: Any, column: str) -> list[Any]:
    """A cell as a list of messages; a message alone is a list of one."""
    if isinstance(value, Mapping):
        return [value]
    if value is None or isinstance(value, list):
        return value or []
    raise _odd(column, value, "give it a list of {role, content} or {from, value}")


def parts(message: Any, column: str) -> tuple[str, str, Any]:
    """A message's shape, who speaks, and what.

    Raises:
        FinetuiError: it is no message, calls a tool, or nobody knows who speaks.
    """
    if isinstance(message, Mapping):
        if message.get("tool_calls"):
            raise _odd(column, message["tool_calls"], "tool calls cannot be learned yet: leave those rows out")
        for shape, (who, what) in KEYS.items():
            if isinstance(message.get(who), str) and what in message:
                if message[who].lower() in WHO:
                    return shape, message[who], message[what]
                known = f"known are {', '.join(WHO)}"
                raise FinetuiError(f"nobody knows the role {message[who]!r}", f"column {column}; {known}", "rename it")
    raise _odd(column, message, "a message is {role, content} or {from, value}")


def text(value: Any, column: str) -> str:
    """A content as text: nothing is empty, a list of parts is joined.

    Raises:
        FinetuiError: a part is no text.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(part, Mapping) and part.get("text") is not None for part in value):
        return "".join(str(part["text"]) for part in value)
    raise _odd(column, value, "only texts can be learned: leave rows with images and the like out")


def _odd(column: str, value: Any, hint: str) -> FinetuiError:
    shown = str(value)
    return FinetuiError(f"column {column} holds no conversation", f"it has {shown[:80]}", hint)
