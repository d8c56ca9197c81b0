-- One commit of a device, inside a group's transaction. There is one writer, so what these statements read cannot change before they
-- write. The checks come first, in this order; a commit that loses one of them has written nothing.

-- name: find_ledger
select batch_id, body_hash, accepted, duplicates, rejected, answer, received_at from ledger where device_no = ? and batch_id = ?;

-- name: serial_taken
select 1 from device me join device other on other.project_id = me.project_id
where me.id = ?1 and other.serial = ?2 and other.id <> ?1;

-- The compare-and-set: decides between two activations of a device, and turns away one that still has the number from before a claim.
-- name: swap_twin
update twin set version = version + 1, twin = ?
where device_no = ? and version = ? and exists (select 1 from device where id = ? and device_no = twin.device_no);

-- name: insert_ledger
insert into ledger(device_no, batch_id, body_hash, accepted, duplicates, rejected, received_at, answer) values (?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_series
insert into series(device_no, series_no, key_hash, metric, unit, asset, meta) values (?, ?, ?, ?, ?, ?, ?);

-- name: let_go_series
update series set mark_us = ?, last_value = ?, points = ? where device_no = ? and series_no = ?;

-- name: insert_block
insert into batch_block(device_no, t0, t1, n, correction_us, runs, data) values (?, ?, ?, ?, ?, ?, ?);

-- name: count_block
insert into pending_merge(device_no, day, blocks, touched_at) values (?, ?, 1, ?)
on conflict do update set blocks = blocks + 1, touched_at = excluded.touched_at
returning blocks;

-- name: insert_event
insert into event(device_no, ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_window
insert into window(device_no, ts, hash, metric, window_s, samples, asset, rate_hz, encoding, scale, stats, meta, raw)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_rejected
insert into rejected(device_no, batch_id, record_index, code, detail, received_at, record) values (?, ?, ?, ?, ?, ?, ?);

-- name: trim_rejected
delete from rejected where device_no = ?1
and id <= (select id from rejected where device_no = ?1 order by id desc limit 1 offset ?2);

-- name: insert_firmware
insert into firmware(device_no, ts, version, source) values (?, ?, ?, ?);

-- name: insert_outbox
insert into outbox(shard, committed_at, stream, receiver, device_id, twin_version, ordinal, transition) values (?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_presence
insert into presence(device_id, project_id, site_id, shard, online, since_us, twin_version) values (?, ?, ?, ?, ?, ?, ?)
on conflict do update set project_id = excluded.project_id, site_id = excluded.site_id, shard = excluded.shard, online = excluded.online,
    twin_version = excluded.twin_version,
    since_us = case when presence.online = excluded.online then presence.since_us else excluded.since_us end;

-- The project stays: a device changes it by a claim only.
-- name: update_registration
update device set serial = ?, model = ?, site_id = ?, tags = ?, status = ?, channel = ?, signature_required = ?, overrides = ?,
    config_offset = ?, version = version + 1
where id = ?;
