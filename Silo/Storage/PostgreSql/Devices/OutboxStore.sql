-- name: by_age
select stream, receiver, transition from outbox where shard = $1 and committed_at < $2 order by id limit $3;

-- The receivers that have anything in a shard, found by skipping from one to the next in the index, however much each has; of each, its
-- oldest few.
-- name: by_receiver
with recursive receivers as (
    (select stream, receiver from outbox where shard = $1 order by stream, receiver limit 1)
    union all
    select n.stream, n.receiver from receivers r cross join lateral (
        select o.stream, o.receiver from outbox o
        where o.shard = $1 and (o.stream, o.receiver) > (r.stream, r.receiver) order by o.stream, o.receiver limit 1) n
)
select o.stream, o.receiver, o.transition from (select * from receivers limit $5) r cross join lateral (
    select id, stream, receiver, transition from outbox
    where shard = $1 and stream = r.stream and receiver = r.receiver and committed_at < $2 order by id limit $4) o
order by o.id limit $3;

-- name: confirm
delete from outbox o using unnest($3::uuid[], $4::bigint[], $5::integer[]) as c(device_id, twin_version, ordinal)
where o.device_id = c.device_id and o.twin_version = c.twin_version and o.ordinal = c.ordinal and o.stream = $1 and o.receiver = $2;
