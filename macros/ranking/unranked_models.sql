{% macro unranked_models() -%}
    {#
        The models of which the best serves where no ranker does, the one first that serves when
        there is too little to choose by. Their lists are made as of the ranker's cut too. Vectors
        are not trained twice: the blend is "counted", of what was. Where `blend` gives weight to
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
