-- One group of device commits, one statement, one transaction: nothing stays open between round trips. The steps come as arrays sorted by
-- device, and are locked in that order, so that two processes never wait for each other in a circle.
-- The update of twin decides. It looks for the expected version and finds no ledger row of the batch; whoever else writes the same twin at
-- this moment is waited for, and the version is looked at again. Everything else is inserted for the winners only, in the same statement.
-- A ledger row older than $12 is as good as gone. The arrays of what is rare are empty in most groups and then cost nothing.

-- Two statements are made of three parts: the small one, which is what nearly every upload needs, of the first and the last.
-- name: small_part
with won as (
    update twin t set version = t.version + 1, twin = s.twin
    from unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bytea[], $5::uuid[], $6::bytea[], $7::integer[], $8::integer[], $9::integer[],
            $10::bigint[], $11::bytea[])
        as s(device_no, device_id, expected, twin, batch_id, body_hash, accepted, duplicates, rejected, received_at, answer)
    where t.device_no = s.device_no and t.version = s.expected and t.device_id = s.device_id
        and not exists (
            select from ledger l where l.device_no = s.device_no and l.batch_id = s.batch_id and l.received_at >= $12::bigint)
    returning s.device_no, s.batch_id, s.body_hash, s.accepted, s.duplicates, s.rejected, s.received_at, s.answer
), ledger_rows as (
    insert into ledger(device_no, received_at, batch_id, accepted, duplicates, rejected, body_hash, answer)
    select device_no, received_at, batch_id, accepted, duplicates, rejected, body_hash, answer from won where batch_id is not null
), blocks as (
    insert into telemetry_block(device_no, t0, t1, correction_us, added_at, n, runs, data)
    select b.device_no, b.t0, b.t1, b.correction_us, $20::bigint, b.n, b.runs, b.data
    from unnest($13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::integer[], $18::bytea[], $19::bytea[])
        as b(device_no, t0, t1, correction_us, n, runs, data)
    where b.device_no = any(array(select device_no from won))
), transitions as (
    insert into outbox(shard, committed_at, stream, receiver, device_id, twin_version, ordinal, transition)
    select o.device_no % $28::integer, $20::bigint, o.stream, o.receiver, o.device_id, o.twin_version, o.ordinal, o.transition
    from unnest($21::bigint[], $22::text[], $23::text[], $24::uuid[], $25::bigint[], $26::integer[], $27::text[])
        as o(device_no, stream, receiver, device_id, twin_version, ordinal, transition)
    where o.device_no = any(array(select device_no from won))
)

