{{ rejected_rows(ref("stg_raw_catalogue"), "broken_catalogue_lines") }}
