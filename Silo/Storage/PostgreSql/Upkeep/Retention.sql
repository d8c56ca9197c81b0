-- Raises floors and hides what lies below those that have been in force for long enough, some projects at a time. Only forward, however the
-- clock was set meanwhile. One that still waits is not raised further: it would wait anew.
-- name: move_floors
with page as (
    select id, retention_days, floor_us, hidden_us, $2::bigint - retention_days * 86400000000 as due,
        coalesce(hidden_us >= floor_us, false) as is_hidden, raised_at
    from project where floor_us is not null and id > $1 order by id limit $5
), moved as (
    update project p
    set hidden_us = page.floor_us,
        floor_us = case when page.due - page.floor_us >= $4 then page.due else p.floor_us end,
        raised_at = case when page.due - page.floor_us >= $4 then $2 else p.raised_at end
    from page
    where p.id = page.id and p.floor_us = page.floor_us and (page.is_hidden or page.raised_at + $3 <= $2)
        and (not page.is_hidden or page.due - page.floor_us >= $4)
)
select count(*), max(id::text)::uuid from page;

-- In turn, from the one after the last: a project that fails must not keep the others from theirs.
-- name: project_to_purge
select id, hidden_us from project where hidden_us > coalesce(purged_us, '-9223372036854775808'::bigint) order by id <= $1, id limit 1;

-- name: devices_after
select id, device_no from device where project_id = $1 and id > $2 order by id limit $3;

-- Rows that reach over the floor stay, and reads hide what lies below it. Of each device the oldest few, and those of the same time.
-- name: delete_blocks
delete from telemetry_block r using (
    select d.no, (
        select o.t0 from telemetry_block o where o.device_no = d.no and o.t0 < $2 and o.t1 < $2 order by o.t0 offset $3 - 1 limit 1) as up_to
    from unnest($1::bigint[]) as d(no)
) q where r.device_no = q.no and r.t0 < $2 and r.t1 < $2 and r.t0 <= coalesce(q.up_to, $2);

-- name: delete_chunks
delete from telemetry_chunk r using (
    select d.no, (
        select o.t0 from telemetry_chunk o where o.device_no = d.no and o.t0 < $2 and o.t1 < $2 order by o.t0 offset $3 - 1 limit 1) as up_to
    from unnest($1::bigint[]) as d(no)
) q where r.device_no = q.no and r.t0 < $2 and r.t1 < $2 and r.t0 <= coalesce(q.up_to, $2);

-- name: delete_events
delete from device_event r using (
    select d.no, (
        select o.ts from device_event o where o.device_no = d.no and o.ts < $2 order by o.ts offset $3 - 1 limit 1) as up_to
    from unnest($1::bigint[]) as d(no)
) q where r.device_no = q.no and r.ts < $2 and r.ts <= coalesce(q.up_to, $2);

-- name: delete_windows
delete from device_window r using (
    select d.no, (
        select o.ts from device_window o where o.device_no = d.no and o.ts < $2 order by o.ts offset $3 - 1 limit 1) as up_to
    from unnest($1::bigint[]) as d(no)
) q where r.device_no = q.no and r.ts < $2 and r.ts <= coalesce(q.up_to, $2);

-- name: purged
update project set purged_us = $2 where id = $1;
