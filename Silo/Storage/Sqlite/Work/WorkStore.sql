-- name: load
select version, body from work_state where project_id = ? and owner = ?;

-- A step that finds another version writes nothing at all: whoever runs these looks at the rows changed before it goes on.
-- name: insert_state
insert into work_state(project_id, owner, version, body, idle_at, rest, rest_version) values (?1, ?2, ?3 + 1, ?4, ?5, ?6, ?3 + 1)
on conflict do nothing;

-- name: update_state
update work_state set version = ?3 + 1, body = ?4, idle_at = ?5, rest = ?6, rest_version = ?3 + 1
where project_id = ?1 and owner = ?2 and version = ?3;

-- name: put_item
insert into work_item(project_id, kind, id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (project_id, kind, id) do update set
    owner = excluded.owner, status = excluded.status, severity = excluded.severity, rule_id = excluded.rule_id,
    device_id = excluded.device_id, site_id = excluded.site_id, asset_id = excluded.asset_id, cause_id = excluded.cause_id,
    at = excluded.at, body = excluded.body;

-- name: put_line
insert into event_log(project_id, id, at, actor, action, item_id, device_id, body) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing;

-- name: find
select id, owner, status, severity, rule_id, device_id, site_id, asset_id, cause_id, at, body
from work_item where project_id = ? and kind = ? and id = ?;
