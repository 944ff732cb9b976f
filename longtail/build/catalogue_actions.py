"""What dbt calls for the product catalogue and the lists of what may be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from longtail.build import catalogue_files, event_files, settings
from longtail.build.file_rows import EventFile

Found = TypeVar("Found")
READS_CATALOGUE = {"model.longtail.stg_raw_catalogue", "model.longtail.stg_availability"}
LISTS = ("hidden", "allowed")
"""Vars that name a file of products."""


class CatalogueActions:
    """The part of the plugin that answers for the catalogue."""

    catalogues: dict[str, Any]
    """What was found in this run, by what was asked: files are looked at once."""
    notes: list[str]
    _scratch: Path

    def check_catalogue(self, message: Mapping[str, Any]) -> list[str]:
        """Look at the files of this run before anything is written; return lines for the user."""
        checked = settings.check(message["vars"], settings.load_defaults())
        said = len(self.notes)
        if READS_CATALOGUE & set(message["selected"]):
            self.do_scan_catalogue(message)
        for var in LISTS:
            if checked[var]:
                self.do_list({**message, "list": var})
        return self.notes[said:]

    def do_scan_catalogue(self, message: Mapping[str, Any]) -> str:
        """Return the SQL that reads the files of the catalogue."""
        checked = settings.check(message["vars"], settings.load_defaults())

        def scan() -> str:
            return catalogue_files.catalogue_sql(
                self._catalogue_files(checked), checked["catalogue_columns"], self.notes.append
            )

        return self._once(repr(("query", checked)), scan)

    def do_unpacked_catalogue(self, message: Mapping[str, Any]) -> dict[str, str]:
        """Return the catalogue's files that were unpacked, with the user's name of each."""
        checked = settings.check(message["vars"], settings.load_defaults())
        files = self._catalogue_files(checked)
        return {file.local: file.path for file in files if file.local != file.path}

    def _catalogue_files(self, checked: Mapping[str, Any]) -> list[EventFile]:
        def look() -> list[EventFile]:
            if not catalogue_files.has_files(checked):
                return []
            return catalogue_files.describe_catalogue(checked, self._scratch / "catalogue")

        return self._once(repr(("files", checked)), look)

    def do_list(self, message: Mapping[str, Any]) -> str:
        """Return the SQL that reads the file of the var `hidden` or `allowed`."""
        checked = settings.check(message["vars"], settings.load_defaults())
        var = message["list"]

        def read() -> str:
            if not checked[var]:
                return catalogue_files.no_list_sql()
            file = event_files.describe_list(
                checked[var], var, ("product_id",), self._scratch / var
            )
            if var == "allowed" and "user_id" in {name.lower() for name in file.columns}:
                raise ValueError(
                    f"var 'allowed': {checked[var]!r} has a column user_id, but what is allowed "
                    "is the same for all users: leave it out, or name a user's pairs in 'hidden'"
                )
            return catalogue_files.list_sql(
                file, user_salt=checked["hash_user_ids"], null_texts=checked["null_texts"]
            )

        return self._once(repr((var, checked)), read)

    def _once(self, asked: str, read: Callable[[], Found]) -> Found:
        if asked not in self.catalogues:
            self.catalogues[asked] = read()
        return self.catalogues[asked]
