-- What people and dashboards read with SQL. All of it is exact, before and after merging, and slower than the program's own reads: the
-- packed points are decoded here step by step. Run with 0001.sql.

-- The first 4 bytes of a SHA-256 over the metric.
create function metric_key(metric text) returns integer language sql immutable strict parallel safe as $$
    select ('x' || left(encode(sha256(convert_to(metric, 'UTF8')), 'hex'), 8))::bit(32)::integer
$$;

create function us_of(ts timestamptz) returns bigint language sql stable parallel safe as $$
    select (extract(epoch from ts) * 1000000)::bigint
$$;

create function time_of(us bigint) returns timestamptz language sql stable parallel safe as $$
    select '1970-01-01 00:00:00+00'::timestamptz + us * interval '1 microsecond'
$$;

-- The number whose IEEE 754 form these 64 bits are.
create function double_of(bits bigint) returns double precision language sql immutable parallel safe as $$
    select case when bits < 0 then -1::float8 else 1::float8 end * case (bits >> 52) & 2047
        when 0 then (bits & 4503599627370495)::float8 * power(2::float8, -1074::float8)
        when 2047 then case when bits & 4503599627370495 = 0 then 'infinity'::float8 else 'nan'::float8 end
        else (1::float8 + (bits & 4503599627370495)::float8 / 4503599627370496::float8)
            * power(2::float8, ((bits >> 52) & 2047)::float8 - 1023::float8)
    end
$$;

-- Decodes runs of points one after the other; PointCodec and ValueCodec say what the bytes mean. A list of runs holds pairs of series
-- number and count; an empty one stands for a single run of n points, as in a chunk.
create function decode_points(runs bytea, packed bytea, t0 bigint, n integer)
returns table(series_no integer, ts_us bigint, value double precision) language plpgsql immutable parallel safe as $$
declare
    -- A copy in memory: the argument may be stored out of line and would be fetched anew for each byte.
    data bytea := packed || ''::bytea;
    pos integer := 1;
    run integer := 0;
    b integer;
    shift integer;
    number bigint;
    head integer;
    points integer;
    equal boolean;
    unit bigint;
    step bigint;
    ts bigint;
    times bigint[];
    mode integer;
    power10 double precision;
    bits bigint;
    low integer;
