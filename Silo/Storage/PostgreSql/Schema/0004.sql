-- Version 4: what grains above the device write, see Work/WorkStore. Programs that know only an older version work beside it.

-- A grain's own state, one document by its type and key; it changes as a whole with each step.
create table work_state(
    project_id uuid not null,
    owner text collate "C" not null,
    version bigint not null,
    body text not null,
    primary key (project_id, owner)) with (fillfactor = 70);

-- What people list and search: incidents, tickets, deliveries.
create table work_item(
    project_id uuid not null,
    kind text collate "C" not null,
    id uuid not null,
    owner text collate "C" not null,
    status text collate "C" not null,
    severity text collate "C",
    rule_id text collate "C",
    device_id uuid,
    site_id text collate "C",
    asset_id text collate "C",
    cause_id uuid,
    at bigint not null,
    body text not null,
    primary key (project_id, kind, id)) with (fillfactor = 80);
create index work_item_at on work_item(project_id, kind, at, id);
create index work_item_status on work_item(project_id, kind, status, at, id);
create index work_item_rule on work_item(project_id, kind, rule_id, at, id) where rule_id is not null;
create index work_item_device on work_item(project_id, kind, device_id, at, id) where device_id is not null;
create index work_item_site on work_item(project_id, kind, site_id, at, id) where site_id is not null;
create index work_item_asset on work_item(project_id, kind, asset_id, at, id) where asset_id is not null;
create index work_item_cause on work_item(project_id, kind, cause_id, at, id) where cause_id is not null;
-- For pruning.
create index work_item_age on work_item(kind, at);

-- The audit trail. Pruned by age and not partitioned: a line is known by its id alone, which a partitioned table cannot promise.
create table event_log(
    project_id uuid not null,
    id uuid not null,
    at bigint not null,
    actor text collate "C" not null,
    action text collate "C" not null,
    item_id uuid,
    device_id uuid,
    body text not null,
    primary key (project_id, id));
create index event_log_at on event_log(project_id, at, id);
create index event_log_item on event_log(project_id, item_id, at, id) where item_id is not null;
create index event_log_device on event_log(project_id, device_id, at, id) where device_id is not null;
-- For pruning; lines come nearly in the order of their age.
create index event_log_age on event_log using brin (at);

update schema_version set version = 4;
