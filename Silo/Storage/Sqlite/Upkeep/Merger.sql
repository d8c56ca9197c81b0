-- Merging replaces blocks by chunks within one transaction of the writer: a reader's snapshot has either the ones or the others.

-- name: blocks_of_day
select block_no, n, t0, correction_us, runs, data from batch_block
where device_no = ?1 and t0 >= ?2 and t0 < ?2 + 86400000000 order by t0 limit ?3;

-- name: open_chunks
select chunk_no, n, t0, data from chunk
where device_no = ?1 and series_no = ?2 and t0 >= ?3 and t0 < ?3 + 86400000000 and n < 4096 and correction_us = ?4;

-- name: delete_block
delete from batch_block where block_no = ?;

-- name: delete_chunk
delete from chunk where chunk_no = ?;

-- name: insert_chunk
insert into chunk(device_no, series_no, t0, t1, n, min, max, sum, first, last, correction_us, data)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: insert_block
insert into batch_block(device_no, t0, t1, n, correction_us, runs, data) values (?, ?, ?, ?, ?, ?, ?);

-- name: forget_day
delete from pending_merge where device_no = ? and day = ?;

-- name: uncount_blocks
update pending_merge set blocks = max(blocks - ?3, 1) where device_no = ?1 and day = ?2;

-- name: sweep
select device_no, day, blocks, touched_at from pending_merge where (device_no, day) > (?, ?) order by device_no, day limit ?;