begin
    if get_byte(data, 0) <> 1 then
        raise exception 'Stored points are of an unknown format.';
    end if;
    loop
        -- The next run.
        if length(runs) = 0 then
            exit when run > 0;
            run := 1;
            points := n;
        else
            exit when run >= length(runs);
            for part in 1..2 loop
                number := 0;
                shift := 0;
                loop
                    b := get_byte(runs, run);
                    run := run + 1;
                    number := number | ((b & 127)::bigint << shift);
                    exit when b < 128;
                    shift := shift + 7;
                end loop;
                if part = 1 then
                    series_no := number;
                else
                    points := number;
                end if;
            end loop;
        end if;

        -- Its times.
        head := get_byte(data, pos);
        pos := pos + 1;
        mode := head & 15;
        equal := head & 64 <> 0;
        unit := case (head >> 4) & 3 when 0 then 1 when 1 then 1000 else 1000000 end;
        times := array[]::bigint[];
        ts := t0;
        step := 0;
        for i in 1..points loop
            if i <= 2 or not equal then
                b := get_byte(data, pos);
                pos := pos + 1;
                number := b & 127;
                shift := 7;
                while b >= 128 loop
                    b := get_byte(data, pos);
                    pos := pos + 1;
                    number := number | ((b & 127)::bigint << shift);
                    shift := shift + 7;
                end loop;
                number := ((number >> 1) & 9223372036854775807) # -(number & 1);
                if i = 1 then
                    ts := t0 + number;
                else
                    step := step + number;
                end if;
            end if;
            if i > 1 then
                ts := ts + step * unit;
            end if;
            times[i] := ts;
        end loop;

        -- Its values.
        if mode = 0 then
            bits := 0;
            for i in 0..7 loop
                bits := bits | (get_byte(data, pos + i)::bigint << (8 * i));
            end loop;
            pos := pos + 8;
            value := double_of(bits);
            for i in 1..points loop
                ts_us := times[i];
                return next;
            end loop;
        elsif mode <= 7 then
            power10 := power(10::float8, (mode - 1)::float8);
            bits := 0;
            for i in 1..points loop
                b := get_byte(data, pos);
                pos := pos + 1;
                number := b & 127;
                shift := 7;
                while b >= 128 loop
                    b := get_byte(data, pos);
                    pos := pos + 1;
                    number := number | ((b & 127)::bigint << shift);
                    shift := shift + 7;
                end loop;
                bits := bits + (((number >> 1) & 9223372036854775807) # -(number & 1));
                ts_us := times[i];
                value := bits::float8 / power10;
                return next;
            end loop;
        elsif mode = 8 then
            bits := 0;
            for i in 1..points loop
                head := get_byte(data, pos);
                pos := pos + 1;
                low := head >> 4;
                for k in 0..(head & 15) - 1 loop
                    bits := bits # (get_byte(data, pos)::bigint << (8 * (low + k)));
                    pos := pos + 1;
                end loop;
                ts_us := times[i];
                value := double_of(bits);
                return next;
            end loop;
        elsif mode = 9 then
            for i in 1..points loop
                bits := 0;
                for k in 0..7 loop
                    bits := bits | (get_byte(data, pos + k)::bigint << (8 * k));
                end loop;
                pos := pos + 8;
                ts_us := times[i];
                value := double_of(bits);
                return next;
            end loop;
        else
            raise exception 'Stored points have an unknown form of values.';
        end if;
    end loop;
end $$;

-- Every stored point of the devices as they are owned now, what retention hides left out. For exploring: a condition on ts is checked
-- after decoding. Dashboards use telemetry_points.
create view telemetry_point as
select time_of(p.ts_us) as ts, d.id as device_id, s.metric, p.value, nullif(s.unit, '') as unit, nullif(s.meta, '')::jsonb as meta,
    nullif(s.asset, '') as asset_id
from telemetry_chunk c
join series s on s.device_no = c.device_no and s.series_no = c.series_no
join device d on d.device_no = c.device_no
join project o on o.id = d.project_id
cross join lateral decode_points('', c.data, c.t0, c.n) p
where p.ts_us >= coalesce(o.hidden_us, '-9223372036854775808'::bigint)
union all
select time_of(p.ts_us), d.id, s.metric, p.value, nullif(s.unit, ''), nullif(s.meta, '')::jsonb, nullif(s.asset, '')
from telemetry_block b
join device d on d.device_no = b.device_no
join project o on o.id = d.project_id
cross join lateral decode_points(b.runs, b.data, b.t0, b.n) p
join series s on s.device_no = b.device_no and s.series_no = p.series_no
where p.ts_us >= coalesce(o.hidden_us, '-9223372036854775808'::bigint);

-- The points of one device and metric from a time (included) to a time (excluded). The planner takes the body into the query around it,
-- and only the months and rows that reach into the span are read.
create function telemetry_points(device uuid, metric text, "from" timestamptz, "to" timestamptz)
returns setof telemetry_point language sql stable as $$
    select time_of(p.ts_us), d.id, s.metric, p.value, nullif(s.unit, ''), nullif(s.meta, '')::jsonb, nullif(s.asset, '')
    from device d
    join project o on o.id = d.project_id
    join series s on s.device_no = d.device_no and s.metric = $2
    join telemetry_chunk c on c.device_no = s.device_no and c.series_no = s.series_no
        and c.t0 >= us_of($3) - 86400000000 and c.t0 < us_of($4) and c.t1 >= us_of($3)
    cross join lateral decode_points('', c.data, c.t0, c.n) p
    where d.id = $1 and p.ts_us >= us_of($3) and p.ts_us < us_of($4)
        and p.ts_us >= coalesce(o.hidden_us, '-9223372036854775808'::bigint)
    union all
    select time_of(p.ts_us), d.id, s.metric, p.value, nullif(s.unit, ''), nullif(s.meta, '')::jsonb, nullif(s.asset, '')
    from device d
    join project o on o.id = d.project_id
    join telemetry_block b on b.device_no = d.device_no
        and b.t0 >= us_of($3) - 86400000000 and b.t0 < us_of($4) and b.t1 >= us_of($3)
    cross join lateral decode_points(b.runs, b.data, b.t0, b.n) p
    join series s on s.device_no = b.device_no and s.series_no = p.series_no and s.metric = $2
    where d.id = $1 and p.ts_us >= us_of($3) and p.ts_us < us_of($4)
        and p.ts_us >= coalesce(o.hidden_us, '-9223372036854775808'::bigint)
$$;

-- The same of all devices, by the index on (metric, time).
create function telemetry_points_of_metric(metric text, "from" timestamptz, "to" timestamptz)
returns setof telemetry_point language sql stable as $$
    select time_of(p.ts_us), d.id, s.metric, p.value, nullif(s.unit, ''), nullif(s.meta, '')::jsonb, nullif(s.asset, '')
    from telemetry_chunk c
    join series s on s.device_no = c.device_no and s.series_no = c.series_no and s.metric = $1
    join device d on d.device_no = c.device_no
    join project o on o.id = d.project_id
    cross join lateral decode_points('', c.data, c.t0, c.n) p
    where c.metric_key = metric_key($1) and c.t0 >= us_of($2) - 86400000000 and c.t0 < us_of($3) and c.t1 >= us_of($2)
        and p.ts_us >= us_of($2) and p.ts_us < us_of($3) and p.ts_us >= coalesce(o.hidden_us, '-9223372036854775808'::bigint)
    union all
    select time_of(p.ts_us), d.id, s.metric, p.value, nullif(s.unit, ''), nullif(s.meta, '')::jsonb, nullif(s.asset, '')
    from telemetry_block b
    join device d on d.device_no = b.device_no
    join project o on o.id = d.project_id
    cross join lateral decode_points(b.runs, b.data, b.t0, b.n) p
    join series s on s.device_no = b.device_no and s.series_no = p.series_no and s.metric = $1
    where b.t0 >= us_of($2) - 86400000000 and b.t0 < us_of($3) and b.t1 >= us_of($2)
        and p.ts_us >= us_of($2) and p.ts_us < us_of($3) and p.ts_us >= coalesce(o.hidden_us, '-9223372036854775808'::bigint)
$$;

create view telemetry_window as
select time_of(w.ts) as ts, d.id as device_id, w.metric, w.window_s, nullif(w.stats, '')::jsonb as stats, w.samples, w.asset as asset_id,
    nullif(w.meta, '')::jsonb as meta, w.rate_hz, w.encoding, w.scale, w.raw
from device_window w
join device d on d.device_no = w.device_no
join project o on o.id = d.project_id
where w.ts >= coalesce(o.hidden_us, '-9223372036854775808'::bigint);
