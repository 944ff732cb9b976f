"""The warehouse folder: work in progress, published builds, and publication.

Layout::

    warehouse/
        <table>.parquet     links into .builds/current: what readers open; a file, or a folder
                            of files by day
        longtail.duckdb     likewise: views over one build's files
        .work/              tables in progress, the build's database, spilled data
        .builds/<id>/       the newest build and the one before, whole and never changed
        .builds/<id>        earlier ones: links to current, for connections that still name them
        .builds/current     link to the newest one; moving it publishes every table at once
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from longtail.build import database
from longtail.build.machine import warehouse_folder

DATABASE = "longtail.duckdb"
OLD_LINKS = 400
"""Number of links of earlier builds to keep."""
LEFT_BEHIND = ("*.partial", "tmp_*", "*.parquet.part[0-9]*")
"""Leftovers of killed builds in `.work`: half-written tables and batches."""


def write_parquet(table: pa.Table | pa.RecordBatchReader, path: str | Path) -> None:
    """Write Arrow data as one parquet file that appears only when it is complete.

    Parameters
    ----------
    table
        A table, or a reader whose batches are written as they come.
    path
        Where to. An older file there is replaced.

    Raises
    ------
    TypeError
        If `table` is not Arrow (an empty pandas frame would lose its types).
    """
    if isinstance(table, pa.Table):
        table = table.to_reader()
    if not isinstance(table, pa.RecordBatchReader):
        raise TypeError(f"table must be an Arrow table or reader, not {type(table).__name__}")
    partial = Path(f"{path}.partial")
    try:
        with pq.ParquetWriter(partial, table.schema, compression="zstd") as writer:
            for batch in table:
                writer.write_batch(batch)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def downstream(nodes: Iterable[str], parents: Mapping[str, Iterable[str]]) -> set[str]:
    """Return `nodes` and everything downstream of them.

    Parameters
    ----------
    nodes
        Where to start.
    parents
        Node to the nodes it reads.
    """
    children: dict[str, list[str]] = {}
    for node, read in parents.items():
        for parent in read:
            children.setdefault(parent, []).append(node)
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += children.get(node, [])
    return found


class BuildState:
    """What has changed since the last publication, and what still has to pass.

    Kept in a file, so that a killed build is not mistaken for a finished one.

    Attributes
    ----------
    changed
        Whether a model ran since the last publication.
    pending
        Models and tests that must pass before the next one.
    made_with
        Model to the settings of its table's last build; none for tables of an older longtail.
    root
        The warehouse's path when dbt last ran in it.
    """

    def __init__(self, work: Path) -> None:
        self.path = work / "state.json"
        stored = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.changed: bool = stored.get("changed", False)
        self.pending: set[str] = set(stored.get("pending", []))
        self.made_with: dict[str, dict[str, Any]] = {
            node: entry["settings"] for entry in stored.get("made", []) for node in entry["nodes"]
        }
        self.root: str = stored.get("root", "")

    def begin(self, nodes: Iterable[str]) -> None:
        """Record that `nodes` are about to change."""
        self.pending |= set(nodes)
        self.changed = self.changed or bool(self.pending)
        self._save()

    def finish(
        self, good: Collection[str], known: Iterable[str], settings: dict[str, Any] | None = None
    ) -> None:
        """Record that `good` nodes passed, with their settings; forget removed nodes."""
        known = set(known)
        self.pending = (self.pending - set(good)) & known
        self.made_with |= {node: settings or {} for node in good if node.startswith("model.")}
        self.made_with = {node: made for node, made in self.made_with.items() if node in known}
        self._save()

    def published(self) -> None:
        """Record that everything is published."""
        self.changed, self.pending = False, set()
        self._save()

    def moved_to(self, root: Path) -> None:
        """Record the warehouse's path."""
        self.root = str(root)
        self._save()

    def _save(self) -> None:
        made: list[dict[str, Any]] = []
        for node, settings in sorted(self.made_with.items()):
            entry = next((entry for entry in made if entry["settings"] == settings), None)
            if entry is None:
                made.append(entry := {"settings": settings, "nodes": []})
            entry["nodes"].append(node)
        stored = {
            "root": self.root,
            "changed": self.changed,
            "pending": sorted(self.pending),
            "made": made,
        }
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(stored, default=str))
        os.replace(partial, self.path)


