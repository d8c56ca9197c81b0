-- Version 3: who is online, where and since when, beside the twins: a site's counts and the deadlines of silence are read from here, and
-- no twin is opened for them. A row is written by the commit that tells others of it, and by no other.

create table presence(
    device_id blob primary key,
    project_id blob not null,
    -- The site that was told of the device, or null.
    site_id text,
    -- Which liveness grain watches it.
    shard integer not null,
    online integer not null,
    -- When that came to be.
    since_us integer not null,
    -- The twin version that told it: a transition of an older one is a repeat.
    twin_version integer not null) without rowid;
create index presence_site on presence(project_id, site_id, device_id) where site_id is not null;
create index presence_online on presence(shard, device_id) where online = 1;

-- What twins have told so far. The shard is the last byte of the id.
insert into presence(device_id, project_id, site_id, shard, online, since_us, twin_version)
select d.id, d.project_id, json_extract(cast(t.twin as text), '$.told_site'),
    16 * (instr('0123456789ABCDEF', substr(hex(d.id), 31, 1)) - 1) + instr('0123456789ABCDEF', substr(hex(d.id), 32, 1)) - 1,
    coalesce(json_extract(cast(t.twin as text), '$.told_online'), 0),
    coalesce(json_extract(cast(t.twin as text), '$.last_seen'), 0), t.version
from device d join twin t on t.device_no = d.device_no
where t.version > 0 and json_extract(cast(t.twin as text), '$.told_site') is not null;

-- Sites no longer wake up to ask their devices. What they kept of them stays until no older program can run any more: one that is started
-- again on this file would wait for ever for what its sites were told before.
delete from reminder where grain_id like 'site/%' and name = 'liveness';

update schema_version set version = 3;
