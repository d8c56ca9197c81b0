-- name: projects_with_floor
select id, retention_days, floor_us, hidden_us, raised_at from project indexed by project_floor
where floor_us is not null and id > ? order by id limit ?;

-- Only forward, however the clock was set meanwhile.
-- name: raise_floor
update project set floor_us = ?1, raised_at = ?2 where id = ?3 and floor_us < ?1;

-- name: hide_below
update project set hidden_us = ?1 where id = ?2;

-- name: projects_to_purge
select id, hidden_us from project indexed by project_purge where hidden_us > coalesce(purged_us, -9223372036854775808) limit 1;

-- name: devices_after
select id, device_no from device where project_id = ? and id > ? order by id limit ?;

-- Rows that reach over the floor stay, and reads hide what lies below it.
-- name: delete_blocks
delete from batch_block where block_no in (select block_no from batch_block where device_no = ?1 and t0 < ?2 and t1 < ?2 limit ?3);

-- name: delete_chunks
delete from chunk where chunk_no in (select chunk_no from chunk where device_no = ?1 and t0 < ?2 and t1 < ?2 limit ?3);

-- name: delete_events
delete from event where event_no in (select event_no from event where device_no = ?1 and ts < ?2 limit ?3);

-- name: delete_windows
delete from window where window_no in (select window_no from window where device_no = ?1 and ts < ?2 limit ?3);

-- name: forget_days
delete from pending_merge where device_no = ?1
and day in (select day from pending_merge where device_no = ?1 and day < ?2 - 86400000000 limit ?3);

-- name: purged
update project set purged_us = ? where id = ?;
