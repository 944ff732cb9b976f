{% macro longest_ranked(scope) -%}
    {#
        How many of the ranker's candidates a list can take: its length, and for published lists a
        quarter more, since some products may be sold out or hidden. A list that is short of one is
        completed by the blend, whose terms cost several times what the spare candidates do.
    #}
    {%- set longest = [var("recommendations") | int, judged_lengths() | max] | max -%}
    case {{ scope }} when 'published' then {{ (1.25 * longest) | int }} else {{ longest }} end
{%- endmacro %}
