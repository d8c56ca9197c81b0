-- Lists of one device. The token is the key of the last item, and the index gives the order.

-- name: windows
select ts, hash, metric, window_s, samples, asset, rate_hz, encoding, scale, stats, meta, raw from device_window
where device_no = $1 and ts >= $2 and ts < $3 and (ts > $4 or (ts = $4 and hash > $5))
and ($6::text is null or metric = $6) and ($7::text is null or asset = $7)
order by ts, hash limit $8;

-- What is over its time is not shown, although it may still be there.
-- name: batches
select received_at, batch_id, body_hash, accepted, duplicates, rejected from ledger
where device_no + 0 = $1 and received_at + 0 >= $5 and received_at + 0 <= coalesce($2, 9223372036854775807) and received_at >= $5
    and ($2::bigint is null or (received_at, batch_id) < ($2, $3))
order by received_at + 0 desc, batch_id desc limit $4;

-- name: rejected
select id, batch_id, record_index, code, detail, record, received_at from rejected
where device_no = $1 and id < $2 and received_at >= $3
order by id desc limit $4;

-- name: firmware
select ts, id, version, source from firmware
where device_no = $1 and (ts, id) < ($2, $3)
order by ts desc, id desc limit $4;