-- name: full_part
, new_series as (
    insert into series(device_no, series_no, key_hash, metric_key, metric, unit, asset, meta, mark_us, last_value, points)
    select n.device_no, n.series_no, n.key_hash, metric_key(n.metric), n.metric, n.unit, n.asset, n.meta, n.mark_us, n.last_value, n.points
    from unnest($40::bigint[], $41::integer[], $42::bigint[], $43::text[], $44::text[], $45::text[], $46::text[], $47::bigint[],
            $48::double precision[], $49::bigint[])
        as n(device_no, series_no, key_hash, metric, unit, asset, meta, mark_us, last_value, points)
    where n.device_no = any(array(select device_no from won))
), let_go as (
    update series s set mark_us = g.mark_us, last_value = g.last_value, points = g.points
    from unnest($50::bigint[], $51::integer[], $52::bigint[], $53::double precision[], $54::bigint[])
        as g(device_no, series_no, mark_us, last_value, points)
    where s.device_no = g.device_no and s.series_no = g.series_no and g.device_no = any(array(select device_no from won))
), events as (
    insert into device_event(device_no, ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta)
    select e.* from unnest($55::bigint[], $56::bigint[], $57::uuid[], $58::uuid[], $59::text[], $60::text[], $61::text[], $62::text[],
            $63::double precision[], $64::text[], $65::text[])
        as e(device_no, ts, hash, id, event_type, category, severity, description, duration_ms, asset, meta)
    where e.device_no = any(array(select device_no from won))
), windows as (
    insert into device_window(device_no, ts, hash, metric, window_s, samples, asset, rate_hz, encoding, scale, stats, meta, raw)
    select w.* from unnest($66::bigint[], $67::bigint[], $68::uuid[], $69::text[], $70::double precision[], $71::bigint[], $72::text[],
            $73::double precision[], $74::text[], $75::double precision[], $76::text[], $77::text[], $78::bytea[])
        as w(device_no, ts, hash, metric, window_s, samples, asset, rate_hz, encoding, scale, stats, meta, raw)
    where w.device_no = any(array(select device_no from won))
), rejects as (
    insert into rejected(device_no, batch_id, record_index, code, detail, received_at, record)
    select r.device_no, r.batch_id, r.record_index, r.code, r.detail, r.received_at, r.record
    from unnest($79::bigint[], $80::uuid[], $81::integer[], $82::text[], $83::text[], $84::bigint[], $85::text[])
        as r(device_no, batch_id, record_index, code, detail, received_at, record)
    where r.device_no = any(array(select device_no from won))
), trimmed as (
    -- The new rows are not seen yet: of the old ones stays what there is room for beside them.
    delete from rejected r
    using (
        select t.device_no,
            (select o.id from rejected o where o.device_no = t.device_no order by o.id desc offset t.room limit 1) as up_to
        from unnest($86::bigint[], $87::integer[]) as t(device_no, room)
    ) t
    where r.device_no = t.device_no and r.id <= t.up_to and t.device_no = any(array(select device_no from won))
), firmwares as (
    insert into firmware(device_no, ts, version, source)
    select f.* from unnest($88::bigint[], $89::bigint[], $90::text[], $91::text[]) as f(device_no, ts, version, source)
    where f.device_no = any(array(select device_no from won))
), registrations as (
    -- The project stays: a device changes it by a claim only. A serial that another device has stops the statement, see CommitLosers.
    update device d set serial = r.serial, model = r.model, site_id = r.site_id, tags = r.tags, status = r.status, channel = r.channel,
        signature_required = r.signature_required, overrides = r.overrides, config_offset = r.config_offset, version = d.version + 1
    from unnest($29::bigint[], $30::uuid[], $31::text[], $32::text[], $33::text[], $34::text[], $35::integer[], $36::text[],
            $37::boolean[], $38::text[], $39::bigint[])
        as r(device_no, id, serial, model, site_id, tags, status, channel, signature_required, overrides, config_offset)
    where d.id = r.id and r.device_no = any(array(select device_no from won))
), presences as (
    insert into presence(device_id, project_id, site_id, shard, online, since_us, twin_version)
    select p.device_id, p.project_id, p.site_id, p.shard, p.online, p.since_us, p.twin_version
    from unnest($92::bigint[], $93::uuid[], $94::uuid[], $95::text[], $96::integer[], $97::boolean[], $98::bigint[], $99::bigint[])
        as p(device_no, device_id, project_id, site_id, shard, online, since_us, twin_version)
    where p.device_no = any(array(select device_no from won))
    on conflict (device_id) do update set project_id = excluded.project_id, site_id = excluded.site_id, shard = excluded.shard,
        online = excluded.online, twin_version = excluded.twin_version,
        since_us = case when presence.online = excluded.online then presence.since_us else excluded.since_us end
)

-- name: last_part
select device_no from won;

-- Why a step did not win: its batch is known, its serial is taken, or neither, and then another version stands.
-- name: why
select s.device_no, l.batch_id, l.body_hash, l.accepted, l.duplicates, l.rejected, l.answer, l.received_at,
    exists (
        select from device me join device other on other.project_id = me.project_id and other.serial = s.serial and other.id <> me.id
        where me.id = s.device_id)
from unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[]) as s(device_no, device_id, batch_id, serial)
left join lateral (
    select * from ledger l where l.device_no = s.device_no and l.batch_id = s.batch_id and l.received_at >= $5::bigint limit 1) l on true;
