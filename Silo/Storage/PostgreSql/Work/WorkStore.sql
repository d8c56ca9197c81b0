-- name: load
select version, body from work_state where project_id = $1 and owner = $2;

-- One statement, so that it is all or nothing without a transaction left open between round trips. Items and lines are inserted only
-- where the state was written; of two that race, the second waits for the first one's row, finds another version and writes nothing.
-- name: commit
with made as (
    insert into work_state(project_id, owner, version, body, idle_at, rest, rest_version)
    select $1, $2, 1, $4, $5, $6, 1 where $3::bigint = 0 on conflict do nothing returning 1
), changed as (
    update work_state set version = version + 1, body = $4, idle_at = $5, rest = $6, rest_version = version + 1
    where project_id = $1 and owner = $2 and version = $3 returning 1
), written as (
    select 1 from made union all select 1 from changed
), items as (
    insert into work_item(project_id, kind, id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body)
    select $1, i.* from unnest(
        $7::text[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::text[], $15::text[], $16::uuid[],
        $17::bigint[], $18::text[]) as i
    where exists (select from written)
    on conflict (project_id, kind, id) do update set
        owner = excluded.owner, status = excluded.status, severity = excluded.severity, rule_id = excluded.rule_id,
        device_id = excluded.device_id, site_id = excluded.site_id, asset_id = excluded.asset_id, cause_id = excluded.cause_id,
        at = excluded.at, body = excluded.body
), lines as (
    insert into event_log(project_id, id, at, actor, action, item_id, device_id, body)
    select $1, l.* from unnest($19::uuid[], $20::bigint[], $21::text[], $22::text[], $23::uuid[], $24::uuid[], $25::text[]) as l
    where exists (select from written)
    on conflict do nothing
)
select count(*) from written;

-- name: find
select id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body
from work_item where project_id = $1 and kind = $2 and id = $3;
