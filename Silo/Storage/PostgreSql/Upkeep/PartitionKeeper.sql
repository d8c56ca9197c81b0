-- Partitions as the catalogue has them: bounds in microseconds, null for an open one.
-- name: list
select p.relname::text, c.relname::text,
    (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''?(-?\d+)''?\)'))[1]::bigint,
    (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''?(-?\d+)''?\)'))[1]::bigint,
    i.inhdetachpending
from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
where p.relname = any($1) and p.relnamespace = current_schema()::regnamespace and p.relkind = 'p';

-- Tables that were detached and not dropped: somebody was stopped in between.
-- name: stray
select c.relname::text from pg_class c
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and not c.relispartition and c.relname ~ $1;

-- Whether any project may still show something from before a time.
-- name: is_wanted
select exists (select from project where coalesce(hidden_us, '-9223372036854775808'::bigint) < $1);
