{% macro hybrid_parts() %}
    {# What the hybrid blends: the neighbour models and, where `blend` gives it a weight, group_knn,
       whose lists cost too much to be made for a comparison alone. #}
    {{ return(
        (neighbour_models().keys() | list) + (["group_knn"] if uses_group_knn() else [])
    ) }}
{% endmacro %}
