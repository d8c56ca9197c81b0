-- Each device gives at most a page of candidates, in the order of the index; the newest of all are the page. Of one time, by device and
-- hash.
-- name: events
select d.id, d.device_no, e.ts, e.hash, e.id, e.event_type, e.category, e.severity, e.description, e.duration_ms, e.asset, e.meta
from device d join project p on p.id = d.project_id
cross join lateral (
    select * from device_event e
    where e.device_no = d.device_no and e.ts >= greatest($4, p.hidden_us) and e.ts < $5
        and ($6::bigint is null or e.ts < $6 or (e.ts = $6 and (d.id > $7 or (d.id = $7 and e.hash < $8))))
        and ($9::text is null or e.event_type = $9) and ($10::text is null or e.category = $10)
        and ($11::text is null or e.severity = $11) and ($12::text is null or e.asset = $12)
    order by e.ts desc, e.hash desc limit $13) e
where d.project_id = $1 and ($2::uuid is null or d.id = $2) and ($3::text is null or d.site_id = $3)
order by e.ts desc, d.id, e.hash desc limit $13;

-- The first restoring event at or after each. Looked up when read, so that uploads that come late, in any order, agree in the end.
-- name: restored
select k.place, (
    select e.ts from device_event e where e.device_no = k.no and e.event_type = k.type and e.ts >= k.ts order by e.ts limit 1)
from unnest($1::integer[], $2::bigint[], $3::text[], $4::bigint[]) as k(place, no, type, ts);
