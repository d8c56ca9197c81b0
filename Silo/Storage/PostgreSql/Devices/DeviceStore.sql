-- One statement, and so one state: the series are those of the twin beside them.
-- name: load_device
select d.device_no, d.version, d.config_offset, t.version, t.twin, p.floor_us,
    d.id, d.project_id, d.serial, d.model, d.site_id, d.tags, d.status, d.channel, d.signature_required, d.overrides, d.created_at,
    s.nos, s.metrics, s.units, s.assets, s.metas, s.marks, s.lasts, s.points, h.site_id, h.online, h.since_us, h.twin_version
from device d join twin t on t.device_no = d.device_no join project p on p.id = d.project_id left join presence h on h.device_id = d.id
cross join lateral (
    select array_agg(series_no) as nos, array_agg(metric) as metrics, array_agg(unit) as units, array_agg(asset) as assets,
        array_agg(meta) as metas, array_agg(mark_us) as marks, array_agg(last_value) as lasts, array_agg(points) as points
    from (select * from series where device_no = d.device_no order by series_no limit $2) ordered
) s
where d.id = $1;

-- name: find_series
select s.series_no, s.metric, s.unit, s.asset, s.meta, s.mark_us, s.last_value, s.points
from unnest($2::bigint[]) as k(hash) join series s on s.device_no = $1 and s.key_hash = k.hash;

-- All of it or, when the project has a device of that serial, nothing.
-- name: create
with made as (
    insert into device(id, device_no, project_id, serial, model, site_id, tags, status, channel, signature_required, overrides, created_at,
        version, config_offset)
    select $1, nextval('device_number'), p.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 0 from project p where p.id = $2
    on conflict on constraint device_serial do nothing
    returning device_no
), twins as (
    insert into twin(device_no, device_id, version, twin) select device_no, $1, 0, '' from made
), keys as (
    insert into api_key(id, project_id, device_id, secret_hash, sealed_signing_key, created_at) select $12, $13, $14, $15, $16, $17 from made
), counted as (
    update project set devices = devices + 1 where id = $2 and exists (select from made)
)
select exists (select from project where id = $2), exists (select from made);

-- A span of blocks or chunks starts at most a day before the time it reaches into, which bounds the search from both sides. One statement,
-- so that merging meanwhile neither hides a point nor shows it twice.
-- name: overlap
select n, t0, 0, runs, data from telemetry_block where device_no = $1 and t0 between $2 - 86400000000 and $3 and t1 >= $2
union all
select n, t0, series_no, null, data from telemetry_chunk where device_no = $1 and t0 between $2 - 86400000000 and $3 and t1 >= $2;

-- name: find_events
select e.ts, e.hash from unnest($2::bigint[], $3::uuid[]) as k(ts, hash)
join device_event e on e.device_no = $1 and e.ts = k.ts and e.hash = k.hash;

-- name: find_windows
select w.ts, w.hash from unnest($2::bigint[], $3::uuid[]) as k(ts, hash)
join device_window w on w.device_no = $1 and w.ts = k.ts and w.hash = k.hash;

-- name: site_presence
select device_id, project_id, site_id, online, since_us, twin_version from presence
where project_id = $1 and site_id = $2 and device_id > $3 order by device_id limit $4;

-- name: online
select device_id, project_id, site_id, online, since_us, twin_version from presence
where shard = $1 and online and device_id > $2 order by device_id limit $3;

-- name: find_presence
select device_id, project_id, site_id, online, since_us, twin_version from presence where device_id = any($1::uuid[]);

-- By one name at a time, so that the index gives the order and the limit ends the search.
-- name: oldest_events
select e.ts, e.hash, e.id, e.event_type, e.category, e.severity, e.description, e.duration_ms, e.asset, e.meta
from device_event e where e.device_no = $1 and e.ts between $2 and $3 order by e.ts, e.hash limit $4;

-- name: oldest_events_of_types
select e.ts, e.hash, e.id, e.event_type, e.category, e.severity, e.description, e.duration_ms, e.asset, e.meta
from unnest($5::text[]) as k(type) cross join lateral (
    select * from device_event e where e.device_no = $1 and e.event_type = k.type and e.ts between $2 and $3
    order by e.ts, e.hash limit $4) e
order by e.ts, e.hash limit $4;

-- name: newest_events
select e.ts, e.hash, e.id, e.event_type, e.category, e.severity, e.description, e.duration_ms, e.asset, e.meta
from device_event e where e.device_no = $1 and e.ts between $2 and $3 order by e.ts desc, e.hash desc limit $4;

-- name: newest_events_of_types
select e.ts, e.hash, e.id, e.event_type, e.category, e.severity, e.description, e.duration_ms, e.asset, e.meta
from unnest($5::text[]) as k(type) cross join lateral (
    select * from device_event e where e.device_no = $1 and e.event_type = k.type and e.ts between $2 and $3
    order by e.ts desc, e.hash desc limit $4) e
order by e.ts desc, e.hash desc limit $4;

-- The newest entry of each device's history is one probe of an index. Status 1 is active, 2 in maintenance.
-- name: firmware_of_devices
select d.id, d.model,
    (select f.version from firmware f where f.device_no = d.device_no order by f.ts desc, f.id desc limit 1)
from device d where d.project_id = $1 and d.id > $2 and d.status in (1, 2) order by d.id limit $3;

-- name: list_devices
select d.device_no, d.version, d.config_offset, 0, null, null,
    d.id, d.project_id, d.serial, d.model, d.site_id, d.tags, d.status, d.channel, d.signature_required, d.overrides, d.created_at
from device d
where d.project_id = $1 and d.id > $2
and ($3::text is null or d.site_id = $3) and ($4::text is null or d.model = $4) and ($5::integer is null or d.status = $5)
order by d.id limit $6;
