{# No row without a catalogue: there is nothing to judge. One bad row out of a few
   proves little: the lower end of the interval counts. #}
with counts as (
    select
        count(*) filter (where is_rejected) as rejected_rows,
        count(*) as catalogue_rows
    from (
        select false as is_rejected from {{ ref("stg_catalogue") }}
        union all
        select true as is_rejected from {{ ref("rejected_products") }}
    )
),

shares as (
    select
        catalogue_rows,
        rejected_rows / catalogue_rows as share
    from counts
    where catalogue_rows > 0
),

judged as (
    select
        cast(share as double) as value,
        {{ wilson_end("share", "catalogue_rows", "-") }} as lower,
        {{ wilson_end("share", "catalogue_rows", "+") }} as upper,
        cast({{ var("gate_cleaning_share") }} as double) as threshold
    from shares
)

select
    'rows of the catalogue rejected' as gate,
    value,
    lower,
    upper,
    threshold,
    lower > threshold as is_short,
    {{ as_percent("value") }} || ' of the catalogue, may be '
    || {{ as_percent("threshold") }} || ': look into rejected_products, or map '
    || 'catalogue_columns; gate_cleaning_share raises the bound' as message
from judged
