-- Lists of one device. The token is the key of the last item, and the index gives the order.

-- name: windows
select ts, hash, metric, window_s, samples, asset, rate_hz, encoding, scale, stats, meta, raw from window
where device_no = ?1 and ts >= ?2 and ts < ?3 and (ts, hash) > (?4, ?5)
and (?6 is null or metric = ?6) and (?7 is null or asset = ?7)
order by ts, hash limit ?8;

-- name: batches
select received_at, batch_id, body_hash, accepted, duplicates, rejected from ledger
where device_no = ?1 and (received_at, batch_id) < (?2, ?3)
order by received_at desc, batch_id desc limit ?4;

-- name: rejected
select id, batch_id, record_index, code, detail, record, received_at from rejected
where device_no = ?1 and id < ?2 and received_at >= ?3
order by id desc limit ?4;

-- name: firmware
select ts, id, version, source from firmware
where device_no = ?1 and (ts, id) < (?2, ?3)
order by ts desc, id desc limit ?4;
