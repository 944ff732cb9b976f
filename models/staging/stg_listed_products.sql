{{ config(tags=["availability"]) }}

with listed as (
    {% for list in ("hidden", "allowed") %}
        select
            '{{ list }}' as list,
            user_id,
            product_id
        from (
            {% if execute %}
                {{ longtail_package("list", dict(run_request(), var=list)) }}
            {% else %}
                select 1
            {% endif %}
        )
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from listed
