-- name: load
select version, body from work_state where project_id = $1 and owner = $2;

-- One statement, so that it is all or nothing without a transaction left open between round trips. Items and lines are inserted only
-- where the state was written; of two that race, the second waits for the first one's row, finds another version and writes nothing.
-- name: first_commit
with written as (
    insert into work_state(project_id, owner, version, body) select $1, $2, $3::bigint + 1, $4 on conflict do nothing returning 1
), items as (
    insert into work_item(project_id, kind, id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body)
    select $1, i.* from unnest(
        $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::uuid[],
        $15::bigint[], $16::text[]) as i
    where exists (select from written)
    on conflict (project_id, kind, id) do update set
        owner = excluded.owner, status = excluded.status, severity = excluded.severity, rule_id = excluded.rule_id,
        device_id = excluded.device_id, site_id = excluded.site_id, asset_id = excluded.asset_id, cause_id = excluded.cause_id,
        at = excluded.at, body = excluded.body
), lines as (
    insert into event_log(project_id, id, at, actor, action, item_id, device_id, body)
    select $1, l.* from unnest($17::uuid[], $18::bigint[], $19::text[], $20::text[], $21::uuid[], $22::uuid[], $23::text[]) as l
    where exists (select from written)
    on conflict do nothing
)
select count(*) from written;

-- name: commit
with written as (
    update work_state set version = version + 1, body = $4 where project_id = $1 and owner = $2 and version = $3 returning 1
), items as (
    insert into work_item(project_id, kind, id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body)
    select $1, i.* from unnest(
        $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::uuid[],
        $15::bigint[], $16::text[]) as i
    where exists (select from written)
    on conflict (project_id, kind, id) do update set
        owner = excluded.owner, status = excluded.status, severity = excluded.severity, rule_id = excluded.rule_id,
        device_id = excluded.device_id, site_id = excluded.site_id, asset_id = excluded.asset_id, cause_id = excluded.cause_id,
        at = excluded.at, body = excluded.body
), lines as (
    insert into event_log(project_id, id, at, actor, action, item_id, device_id, body)
    select $1, l.* from unnest($17::uuid[], $18::bigint[], $19::text[], $20::text[], $21::uuid[], $22::uuid[], $23::text[]) as l
    where exists (select from written)
    on conflict do nothing
)
select count(*) from written;

-- name: find
select id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body
from work_item where project_id = $1 and kind = $2 and id = $3;
