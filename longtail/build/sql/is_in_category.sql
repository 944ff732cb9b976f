-- Whether a category code is the wanted one or lies below it; everything is within null.
create or replace macro is_in_category(category_code, wanted) as
    wanted is null
    or coalesce(category_code = wanted or starts_with(category_code, wanted || '.'), false);

comment on macro is_in_category is
    'Whether category_code is wanted ("a.b") or lies below it ("a.b.c"); true when wanted is null.';
