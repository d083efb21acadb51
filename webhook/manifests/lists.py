"""Lists of objects, taken apart: each object by itself, with its own line."""

from __future__ import annotations

from collections.abc import Iterator

from webhook.core.document import Document
from webhook.manifests.lines import Lines, Parsed


def documents(file: str, parsed: Parsed) -> Iterator[Document]:
    """The objects in a `List`, in a `*List` or in a bare list; else the value itself."""
    for _, line, data in objects_in(parsed):
        yield Document(file, line, data, Lines(data, line, parsed.starts))


def objects_in(parsed: Parsed) -> Iterator[tuple[tuple[str | int, ...], int, object]]:
    """The same with the path to each object from the top of what was parsed, and its line.

    What an API server sends as a `PodList` leaves out API and kind of its items: they get the
    list's. Whatever has `items` is a list to `kubectl`, of any kind (apimachinery, unstructured,
    helpers.go), and to the API server only what is called one: so it is itself, and its items.
    """
    pending: list[tuple[tuple[str | int, ...], int, object]] = [((), parsed.line, parsed.data)]
    while pending:
        path, line, data = pending.pop()
        items = _items(data)
        if items is None or not _is_list(data):
            yield path, line, data
        if items is None:
            continue
        lines = parsed.starts().get(id(items), ())
        below = path if isinstance(data, list) else (*path, "items")
        # From the last to the first: the next to be taken is at the end.
        pending += [
            ((*below, index), lines[index] if index < len(lines) else line, items[index])
            for index in range(len(items) - 1, -1, -1)
            if items[index] is not None
        ]


def _items(data: object) -> list[object] | None:
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        return None
    kind, items = data.get("kind"), data.get("items")
    if not isinstance(kind, str) or not kind or not isinstance(items, list):
        return None
    name = kind.removesuffix("List")
    for item in items:
        if name and isinstance(item, dict):
            # An empty kind, or a number for one, is as good as none.
            for key, its in (("kind", name), ("apiVersion", data.get("apiVersion"))):
                if not isinstance(item.get(key), str) or not item[key]:
                    item[key] = its
    return items


def _is_list(data: object) -> bool:
    return not isinstance(data, dict) or str(data.get("kind")).endswith("List")
