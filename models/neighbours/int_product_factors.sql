{# Per-product multiplier, the same for every user: its trend (recent share of its
   interactions) times its interactions, each to a power. #}
with {{ product_factors(ref("int_timeline"), "not interactions.is_holdout") }}

select * from product_factors
