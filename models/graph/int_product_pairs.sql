with people_pairs as (
    {{ people_pairs() }}
),

{{ pair_weights("people_pairs", ref("int_timeline")) }}

select * from pair_weights
