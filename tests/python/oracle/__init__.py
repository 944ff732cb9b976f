"""longtail's tables, recomputed in plain Python from a list of event rows.

Written from the rules (the models' descriptions and the comments of `dbt_project.yml`), with
dicts, sorted lists and loops: no SQL, no dataframe, and nothing of the package `longtail`. To stay
unnoticed an error would have to be made twice, in two languages and two styles of code.

One module per stage, in the order of the data; each rule is in one place:

    events      typed rows, duplicates, the order of ids, robots
    sessions    sessions, short stays, repeats, the cut in time, steps
    graph       pairs, ageing, edges
    catalogue   the attributes of products
    neighbours  covisit, rp3beta, the blend
    groups      groups like a history (group_knn)
    histories   interests, what is excluded, targets
    lists       popularity, the ladder of recommendations
    similar     substitutes, complements, their evidence
    metrics     recall, NDCG, MRR, hit rate; coverage, Gini, novelty, the long tail, the bootstrap

`recompute` combines them. Its rows have the columns of the tables, except that they hold ids where
a table has the number of a product or user (`product_key`).
"""

from oracle.recompute import recompute

__all__ = ["recompute"]
