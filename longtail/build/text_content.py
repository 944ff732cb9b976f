"""What a full pass over a text file finds, before DuckDB reads it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from longtail.build.unpacked import OpenFile

HEAD_BYTES = 1 << 20
LONGEST_LINE = 16 << 20
"""Bytes. DuckDB rejects a line above 2 MB, but loses one that does not fit into its buffer."""


@dataclass
class TextContent:
    """Findings about the text of a file, as utf-8 and decompressed.

    Attributes
    ----------
    text
        The beginning, up to the first byte that is not utf-8.
    is_cut
        Whether the beginning ends at a byte that is not utf-8.
    has_quotes
        Whether it contains the quote character asked for.
    longest_line
        Its length in bytes.
    digest
        Fingerprint of the whole text.
    """

    text: str = ""
    is_cut: bool = False
    has_quotes: bool = False
    feeds: int = 0
    returns: int = 0
    returns_before_feeds: int = 0
    longest_line: int = 0
    digest: str = ""

    @classmethod
    def read(cls, file: OpenFile, encoding: str, quote: str) -> TextContent:
        """Read a file to its end.

        Raises
        ------
        ValueError
            If it is damaged or not text.
        """
        content = cls()
        fingerprint = hashlib.sha256()
        quoted = quote.encode()
        line = 0
        ends_in_return = False
        head = b""
        for chunk in file.chunks(encoding):
            fingerprint.update(chunk)
            if len(head) < HEAD_BYTES:
                head += chunk
            content.has_quotes = content.has_quotes or (quoted != b"" and quoted in chunk)
            if b"\r" in chunk or ends_in_return:
                content.feeds += chunk.count(b"\n")
                content.returns += chunk.count(b"\r")
                content.returns_before_feeds += chunk.count(b"\r\n")
                content.returns_before_feeds += ends_in_return and chunk.startswith(b"\n")
            else:
                content.feeds += b"\n" in chunk  # one line feed is enough
            ends_in_return = chunk.endswith(b"\r")
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
            line = len(chunk) - end if end else line + len(chunk)
            content.longest_line = max(content.longest_line, line)
        content.digest = fingerprint.hexdigest()
        content._decode(file.path, head)
        return content

    def _decode(self, path: str, head: bytes) -> None:
        try:
            text = head.decode()
        except UnicodeDecodeError as error:
            self.is_cut = True
            # A row in another encoding is rejected later; the first must be readable.
            text = head[: error.start].decode()
            if "\n" not in text and "\r" not in text:
                text = "\0"
        first_line = text.lstrip("\ufeff").partition("\n")[0]
        if any(character < " " and character not in "\t\r\x01" for character in first_line):
            raise ValueError(
                f"{path!r} is not a csv, JSON or parquet file, plain, .gz or .zip; text that is "
                "not utf-8 needs the var csv_options: {encoding: cp1252} or another"
            )
        self.text = text.removeprefix("\ufeff")

    @property
    def mixes_line_ends(self) -> bool:
        """Whether line ends are not all LF, all CR LF or all CR."""
        kinds = {
            "feed": self.feeds - self.returns_before_feeds,
            "return": self.returns - self.returns_before_feeds,
            "both": self.returns_before_feeds,
        }
        return sum(count > 0 for count in kinds.values()) > 1
