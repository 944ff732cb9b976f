"""A log with texts as ids, categories and brands that break whatever is not quoted."""

ODD_IDS = (
    "it's",
    "a,b",
    'say "hi"',
    "tab\there",
    "two\nlines",
    "ünïcødé",
    "日本語",
    "😀🛒",
    "'; drop table x; --",
    "{{ x }}",
    "back\\slash",
    "null and void",
    "-1",
    "1e5",
    "a" * 300,
)


def odd_events(count: int = 400) -> list[tuple]:
    """Return a small log with odd texts as ids, categories and brands."""
    kinds = ("view", "purchase", "view", "cart", "search")
    size = len(ODD_IDS)
    return [
        (
            f"2024-01-{1 + step % 9:02d} 10:{step % 60:02d}:{step % 50:02d} UTC",
            kinds[step % len(kinds)],
            ODD_IDS[(step * 7 + step // 9) % size],
            ODD_IDS[step % 3],
            f"{ODD_IDS[step % 4]}.{ODD_IDS[step % 5]}",
            ODD_IDS[step % 7],
            step % 9,
            ODD_IDS[step * step // 7 % size],
            ODD_IDS[step % 11],
        )
        for step in range(count)
    ]
