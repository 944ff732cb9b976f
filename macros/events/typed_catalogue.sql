{% macro typed_catalogue() -%}
    {#
        CTEs that end in `judged`: one row per raw row of the catalogue, typed, with the first rule
        that it breaks as reject_reason, null for a good row. A price such as "12.50 EUR" gives
        price and currency. Of a product's good rows the last one counts. The vars
        catalogue_features and catalogue_vector add columns; a vector has the length that most have.

        1. source_rows, trimmed, given: the files' texts; null where a text stands for no value.
        2. typed: null where a text is no value of its type.
        3. vectors, measured: what is wrong with a vector, and how many have its length.
        4. faulted, judged: the first fault of a row; of the good rows of a product, the last.
    #}
    {%- set columns = [
        "product_id", "product_name", "url", "image_url", "price", "currency", "category_id",
        "category_code", "brand", "is_available", "stock", "available_from", "available_until"
    ] + (content_columns() | list) %}
    {%- set has_vector = "vector" in columns %}
    {%- set currency = "'[ ]*[A-Za-z]{3}$'" %}
    source_rows as (
        {{ catalogue_rows() }}
    ),

    trimmed as (
        select
            source_file,
            source_row,
            cast(broken_reason as varchar) as broken_reason,
            cast(raw_line as varchar) as raw_line,
            {% for column in columns %}
                trim(cast({{ column }} as varchar)) as raw_{{ column }}{{ "," if not loop.last }}
            {% endfor %}
        from source_rows
    ),

    given as (
        select
            *,
            {% for column in columns %}
                {{ given_text("raw_" ~ column) }} as given_{{ column }}{{ "," if not loop.last }}
            {% endfor %}
        from trimmed
    ),

    typed as (
        select
            *,
            {% for column in ("product_id", "product_name", "url", "image_url", "category_id") %}
                given_{{ column }} as {{ column }},
            {% endfor %}
            {{ category_of_path("given_category_code") }} as category_code,
            given_brand as brand,
            nullif(try_cast(regexp_replace(given_price, {{ currency }}, '') as double), 'nan')
                as price,
            upper(coalesce(
                given_currency, nullif(trim(regexp_extract(given_price, {{ currency }})), '')
            )) as currency,
            case
                when replace(lower(given_is_available), '_', ' ') in (
                    'true', 't', '1', '1.0', 'yes', 'y', 'in stock', 'instock', 'available',
                    'limited availability', 'preorder', 'backorder', 'onbackorder'
                ) then true
                when replace(lower(given_is_available), '_', ' ') in (
                    'false', 'f', '0', '0.0', 'no', 'n', 'out of stock', 'outofstock', 'sold out',
                    'unavailable', 'discontinued'
                ) then false
            end as is_available,
            nullif(try_cast(given_stock as double), 'nan') as stock,
            {{ parse_event_time("given_available_from") }} as available_from,
            {{ parse_event_time("given_available_until") }} as available_until,
            {% if has_vector %}
                try_cast(case
                    when given_vector like '[%' then given_vector
                    else '[' || regexp_replace(given_vector, '[ ,;|]+', ',', 'g') || ']'
                end as float[]) as vector,
            {% endif %}
            row_number() over (
                partition by given_product_id
                order by source_file desc, source_row desc
            ) as place_from_last
        from given
    ),

    {% if has_vector %}
        vectors as (
            select
                *,
                case
                    when coalesce(len(vector), 0) = 0 or list_count(vector) < len(vector)
                        then 'unreadable vector'
                    {# NaN is the largest of all. #}
                    when not isfinite(list_max(vector)) or not isfinite(list_min(vector))
                        then 'vector with NaN or infinity'
                    when list_max(vector) = 0 and list_min(vector) = 0 then 'vector of zeros'
                end as vector_fault
            from typed
        ),

        measured as (
            select
                *,
                count(*) filter (where vector_fault is null) over (
                    partition by len(vector)
                ) as votes
            from vectors
        ),
    {% endif %}

    faulted as (
        select
            *,
            case
                {% for column in ("is_available", "stock", "available_from", "available_until") %}
                    when given_{{ column }} is not null and {{ column }} is null
                        then 'unreadable {{ column }}'
                {% endfor %}
                when available_until < available_from
                    then 'available_until before available_from'
            end as unreadable_availability,
            case
                when broken_reason is not null then broken_reason
                when product_id is null and raw_product_id != ''
                    then 'null text as product_id (null_texts)'
                when product_id is null then 'missing product_id'
                when given_price is not null and (price is null or not isfinite(price))
                    then 'unreadable price'
                when price < 0 then 'negative price'
                {% if has_vector %}
                    when given_vector is not null and vector_fault is not null then vector_fault
                    when len(vector) != first_value(len(vector)) over (
                        order by votes desc, len(vector) desc nulls last
                    ) then 'vector of another length than most'
                {% endif %}
                else unreadable_availability
            end as fault
        from {{ "measured" if has_vector else "typed" }}
    ),

    judged as (
        select
            *,
            coalesce(fault, case
                when row_number() over (
                    partition by product_id, fault is null
                    order by source_file desc, source_row desc
                ) > 1 then 'product_id again in a later row'
            end) as reject_reason
        from faulted
    )
{%- endmacro %}
