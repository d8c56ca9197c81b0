-- Version 2: what grains above the device write, see Work/WorkStore. Programs that know only version 1 work beside it.

-- A grain's own state, one document by its type and key.
create table work_state(
    project_id blob not null,
    owner text not null,
    version integer not null,
    body text not null,
    primary key (project_id, owner)) without rowid;

-- What people list and search: incidents, tickets, deliveries.
create table work_item(
    project_id blob not null,
    kind text not null,
    id blob not null,
    owner text not null,
    status text not null,
    severity text,
    rule_id text,
    device_id blob,
    site_id text,
    asset_id text,
    cause_id blob,
    at integer not null,
    body text not null,
    primary key (project_id, kind, id));
create index work_item_at on work_item(project_id, kind, at, id);
create index work_item_status on work_item(project_id, kind, status, at, id);
create index work_item_rule on work_item(project_id, kind, rule_id, at, id) where rule_id is not null;
create index work_item_device on work_item(project_id, kind, device_id, at, id) where device_id is not null;
create index work_item_site on work_item(project_id, kind, site_id, at, id) where site_id is not null;
create index work_item_asset on work_item(project_id, kind, asset_id, at, id) where asset_id is not null;
create index work_item_cause on work_item(project_id, kind, cause_id, at, id) where cause_id is not null;
-- For pruning.
create index work_item_age on work_item(kind, at);

-- The audit trail.
create table event_log(
    project_id blob not null,
    id blob not null,
    at integer not null,
    actor text not null,
    action text not null,
    item_id blob,
    device_id blob,
    body text not null,
    primary key (project_id, id));
create index event_log_at on event_log(project_id, at, id);
create index event_log_item on event_log(project_id, item_id, at, id) where item_id is not null;
create index event_log_device on event_log(project_id, device_id, at, id) where device_id is not null;
-- For pruning.
create index event_log_age on event_log(at);

update schema_version set version = 2;
