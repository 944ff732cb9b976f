"""Event files that a pattern names, compared with those already staged."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from longtail.build.days import UNFINISHED

ENDINGS = re.compile(r"(\.(csv|tsv|txt|dat|json|jsonl|ndjson|parquet|gz|zip))+$", re.IGNORECASE)


class NamedFiles:
    """Files that EVENTS names, compared with those of earlier builds.

    Attributes
    ----------
    present
        The named files by full path.
    known
        Likewise those of earlier builds; `name` is the file name in their rows.
    holders
        Content to the first named file that has it.
    staged
        Content to the file name in its rows.
    places
        File of an earlier build whose content is no longer there, to the named file that replaces
        it.
    stays
        Those of `known` that were removed or not named; their events stay.
    """

    def __init__(
        self,
        present: Mapping[str, dict[str, Any]],
        known: Mapping[str, dict[str, Any]],
        begun: Mapping[str, dict[str, Any]],
    ) -> None:
        self.present, self.known, self.begun = present, known, begun
        self.holders: dict[str, str] = {}
        for path, entry in present.items():
            self.holders.setdefault(entry["digest"], path)
        self.staged = {entry["digest"]: entry["name"] for entry in known.values()}
        self._by_name = {entry["name"]: path for path, entry in present.items()}
        self._by_stem = {
            _stem(path): path
            for path, entry in present.items()
            if entry["digest"] not in self.staged
        }
        self.places: dict[str, str] = {}
        for path, entry in [*begun.items(), *known.items()]:
            place = None if entry["digest"] in self.holders else self._place_of(path, entry)
            if place:
                self.places[path] = place
        replaced = {known[path]["digest"] for path in self.places if path in known}
        self.stays = {
            path: entry
            for path, entry in known.items()
            if entry["digest"] not in self.holders.keys() | replaced
        }

    @property
    def lost(self) -> dict[str, dict[str, Any]]:
        """Files of earlier or interrupted builds that were removed or not named."""
        return self.stays | {
            path: entry
            for path, entry in self.begun.items()
            if entry["digest"] not in self.holders and path not in self.places
        }

    def _place_of(self, path: str, entry: Mapping[str, Any]) -> str | None:
        """Return the named file that replaces one whose content no named file has."""
        if path in self.present:
            return path
        if path in self.begun and self.begun[path]["digest"] in self.holders:
            return self.holders[self.begun[path]["digest"]]
        if entry["name"] in self._by_name:
            return self._by_name[entry["name"]]
        return None if os.path.exists(path) else self._by_stem.get(_stem(path))

    def to_read(self, in_doubt: Collection[str]) -> dict[str, str]:
        """Return content and file of what is not staged, or not certainly.

        Content is read again when another file now has the name in its rows, as in a rotated log:
        rows are replaced by file name.
        """
        return {
            digest: path
            for digest, path in self.holders.items()
            if digest not in self.staged
            or self.staged[digest] in in_doubt
            or self._name_is_of_another(digest)
        }

    def _name_is_of_another(self, digest: str) -> bool:
        path = self._by_name.get(self.staged[digest])
        return path is not None and self.present[path]["digest"] != digest

    def names_of_rows(self, read: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Return the named files that are not read, with the file name in each one's rows."""
        return {
            path: entry | {"name": self._name_of_rows(entry["digest"], read)}
            for path, entry in self.present.items()
            if read.get(entry["digest"]) != path
        }

    def _name_of_rows(self, digest: str, read: Mapping[str, str]) -> str:
        return self.present[read[digest]]["name"] if digest in read else self.staged[digest]

    def lines_on_changes(self) -> list[str]:
        """Say what became of the files of earlier builds."""
        lines = []
        for path, place in self.places.items():
            new = self.present[place]["name"]
            old = (self.known.get(path) or self.begun[path])["name"]
            what = "has changed" if path == place else f"takes the place of {old}"
            lines.append(f"{new} {what}: its rows are replaced.")
        moved = [
            (entry["name"], self.present[self.holders[entry["digest"]]]["name"])
            for path, entry in self.known.items()
            if path not in self.present and entry["digest"] in self.holders
        ]
        if moved:
            lines.append(
                f"{count_of(len(moved), 'file')} of earlier builds under another name, such as "
                f"{moved[0][0]}, now {moved[0][1]}: the events stay."
            )
        if self.stays:
            lines.append(
                f"{count_of(len(self.stays), 'file')} of earlier builds not among those that "
                "EVENTS names: the events stay (--full-refresh drops them)."
            )
        return lines

    def lines_on_copies(self) -> list[str]:
        """Say which files have the content of another."""
        copies = [
            (entry["name"], self.present[self.holders[entry["digest"]]]["name"])
            for path, entry in self.present.items()
            if self.holders[entry["digest"]] != path
        ]
        if not copies:
            return []
        return [
            f"{count_of(len(copies), 'file')} with the content of another, such as {copies[0][0]} "
            f"of {copies[0][1]}: it is read once."
        ]


def refuse_to_forget(files: NamedFiles, reason: str) -> None:
    """Refuse to read all events again when some files are missing."""
    if lost := files.lost:
        raise ValueError(
            f"{reason}, so that all event files must be read again, but "
            f"{count_of(len(lost), 'file')} of earlier builds, such as "
            f"{lost[min(lost)]['name']!r}, are not among those that EVENTS names: name all, or "
            "start over from those named with --full-refresh"
        )


def refuse_doubt(files: NamedFiles, in_doubt: Collection[str]) -> None:
    """Refuse to continue without a file that an interrupted build was staging."""
    removed = sorted(entry["name"] for entry in files.lost.values() if entry["name"] in in_doubt)
    if removed:
        raise ValueError(
            f"the last build was interrupted while it staged {removed[0]!r}, which was removed: "
            "put it back, or start over from the files that EVENTS names with --full-refresh"
        )


def refuse_another_log(files: NamedFiles, asked: Collection[str]) -> None:
    """Refuse files when none is, equals or replaces a file of earlier builds."""
    earlier = files.begun | files.known
    contents = {files.present[path]["digest"] for path in asked}
    if not any(
        path in asked or entry["digest"] in contents or files.places.get(path) in asked
        for path, entry in earlier.items()
    ):
        raise ValueError(
            f"EVENTS names no file of earlier builds ({len(earlier):,}, such as "
            f"{earlier[min(earlier)]['name']!r}): to add to their events set the var "
            "append_events: true, to drop them give --full-refresh (make: FLAGS=--full-refresh)"
        )


def why_read_again(state: Mapping[str, Any]) -> str:
    """Say why all event files are read again."""
    if state["rules"] == UNFINISHED:
        return "The last build was interrupted while it staged all events"
    return "The rules of staging have changed (a var, a model, event_tables)"


def _stem(path: str) -> str:
    """Return a path without the endings that tell format and compression."""
    return ENDINGS.sub("", path)


def count_of(number: int, noun: str) -> str:
    """Return "1 file" or "2 files"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
