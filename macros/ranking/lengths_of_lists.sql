{% macro lengths_of_lists() -%}
    {#
        The query of how long the lists of a scope are (scope, places, kept_places): the last
        quarter of a list may be given to products that the ranker shows too rarely.
    #}
    select
        lengths.scope,
        lengths.places,
        lengths.places - cast(floor(lengths.places / 4) as integer) as kept_places
    from (
        values
        ('published', {{ var("recommendations") }}),
        ('evaluated', {{ judged_lengths() | max }})
    ) as lengths (scope, places)
{%- endmacro %}
