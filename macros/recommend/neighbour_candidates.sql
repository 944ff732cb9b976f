{% macro neighbour_candidates(
    scope, users, neighbours, models, size, exclusions=none, category_cap=none
) -%}
    {%- set category_cap = (var("category_cap") if category_cap is none else category_cap) | int -%}
    {#
        CTEs of the ladder's first steps: `lists` (model, neighbours_of, user_key, list_key), one
        per model and user; `histories` and `excluded` of the users; and `best_candidates`
        (list_key, place, step, product_key, score, because_product_key), for each list the best
        `size` products that the history supports and that are not excluded, at most `category_cap`
        of one category (in lists to learn from: any number, as the ranker learns without).
        Published lists leave out what may not be shown. Ranked lists begin with the ranker's order
        and go on with `serving_model`'s.

        1. models, lists, histories, excluded: the request.
        2. ranked_candidates: the ranker's order, and whose lists it fills.
        3. terms, candidates: the terms of each product's score, summed.
        4. allowed_candidates, best_candidates: what may be recommended, cut to `size`.
    #}
    models as (
        select
            models.model,
            models.model_number,
            {% if "ranked" in models %}
                case models.model
                    when 'ranked' then {{ serving_model() }}
                    else models.model
                end as neighbours_of
            {% else %}
                models.model as neighbours_of
            {% endif %}
        from (values
            {% for model in models %}
                ('{{ model }}', {{ loop.index }}){{ "," if not loop.last }}
            {% endfor %}
        ) as models (model, model_number)
    ),

    lists as (
        select
            models.model,
            models.neighbours_of,
            users.user_key,
            {{ list_key("users.user_key", "models.model_number") }} as list_key
        from {{ users }} as users
        cross join models
    ),

    histories as (
        select histories.*
        from {{ ref("int_user_histories") }} as histories
        semi join {{ users }} as users on histories.user_key = users.user_key
        where histories.scope = '{{ scope }}'
    ),

    excluded as (
        select
            lists.list_key,
            excluded.product_key
        from {{ exclusions or ref("int_excluded_products") }} as excluded
        inner join lists on excluded.user_key = lists.user_key
        where excluded.scope = '{{ scope }}'
        {% if scope == "published" %}
            union all
            select
                lists.list_key,
                hidden_pairs.product_key
            from {{ ref("int_hidden_pairs") }} as hidden_pairs
            inner join lists on hidden_pairs.user_key = lists.user_key
        {% endif %}
    ),

    {% if scope == "published" %}
        withheld as (
            select product_key from {{ ref("product_availability") }}
            where not is_shown
        ),
    {% endif %}

    {% if "ranked" in models %}
        ranked_candidates as (
            select
                lists.list_key,
                ranked.user_key,
                ranked.product_key,
                ranked.step,
                ranked.score,
                ranked.because_product_key
            from {{ ref("int_ranked_candidates") }} as ranked
            inner join lists on ranked.user_key = lists.user_key
            {% if scope == "published" %}
                anti join withheld on ranked.product_key = withheld.product_key
                anti join excluded
                    on
                        lists.list_key = excluded.list_key
                        and ranked.product_key = excluded.product_key
            {% endif %}
            where ranked.scope = '{{ scope }}' and lists.model = 'ranked'
        ),

        filled_by_ranker as (
            select user_key from ranked_candidates
            group by user_key
            having count(*) >= {{ size }}
        ),
    {% endif %}

    terms as (
        {{ candidate_terms(scope, users, neighbours, models) }}
    ),

    {# The largest term is the "because"; on ties that of the more recent product. #}
    candidates as (
        select
            list_key,
            product_key,
            {{ exact_sum("term", 12) }} as score,
            {{ key_of_largest("because_product_key", "term", "place") }} as because_product_key
        from terms
        group by list_key, product_key
    ),

    every_candidate as (
        select
            candidates.*,
            1 as step
        from candidates
        {% if "ranked" in models %}
            anti join ranked_candidates
                on
                    candidates.list_key = ranked_candidates.list_key
                    and candidates.product_key = ranked_candidates.product_key
            union all
            select
                list_key,
                product_key,
                score,
                because_product_key,
                step
            from ranked_candidates
        {% endif %}
    ),

    allowed_candidates as (
        select candidates.*
        from every_candidate as candidates
        anti join excluded
            on
                candidates.list_key = excluded.list_key
                and candidates.product_key = excluded.product_key
        {% if scope == "published" %}
            anti join withheld on candidates.product_key = withheld.product_key
        {% endif %}
        {% if category_cap > 0 and scope != "learned" %}
            inner join {{ ref("products") }} as products
                on candidates.product_key = products.product_key
            qualify row_number() over (
                partition by
                    candidates.list_key,
                    coalesce(products.category_code, products.product_id)
                order by candidates.step, candidates.score desc, candidates.product_key
            ) <= {{ category_cap }}
        {% endif %}
    ),

    best_candidates as (
        select *
        from (
            select
                *,
                row_number() over (
                    partition by list_key
                    order by step, score desc, product_key
                ) as place
            from allowed_candidates
        )
        where place <= {{ size }} and {{ computed_once() }}
    )
{%- endmacro %}
