-- Each statement is a transaction of its own. Those that change who is a member first lock the row of silo_view; a statement that had to
-- wait for it goes on with the row as it is then, not as it was when the statement began.

-- name: read
-- One statement sees one state. Live members come first, so that the limit can only cut off dead ones.
select v.version, m.host, m.port, m.generation, m.status, m.heartbeat, m.started_at, m.program, m.lowest_format, m.highest_format
from silo_view v left join silo_member m on true
order by m.status, m.host, m.port, m.generation
limit $1

-- name: insert
with view as (
    select version from silo_view where one = 1 for update
), added as (
    insert into silo_member(host, port, generation, status, heartbeat, started_at, program, lowest_format, highest_format)
    select $1, $2, $3, 0, 0, $4, $5, $6, $7
    from view
    where (select count(*) from silo_member where status <> 3) < $8
    on conflict do nothing
    returning 1
), raised as (
    update silo_view set version = silo_view.version + 1 from added where silo_view.one = 1
)
-- The second part sees what was there before: the row of an earlier try.
select exists (select from added)
    or exists (select from silo_member where host = $1 and port = $2 and generation = $3)

-- name: beat
-- A dead member's counter rises as well; nobody looks at it any more.
update silo_member set heartbeat = heartbeat + 1
where host = $1 and port = $2 and generation = $3
returning status

-- name: change
-- A heartbeat at the same moment makes this wait for the member's row, and then not match it: who moves is not evicted.
with view as (
    select version from silo_view where one = 1 and version = $6 for update
), changed as (
    update silo_member m set
        status = $5,
        dead_since = case when $5 = 3 then (extract(epoch from clock_timestamp()) * 1000000)::bigint end
    from view
    where m.host = $1 and m.port = $2 and m.generation = $3 and m.status = $4 and ($7::bigint is null or m.heartbeat = $7)
    returning 1
), raised as (
    update silo_view set version = silo_view.version + 1 from changed where silo_view.one = 1
)
select exists (select from changed)

-- name: delete_dead
delete from silo_member
where (host, port, generation) in (
    select host, port, generation from silo_member
    where status = 3 and dead_since <= (extract(epoch from clock_timestamp()) * 1000000)::bigint - $1
    limit $2)
