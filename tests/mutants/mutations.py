"""Ways to break a query: rules over the tokens of compiled SQL, without a parser.

A mutant is identified by its rule and the surrounding tokens, without values, so that the same
break is found when the model is compiled with other vars or for a unit test.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<relation>"\w+"\."\w+"\."\w+"|__dbt__cte__\w+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*"|[a-z_]\w*)
    |(?P<number>\d+(?:\.\d*)?(?:e[+-]?\d+)?)
    |(?P<sign><=|>=|<>|!=|\|\||::|.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""A relation is a table's name in a build, or the name of its fixture in a unit test."""
SWAPS = {
    "comparison": {"<": "<=", "<=": "<", ">": ">=", ">=": ">"},
    "least and greatest": {"least": "greatest", "greatest": "least"},
    "min and max": {
        **{"min": "max", "arg_min": "arg_max", "min_by": "max_by"},
        **{"max": "min", "arg_max": "arg_min", "max_by": "min_by"},
    },
    "plus and minus": {"+": "-", "-": "+"},
}
CONDITIONS = {"where": "filter", "having": "filter", "qualify": "filter", "on": "join key"}
ENDS_OF_CONDITIONS = {
    *("where", "group", "having", "qualify", "window", "order", "union", "limit", ","),
    *("inner", "left", "right", "full", "cross", "semi", "anti", "join"),
}
NO_OPERANDS = {"select", "when", "then", "else", "by", "and", "or", "not", "on", "where", "in"}
"""Words after which a sign is part of a number, not a binary operator."""
SIZED_TYPES = {"decimal", "numeric", "varchar", "character", "varying"}
CONTEXT = 6
"""Tokens on each side that identify a mutant."""

Edit = tuple[str, int, int, str]
"""A rule, the first and last token that it replaces, and the replacement."""


class Token(NamedTuple):
    """A word, number, text or sign; `depth` counts the brackets and `case` around it."""

    kind: str
    text: str
    start: int
    end: int
    depth: int


class Mutant(NamedTuple):
    """A break of a query: its characters from `start` to `end` become `new`."""

    rule: str
    start: int
    end: int
    new: str
    known_by: tuple

    def applied_to(self, sql: str) -> str:
        return sql[: self.start] + self.new + sql[self.end :]

    def shown_in(self, sql: str) -> str:
        """Describe the change in one line."""
        old, before, after = (
            " ".join(text.split())
            for text in (
                sql[self.start : self.end],
                sql[max(0, self.start - 60) : self.start],
                sql[self.end : self.end + 30],
            )
        )
        return f"{before} [{old} => {self.new}] {after}"


def tokens_of(sql: str) -> list[Token]:
    """Return the tokens of a query, without spaces and comments."""
    found, depth = [], 0
    for match in TOKEN.finditer(sql):
        text = match.group().lower()
        if match.lastgroup != "space":
            depth -= text in (")", "]", "end")
            found.append(Token(str(match.lastgroup), text, *match.span(), depth))
            depth += text in ("(", "[", "case")
    return found


def mutants_of(sql: str, start: int = 0, end: int | None = None) -> list[Mutant]:
    """Return the mutants of the part of a query between two positions."""
    tokens = [
        token
        for token in tokens_of(sql)
        if start <= token.start and (end is None or token.end <= end)
    ]
    words = [_without_value(token) for token in tokens]
    found, seen = [], Counter()
    for rule in (_swaps, _numbers, _conditions, _partitions, _orders, _branches):
        for name, first, last, new in rule(tokens):
            place = (
                name,
                *words[max(0, first - CONTEXT) : first],
                "[",
                *words[first : last + 1],
                "]",
                *words[last + 1 : last + 1 + CONTEXT],
            )
            known_by = (*place, seen[place])
            seen[place] += 1
            found.append(Mutant(name, tokens[first].start, tokens[last].end, new, known_by))
    return found


def _without_value(token: Token) -> str:
    if token.kind == "relation":
        return token.text.split(".")[-1].strip('"').removeprefix("__dbt__cte__")
    return {"number": "0", "text": "''"}.get(token.kind, token.text)


