-- Version 5: who is online, where and since when, beside the twins: a site's counts and the deadlines of silence are read from here, and
-- no twin is opened for them. A row is written by the commit that tells others of it, and by no other. Programs that know only an older
-- version work beside it: what they tell meanwhile is put right by the next commit of a newer one.

create table presence(
    device_id uuid primary key,
    project_id uuid not null,
    -- The site that was told of the device, or null.
    site_id text collate "C",
    -- Which liveness grain watches it.
    shard integer not null,
    online boolean not null,
    -- When that came to be.
    since_us bigint not null,
    -- The twin version that told it: a transition of an older one is a repeat.
    twin_version bigint not null) with (fillfactor = 70);
create index presence_site on presence(project_id, site_id, device_id) where site_id is not null;
create index presence_online on presence(shard, device_id) where online;

-- What twins have told so far.
insert into presence(device_id, project_id, site_id, shard, online, since_us, twin_version)
select d.id, d.project_id, t.doc ->> 'told_site', get_byte(uuid_send(d.id), 15), coalesce((t.doc ->> 'told_online')::boolean, false),
    coalesce((t.doc ->> 'last_seen')::bigint, 0), t.version
from device d
join (select device_no, version, convert_from(twin, 'UTF8')::json as doc from twin where version > 0) t on t.device_no = d.device_no
where t.doc ->> 'told_site' is not null;

-- Sites no longer wake up to ask their devices. What they kept of them stays until no older program can run any more.
delete from reminder where grain_id like 'site/%' and name = 'liveness';

update schema_version set version = 5;
