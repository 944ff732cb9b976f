{{ config(
    post_hook="{{ keep_broken_lines('broken_catalogue_lines', 'unpacked_catalogue') }}",
) }}

with {{ typed_catalogue() }}

select
    source_file,
    source_row,
    raw_line,
    product_id,
    product_name,
    url,
    image_url,
    price,
    currency,
    category_id,
    category_code,
    brand,
    {% for column in content_columns() %}
        {{ "vector" if column == "vector" else "given_" ~ column }} as {{ column }},
    {% endfor %}
    case
        when reject_reason is not null then cast(to_json(struct_pack(
            product_id := raw_product_id,
            product_name := raw_product_name,
            url := raw_url,
            image_url := raw_image_url,
            price := raw_price,
            currency := raw_currency,
            category_id := raw_category_id,
            category_code := raw_category_code,
            brand := raw_brand,
            is_available := raw_is_available,
            stock := raw_stock,
            available_from := raw_available_from,
            {% for column in content_columns() %}
                {{ column }} := raw_{{ column }},
            {% endfor %}
            available_until := raw_available_until
        )) as varchar)
    end as raw_values,
    reject_reason
from judged
