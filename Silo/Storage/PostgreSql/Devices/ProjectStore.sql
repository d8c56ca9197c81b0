-- name: create_project
with made as (
    insert into project(id, name, created_at, retention_days, version, floor_us, raised_at) values ($1, $2, $3, $4, 1, $5, $6)
)
insert into api_key(id, project_id, device_id, secret_hash, sealed_signing_key, created_at) values ($7, $8, $9, $10, $11, $12);

-- name: find_project
select version, id, name, created_at, retention_days from project where id = $1;

-- The floor only moves forward: what retention has removed does not come back when the retention is made longer.
-- name: set_retention
update project set retention_days = $1, version = version + 1,
    floor_us = case when $2 > coalesce(floor_us, '-9223372036854775808'::bigint) then $2 else floor_us end,
    raised_at = case when $2 > coalesce(floor_us, '-9223372036854775808'::bigint) then $5 else raised_at end
where id = $3 and version = $4
returning version, id, name, created_at, retention_days;

-- name: find_retention
select retention_days, floor_us from project where id = $1;

-- name: count_devices
select devices from project where id = $1;

-- name: find_device_keys
select d.id, d.project_id, d.status, d.signature_required, k.id, k.project_id, k.device_id, k.secret_hash, k.sealed_signing_key, k.expires_at
from device d left join api_key k on k.device_id = d.id and k.revoked_at is null
where d.id = $1 order by k.created_at, k.id;

-- name: list_projects
select id from project where id > $1 order by id limit $2;

-- name: list_device_keys
select id, project_id, device_id, secret_hash, sealed_signing_key, expires_at from api_key
where id > $1 and device_id is not null and revoked_at is null order by id limit $2;

-- name: reseal
update api_key set sealed_signing_key = $1 where id = $2 and sealed_signing_key = $3;

-- name: find_key
select id, project_id, device_id, secret_hash, sealed_signing_key, expires_at from api_key where id = $1 and revoked_at is null;
