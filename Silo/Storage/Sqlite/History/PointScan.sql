-- name: series
select series_no from series where device_no = ?1 and (?2 is null or metric = ?2) and (?3 is null or asset = ?3) order by series_no;

-- name: series_key
select metric, unit, asset, meta from series where device_no = ? and series_no = ?;

-- No row spans more than a day, which bounds the search on both sides: in the index a span is one stretch.
-- name: blocks
select n, t0, runs, data from batch_block
where device_no = ?1 and t0 >= ?2 - 86400000000 and t0 < ?3 and t1 >= ?2 order by t0;

-- Answered from the index alone; a chunk is opened only where its summary will not do.
-- name: chunk_heads
select chunk_no, t0, t1, n, min, max, sum from chunk indexed by chunk_series
where device_no = ?1 and series_no = ?2 and t0 >= ?3 - 86400000000 and t0 < ?4 and t1 >= ?3 order by t0;

-- name: open_chunk
select data from chunk where chunk_no = ?;
