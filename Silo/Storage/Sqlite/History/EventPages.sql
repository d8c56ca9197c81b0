-- The index gives the order: newest first, events of one time by hash. Filters beside the type are checked row by row.
-- name: events
select event_no, ts, hash from event
where device_no = ?1 and ts >= ?2 and ts < ?3 and (?4 is null or (ts, hash) < (?4, ?5))
and (?6 is null or category = ?6) and (?7 is null or severity = ?7) and (?8 is null or asset = ?8)
order by ts desc, hash desc limit ?9;

-- name: events_of_type
select event_no, ts, hash from event indexed by event_kind
where device_no = ?1 and event_type = ?10 and ts >= ?2 and ts < ?3 and (?4 is null or (ts, hash) < (?4, ?5))
and (?6 is null or category = ?6) and (?7 is null or severity = ?7) and (?8 is null or asset = ?8)
order by ts desc, hash desc limit ?9;

-- name: event
select id, ts, event_type, category, severity, description, duration_ms, asset, meta from event where event_no = ?;

-- The first restoring event at or after it. Looked up when read, so that uploads that come late, in any order, agree in the end.
-- name: restored_at
select min(ts) from event where device_no = ? and event_type = ? and ts >= ?;
