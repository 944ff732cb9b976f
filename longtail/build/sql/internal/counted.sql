-- A number of things in words: "1 session", "2 sessions".
create or replace macro internal.counted(number, thing) as
    number || ' ' || thing || case when number = 1 then '' else 's' end;

comment on macro internal.counted is
    'A number of things in words: "1 session", "2 sessions".';
