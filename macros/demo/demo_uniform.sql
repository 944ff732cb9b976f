{#- An integer mixer, not random() or hash(): the same draw on every run, machine and
    version, 40 times faster than md5. All products stay below 2^63 while id < 2^39. -#}
{%- macro demo_uniform(label, id) -%}
    {%- set salt = local_md5(var('demo_seed') ~ ':' ~ label)[:8] | int(0, 16) -%}
    {%- set folded = '((' ~ id ~ ') * 15485863 + ' ~ salt ~ ') % 4294967291' -%}
    {%- set mixed = demo_mix(folded, 16, 2146121005) -%}
    ({{ demo_mix(mixed, 15, 830770091) }} / 4294967296.0)
{%- endmacro -%}
