-- The rows of one device that reach into a span, oldest first, blocks and chunks as of one moment. No row spans more than a day, which
-- bounds the search on both sides. A chunk that lies within the span and within one bucket ($5 microseconds wide, 0 for none) comes without
-- its data: its summary is enough.
-- name: rows
select 0 as series_no, n, t0, t1, 0::float8, 0::float8, 0::float8, runs, data from telemetry_block
where device_no = $1 and t0 >= $3 - 86400000000 and t0 < $4 and t1 >= $3
union all
select series_no, n, t0, t1, min, max, sum, null,
    case when $5 > 0 and t0 >= greatest($3, 0) and t1 < $4 and t0 / greatest($5, 1) = t1 / greatest($5, 1) then null else data end
from telemetry_chunk
where device_no = $1 and series_no = any($2) and t0 >= $3 - 86400000000 and t0 < $4 and t1 >= $3
order by t0;

-- name: keys
select k.no, k.series, s.metric, s.unit, s.asset, s.meta
from unnest($1::bigint[], $2::integer[]) as k(no, series) join series s on s.device_no = k.no and s.series_no = k.series;
