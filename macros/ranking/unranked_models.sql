{% macro unranked_models() -%}
    {#
        The models that can serve in place of the ranker: the first, unless another is clearly
        better. Their lists are also computed as of the ranker's cut. Vectors are not trained twice:
        the blend there is "counted", of count-based models only. If `blend` gives weight to
        group_knn, or to vectors alone, nothing else is compared with the hybrid.
    #}
    {%- set counts = (var("blend")["covisit"] | default(0, true) | float)
        + (var("blend")["rp3beta"] | default(0, true) | float) -%}
    {{- return(
        ["hybrid"] if uses_group_knn() or counts == 0
        else ["counted", "covisit", "rp3beta", "popularity", "popular in category"]
        + (["own products"] if compares_own_products() else [])
    ) -}}
{%- endmacro %}
