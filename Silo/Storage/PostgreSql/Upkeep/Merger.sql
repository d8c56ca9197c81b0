-- Merging reads blocks, packs chunks in the program and then replaces the ones by the others in one statement. Nothing is locked in
-- between: if a row that was read is no longer there (another process merged it, retention deleted it), expect_rows stops the statement.

-- name: blocks_of_day
select block_no, n, t0, correction_us, runs, data from telemetry_block
where device_no = $1 and t0 >= $2 and t0 < $2 + 86400000000 order by t0, block_no limit $3;

-- name: open_chunks
select chunk_no, series_no, correction_us, n from telemetry_chunk
where device_no = $1 and t0 >= $2 and t0 < $2 + 86400000000 and n < 4096 and series_no = any($3) order by series_no, chunk_no;

-- name: read_chunks
select chunk_no, n, t0, data from telemetry_chunk
where device_no = $1 and t0 >= $2 and t0 < $2 + 86400000000 and chunk_no = any($3);

-- name: replace
with gone_blocks as (
    delete from telemetry_block where device_no = $1 and t0 >= $2 and t0 < $2 + 86400000000 and block_no = any($3) returning 1
), gone_chunks as (
    delete from telemetry_chunk where device_no = $1 and t0 >= $2 and t0 < $2 + 86400000000 and chunk_no = any($4) returning 1
), checked as materialized (
    select expect_rows((select count(*) from gone_blocks), cardinality($3)) and expect_rows((select count(*) from gone_chunks), cardinality($4)) as ok
), chunks as (
    insert into telemetry_chunk(device_no, series_no, metric_key, t0, t1, correction_us, n, min, max, sum, first, last, data)
    select $1, c.series_no, coalesce(s.metric_key, 0), c.t0, c.t1, c.correction_us, c.n, c.min, c.max, c.sum, c.first, c.last, c.data
    from unnest($5::integer[], $6::bigint[], $7::bigint[], $8::bigint[], $9::integer[], $10::double precision[], $11::double precision[],
            $12::double precision[], $13::double precision[], $14::double precision[], $15::bytea[])
        as c(series_no, t0, t1, correction_us, n, min, max, sum, first, last, data)
    left join series s on s.device_no = $1 and s.series_no = c.series_no
), blocks as (
    -- Put back as old as can be, so that the next sweep takes them on.
    insert into telemetry_block(device_no, t0, t1, correction_us, added_at, n, runs, data)
    select $1, b.t0, b.t1, b.correction_us, 0, b.n, b.runs, b.data
    from unnest($16::bigint[], $17::bigint[], $18::bigint[], $19::integer[], $20::bytea[], $21::bytea[])
        as b(t0, t1, correction_us, n, runs, data)
)
select ok from checked;

-- A stretch of the waiting blocks, by device and day: how many, and when the last came.
-- name: sweep
select device_no, day, count(*), max(added_at) from (
    select device_no, t0 - mod(mod(t0, 86400000000) + 86400000000, 86400000000) as day, added_at from telemetry_block
    where (device_no, t0) >= ($1, $2) order by device_no, t0 limit $3) b
group by device_no, day order by device_no, day;
