-- name: by_age
select stream, receiver, transition from outbox indexed by outbox_shard
where shard = ?1 and committed_at < ?2 order by id limit ?3;

-- The receivers that have anything in a shard, found by skipping from one to the next in the index, however much each has.
-- name: receivers
with recursive receivers(stream, receiver) as (
    select * from (select stream, receiver from outbox where shard = ?1 order by stream, receiver limit 1)
    union all
    select o.stream, o.receiver from receivers r join outbox o on o.id = (
        select n.id from outbox n where n.shard = ?1 and (n.stream, n.receiver) > (r.stream, r.receiver)
        order by n.stream, n.receiver limit 1)
) select stream, receiver from receivers limit ?2;

-- name: of_receiver
select id, transition from outbox indexed by outbox_receiver
where shard = ?1 and stream = ?2 and receiver = ?3 and committed_at < ?4 order by id limit ?5;

-- name: confirm
delete from outbox where stream = ? and receiver = ? and device_id = ? and twin_version = ? and ordinal = ?;
