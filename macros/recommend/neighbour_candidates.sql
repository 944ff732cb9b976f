{% macro neighbour_candidates(
    scope, users, neighbours, models, size, exclusions=none, category_cap=none
) -%}
    {%- set category_cap = (var("category_cap") if category_cap is none else category_cap) | int -%}
    {%- set is_capped = category_cap > 0 and scope != "learned" -%}
    {#
        CTEs of the ladder's first steps: `lists` (model, neighbours_of, user_key, list_key), one
        per model and user; `histories` and `excluded` of the users; and `best_candidates`
        (list_key, place, step, product_key, score, because_product_key), for each list the best
        `size` products that the history supports and that are not excluded, at most `category_cap`
        of one category (in lists to learn from: any number, as the ranker learns without).
        Published lists leave out what may not be shown. Ranked lists begin with the ranker's order
        and go on with `serving_model`'s.

        1. models, lists, histories, excluded: the request.
        2. ranked_candidates, lists_of_ranker: the ranker's order, and how far it fills lists.
        3. entries, links, more_terms, supported_candidates: the terms of each product's score,
           summed, without what may not be recommended.
        4. candidates, best_candidates: the ranker's, then the others; cut to `size`.
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
                ranked.because_product_key,
                row_number() over (
                    partition by lists.list_key
                    order by ranked.step, ranked.score desc, ranked.product_key
                ) as rank
            from {{ ref("int_ranked_candidates") }} as ranked
            inner join lists on ranked.user_key = lists.user_key
            anti join excluded
                on
                    lists.list_key = excluded.list_key
                    and ranked.product_key = excluded.product_key
            {% if scope == "published" %}
                anti join withheld on ranked.product_key = withheld.product_key
            {% endif %}
            where
                ranked.scope = '{{ scope }}'
                and lists.model = 'ranked'
                and {{ computed_once() }}
        ),

        lists_of_ranker as (
            select
                list_key,
                count(*) as products
            from ranked_candidates
            group by list_key
        ),
    {% endif %}

    {{ candidate_terms(scope, users, neighbours, models, size) }},

    left_out as (
        select
            list_key,
            product_key
        from excluded
        {% if "ranked" in models %}
            union all
            select
                list_key,
                product_key
            from ranked_candidates
        {% endif %}
    ),

    {# The largest term is the "because"; on ties that of the more recent product. #}
    supported_candidates as (
        {{ sparse_product(
            "entries",
            "links",
            row="list_key",
            via="link_key",
            key="product_key",
            digits=12,
            score="score",
            cause="because_product_key",
            more_terms="more_terms",
            left_out="left_out",
            size=none if is_capped else size,
        ) }}
    ),

    candidates as (
        {% if "ranked" in models %}
            select
                list_key,
                product_key,
                score,
                because_product_key,
                step,
                rank as place
            from ranked_candidates
            union all
        {% endif %}
        select
            supported.list_key,
            supported.product_key,
            supported.score,
            supported.because_product_key,
            1 as step,
            {% if "ranked" in models %} coalesce(lists_of_ranker.products, 0) + {% endif %}
            supported.rank as place
        from supported_candidates as supported
        {% if "ranked" in models %}
            left join lists_of_ranker on supported.list_key = lists_of_ranker.list_key
        {% endif %}
    ),

    {% if is_capped %}
        capped_candidates as (
            select
                list_key,
                product_key,
                score,
                because_product_key,
                step,
                row_number() over (partition by list_key order by place) as place
            from (
                select
                    candidates.*,
                    row_number() over (
                        partition by
                            candidates.list_key,
                            coalesce(products.category_code, products.product_id)
                        order by candidates.place
                    ) as place_in_category
                from candidates
                inner join {{ ref("products") }} as products
                    on candidates.product_key = products.product_key
            )
            where place_in_category <= {{ category_cap }}
        ),
    {% endif %}

    best_candidates as (
        select * from {{ "capped_candidates" if is_capped else "candidates" }}
        where place <= {{ size }} and {{ computed_once() }}
    )
{%- endmacro %}