def _swaps(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Swap a comparison, a function, plus or minus for one easily confused with it."""
    for place, token in enumerate(tokens[:-1]):
        for rule, swaps in SWAPS.items():
            if token.text not in swaps:
                continue
            if token.kind == "name" and tokens[place + 1].text != "(":
                continue
            if rule == "plus and minus" and not _is_operand(tokens[place - 1]):
                continue
            if rule == "min and max" and _is_of_one_row(tokens, place):
                continue
            yield rule, place, place, swaps[token.text]


def _is_of_one_row(tokens: Sequence[Token], place: int) -> bool:
    """Whether an aggregate is over a figure's only row, so that min equals max."""
    words = [token.text for token in tokens[place + 1 : place + 9]]
    return words[:1] == ["("] and words[2:] == [")", "filter", "(", "where", "figure", "="]


def _is_operand(token: Token) -> bool:
    if token.kind == "name":
        return token.text not in NO_OPERANDS
    return token.kind in ("number", "text") or token.text in (")", "]")


def _numbers(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Change a number, a var for example, by 1; the exponent of one that has one."""
    for place, token in enumerate(tokens):
        before = {tokens[max(0, place - step)].text for step in (2, 4)}
        if token.kind == "number" and not before & SIZED_TYPES:
            mantissa, _, exponent = token.text.partition("e")
            if exponent:
                new = f"{mantissa}e{int(exponent) + 1}"
            else:
                new = str(float(mantissa) + 1 if "." in mantissa else int(mantissa) + 1)
            yield "number", place, place, new


def _conditions(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Drop one of the conditions joined by and in where, having, qualify or on."""
    for place, token in enumerate(tokens):
        if token.text in CONDITIONS:
            end = _end_of(tokens, place + 1, token.depth, ENDS_OF_CONDITIONS)
            for first, last in _conjuncts(tokens, place + 1, end, token.depth):
                if [token.text for token in tokens[first:last]] != ["true"]:
                    yield CONDITIONS[token.text], first, last - 1, "true"


def _end_of(tokens: Sequence[Token], start: int, depth: int, words: set[str]) -> int:
    """Return the position of the first token from `start` on that ends a clause."""
    for place in range(start, len(tokens)):
        token = tokens[place]
        if token.depth < depth or (token.depth == depth and token.text in words):
            return place
    return len(tokens)


def _conjuncts(
    tokens: Sequence[Token], start: int, end: int, depth: int
) -> Iterator[tuple[int, int]]:
    """Yield start and end of each condition; all as one if there is an or."""
    own = [place for place in range(start, end) if tokens[place].depth == depth]
    if any(tokens[place].text == "or" for place in own):
        yield start, end
        return
    is_between, first = False, start
    for place in own:
        if tokens[place].text == "between":
            is_between = True
        elif tokens[place].text == "and" and is_between:
            is_between = False
        elif tokens[place].text == "and":
            yield first, place
            first = place + 1
    yield first, end


def _items(
    tokens: Sequence[Token], start: int, depth: int, ends: set[str]
) -> list[tuple[int, int]]:
    """Return start and end of each item of a comma-separated list."""
    end = _end_of(tokens, start, depth, ends)
    commas = [
        place
        for place in range(start, end)
        if tokens[place].text == "," and tokens[place].depth == depth
    ]
    firsts = [start, *(comma + 1 for comma in commas)]
    return list(zip(firsts, [*commas, end], strict=True))


def _lists_after(
    tokens: Sequence[Token], word: str, ends: set[str]
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield the position of each `word by`, and the items of its list."""
    for place, (token, after) in enumerate(itertools.pairwise(tokens)):
        if token.text == word and after.text == "by":
            yield place, _items(tokens, place + 2, token.depth, ends)


def _partitions(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Drop one column of a partition."""
    for place, items in _lists_after(tokens, "partition", {"order", "rows", "range"}):
        for first, last in items:
            if len(items) == 1:
                yield "partition", place, last - 1, ""
            elif first == items[0][0]:
                yield "partition", first, last, ""
            else:
                yield "partition", first - 1, last - 1, ""


def _orders(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Reverse one column of an order by, except the query's own: its rows are a bag."""
    outermost = min((token.depth for token in tokens), default=0)
    ends = {"rows", "range", "limit", "union"}
    for place, items in _lists_after(tokens, "order", ends):
        if tokens[place].depth > outermost:
            for first, end in items:
                nulls = [at for at in range(first, end) if tokens[at].text == "nulls"]
                last = (nulls[0] if nulls else end) - 1
                if tokens[last].text in ("asc", "desc"):
                    yield "order", last, last, {"asc": "desc", "desc": "asc"}[tokens[last].text]
                else:
                    yield "order", last, last, f"{tokens[last].text} desc"


def _branches(tokens: Sequence[Token]) -> Iterator[Edit]:
    """Drop one of the queries of a union all."""
    for place, token in enumerate(tokens):
        if token.text != "union" or tokens[place + 1].text != "all":
            continue
        yield "branch", place, _end_of(tokens, place + 1, token.depth, {"union"}) - 1, ""
        first = _start_of_query(tokens, place)
        if all(
            token.text != "union" or token.depth != tokens[place].depth
            for token in tokens[first:place]
        ):
            yield "branch", first, place + 1, ""


def _start_of_query(tokens: Sequence[Token], union: int) -> int:
    """Return where the queries of a union start."""
    depth = tokens[union].depth
    for place in range(union - 1, -1, -1):
        is_end_of_with = tokens[place].text == ")" and tokens[place + 1].text == "select"
        if tokens[place].depth < depth or (tokens[place].depth == depth and is_end_of_with):
            return place + 1
    return 0
