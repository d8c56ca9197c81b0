-- name: load_device
select d.device_no, d.version, d.config_offset, t.version, t.twin, p.floor_us,
    d.id, d.project_id, d.serial, d.model, d.site_id, d.tags, d.status, d.channel, d.signature_required, d.overrides, d.created_at,
    h.site_id, h.online, h.since_us, h.twin_version
from device d join twin t on t.device_no = d.device_no join project p on p.id = d.project_id left join presence h on h.device_id = d.id
where d.id = ?;

-- name: load_series
select series_no, metric, unit, asset, meta, mark_us, last_value, points from series where device_no = ? order by series_no limit ?;

-- name: find_series
select series_no, metric, unit, asset, meta, mark_us, last_value, points from series where device_no = ? and key_hash = ?;

-- name: serial_taken
select 1 from device where project_id = ? and serial = ?;

-- name: mint_number
insert into device_number(device_id) values (?);

-- name: insert_device
insert into device(id, device_no, project_id, serial, model, site_id, tags, status, channel, signature_required, overrides, created_at,
    version, config_offset)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0);

-- name: insert_twin
insert into twin(device_no, version, twin) values (?, 0, x'');

-- name: count_device
update project set devices = devices + 1 where id = ?;

-- A span of blocks or chunks starts at most a day before the time it reaches into, which bounds the search from both sides.
-- name: overlap_blocks
select n, t0, runs, data from batch_block where device_no = ?1 and t0 between ?2 - 86400000000 and ?3 and t1 >= ?2;

-- name: overlap_chunks
select n, t0, series_no, data from chunk where device_no = ?1 and t0 between ?2 - 86400000000 and ?3 and t1 >= ?2;

-- name: find_event
select 1 from event where device_no = ? and ts = ? and hash = ?;

-- name: find_window
select 1 from window where device_no = ? and ts = ? and hash = ?;

-- name: site_presence
select device_id, project_id, site_id, online, since_us, twin_version from presence
where project_id = ? and site_id = ? and device_id > ? order by device_id limit ?;

-- name: online
select device_id, project_id, site_id, online, since_us, twin_version from presence
where shard = ? and online = 1 and device_id > ? order by device_id limit ?;

-- name: find_presence
select device_id, project_id, site_id, online, since_us, twin_version from presence where device_id = ?;

-- By one name at a time, so that the index gives the order and the limit ends the search.
-- name: oldest_events
select ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta
from event where device_no = ?1 and ts between ?2 and ?3
order by ts, hash limit ?4;

-- name: newest_events
select ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta
from event where device_no = ?1 and ts between ?2 and ?3
order by ts desc, hash desc limit ?4;

-- name: oldest_events_of_type
select ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta
from event indexed by event_kind where device_no = ?1 and event_type = ?5 and ts between ?2 and ?3
order by ts, hash limit ?4;

-- name: newest_events_of_type
select ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta
from event indexed by event_kind where device_no = ?1 and event_type = ?5 and ts between ?2 and ?3
order by ts desc, hash desc limit ?4;

-- The newest entry of each device's history is one probe of an index. Status 1 is active, 2 in maintenance.
-- name: firmware_of_devices
select d.id, d.model,
    (select f.version from firmware f where f.device_no = d.device_no order by f.ts desc, f.id desc limit 1)
from device d indexed by device_project
where d.project_id = ?1 and d.id > ?2 and d.status in (1, 2) order by d.id limit ?3;

-- name: list_devices
select d.device_no, d.version, d.config_offset, 0, x'', null,
    d.id, d.project_id, d.serial, d.model, d.site_id, d.tags, d.status, d.channel, d.signature_required, d.overrides, d.created_at
from device d indexed by device_project
where d.project_id = ?1 and d.id > ?2
and (?3 is null or d.site_id = ?3) and (?4 is null or d.model = ?4) and (?5 is null or d.status = ?5)
order by d.id limit ?6;
