{%- macro demo_brand(number) -%}
    {%- set heads = 'al bel cor dan el fen gal hol ir jun kal lum mar nor or pel quin'
        ~ ' ros sol tan ul ver wil xan yor zel ast bran cald dor est flor grim hav isk'
        ~ ' jor' -%}
    {%- set tails = 'a ada ano ara bo ca da dia ella en era esso ia ica ida ik ima ino'
        ~ ' ion is ita ix o ola on ora os ova um us' -%}
    {#- 36 beginnings, 30 endings; 347 scatters the numbers, so that neighbours share neither. -#}
    {%- set scattered = '((' ~ number ~ ') * 347 % 1080)' -%}
    (
        split_part('{{ heads }}', ' ', cast({{ scattered }} % 36 + 1 as integer))
        || split_part(
            '{{ tails }}', ' ', cast(floor({{ scattered }} / 36) + 1 as integer)
        )
    )
{%- endmacro -%}
