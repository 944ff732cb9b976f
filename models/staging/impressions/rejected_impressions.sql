{{ rejected_rows(ref("stg_raw_impressions"), "broken_impression_lines") }}
