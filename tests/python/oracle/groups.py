"""Groups (users or sessions) like a user's history, whose products are recommended: group_knn.

User-based nearest neighbours (Herlocker et al. 1999), session-based (Ludewig and Jannach 2018).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

from oracle.arithmetic import exact_sum
from oracle.histories import Interest
from oracle.neighbours import Member


class Like(NamedTuple):
    """A group like a history: the score of each of its products, and the product as reason."""

    group: str | int
    weight: float
    because: str
    because_place: int


class Membership(NamedTuple):
    """A group of a product: weight over the product's degree ** rp3_beta."""

    group: str | int
    user: str
    size: int
    degree: int
    weight: float


def groups_of_products(
    groups: Mapping[str | int, Collection[Member]],
    numbers: Mapping[str | int, int],
    settings: Mapping,
) -> dict[str, list[Membership]]:
    """Return the `knn_product_groups` heaviest groups of each product."""
    found = defaultdict(list)
    for group, members in groups.items():
        for member in members:
            found[member.product].append((group, member, len(members)))
    kept = {}
    for product, of_product in found.items():
        degree = len(of_product)
        of_product.sort(key=lambda row: (-row[1].weight, numbers[row[0]]))
        kept[product] = [
            Membership(
                group, member.user, size, degree, member.weight / degree ** settings["rp3_beta"]
            )
            for group, member, size in of_product[: settings["knn_product_groups"]]
        ]
    return kept


def groups_like(
    user: str,
    history: Collection[Interest],
    groups_of: Mapping[str, Collection[Membership]],
    numbers: Mapping[str | int, int],
    settings: Mapping,
) -> list[Like]:
    """Return the `knn_groups` groups of other users most similar to a history.

    Similarity is the sum over shared products of interest * weight, to the power of `rp3_alpha`.
    Together the groups pass on the history's interest, times group_knn's weight in `blend`.
    """
    shared, sizes = defaultdict(list), {}
    for interest in history:
        for membership in groups_of.get(interest.product, ()):
            if membership.user != user:
                weight = interest.interest * membership.weight
                shared[membership.group].append((weight, interest.place, interest.product))
                sizes[membership.group] = membership.size
    likeness = {
        group: exact_sum((weight for weight, _, _ in found), 1e12) ** settings["rp3_alpha"]
        for group, found in shared.items()
    }
    nearest = sorted(
        (group for group in likeness if likeness[group] > 0),
        key=lambda group: (-likeness[group], numbers[group]),
    )[: settings["knn_groups"]]
    total = sum(likeness[group] * sizes[group] for group in nearest)
    passed_on = settings["blend"]["group_knn"] * exact_sum((i.interest for i in history), 1e6)
    likes = []
    for group in nearest:
        _, place, because = max(shared[group], key=lambda found: (found[0], -found[1]))
        likes.append(Like(group, passed_on * likeness[group] / total, because, place))
    return likes
