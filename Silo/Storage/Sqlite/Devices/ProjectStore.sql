-- name: insert_project
insert into project(id, name, created_at, retention_days, version, floor_us, raised_at) values (?, ?, ?, ?, 1, ?, ?);

-- name: insert_key
insert into api_key(id, project_id, device_id, secret_hash, sealed_signing_key, created_at) values (?, ?, ?, ?, ?, ?);

-- name: find_project
select version, id, name, created_at, retention_days from project where id = ?;

-- The floor only moves forward: what retention has removed does not come back when the retention is made longer.
-- name: set_retention
update project set retention_days = ?1, version = version + 1,
    floor_us = case when ?2 > coalesce(floor_us, -9223372036854775808) then ?2 else floor_us end,
    raised_at = case when ?2 > coalesce(floor_us, -9223372036854775808) then ?5 else raised_at end
where id = ?3 and version = ?4
returning version, id, name, created_at, retention_days;

-- name: find_retention
select retention_days, floor_us from project where id = ?;

-- name: count_devices
select devices from project where id = ?;

-- name: find_device
select id, project_id, status, signature_required from device where id = ?;

-- name: find_device_keys
select id, project_id, device_id, secret_hash, sealed_signing_key, expires_at from api_key where device_id = ? and revoked_at is null
order by created_at, id;

-- name: list_projects
select id from project where id > ? order by id limit ?;

-- By the order of ids: the plus keeps the index of devices out of it, which would have to be sorted.
-- name: list_device_keys
select id, project_id, device_id, secret_hash, sealed_signing_key, expires_at from api_key
where id > ? and +device_id is not null and revoked_at is null order by id limit ?;

-- name: reseal
update api_key set sealed_signing_key = ?1 where id = ?2 and sealed_signing_key = ?3;

-- name: find_key
select id, project_id, device_id, secret_hash, sealed_signing_key, expires_at from api_key where id = ? and revoked_at is null;