class Warehouse:
    """One warehouse folder."""

    def __init__(self, root: str | Path) -> None:
        self.root = warehouse_folder(str(root))
        self.work = self.root / ".work"
        self.builds = self.root / ".builds"
        self.current = self.builds / "current"

    @property
    def database(self) -> Path:
        """The published database."""
        return self.root / DATABASE

    def prepare(self) -> None:
        """Create the folders.

        Raises
        ------
        PermissionError, NotADirectoryError
            If they cannot be created or written.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        self.builds.mkdir(exist_ok=True)
        if not os.access(self.work, os.W_OK):
            raise PermissionError(f"{self.work} is not writable")

    def repair(self) -> None:
        """Finish an interrupted publication; remove what a killed build left behind.

        Call only while no other build can be running.
        """
        if self.current.exists():
            self._link_files()
        shutil.rmtree(self.work / "spill", ignore_errors=True)
        for pattern in LEFT_BEHIND:
            for path in self.work.glob(pattern):
                remove(path)

    def follow_move(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Make a moved or copied warehouse read its own files; return its earlier path.

        Parameters
        ----------
        connection
            To the build's database.
        """
        state = BuildState(self.work)
        if state.root != str(self.root):
            database.follow_move(connection, self.work)
            if self.database.exists():
                build = self.builds / os.readlink(self.current)
                database.follow_move_of_file(build / DATABASE, build)
            before = state.root
            state.moved_to(self.root)
            return before
        return ""

    def publish(
        self,
        tables: Sequence[str],
        *,
        extra_files: Sequence[str] = (),
        descriptions: Mapping[str, tuple[str, Mapping[str, str]]] | None = None,
        statements: Sequence[str] = (),
    ) -> Path:
        """Publish all tables in progress atomically.

        Parameters
        ----------
        tables
            Names of parquet files in `.work`, without the ending.
        extra_files
            Further files of `.work` to publish, such as `product_edges.edg`.
        descriptions
            Table to its description and those of its columns, for comments in the database.
        statements
            SQL to run in the new database after its views are created (macros).

        Returns
        -------
        Path
            The new build's folder.

        Raises
        ------
        FileNotFoundError
            If a file is missing; nothing is published then.
        """
        build = self.builds / datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        previous = os.readlink(self.current) if self.current.is_symlink() else None
        build.mkdir()
        try:
            for file in [*(f"{table}.parquet" for table in tables), *extra_files]:
                link_or_copy(self.work / file, build / file)
            with database.connect(build / DATABASE) as connection:
                connection.begin()
                database.create_views(connection, build, tables, descriptions or {})
                for statement in statements:
                    connection.execute(statement)
                connection.commit()
        except BaseException:
            shutil.rmtree(build, ignore_errors=True)
            raise
        _replace_link(self.current, build.name)
        self._link_files()
        self._remove_builds_but({build.name, previous})
        return build

    def _link_files(self) -> None:
        """Link each file of the current build into the warehouse; remove stale links.

        A link to anywhere else is the user's and stays, even a dangling one.
        """
        current = os.path.join(".builds", "current", "")
        for file in self.current.iterdir():
            _replace_link(self.root / file.name, current + file.name)
        for link in self.root.iterdir():
            is_own = link.is_symlink() and os.readlink(link).startswith(current)
            if is_own and not link.exists():
                link.unlink()

    def _remove_builds_but(self, kept: set[str | None]) -> None:
        """Keep the new build and the one before it, whose files readers may have open.

        An open connection to an earlier build names its folder: a link from there to the current
        build keeps it working.
        """
        for unfinished in self.builds.glob("*.new"):
            unfinished.unlink()
        for path in list(self.builds.iterdir()):
            if path.is_symlink() or path.name in kept:
                continue
            old = path.with_suffix(".old")
            os.replace(path, old)
            _replace_link(path.with_suffix(""), self.current.name)
            shutil.rmtree(old, ignore_errors=True)
        links = sorted(path for path in self.builds.iterdir() if path.is_symlink())
        for link in links[: -OLD_LINKS - 1]:  # "current" comes last
            link.unlink()


def remove(path: Path) -> None:
    """Remove a file, or a folder with its content, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file, or each file of a folder, or copy it.

    A hard link is safe: a later build writes a new file instead of changing this one.
    """
    if source.is_dir():
        target.mkdir()
        for inner in source.iterdir():
            link_or_copy(inner, target / inner.name)
        return
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)  # a file system without hard links


def _replace_link(link: Path, target: str) -> None:
    """Point `link` at `target` atomically."""
    if link.is_symlink() and os.readlink(link) == target:
        return
    fresh = link.with_name(link.name + ".new")
    fresh.unlink(missing_ok=True)
    os.symlink(target, fresh)
    os.replace(fresh, link)
