{%- macro demo_singular(leaf) -%}
    {#- A leaf category's name in the singular; what is sold in pairs or packs keeps the plural. -#}
    {%- set packs = ['headphones', 'sneakers', 'boots', 'sandals', 'shorts', 'jeans', 'socks',
        'gloves', 'biscuits', 'spices', 'seeds', 'diapers', 'baby_wipes', 'drill_bits'] -%}
    replace(
        case
            when {{ leaf }} in ('{{ packs | join("', '") }}') then {{ leaf }}
            when {{ leaf }} = 'mice' then 'mouse'
            when {{ leaf }} = 'knives' then 'knife'
            when {{ leaf }} = 'scarves' then 'scarf'
            when {{ leaf }} = 'batteries' then 'battery'
            when regexp_matches({{ leaf }}, '(ch|sh|ss)es$')
                then left({{ leaf }}, length({{ leaf }}) - 2)
            else regexp_replace({{ leaf }}, 's$', '')
        end,
        '_', ' '
    )
{%- endmacro -%}
